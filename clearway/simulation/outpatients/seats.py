"""Clinic days as seats, and seats as the columns that the engine asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.clinics import URGENT, Weeks, on_day, plans_of
from clearway.domain.outpatients.department import Department
from clearway.engine.outpatients.fit import Coded, Slots

from ..shared.chance import Chance

NEW, FOLLOW_UP = "new", "follow_up"
NEVER = 2**62


@dataclass(slots=True, eq=False)
class Seat:
    """One place in one slot. Instants are seconds since 1970.

    name      what chance knows it by; key  its number
    session   the clinic day it belongs to
    visit     who has it; freed  the record of its being given back or let go, while that is open
    """

    key: int
    name: str
    session: str
    service: str
    kind: str
    starts: int
    minutes: int
    medium: str
    site: str
    clinician: int
    skills: frozenset[str]
    released: int | None = None
    is_closed: bool = False
    visit: Any = None
    freed: Any = None

    @property
    def ends(self) -> int:
        return self.starts + 60 * self.minutes


class Clinics:
    """The clinics of a department, laid out day by day; classes are left out."""

    def __init__(self, department: Department) -> None:
        self.clinics = department.clinics
        self.services = {each.code: place for place, each in enumerate(department.services)}
        self.clinicians = {each.code: place for place, each in enumerate(department.clinicians)}
        self.skills = {each.code: frozenset(each.skills) for each in department.clinicians}
        gives = {(each.site, each.name): each.gives for each in department.equipment}
        self._able = {
            each.code: self.skills[each.clinician]
            | frozenset({gives.get((each.site, each.equipment), "")} - {""})
            for each in self.clinics
        }
        self.plans = {
            each.code: tuple(plan for plan in plans_of(each.slots) if plan.kind in (NEW, FOLLOW_UP))
            for each in self.clinics
        }
        self._made = 0

    def sites_of(self, service: str) -> frozenset[str]:
        return frozenset(each.site for each in self.clinics if each.service == service)

    def rare_skills(self, service: str) -> tuple[str, ...]:
        """Skills that some clinicians of a service have and others have not."""
        able = [self._able[each.code] for each in self.clinics if each.service == service]
        return tuple(sorted(frozenset().union(*able) - frozenset.intersection(*able))) if able else ()

    def media_of(self, service: str, kind: str) -> dict[str, float]:
        """Medium -> how many slots a week are held by it."""
        found: dict[str, float] = {}
        for clinic in self.clinics:
            for plan in self.plans[clinic.code] if clinic.service == service else ():
                if plan.kind == kind:
                    found[plan.medium] = found.get(plan.medium, 0.0) + 1 / clinic.every
        return found

    def of_day(self, on: date, held_share: float, release_days: int, seed: int) -> Iterator[Seat]:
        """The seats of one day; which are kept for the urgent is drawn by the seat's own name."""
        if on in BANK_HOLIDAYS:
            return
        for clinic in self.clinics:
            weeks = Weeks(clinic.weekday, clinic.every, clinic.valid_from)
            if clinic.weekday != on.isoweekday() or on not in weeks.dates(on, on):
                continue
            session = f"{clinic.code}/{on.isoformat()}"
            for slot in on_day(self.plans[clinic.code], on).slots:
                self._made += 1
                starts = int(slot.starts_at.timestamp())
                name = f"{session}/{starts}"
                is_held = slot.plan.kind == NEW and Chance(seed, f"held/{name}").happens(held_share)
                yield Seat(
                    key=self._made,
                    name=name,
                    session=session,
                    service=clinic.service,
                    kind=slot.plan.kind,
                    starts=starts,
                    minutes=slot.plan.minutes,
                    medium=slot.plan.medium,
                    site=clinic.site,
                    clinician=self.clinicians[clinic.clinician],
                    skills=self._able[clinic.code],
                    released=starts - int(timedelta(days=release_days).total_seconds()) if is_held else None,
                )


def columns(seats: Sequence[Seat], service: int) -> Slots:
    """Seats of one service as the engine asks about them."""
    return Slots(
        key=np.array([each.key for each in seats], np.int64),
        starts=np.array([each.starts for each in seats], np.int64),
        minutes=np.array([each.minutes for each in seats], np.int64),
        service=np.full(len(seats), service, np.int64),
        clinician=np.array([each.clinician for each in seats], np.int64),
        kind=Coded.of(each.kind for each in seats),
        medium=Coded.of(each.medium for each in seats),
        held=Coded.of("" if each.released is None else URGENT for each in seats),
        released=np.array([NEVER if each.released is None else each.released for each in seats], np.int64),
        site=Coded.of(each.site for each in seats),
        free=np.array([each.visit is None for each in seats], np.int64),
        closed=np.array([each.is_closed for each in seats], np.bool_),
        faulty=np.zeros(len(seats), np.bool_),
        skills=Coded.of(each.skills for each in seats),
    )
