"""The risk that somebody does not come to an appointment, from what is known at one instant, with reasons.

Nothing protected is looked at: no age, sex, ethnicity, religion, disability, language or address. Needs are
not looked at either, because a disability or a language stands behind most of them; who has a need is helped
whatever the risk says.

Every model is a sum of one contribution per feature, so its reasons are the contributions themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from clearway.domain.outpatients.attendance import Result

LONDON = ZoneInfo("Europe/London")
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
DAY = 86_400
NEVER = (1 << 33) - 1  # seconds since 1970 that no booking reaches
PRIOR, WEIGHT, SERVICE_WEIGHT = 0.1, 3.0, 50.0  # a share of few visits is drawn towards one in ten
LONGEST_SINCE, LONGEST_QUIET, MOST_LEAD = 730.0, 180.0, 365.0
MOST_REASONS, LEAST_REASON = 3, 0.1  # log odds


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that is looked at. way: 1 where more of it never lowers the risk, -1 never raises it, else 0.

    by_log  the simple models take its logarithm
    """

    code: str
    meaning: str
    way: int = 0
    by_log: bool = False


FEATURES = (
    Feature("lead", "days from booking to visit", by_log=True),
    Feature("missed", "share of earlier visits missed", 1),
    Feature("since_miss", "days since a visit was missed", -1, by_log=True),
    Feature("last_missed", "whether the last visit was missed", 1),
    Feature("late", "share of earlier visits cancelled late", 1),
    Feature("visits", "number of earlier visits", by_log=True),
    Feature("moved", "how often this visit was moved", 1),
    Feature("unconfirmed", "whether nobody has confirmed", 1),
    Feature("unreminded", "whether no reminder has arrived", 1),
    Feature("quiet", "days since anybody was in contact", by_log=True),
    Feature("first", "whether it is a first visit"),
    Feature("remote", "whether it is by telephone or video"),
    Feature("weekday", "day of the week"),
    Feature("hour", "hour of the day"),
    Feature("service", "share of visits missed in the service", 1),
)
CODES = tuple(each.code for each in FEATURES)
WAYS = np.array([each.way for each in FEATURES])
LOGGED = np.array([each.by_log for each in FEATURES])


