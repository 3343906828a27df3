"""Reading models, the risks that stand, and who is still to be judged."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from clearway.core.layout.times import local
from clearway.engine.outpatients import attendance as engine
from clearway.engine.outpatients import attendance_measures as measured

from ..reminders import queries as reminders
from ..support import queries as support
from ..waiting.queries import midnight
from .models import Appointment, AttendanceModel, AttendanceScore, AttendanceUse, Carer

NIGHT = timedelta(hours=2)  # after midnight, every booking is judged again
AHEAD = timedelta(days=7)
MOST = 60
WATCHED = timedelta(days=28)
NotThere = AttendanceModel.DoesNotExist
NoBooking = Appointment.DoesNotExist


def models(organisation_id: int) -> list[AttendanceModel]:
    """Every model, newest first. One query."""
    return list(AttendanceModel.objects.filter(organisation_id=organisation_id))


def in_use(organisation_id: int) -> AttendanceUse | None:
    """What is in use, with its model. One query."""
    rows = AttendanceUse.objects.filter(organisation_id=organisation_id, ended_at=None)
    return rows.select_related("model").first()


def uses(organisation_id: int) -> list[AttendanceUse]:
    """Every span of use, newest first. One query."""
    return list(AttendanceUse.objects.filter(organisation_id=organisation_id).select_related("model"))


def night_of(at: datetime) -> datetime:
    """When the last nightly judging was due."""
    begins = midnight(local(at).date()) + NIGHT
    return begins if begins <= at else begins - timedelta(days=1)


def to_judge(organisation_id: int, model_id: int, at: datetime) -> list[int]:
    """Bookings to come that this model has not judged, or not since the last night. One query."""
    judged = AttendanceScore.objects.filter(
        appointment=OuterRef("pk"), model_id=model_id, ended_at=None, looked_at__gte=night_of(at)
    )
    rows = _to_come(organisation_id, at).filter(~Exists(judged))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def day_after(at: datetime, days: int) -> datetime:
    """The end of the day so many days from now."""
    return midnight(local(at).date() + timedelta(days=days + 1))


def _to_come(organisation_id: int, at: datetime) -> QuerySet[Appointment]:
    return Appointment.objects.filter(organisation_id=organisation_id, state="booked", starts_at__gt=at)


def standing(organisation_id: int, at: datetime, until: datetime) -> list[AttendanceScore]:
    """The risks of bookings that begin before `until`, greatest first. One query."""
    rows = AttendanceScore.objects.filter(
        organisation_id=organisation_id,
        ended_at=None,
        appointment__state="booked",
        appointment__starts_at__gt=at,
        appointment__starts_at__lt=until,
    ).select_related(
        "model",
        "appointment__attendance_set_aside",
        "appointment__patient__merged_into",
        "appointment__slot__session__clinician",
        "appointment__slot__session__service",
        "appointment__slot__session__room__site",
    )
    return list(rows.order_by("-risk", "appointment__starts_at", "pk"))


def to_ring(found: Iterable[AttendanceScore], share: float) -> set[int]:
    """Of the bookings of each day, the riskiest share: their appointments. No query."""
    by_day: dict[date, list[AttendanceScore]] = defaultdict(list)
    for each in found:
        by_day[local(each.appointment.starts_at).date()].append(each)
    chosen = set()
    for rows in by_day.values():
        marks = engine.riskiest([row.risk for row in rows], share)
        chosen |= {row.appointment_id for row, mark in zip(rows, marks, strict=True) if mark}
    return chosen


@dataclass(frozen=True, slots=True)
class Row:
    """One booking of the list: its risk, how the patient is reached, what is known and what is not arranged.

    call  the reminder that is a call, None where there is none; is_riskiest  of the share of its day
    """

    score: AttendanceScore
    reach: Any
    asked: tuple[support.Asked, ...]
    carers: int
    call: Any
    is_riskiest: bool

    @property
    def visit(self) -> Appointment:
        return self.score.appointment


def call_list(organisation_id: int, share: float, at: datetime) -> tuple[list[Row], int]:
    """The riskiest of a week by risk, with how each is reached; and how many were judged in all.

    Twelve queries, however many there are.
    """
    found = standing(organisation_id, at, at + AHEAD)
    chosen = to_ring(found, share)
    shown = [each for each in found if each.appointment_id in chosen][:MOST]
    visits = [each.appointment for each in shown]
    reach, asked = reminders.reach_of(visits), support.of_visits(visits)
    calls = reminders.calls_of([each.pk for each in visits])
    carers = _carers([each.patient_id for each in visits])
    rows = [
        Row(
            each,
            reach[each.appointment.patient.person_id],
            tuple(asked.get(each.appointment_id, ())),
            carers.get(each.appointment.patient_id, 0),
            calls.get(each.appointment_id),
            True,
        )
        for each in shown
    ]
    return rows, len(found)


def _carers(patients: Iterable[int]) -> dict[int, int]:
    found = Carer.objects.filter(patient_id__in=list(patients), ended_at=None).order_by()
    return dict(found.values_list("patient_id").annotate(count=Count("pk")))


def of_appointment(key: int) -> AttendanceScore | None:
    """The risk of a booking that stands. One query."""
    return AttendanceScore.objects.filter(appointment_id=key, ended_at=None).select_related("model").first()


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a feature, or the risk, is spread otherwise than when the model learned."""

    code: str
    meaning: str
    index: float


@dataclass(frozen=True, slots=True)
class Watched:
    """What became of those judged in the last weeks, if anything, and how inputs are spread."""

    drifts: tuple[Drift, ...]
    expected: measured.Expected | None
    judged: int


def watched(model: AttendanceModel, read: Any, days_before: int, at: datetime) -> Watched:
    """Drift of the bookings judged in four weeks, and expected against happened in them. One query.

    Each is looked at as of the moment at which it was to be judged, as those that the model learned from.
    """
    now = int(at.timestamp())
    judged = engine.moments(read.bookings, days_before)
    since = now - int(WATCHED.total_seconds())
    rows = np.flatnonzero((judged > since) & (judged <= now) & (read.bookings.known > judged))
    known = engine.known_at(read.bookings, rows, judged[rows])
    fitted, spread = engine.Model.of_json(model.parameters), model.report["spread"]
    drifts = []
    if len(rows):
        columns = {**{each.code: each.meaning for each in engine.FEATURES}, "risk": "the risk itself"}
        for place, (code, meaning) in enumerate(columns.items()):
            values = fitted.risks(known.x) if code == "risk" else known.x[:, place]
            was = measured.Reference(tuple(spread[code]["edges"]), tuple(spread[code]["shares"]))
            drifts.append(Drift(code, meaning, measured.stability(values, was)))
    return Watched(tuple(sorted(drifts, key=lambda each: -each.index)), _expected(model, at), len(rows))


def _expected(model: AttendanceModel, at: datetime) -> measured.Expected | None:
    """The last risk of each booking before it began, against whether it was missed. One query."""
    rows: Any = AttendanceScore.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=at - WATCHED),
        model=model,
        appointment__state__in=("attended", "missed"),
        appointment__starts_at__gte=at - WATCHED,
        appointment__outcomed_at__isnull=False,
    )
    last = {
        key: (risk, state == "missed")
        for key, risk, state in rows.order_by("pk").values_list(
            "appointment_id", "risk", "appointment__state"
        )
    }
    if not last:
        return None
    risks, missed = zip(*last.values(), strict=True)
    return measured.expected(np.array(risks), np.array(missed))
