"""Which slots suit an entry of the waiting list, best first, with the reasons; and why the others do not.

Hard rules come first: a slot that breaks one is left out and counted under the first rule it breaks. What
fits is ordered by treat-by date, preferred site, preferred day, same clinician, earliest. No score, and no
prediction of who will come. Source: local booking policy, docs/adr/0061-booking.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from clearway.domain.outpatients.clinics import URGENT
from clearway.domain.outpatients.counting import is_reasonable_offer

from .fit import LONDON, RULES, Mask, Rule, Slots, Wanted, Whole, entries, firsts, weekdays


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many slots broke one rule first, in words."""

    code: str
    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A slot that fits. `reasons` speak for it; `cautions` are to be said or arranged."""

    slot: int
    starts_at: datetime
    minutes: int
    clinician: int
    site: str
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suited:
    """The best slots, how many fit in all, and why the others do not, most frequent first."""

    best: tuple[Suggestion, ...]
    fitting: int
    left_out: tuple[LeftOut, ...]


def suit(slots: Slots, wanted: Wanted, at: datetime, limit: int = 9) -> Suited:
    """The slots that fit an entry, best first."""
    first = firsts(slots, entries([wanted]), at)[:, 0]
    rows = np.flatnonzero(first < 0)
    order, marks = _order(slots, wanted, rows)
    best = tuple(_suggestion(slots, wanted, int(rows[place]), marks, place, at) for place in order[:limit])
    return Suited(best, len(rows), left_out(first, wanted))


def suggestion(slots: Slots, wanted: Wanted, at: datetime) -> Suggestion:
    """The first of these slots for an entry that it is known to fit, with what speaks for it."""
    _, marks = _order(slots, wanted, np.array([0]))
    return _suggestion(slots, wanted, 0, marks, np.intp(0), at)


def left_out(first: Whole, wanted: Wanted, rules: Sequence[Rule] = RULES) -> tuple[LeftOut, ...]:
    """How many slots broke each rule first (fit.firsts): most frequent first, then as the rules stand."""
    counts = Counter(first[first >= 0].tolist())
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple(
        LeftOut(rules[place].code, count, f"{count} {rules[place].many(wanted)}") for place, count in ranked
    )


def _order(slots: Slots, wanted: Wanted, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], dict[str, Mask]]:
    """Places in `rows`, best first, and what was asked of each."""
    starts = slots.starts[rows]
    marks = {
        "late": starts >= _end_of(wanted.treat_by) if wanted.treat_by else np.zeros(len(rows), bool),
        "site": slots.site.where(lambda site: not wanted.sites or site in wanted.sites)[rows],
        "day": weekdays(starts).where(lambda day: not wanted.days or day in wanted.days),
        "same": slots.clinician[rows] == (-1 if wanted.clinician is None else wanted.clinician),
    }
    keys = (slots.key[rows], starts, ~marks["same"], ~marks["day"], ~marks["site"], marks["late"])
    return np.lexsort(keys), marks


def _suggestion(
    slots: Slots, wanted: Wanted, row: int, marks: Mapping[str, Mask], place: np.intp, at: datetime
) -> Suggestion:
    starts_at = datetime.fromtimestamp(int(slots.starts[row]), UTC)
    asked = {name: bool(mark[place]) for name, mark in marks.items()}
    return Suggestion(
        slot=int(slots.key[row]),
        starts_at=starts_at,
        minutes=int(slots.minutes[row]),
        clinician=int(slots.clinician[row]),
        site=slots.site[row],
        reasons=tuple(_reasons(slots, wanted, row, asked, starts_at)),
        cautions=tuple(_cautions(wanted, asked, starts_at, at)),
    )


def _reasons(
    slots: Slots, wanted: Wanted, row: int, asked: Mapping[str, bool], starts_at: datetime
) -> Sequence[str]:
    found = []
    if wanted.treat_by and not asked["late"]:
        found.append(_spare((wanted.treat_by - starts_at.astimezone(LONDON).date()).days))
    if wanted.sites and asked["site"]:
        found.append("a site they asked for")
    if wanted.days and asked["day"]:
        found.append("a day they asked for")
    if asked["same"]:
        found.append("the same clinician")
    if slots.held[row] == URGENT and wanted.is_urgent:
        found.append("kept for the urgent")
    return found


def _cautions(wanted: Wanted, asked: Mapping[str, bool], starts_at: datetime, at: datetime) -> Sequence[str]:
    found = []
    on, today = starts_at.astimezone(LONDON).date(), at.astimezone(LONDON).date()
    if wanted.treat_by and asked["late"]:
        found.append(_days((on - wanted.treat_by).days, "after the treat-by date"))
    if wanted.sites and not asked["site"]:
        found.append("not a site they asked for")
    if wanted.days and not asked["day"]:
        found.append("not a day they asked for")
    if wanted.clinician is not None and not asked["same"]:
        found.append("another clinician")
    if not is_reasonable_offer(today, on):
        found.append("under three weeks' notice: reasonable only if they accept")
    found += [f"{what.lower()} to arrange: {detail}" for what, detail in wanted.needs]
    return found


def _spare(days: int) -> str:
    return "on the treat-by date" if days == 0 else _days(days, "before the treat-by date")


def _days(count: int, what: str) -> str:
    return f"{count} day{'' if count == 1 else 's'} {what}"


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _end_of(on: date) -> int:
    """The instant at which a London day is over."""
    return _seconds(datetime.combine(on + timedelta(days=1), time(), LONDON))
