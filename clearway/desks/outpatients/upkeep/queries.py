"""Reading faults, and who is booked into the slots that they touch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from clearway.core.layout.times import local

from ..booking import queries as booking
from ..clinics import queries as clinics
from ..clinics.queries import Place
from .models import Fault


def one(organisation_id: int, key: int) -> Fault:
    """One fault. Raises Fault.DoesNotExist. One query."""
    return _with_rooms(Fault.objects.filter(organisation_id=organisation_id)).get(pk=key)


def standing(organisation_id: int) -> list[Fault]:
    """What is not mended, the first to be asked about first. One query."""
    rows = Fault.objects.filter(organisation_id=organisation_id, mended_at__isnull=True)
    return list(_with_rooms(rows).order_by("chase_on", "id"))


def mended(organisation_id: int, most: int = 50) -> list[Fault]:
    """What was mended, newest first. One query."""
    rows = Fault.objects.filter(organisation_id=organisation_id, mended_at__isnull=False)
    return list(_with_rooms(rows).order_by("-mended_at")[:most])


def place(fault: Fault) -> Place:
    """Where a fault stops the work."""
    return Place(room=fault.room_id, equipment=fault.equipment_id)


@dataclass(frozen=True, slots=True)
class Stopped:
    """What cannot be used: by place, until when and the words on its slots."""

    faults: Mapping[str, Sequence[tuple[date, str]]]

    def words(self, used: Any, on: date) -> str:
        """Why a clinic cannot be kept on a day, because of its room or equipment; "" if it can."""
        places = [Place(room=used.room_id)]
        if used.equipment_id is not None:
            places.append(Place(equipment=used.equipment_id))
        standing = (each for where in places for each in self.faults.get(str(where), ()))
        return next((words for until, words in standing if on <= until), "")


def stopped(organisation_id: int) -> Stopped:
    """Every fault that stops something. One query."""
    rows = Fault.objects.filter(organisation_id=organisation_id, mended_at__isnull=True, until__isnull=False)
    found: dict[str, list[tuple[date, str]]] = {}
    for row in rows:
        if row.until is not None:
            found.setdefault(str(place(row)), []).append((row.until, f"{cause(row.pk)} {row.what}"))
    return Stopped(found)


def to_move(fault: Fault, at: datetime) -> list[Any]:
    """Who is booked into the slots that a fault blocks, soonest first. Two queries."""
    return list(booking.affected(_slots(fault.organisation_id, cause(fault.pk)), at))


def cause(key: int) -> str:
    """How the slots that a fault blocks name it; what is wrong stands behind."""
    return f"Fault {key}:"


@dataclass(frozen=True, slots=True)
class Chase:
    """A fault that is to be asked about again. No names: a task holds no identity."""

    key: int
    where: str
    site: str
    mender: str
    chase_on: date
    is_danger: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What the rules look at. booked: patients in slots that faults block, the first of them on `first`."""

    chases: tuple[Chase, ...] = ()
    booked: int = 0
    first: datetime | None = None


def due(organisation_id: int, at: datetime) -> Due:
    """Which faults to ask about again by now, and who is booked where one stops the work. Three queries."""
    today = local(at).date()
    chases = tuple(
        Chase(
            row.pk,
            row.equipment.name if row.equipment else row.room.name,
            row.room.site.name,
            row.mender,
            row.chase_on,
            row.weight == "danger",
        )
        for row in standing(organisation_id)
        if row.chase_on <= today
    )
    starts = list(booking.affected(_slots(organisation_id, "Fault "), at).values_list("starts_at", flat=True))
    return Due(chases, len(starts), min(starts, default=None))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many stand, and how many of them are to be asked about again. One query."""
    rows = Fault.objects.filter(organisation_id=organisation_id, mended_at__isnull=True)
    found = rows.aggregate(open=Count("pk"), late=Count("pk", filter=Q(chase_on__lte=local(at).date())))
    return found["open"], found["late"]


def _slots(organisation_id: int, begins: str) -> list[int]:
    return list(clinics.slots_blocked_by(organisation_id, begins).values_list("pk", flat=True))


def _with_rooms(rows: QuerySet[Fault]) -> QuerySet[Fault]:
    return rows.select_related("room__site", "equipment")