@dataclass(frozen=True, slots=True)
class Bookings:
    """Bookings as columns of one length; instants in seconds since 1970, NEVER where there is none.

    person, service, line  numbers that tell one from another; line: the entry of the list, below 0 for none
    known                  when it was known what came of it
    confirmed, reminded    when the patient confirmed; when the first reminder of it arrived
    contact_person, contact_at  contacts with patients, of another length
    """

    person: Whole
    service: Whole
    line: Whole
    booked: Whole
    starts: Whole
    known: Whole
    result: Whole
    first: Marks
    remote: Marks
    confirmed: Whole
    reminded: Whole
    contact_person: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    contact_at: Whole = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of some bookings, each at its own moment. x: (n, features), in the order of FEATURES."""

    x: Floats
    visits: Whole
    misses: Whole
    lates: Whole
    since_miss: Floats

    def __len__(self) -> int:
        return len(self.x)


def moments(bookings: Bookings, days_before: int) -> Whole:
    """When each booking is judged: so many days before the visit, or when it was made where that is later."""
    return np.maximum(bookings.booked, bookings.starts - days_before * DAY)


def known_at(bookings: Bookings, rows: Whole, at: Whole) -> Known:
    """What was known of the bookings `rows`, each at its own instant; later events change none of it."""
    past = _Past(bookings.person, bookings.known)
    came, missed, late = (bookings.result == each for each in (Result.KEPT, Result.MISSED, Result.LATE))
    who = bookings.person[rows]
    counted = past.count(came | missed | late, who, at)
    misses, lates = past.count(missed, who, at), past.count(late, who, at)
    last_miss, last_visit = past.last(missed, who, at), past.last(came | missed | late, who, at)
    since = np.where(last_miss >= 0, (at - bookings.known[last_miss]) / DAY, LONGEST_SINCE)
    shrunk = WEIGHT + counted
    columns = {
        "lead": np.clip((bookings.starts[rows] - bookings.booked[rows]) / DAY, 0, MOST_LEAD),
        "missed": (misses + WEIGHT * PRIOR) / shrunk,
        "since_miss": np.clip(since, 0, LONGEST_SINCE),
        "last_missed": (last_miss >= 0) & (last_miss == last_visit),
        "late": (lates + WEIGHT * PRIOR) / shrunk,
        "visits": np.minimum(counted, 20),
        "moved": np.minimum(_moved(bookings, rows, at), 5),
        "unconfirmed": bookings.confirmed[rows] > at,
        "unreminded": bookings.reminded[rows] > at,
        "quiet": _quiet(bookings, who, at),
        "first": bookings.first[rows],
        "remote": bookings.remote[rows],
        "service": _of_service(bookings, rows, at),
    }
    columns["weekday"], columns["hour"] = _on_the_clock(bookings.starts[rows])
    x = np.column_stack([np.asarray(columns[code], np.float64) for code in CODES])
    return Known(x, counted, misses, lates, since)


class _Past:
    """Counting what was known of a group before an instant, for many groups and instants at once."""

    def __init__(self, group: Whole, known: Whole) -> None:
        self.groups, place = np.unique(group, return_inverse=True)
        stamps = (place.astype(np.int64) << 33) | np.clip(known, 0, NEVER)
        self.order = np.argsort(stamps, kind="stable")
        self.stamps = stamps[self.order]

    def _between(self, group: Whole, at: Whole) -> tuple[Whole, Whole]:
        place = np.searchsorted(self.groups, group).astype(np.int64)
        is_known = np.zeros(len(group), bool)
        inside = place < len(self.groups)
        is_known[inside] = self.groups[place[inside]] == group[inside]
        start = np.searchsorted(self.stamps, place << 33, "left")
        end = np.searchsorted(self.stamps, (place << 33) | np.clip(at, 0, NEVER - 1), "right")
        return start, np.where(is_known, end, start)

    def count(self, what: Marks, group: Whole, at: Whole) -> Whole:
        start, end = self._between(group, at)
        upto = np.concatenate([[0], np.cumsum(what[self.order])])
        return np.asarray(upto[end] - upto[start], np.int64)

    def last(self, what: Marks, group: Whole, at: Whole) -> Whole:
        """The newest of them, by its place among the bookings; -1 for none."""
        start, end = self._between(group, at)
        if not len(self.order):
            return np.full(len(group), -1, np.int64)
        newest = np.maximum.accumulate(np.where(what[self.order], np.arange(len(self.order)), -1))
        found = np.where(end > start, newest[np.maximum(end - 1, 0)], -1)
        return np.where(found >= start, self.order[np.maximum(found, 0)], -1)


def _moved(bookings: Bookings, rows: Whole, at: Whole) -> Whole:
    """How many earlier bookings of the same entry were cancelled."""
    gone = (bookings.result == Result.GONE) | (bookings.result == Result.LATE)
    found = _Past(bookings.line, bookings.known).count(gone, bookings.line[rows], at)
    return np.where(bookings.line[rows] >= 0, found, 0)


def _quiet(bookings: Bookings, who: Whole, at: Whole) -> Floats:
    past = _Past(bookings.contact_person, bookings.contact_at)
    newest = past.last(np.ones(len(bookings.contact_at), bool), who, at)
    if not len(bookings.contact_at):
        return np.full(len(who), LONGEST_QUIET)
    return np.where(
        newest >= 0, np.minimum((at - bookings.contact_at[newest]) / DAY, LONGEST_QUIET), LONGEST_QUIET
    )


def _of_service(bookings: Bookings, rows: Whole, at: Whole) -> Floats:
    past, which = _Past(bookings.service, bookings.known), bookings.service[rows]
    missed = past.count(bookings.result == Result.MISSED, which, at)
    came = past.count(bookings.result == Result.KEPT, which, at)
    return np.asarray((missed + SERVICE_WEIGHT * PRIOR) / (missed + came + SERVICE_WEIGHT))


def _on_the_clock(starts: Whole) -> tuple[Floats, Floats]:
    """Day of the week from 0 and hour, in London."""
    distinct, place = np.unique(starts, return_inverse=True)
    there = [datetime.fromtimestamp(int(each), LONDON) for each in distinct]
    days = np.array([each.weekday() for each in there], np.float64)
    hours = np.array([each.hour for each in there], np.float64)
    return (days[place], hours[place]) if len(starts) else (np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Term:
    """What one feature adds to the log odds, 0 on average over what was learned from.

    Steps: values[i] between edges[i - 1] and edges[i]. A line where there are no values:
    weight * (value - centre), of the logarithm where the feature says so.
    """

    edges: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    weight: float = 0.0
    centre: float = 0.0

    def adds(self, column: Floats) -> Floats:
        if self.values:
            return np.asarray(self.values)[np.searchsorted(np.asarray(self.edges), column, "left")]
        return self.weight * (column - self.centre)


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model. kind: simple, logistic or additive; slope, offset: calibration on later bookings."""

    kind: str
    intercept: float
    terms: tuple[Term, ...]
    slope: float = 1.0
    offset: float = 0.0

    def contributions(self, x: Floats) -> Floats:
        """(n, features) of log odds, after calibration: what each feature adds to a usual risk."""
        used = x if self.kind == "additive" else logged(x)
        found = np.column_stack([term.adds(used[:, place]) for place, term in enumerate(self.terms)])
        return self.slope * found

    def log_odds(self, x: Floats) -> Floats:
        return np.asarray(
            self.offset + self.slope * self.intercept + self.contributions(x).sum(axis=1), np.float64
        )

    def risks(self, x: Floats) -> Floats:
        """The risk of each row, between 0 and 1."""
        return sigmoid(self.log_odds(x))

    def as_json(self) -> dict[str, Any]:
        """All of it, for a row of a table."""
        terms = {
            code: {"edges": list(term.edges), "values": list(term.values)}
            if term.values
            else {"weight": term.weight, "centre": term.centre}
            for code, term in zip(CODES, self.terms, strict=True)
        }
        return {
            "kind": self.kind,
            "intercept": self.intercept,
            "slope": self.slope,
            "offset": self.offset,
            "terms": terms,
        }

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> "Model":
        """Raises KeyError for a model with other features than these."""
        terms = tuple(
            Term(
                tuple(each.get("edges", ())),
                tuple(each.get("values", ())),
                each.get("weight", 0.0),
                each.get("centre", 0.0),
            )
            for each in (said["terms"][code] for code in CODES)
        )
        return cls(said["kind"], said["intercept"], terms, said["slope"], said["offset"])


