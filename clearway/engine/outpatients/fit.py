"""Whether slots and entries of the waiting list fit each other: one table of hard rules, for many of both.

Booking asks it of many slots and one entry, recycling of one slot and many entries, a re-plan of many and
many. A rule answers for every pair at once: its mask has a row for each slot and a column for each entry, or
broadcasts to that. Source: local booking policy, docs/adr/0061-booking.md.
"""

import operator
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from clearway.domain.outpatients.clinics import MEDIA, URGENT

LONDON = ZoneInfo("Europe/London")
URGENT_PRIORITIES = ("2", "3")  # urgent, two-week wait
KIND_WORDS = {"new": "new", "follow_up": "follow-up", "group": "group"}
HOUR = 3600
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]
A = TypeVar("A", bound=Hashable)
B = TypeVar("B", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Coded(Generic[A]):
    """A column of few distinct values: that of a row is values[codes[row]]."""

    values: tuple[A, ...]
    codes: Whole

    @classmethod
    def of(cls, rows: Iterable[A]) -> "Coded[A]":
        codes: dict[A, int] = {}
        found = np.array([codes.setdefault(row, len(codes)) for row in rows], np.int64)
        return cls(tuple(codes), found)

    def __getitem__(self, row: int) -> A:
        code = int(self.codes[row])
        return self.values[code]

    def where(self, test: Callable[[A], bool]) -> Mask:
        """The rows whose value passes a test, which is asked once for each value."""
        passed: Mask = np.array([test(value) for value in self.values], np.bool_)[self.codes]
        return passed


def crossed(of_slots: Coded[A], of_entries: Coded[B], test: Callable[[A, B], bool]) -> Mask:
    """Whether each slot and each entry pass a test, which is asked once for each two values."""
    answers = np.array([[test(a, b) for b in of_entries.values] for a in of_slots.values], np.bool_)
    shape = (len(of_slots.values), len(of_entries.values))
    pairs: Mask = answers.reshape(shape)[of_slots.codes[:, None], of_entries.codes[None, :]]
    return pairs


@dataclass(frozen=True, slots=True)
class Slots:
    """Columns of slots, one row each; instants in seconds since 1970, UTC.

    released  from when a held slot is anybody's
    free      seats nobody has
    closed    blocked, or in a session that is frozen or cancelled
    faulty    in a room that cannot be used now
    skills    what its clinician can do, and what its equipment gives
    """

    key: Whole
    starts: Whole
    minutes: Whole
    service: Whole
    clinician: Whole
    kind: Coded[str]
    medium: Coded[str]
    held: Coded[str]
    released: Whole
    site: Coded[str]
    free: Whole
    closed: Mask
    faulty: Mask
    skills: Coded[frozenset[str]]

    def __len__(self) -> int:
        return len(self.key)

    @property
    def ends(self) -> Whole:
        ends: Whole = self.starts + 60 * self.minutes
        return ends


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one entry asks for.

    treat_by      last day inside the standard, or the latest clinically appropriate date of a follow-up
    sites, days   preferred site codes and ISO weekdays; empty for any
    notice_hours  shortest notice the patient can manage; None where they did not ask for short notice
    needs         (what, detail) to be arranged, such as ("Interpreter", "Polish")
    elsewhere     when the patient is somewhere else: (start, end) in seconds
    """

    service: int
    kind: str
    minutes: int
    priority: str = "1"
    skills: frozenset[str] = frozenset()
    medium: str = "01"
    clinician: int | None = None
    treat_by: date | None = None
    sites: frozenset[str] = frozenset()
    days: frozenset[int] = frozenset()
    notice_hours: int | None = None
    needs: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[tuple[int, int], ...] = ()

    @property
    def is_urgent(self) -> bool:
        return self.priority in URGENT_PRIORITIES

    @property
    def opens(self) -> frozenset[str]:
        """The held slots that are theirs: those for the urgent, and those for a skill that they ask for."""
        return self.skills | {URGENT} if self.is_urgent else self.skills


@dataclass(frozen=True, slots=True)
class Entries:
    """Columns of what entries ask for, one row each; see Wanted.

    notice     seconds of notice that each needs
    elsewhere  (row, start, end) of each time at which a patient is somewhere else
    """

    service: Whole
    minutes: Whole
    notice: Whole
    kind: Coded[str]
    medium: Coded[str]
    skills: Coded[frozenset[str]]
    opens: Coded[frozenset[str]]
    sites: Coded[frozenset[str]]
    days: Coded[frozenset[int]]
    elsewhere: tuple[tuple[int, int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.service)


def entries(wanted: Sequence[Wanted]) -> Entries:
    """The columns of what some entries ask for."""
    return Entries(
        service=np.array([each.service for each in wanted], np.int64),
        minutes=np.array([each.minutes for each in wanted], np.int64),
        notice=np.array([HOUR * (each.notice_hours or 0) for each in wanted], np.int64),
        kind=Coded.of(each.kind for each in wanted),
        medium=Coded.of(each.medium for each in wanted),
        skills=Coded.of(each.skills for each in wanted),
        opens=Coded.of(each.opens for each in wanted),
        sites=Coded.of(each.sites for each in wanted),
        days=Coded.of(each.days for each in wanted),
        elsewhere=tuple((row, *span) for row, each in enumerate(wanted) for span in each.elsewhere),
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """One hard rule. `breaks` marks the pairs of slot and entry that break it.

    one, many   in words: of a slot that somebody asked for, and of those left out
    is_personal the patient may waive it when asked; it leaves slots out, and never refuses a booking
    """

    code: str
    one: Callable[[Wanted], str]
    many: Callable[[Wanted], str]
    breaks: Callable[[Slots, Entries, int], Mask]
    is_personal: bool = False


def _said(words: str) -> Callable[[Wanted], str]:
    return lambda wanted: words


def _medium(code: str) -> str:
    return MEDIA.get(code, f"medium {code}")


def _kept(slots: Slots, wanted: Entries, at: int) -> Mask:
    """Held for somebody else: for the urgent, or for those who ask for a skill of that name."""
    held = slots.held.where(bool) & (slots.released > at)
    kept: Mask = held[:, None] & crossed(slots.held, wanted.opens, lambda word, opens: word not in opens)
    return kept


def _elsewhere(slots: Slots, wanted: Entries, at: int) -> Mask:
    found: Mask = np.zeros((len(slots), len(wanted)), np.bool_)
    for row, begin, end in wanted.elsewhere:
        found[:, row] |= (slots.starts < end) & (slots.ends > begin)
    return found


RULES: tuple[Rule, ...] = (
    Rule(
        "service",
        _said("It belongs to another service."),
        _said("of another service"),
        lambda slots, wanted, at: slots.service[:, None] != wanted.service,
    ),
    Rule(
        "begun",
        _said("It has begun already."),
        _said("have begun already"),
        lambda slots, wanted, at: slots.starts[:, None] <= at,
    ),
    Rule(
        "closed",
        _said("It is blocked, or its clinic is frozen or cancelled."),
        _said("blocked, or in a frozen or cancelled clinic"),
        lambda slots, wanted, at: slots.closed[:, None],
    ),
    Rule(
        "faulty",
        _said("Its room cannot be used now."),
        _said("in a room that cannot be used now"),
        lambda slots, wanted, at: slots.faulty[:, None],
    ),
    Rule(
        "kind",
        lambda wanted: f"It is not a {KIND_WORDS.get(wanted.kind, wanted.kind)} slot.",
        lambda wanted: f"not {KIND_WORDS.get(wanted.kind, wanted.kind)} slots",
        lambda slots, wanted, at: crossed(slots.kind, wanted.kind, operator.ne),
    ),
    Rule(
        "medium",
        lambda wanted: f"It is not {_medium(wanted.medium)}.",
        lambda wanted: f"not {_medium(wanted.medium)}",
        lambda slots, wanted, at: crossed(slots.medium, wanted.medium, operator.ne),
    ),
    Rule(
        "short",
        lambda wanted: f"It is too short: {wanted.minutes} minutes are needed.",
        lambda wanted: f"shorter than the {wanted.minutes} minutes needed",
        lambda slots, wanted, at: slots.minutes[:, None] < wanted.minutes,
    ),
    Rule(
        "skill",
        lambda wanted: f"Its clinic does not offer {' and '.join(sorted(wanted.skills))}.",
        lambda wanted: f"without {' and '.join(sorted(wanted.skills))}",
        lambda slots, wanted, at: crossed(slots.skills, wanted.skills, lambda able, asked: not asked <= able),
    ),
    Rule(
        "held",
        _said("It is kept for others until it is released."),
        _said("kept for others until released"),
        _kept,
    ),
    Rule("full", _said("It is full."), _said("full"), lambda slots, wanted, at: slots.free[:, None] < 1),
    Rule(
        "notice",
        lambda wanted: f"The patient needs {wanted.notice_hours} hours' notice.",
        lambda wanted: f"sooner than the {wanted.notice_hours} hours' notice the patient needs",
        lambda slots, wanted, at: slots.starts[:, None] - at < wanted.notice,
        is_personal=True,
    ),
    Rule(
        "elsewhere",
        _said("The patient has another appointment then."),
        _said("while the patient is at another appointment"),
        _elsewhere,
        is_personal=True,
    ),
)


def firsts(slots: Slots, wanted: Entries, at: datetime, rules: Sequence[Rule] = RULES) -> Whole:
    """The place in `rules` of the first that each pair of slot and entry breaks; -1 where they fit."""
    instant = int(at.timestamp())
    first: Whole = np.full((len(slots), len(wanted)), -1, np.int64)
    for place, rule in enumerate(rules):
        first[(first < 0) & rule.breaks(slots, wanted, instant)] = place
    return first


def barred(slots: Slots, wanted: Wanted, at: datetime) -> list[str]:
    """Why the first of these slots cannot be booked for this entry, whatever the patient says."""
    instant, alone = int(at.timestamp()), entries([wanted])
    firm = [rule for rule in RULES if not rule.is_personal]
    return [rule.one(wanted) for rule in firm if rule.breaks(slots, alone, instant)[0, 0]]


def weekdays(starts: Whole) -> Coded[int]:
    """The ISO weekday on which each begins, on a London clock."""
    hours, place = np.unique(starts // HOUR, return_inverse=True)
    days = [datetime.fromtimestamp(HOUR * int(hour), LONDON).isoweekday() for hour in hours]
    return Coded(tuple(range(1, 8)), np.array(days, np.int64)[place.ravel()] - 1)
