"""When a patient is reminded of an appointment, in which way, and who is rung instead.

Source of the days: reminders 14 and 4 days before, rather than two late ones, as one English trust found
better (NHS England, 2023); a further one the day before only to those who have not answered. A plan is policy
data (`reminders`) and may differ by service.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class Step(StrEnum):
    """One reminder of one appointment."""

    BOOKED = "booked"  # it was made
    FAR = "far"  # weeks before
    NEAR = "near"  # days before
    LAST = "last"  # the day before, unconfirmed
    CALL = "call"  # somebody rings


class Way(StrEnum):
    """How it is done."""

    TEXT = "text"
    EMAIL = "email"
    CALL = "phone"


SENT_STEPS = (Step.BOOKED, Step.FAR, Step.NEAR, Step.LAST)


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """When and how patients are reminded (policy `reminders`). Days are civil days before the appointment.

    is_on            whether anybody is reminded by Clearway
    booked           whether somebody who was booked is told at once by text or email, beside the letter
    far, near, last  days before; 0 leaves the step out
    call             days before on which somebody is rung whom no text or email reaches
    late             days after its day on which a step still goes
    gap_hours        between two reminders of one appointment, and after the booking
    from_hour, to_hour  London hours of the day in which texts and emails leave
    most_a_day       texts that go to one number within 24 hours, answers not counted
    answers_an_hour  answers by machine to one number within an hour; after them a person reads
    services         code of a service -> what differs there, by the names above
    """

    is_on: bool = False
    booked: bool = True
    far: int = 14
    near: int = 4
    last: int = 1
    call: int = 4
    late: int = 1
    gap_hours: int = 48
    from_hour: int = 9
    to_hour: int = 19
    most_a_day: int = 3
    answers_an_hour: int = 6
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        days = (self.far, self.near, self.last, self.call, self.late, self.gap_hours)
        if min(days) < 0 or min(self.most_a_day, self.answers_an_hour) < 1:
            raise ValueError(f"Days and hours are no less than 0, and somebody is written to: {self}")
        steps = [each for each in (self.far, self.near, self.last) if each]
        if steps != sorted(set(steps), reverse=True):
            raise ValueError(f"Each reminder is nearer to the appointment than the one before: {self}")
        if not 0 <= self.from_hour < self.to_hour <= 24:
            raise ValueError(f"Patients are written to from one hour of a day to a later one: {self}")
        known = {each.name for each in fields(self)} - {"services"}
        for code, values in self.services.items():
            if unknown := sorted(set(values) - known):
                raise ValueError(f"Service {code} names {unknown[0]}, which no reminder has.")
            replace(self, services={}, **values)

    def of(self, service: str) -> "ReminderPolicy":
        """The plan of one service."""
        return replace(self, services={}, **self.services.get(service, {}))

    def may_send(self, at: datetime) -> bool:
        """Whether texts and emails leave at this hour of the day."""
        return self.from_hour <= at.astimezone(LONDON).hour < self.to_hour

    def opens_at(self, at: datetime) -> datetime:
        """The next instant at which texts and emails leave: now, or the next morning."""
        if self.may_send(at):
            return at
        there = at.astimezone(LONDON)
        day = there.date() + timedelta(days=1 if there.hour >= self.to_hour else 0)
        return datetime.combine(day, time(self.from_hour), LONDON).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment as reminders look at it. done: the steps taken; told_at: when the newest was."""

    booked_at: datetime
    starts_at: datetime
    is_confirmed: bool = False
    done: frozenset[Step] = frozenset()
    told_at: datetime | None = None


def due_at(step: Step, visit: Visit, policy: ReminderPolicy) -> datetime | None:
    """When a step begins to be due; None where the plan leaves it out."""
    if step is Step.BOOKED:
        return visit.booked_at if policy.booked else None
    days = {
        Step.FAR: policy.far,
        Step.NEAR: policy.near,
        Step.LAST: policy.last,
        Step.CALL: policy.call,
    }[step]
    if not days:
        return None
    day = visit.starts_at.astimezone(LONDON).date() - timedelta(days=days)
    return datetime.combine(day, time(policy.from_hour), LONDON).astimezone(UTC)


def until(step: Step, visit: Visit, policy: ReminderPolicy) -> datetime:
    """The instant after which a step is not worth taking any more."""
    begins = due_at(step, visit, policy)
    if begins is None:
        return visit.booked_at
    later = [other for each in _after(step) if (other := due_at(each, visit, policy)) is not None]
    days = timedelta(days=1 if step is Step.BOOKED else policy.late + 1)
    return min(begins + days, visit.starts_at, *(each for each in later if each > begins))


def _after(step: Step) -> tuple[Step, ...]:
    return SENT_STEPS[SENT_STEPS.index(step) + 1 :] if step in SENT_STEPS else ()


def due(visit: Visit, policy: ReminderPolicy, at: datetime) -> Step | None:
    """The step to be taken now, if any: one at a time, none twice, none outside the hours of the day."""
    if not policy.is_on or not policy.may_send(at) or visit.starts_at <= at:
        return None
    return next((step for step in reversed(SENT_STEPS) if _is_due(step, visit, policy, at)), None)


def _is_due(step: Step, visit: Visit, policy: ReminderPolicy, at: datetime) -> bool:
    begins = due_at(step, visit, policy)
    if begins is None or step in visit.done or not begins <= at < until(step, visit, policy):
        return False
    if visit.done & set(_after(step)):
        return False
    if step is Step.BOOKED:
        return True
    if step is Step.LAST and visit.is_confirmed:
        return False
    told_at = max(visit.booked_at, visit.told_at or visit.booked_at)
    gap = timedelta(hours=policy.gap_hours if step is not Step.LAST else min(policy.gap_hours, 12))
    return at - told_at >= gap


def call_due(visit: Visit, policy: ReminderPolicy, at: datetime) -> bool:
    """Whether somebody whom no text or email reaches is to be rung now."""
    begins = due_at(Step.CALL, visit, policy)
    return (
        policy.is_on
        and begins is not None
        and not visit.is_confirmed
        and Step.CALL not in visit.done
        and begins <= at < visit.starts_at
        and at - visit.booked_at >= timedelta(hours=policy.gap_hours)
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach a patient. wants: their own channel; why_not: way -> what speaks against it."""

    wants: str
    why_not: Mapping[Way, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """The way that is taken, and why not a way before it."""

    way: Way
    why: str = ""


def route(reach: Reach, connected: Collection[str]) -> Route:
    """By text or email where the patient can be reached so, as they want first; else somebody rings."""
    why = ""
    for way in _ways(reach.wants):
        if way not in connected:
            why = why or "No provider is connected."
        elif stops := reach.why_not.get(way, ""):
            why = why or stops
        else:
            return Route(way)
    return Route(Way.CALL, why or "The patient wants to be rung.")


def _ways(wants: str) -> Iterator[Way]:
    """Ways in order. Who wants to be rung is rung; who wants letters gets reminders by text beside them."""
    if wants == "phone":
        return
    first = Way.EMAIL if wants == "email" else Way.TEXT
    yield first
    yield Way.TEXT if first is Way.EMAIL else Way.EMAIL