def logged(x: Floats) -> Floats:
    """The features as the simple models take them."""
    return np.where(LOGGED, np.log1p(np.where(LOGGED, x, 0)), x)


def sigmoid(value: Floats) -> Floats:
    """From log odds to a share, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * value)))


def reasons(model: Model, known: Known) -> list[tuple[str, ...]]:
    """What raises each risk most above the usual, in words that can be said; none where nothing does."""
    adds = model.contributions(known.x)
    order = np.argsort(-adds, axis=1, kind="stable")[:, : MOST_REASONS + 2]
    found = []
    for row, places in enumerate(order):
        said = [_words(CODES[place], known, row) for place in places if adds[row, place] >= LEAST_REASON]
        found.append(tuple(dict.fromkeys(words for words in said if words))[:MOST_REASONS])
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _quiet_for(days: float) -> str:
    return (
        "No contact for a long time"
        if days >= LONGEST_QUIET
        else f"No contact for {_count(round(days), 'day')}"
    )


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SAID: Mapping[str, Callable[[float], str]] = {
    "lead": lambda value: f"Booked {_count(round(value), 'day')} ahead",
    "moved": lambda value: f"Moved {_count(int(value), 'time')} already" if value else "",
    "unconfirmed": lambda value: "Has not confirmed" if value else "Has confirmed",
    "unreminded": lambda value: "No reminder has arrived" if value else "Was reminded",
    "quiet": _quiet_for,
    "first": lambda value: "A first visit" if value else "A follow-up",
    "remote": lambda value: "By telephone or video" if value else "Face to face",
    "weekday": lambda value: f"On a {WEEKDAYS[int(value)]}",
    "hour": lambda value: f"At {int(value)} o'clock",
    "service": lambda value: "More visits than usual are missed in this service",
}


def _words(code: str, known: Known, row: int) -> str:
    value = known.x[row, CODES.index(code)]
    misses, visits, lates = (int(each[row]) for each in (known.misses, known.visits, known.lates))
    if code in ("missed", "since_miss", "last_missed"):
        return f"Missed {misses} of {_count(visits, 'earlier visit')}" if misses else ""
    if code == "late":
        return f"Cancelled {lates} of {_count(visits, 'earlier visit')} late" if lates else ""
    if code == "visits":
        return f"Has been to {_count(visits, 'visit')}" if visits else "Has not been here before"
    return SAID[code](value)


def riskiest(risks: Sequence[float] | Floats, share: float) -> Marks:
    """Which are the riskiest share, at least one where there is any; of equal ones the first."""
    values = np.asarray(risks, np.float64)
    most = min(len(values), int(np.ceil(share * len(values))))
    found = np.zeros(len(values), bool)
    found[np.argsort(-values, kind="stable")[:most]] = True
    return found
