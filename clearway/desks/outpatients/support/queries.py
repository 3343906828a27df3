"""Reading what visits need, what is arranged, and how it went."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from clearway.core.layout.times import local
from clearway.domain.outpatients.support import ARRANGED

from ..patients import queries as patients
from .models import Appointment, Arrangement, Need


@dataclass(frozen=True, slots=True)
class Asked:
    """One need at one visit, with what is known of it there."""

    need: Need
    known: Arrangement | None

    @property
    def is_arranged(self) -> bool:
        return self.known is not None and self.known.arranged_at is not None

    @property
    def met(self) -> bool | None:
        return None if self.known is None else self.known.met

    @property
    def words(self) -> str:
        whose = "Carer's " if self.need.for_carer else ""
        kind = self.need.get_kind_display()
        return f"{whose}{kind.lower() if whose else kind}: {self.need.detail}"


def of_visits(rows: Iterable[Appointment]) -> dict[int, list[Asked]]:
    """Visit -> what it asks for, those that ask for nothing left out. Three queries."""
    visits = {row.pk: row.patient_id for row in rows}
    held = patients.needs_of(set(visits.values()))
    known = {
        (each.appointment_id, each.need_id): each
        for each in Arrangement.objects.filter(appointment_id__in=visits)
    }
    asked = {
        key: [
            Asked(need, known.get((key, need.pk))) for need in held.get(patient, ()) if need.kind in ARRANGED
        ]
        for key, patient in visits.items()
    }
    return {key: found for key, found in asked.items() if found}


def visit(key: int, organisation_id: int) -> Appointment:
    """One appointment with where and with whom. Raises Appointment.DoesNotExist. One query."""
    return _with_places().get(pk=key, organisation_id=organisation_id)


def coming(organisation_id: int, at: datetime, days: int) -> list[Appointment]:
    """The visits of so many days of patients who need something there, soonest first. Two queries."""
    rows = _with_places().filter(
        organisation_id=organisation_id,
        state="booked",
        starts_at__gt=at,
        starts_at__lte=at + timedelta(days=days),
        person_id__in=_who_need(organisation_id),
    )
    return list(rows.order_by("starts_at", "pk"))


@dataclass(frozen=True, slots=True)
class Unarranged:
    """A visit for which something is not arranged. No names: a task holds no identity."""

    visit: int
    starts_at: datetime
    kinds: tuple[str, ...]


def unarranged(organisation_id: int, at: datetime, days: int | None = None) -> list[Unarranged]:
    """Visits to come, of so many days or all, for which something is not arranged, soonest first.

    Five queries.
    """
    rows = Appointment.objects.filter(
        organisation_id=organisation_id,
        state="booked",
        starts_at__gt=at,
        person_id__in=_who_need(organisation_id),
    )
    if days is not None:
        rows = rows.filter(starts_at__lte=at + timedelta(days=days))
    found = {row.pk: row for row in rows.order_by("starts_at", "pk")}
    asked = of_visits(found.values())
    lacking = {
        key: tuple(
            sorted({each.need.get_kind_display() for each in asked.get(key, ()) if not each.is_arranged})
        )
        for key in found
    }
    return [Unarranged(key, found[key].starts_at, kinds) for key, kinds in lacking.items() if kinds]


def lacking(organisation_id: int, at: datetime) -> Mapping[int, datetime]:
    """Visit -> since when, of every coming visit for which something is not arranged: its booking."""
    rows = unarranged(organisation_id, at)
    made = Appointment.objects.filter(pk__in=[each.visit for each in rows])
    return dict(made.values_list("pk", "made_at"))


@dataclass(frozen=True, slots=True)
class Kept:
    """How often needs were met at the visits of a month, by kind."""

    kind: str
    met: int
    not_met: int


def kept(organisation_id: int, at: datetime) -> Sequence[Kept]:
    """What was said of needs at visits this calendar month, by kind. One query."""
    first = local(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = Arrangement.objects.filter(
        organisation_id=organisation_id, met__isnull=False, appointment__starts_at__gte=first
    )
    counts: dict[str, list[int]] = {}
    for kind, was_met in rows.values_list("need__kind", "met"):
        counts.setdefault(kind, [0, 0])[0 if was_met else 1] += 1
    return [Kept(Need.Kind(kind).label, *both) for kind, both in sorted(counts.items())]


def _who_need(organisation_id: int) -> set[int]:
    """The records that stand of everybody who needs something arranged. One query."""
    rows = Need.objects.filter(
        patient__organisation_id=organisation_id, kind__in=ARRANGED, ended_at__isnull=True
    )
    return {into or key for key, into in rows.values_list("patient_id", "patient__merged_into_id")}


def _with_places() -> "QuerySet[Appointment]":
    return Appointment.objects.select_related(
        "patient", "slot__session__clinician", "slot__session__service", "slot__session__room__site"
    )
