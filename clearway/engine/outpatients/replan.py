"""Where each patient of cancelled clinics goes: the best plan for all of them together, with its proof.

A pair of patient and seat that breaks a hard rule of booking is never planned. As many as can be are placed,
the urgent before the routine; of all ways to do that, the one is chosen that costs least in days of waiting
(domain.outpatients.replanning). It is an assignment problem, so that the plan is exact and proves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from clearway.domain.outpatients.replanning import ReplanPolicy

from .assignment import NEVER, assign, is_proved
from .fit import (
    HOUR,
    RULES,
    Coded,
    Entries,
    Slots,
    Wanted,
    Whole,
    crossed,
    entries,
    firsts,
    weekdays,
)
from .slots import LeftOut, left_out

DAY = 24 * HOUR
PRIORITIES = ("1", "2", "3")  # routine, urgent, two-week wait


@dataclass(frozen=True, slots=True)
class Displaced:
    """A booked patient whose clinic does not take place.

    starts      of the appointment that is given up, in seconds; clinician, site, medium  of it
    """

    appointment: int
    wanted: Wanted
    starts: int
    clinician: int
    site: str
    medium: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where one patient goes. words  what changes for them, beginning with the date."""

    appointment: int
    slot: int
    days_later: int
    words: tuple[str, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class NoPlace:
    """Why one patient cannot be placed. given  seats that fit and that others need more."""

    appointment: int
    given: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan for everybody, in the order in which they were given.

    cost       days of waiting that the placed weigh together
    is_proved  whether separate code has checked that no plan places more, or costs less
    """

    placed: tuple[Place, ...]
    not_placed: tuple[NoPlace, ...]
    cost: int
    is_proved: bool


def replan(slots: Slots, displaced: Sequence[Displaced], policy: ReplanPolicy, at: datetime) -> Plan:
    """The best plan for these patients over the free seats of these slots."""
    if not displaced:
        return Plan((), (), 0, True)
    rules = RULES if policy.keep_medium else tuple(rule for rule in RULES if rule.code != "medium")
    asked = [replace(each.wanted, notice_hours=_notice(each.wanted, policy)) for each in displaced]
    first = firsts(slots, entries(asked), at, rules)
    seats = np.repeat(np.arange(len(slots)), np.maximum(slots.free, 0))
    changes = _changes(slots, displaced, entries(asked))
    pairs = _pair_costs(changes, displaced, policy)
    costs = np.where(first < 0, pairs, NEVER).T[:, seats]
    whole = np.hstack([costs, _unplaced(costs, displaced)])
    found = assign(whole)
    placed, not_placed = [], []
    for row, column in enumerate(found.columns.tolist()):
        if column < len(seats):
            slot = int(seats[column])
            placed.append(_place(slots, displaced[row], slot, changes, row, int(costs[row, column])))
        else:
            given = int((costs[row] < NEVER).sum())
            not_placed.append(
                NoPlace(displaced[row].appointment, given, left_out(first[:, row], asked[row], rules))
            )
    return Plan(tuple(placed), tuple(not_placed), sum(each.cost for each in placed), is_proved(whole, found))


@dataclass(frozen=True, slots=True)
class _Changes:
    """What changes for each pair, a row for each slot and a column for each patient."""

    days: Whole
    late: Whole
    clinician: NDArray[np.bool_]
    site: NDArray[np.bool_]
    weekday: NDArray[np.bool_]
    medium: NDArray[np.bool_]


def _changes(slots: Slots, displaced: Sequence[Displaced], asked: Entries) -> _Changes:
    on = slots.starts // DAY  # London and UTC agree on the day of every clinic
    was = np.array([each.starts for each in displaced], np.int64) // DAY
    by = np.array([_day(each.wanted) for each in displaced], np.int64)
    sites = Coded.of(each.wanted.sites or frozenset({each.site}) for each in displaced)
    return _Changes(
        days=on[:, None] - was,
        late=np.maximum(on[:, None] - by, 0),
        clinician=slots.clinician[:, None] != np.array([each.clinician for each in displaced], np.int64),
        site=crossed(slots.site, sites, lambda site, wanted: site not in wanted),
        weekday=crossed(weekdays(slots.starts), asked.days, lambda day, days: bool(days) and day not in days),
        medium=crossed(slots.medium, Coded.of(each.medium for each in displaced), lambda a, b: a != b),
    )


def _pair_costs(changes: _Changes, displaced: Sequence[Displaced], policy: ReplanPolicy) -> Whole:
    """What each pair weighs, in days of waiting."""
    urgent = np.array([policy.urgent if each.wanted.is_urgent else 1 for each in displaced], np.int64)
    days = (
        np.where(changes.days > 0, changes.days, -policy.earlier * changes.days) + policy.late * changes.late
    )
    found: Whole = (
        urgent * days
        + policy.clinician * changes.clinician
        + policy.site * changes.site
        + policy.weekday * changes.weekday
        + policy.medium * changes.medium
    )
    return found


def _unplaced(costs: Whole, displaced: Sequence[Displaced]) -> Whole:
    """A column of its own for each patient, for no place: dearer than all patients of lower priorities.

    So a plan places as many of the highest priority as can be, then of the next, and then looks at the days.
    """
    rows = len(displaced)
    dearest = int(costs[costs < NEVER].max(initial=0)) + 1
    worth = {each: (rows + 1) ** (rank + 1) * dearest for rank, each in enumerate(_ranks(displaced))}
    own = np.full((rows, rows), NEVER, np.int64)
    np.fill_diagonal(own, [worth[each.wanted.priority] for each in displaced])
    return own


def _ranks(displaced: Sequence[Displaced]) -> list[str]:
    """The priorities that are there, lowest first."""
    there = {each.wanted.priority for each in displaced}
    return [each for each in PRIORITIES if each in there]


def _place(slots: Slots, who: Displaced, slot: int, changes: _Changes, row: int, cost: int) -> Place:
    days, late = int(changes.days[slot, row]), int(changes.late[slot, row])
    when = "the same day" if days == 0 else f"{_days(abs(days))} {'later' if days > 0 else 'sooner'}"
    said = {
        f"{_days(late)} after the treat-by date": late > 0,
        "another clinician": changes.clinician[slot, row],
        "another site": changes.site[slot, row],
        "not on a day they asked for": changes.weekday[slot, row],
        "another way of consultation": changes.medium[slot, row],
    }
    words = (when, *(word for word, holds in said.items() if holds))
    return Place(who.appointment, int(slots.key[slot]), days, words, cost)


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _notice(wanted: Wanted, policy: ReplanPolicy) -> int:
    return policy.notice_hours if wanted.notice_hours is None else wanted.notice_hours


def _day(wanted: Wanted) -> int:
    """The last day inside the standard, in days since 1970; far away where there is none."""
    by = wanted.treat_by or date.max
    return (by - date(1970, 1, 1)).days
