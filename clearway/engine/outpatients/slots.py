"""Which slots suit an entry of the waiting list, best first, with the reasons; and why the others do not.

Hard rules come first: a slot that breaks one is left out and counted under the first rule it breaks. What
fits is ordered by treat-by date, preferred site, preferred day, same clinician, earliest. No score, and no
prediction of who will come. Source: local booking policy, docs/adr/0061-booking.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from clearway.domain.outpatients.clinics import MEDIA, URGENT
from clearway.domain.outpatients.counting import is_reasonable_offer

LONDON = ZoneInfo("Europe/London")
URGENT_PRIORITIES = ("2", "3")  # urgent, two-week wait
KIND_WORDS = {"new": "new", "follow_up": "follow-up", "group": "group"}
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slots:
    """Columns of slots, one row each; instants in seconds since 1970, UTC.

    kind, medium, held, site  words, arrays of str
    released  from when a held slot is anybody's
    free      seats nobody has
    closed    blocked, or in a session that is frozen or cancelled
    faulty    in a room that cannot be used now
    skills    clinician -> what they can do
    """

    key: Whole
    starts: Whole
    minutes: Whole
    service: Whole
    clinician: Whole
    kind: NDArray[np.str_]
    medium: NDArray[np.str_]
    held: NDArray[np.str_]
    released: Whole
    site: NDArray[np.str_]
    free: Whole
    closed: Mask
    faulty: Mask
    skills: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.key)


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


@dataclass(frozen=True, slots=True)
class Rule:
    """One hard rule. `breaks` marks the slots that break it.

    one, many   in words: of a slot that somebody asked for, and of those left out
    is_personal the patient may waive it when asked; it leaves slots out, and never refuses a booking
    """

    code: str
    one: Callable[[Wanted], str]
    many: Callable[[Wanted], str]
    breaks: Callable[[Slots, Wanted, int], Mask]
    is_personal: bool = False


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


def _lacking(slots: Slots, wanted: Wanted) -> Mask:
    able = [who for who, skills in slots.skills.items() if wanted.skills <= skills]
    lacking: Mask = ~np.isin(slots.clinician, able)
    return lacking if wanted.skills else np.zeros(len(slots), np.bool_)


def _kept(slots: Slots, wanted: Wanted, at: int) -> Mask:
    """Held for somebody else: for the urgent, or for those who ask for a skill of that name."""
    held = (slots.held != "") & (slots.released > at)
    mine = [URGENT] if wanted.is_urgent else []
    kept: Mask = held & ~np.isin(slots.held, [*mine, *wanted.skills])
    return kept


def _elsewhere(slots: Slots, wanted: Wanted) -> Mask:
    ends = slots.starts + 60 * slots.minutes
    found: Mask = np.zeros(len(slots), np.bool_)
    for begin, end in wanted.elsewhere:
        found |= (slots.starts < end) & (ends > begin)
    return found


def _said(words: str) -> Callable[[Wanted], str]:
    return lambda wanted: words


def _medium(code: str) -> str:
    return MEDIA.get(code, f"medium {code}")


RULES: tuple[Rule, ...] = (
    Rule(
        "service",
        _said("It belongs to another service."),
        _said("of another service"),
        lambda slots, wanted, at: slots.service != wanted.service,
    ),
    Rule(
        "begun",
        _said("It has begun already."),
        _said("have begun already"),
        lambda slots, wanted, at: slots.starts <= at,
    ),
    Rule(
        "closed",
        _said("It is blocked, or its clinic is frozen or cancelled."),
        _said("blocked, or in a frozen or cancelled clinic"),
        lambda slots, wanted, at: slots.closed,
    ),
    Rule(
        "faulty",
        _said("Its room cannot be used now."),
        _said("in a room that cannot be used now"),
        lambda slots, wanted, at: slots.faulty,
    ),
    Rule(
        "kind",
        lambda wanted: f"It is not a {KIND_WORDS.get(wanted.kind, wanted.kind)} slot.",
        lambda wanted: f"not {KIND_WORDS.get(wanted.kind, wanted.kind)} slots",
        lambda slots, wanted, at: slots.kind != wanted.kind,
    ),
    Rule(
        "medium",
        lambda wanted: f"It is not {_medium(wanted.medium)}.",
        lambda wanted: f"not {_medium(wanted.medium)}",
        lambda slots, wanted, at: slots.medium != wanted.medium,
    ),
    Rule(
        "short",
        lambda wanted: f"It is too short: {wanted.minutes} minutes are needed.",
        lambda wanted: f"shorter than the {wanted.minutes} minutes needed",
        lambda slots, wanted, at: slots.minutes < wanted.minutes,
    ),
    Rule(
        "skill",
        lambda wanted: f"Its clinician does not do {' and '.join(sorted(wanted.skills))}.",
        lambda wanted: f"with a clinician who does not do {' and '.join(sorted(wanted.skills))}",
        lambda slots, wanted, at: _lacking(slots, wanted),
    ),
    Rule(
        "held",
        _said("It is kept for others until it is released."),
        _said("kept for others until released"),
        _kept,
    ),
    Rule("full", _said("It is full."), _said("full"), lambda slots, wanted, at: slots.free < 1),
    Rule(
        "notice",
        lambda wanted: f"The patient needs {wanted.notice_hours} hours' notice.",
        lambda wanted: f"sooner than the {wanted.notice_hours} hours' notice the patient needs",
        lambda slots, wanted, at: slots.starts - at < 3600 * (wanted.notice_hours or 0),
        is_personal=True,
    ),
    Rule(
        "elsewhere",
        _said("The patient has another appointment then."),
        _said("while the patient is at another appointment"),
        lambda slots, wanted, at: _elsewhere(slots, wanted),
        is_personal=True,
    ),
)


def suit(slots: Slots, wanted: Wanted, at: datetime, limit: int = 9) -> Suited:
    """The slots that fit an entry, best first."""
    left = np.ones(len(slots), bool)
    out = []
    for rule in RULES:
        breaks = left & rule.breaks(slots, wanted, _seconds(at))
        if count := int(breaks.sum()):
            out.append(LeftOut(rule.code, count, f"{count} {rule.many(wanted)}"))
            left &= ~breaks
    rows = np.flatnonzero(left)
    order, marks = _order(slots, wanted, rows)
    best = tuple(_suggestion(slots, wanted, int(rows[place]), marks, place, at) for place in order[:limit])
    return Suited(best, len(rows), tuple(sorted(out, key=lambda each: -each.count)))


def barred(slots: Slots, wanted: Wanted, at: datetime) -> list[str]:
    """Why the first of these slots cannot be booked for this entry, whatever the patient says."""
    instant = _seconds(at)
    return [
        rule.one(wanted)
        for rule in RULES
        if not rule.is_personal and bool(rule.breaks(slots, wanted, instant)[0])
    ]


def _order(slots: Slots, wanted: Wanted, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], dict[str, Mask]]:
    """Places in `rows`, best first, and what was asked of each."""
    starts = slots.starts[rows]
    marks = {
        "late": starts >= _end_of(wanted.treat_by) if wanted.treat_by else np.zeros(len(rows), bool),
        "site": np.isin(slots.site[rows], list(wanted.sites)) if wanted.sites else np.ones(len(rows), bool),
        "day": _on_days(starts, wanted.days),
        "same": slots.clinician[rows] == (-1 if wanted.clinician is None else wanted.clinician),
    }
    keys = (slots.key[rows], starts, ~marks["same"], ~marks["day"], ~marks["site"], marks["late"])
    return np.lexsort(keys), marks


def _on_days(starts: Whole, days: frozenset[int]) -> Mask:
    """Whether each begins on one of these weekdays, on a London clock."""
    if not days:
        return np.ones(len(starts), bool)
    hours, place = np.unique(starts // 3600, return_inverse=True)
    weekdays = [datetime.fromtimestamp(3600 * int(hour), LONDON).isoweekday() for hour in hours]
    return np.isin(np.array(weekdays, np.int64)[place], list(days))


def _suggestion(
    slots: Slots, wanted: Wanted, row: int, marks: Mapping[str, Mask], place: Any, at: datetime
) -> Suggestion:
    starts_at = datetime.fromtimestamp(int(slots.starts[row]), UTC)
    asked = {name: bool(mark[place]) for name, mark in marks.items()}
    return Suggestion(
        slot=int(slots.key[row]),
        starts_at=starts_at,
        minutes=int(slots.minutes[row]),
        clinician=int(slots.clinician[row]),
        site=str(slots.site[row]),
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
