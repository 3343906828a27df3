"""Cover: how many crews an area will have for new work in the coming hours, and how many new work will hold.

A crew counts from when its present job is over until its shift ends, but for breaks and for times of being
unavailable. What is needed is what calls that wait now and calls that come meanwhile will hold: the mean
number in a queue with as many servers as it likes, whose times are exponential (M/M/infinity, which depends
on the mean time alone but for how fast it is reached), divided by the share of crews that may be busy so
that one is left for the next call. Everything in minutes from now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import erf, exp, log, sqrt

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
Span = tuple[float, float]
PARTS = ("going", "on_scene", "conveying", "at_hospital", "wrap_up")  # of a job, in their order
FINE = 5.0  # minutes of the steps in which calls in progress are followed
LEAST_LEFT = 3.0  # a crew that has been longer than typical is not free yet
FOREVER = 1e9


@dataclass(frozen=True, slots=True)
class CoverPolicy:
    """What is assumed (policy cover). Minutes unless a name says otherwise.

    step, horizon   of the table
    calls_a_day     of the trust in a typical day, by area code: where history says the total, the proportions
    hourly          24 shares of a day's calls by local hour
    with_a_crew     share of calls to which a crew is sent
    crews           sent to each of those
    call_minutes    that a call holds each crew, from its sending to clear
    most_busy       share of crews that may be busy at once, so that one is left for the next call
    job             typical minutes of each part of a job, by what the crew does
    spread          deviation of the logarithm of what is left of a job
    late_from       chance of a late finish from which the coordinator is told
    home            from clear to the station, at the end of a shift
    """

    step: float = 30
    horizon: float = 240
    calls_a_day: Mapping[str, float] = field(default_factory=dict)
    hourly: tuple[float, ...] = (1 / 24,) * 24
    with_a_crew: float = 0.82
    crews: float = 1.2
    call_minutes: float = 105
    most_busy: float = 0.85
    job: Mapping[str, float] = field(default_factory=dict)
    spread: float = 0.5
    late_from: float = 0.5
    home: float = 10

    def __post_init__(self) -> None:
        """Raises ValueError for what no cover can be counted with."""
        if not 0 < self.step <= self.horizon:
            raise ValueError("step is above 0 and at most the horizon")
        if len(self.hourly) != 24 or min(self.hourly) < 0 or not sum(self.hourly) > 0:
            raise ValueError("hourly is 24 shares, of which one is above 0")
        if not (0 < self.with_a_crew <= 1 and 0 < self.most_busy <= 1 and 0 <= self.late_from <= 1):
            raise ValueError("with_a_crew, most_busy and late_from are shares, from above 0 to 1")
        if min(self.crews, self.call_minutes, self.spread) <= 0 or self.home < 0:
            raise ValueError("crews, call_minutes and spread are above 0, home is not below")
        if missing := [part for part in PARTS if part not in (self.job or dict.fromkeys(PARTS))]:
            raise ValueError(f"job says no minutes of {missing[0]}")

    @property
    def steps(self) -> int:
        return int(self.horizon // self.step)


@dataclass(frozen=True, slots=True)
class Crew:
    """One crew of an area. begins  0 or less where it is on duty; ends  of its shift, FOREVER where nobody
    said; free  when its present job is over; away  breaks and times of being unavailable."""

    call_sign: str
    area: str
    begins: float
    ends: float
    free: float = 0.0
    away: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """Calls of one area. waiting  that nobody is sent to yet; per_hour  new ones to which crews are sent, for
    each step."""

    waiting: float
    per_hour: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """One area, step for step: crews for new work, and crews that new work will hold."""

    there: tuple[float, ...]
    needed: tuple[float, ...]

    @property
    def short(self) -> tuple[float, ...]:
        """How many are too few; 0 where there are enough."""
        return tuple(max(0.0, need - here) for here, need in zip(self.there, self.needed, strict=True))

    @property
    def worst(self) -> float:
        return max(self.short, default=0.0)


def gaps(crews: Iterable[Crew], demand: Mapping[str, Demand], policy: CoverPolicy) -> dict[str, Gap]:
    """The gap of every area that has a crew or a call. Another crew never widens one."""
    there: dict[str, Column] = {area: np.zeros(policy.steps) for area in demand}
    for crew in crews:
        here = there.setdefault(crew.area, np.zeros(policy.steps))
        here += present(crew, policy)
    nothing = Demand(0.0, (0.0,) * policy.steps)
    return {
        area: Gap(tuple(here.tolist()), needed(demand.get(area, nothing), policy))
        for area, here in sorted(there.items())
    }


def present(crew: Crew, policy: CoverPolicy) -> Column:
    """The share of each step in which a crew can take new work."""
    spans = without((max(crew.begins, crew.free, 0.0), crew.ends), crew.away)
    edges = np.arange(policy.steps + 1) * policy.step
    found = np.zeros(policy.steps)
    for begin, end in spans:
        found += np.maximum(0.0, np.minimum(end, edges[1:]) - np.maximum(begin, edges[:-1]))
    return np.asarray(found / policy.step, dtype=np.float64)


def without(span: Span, away: Sequence[Span]) -> list[Span]:
    """What is left of a span when others, which may overlap, are taken out of it."""
    begin, end = span
    left = []
    for start, stop in sorted(away):
        if stop <= start:
            continue
        if begin < min(start, end):
            left.append((begin, min(start, end)))
        begin = max(begin, stop)
    return [*left, (begin, end)] if begin < end else left


def needed(demand: Demand, policy: CoverPolicy) -> tuple[float, ...]:
    """Crews that waiting and new calls will hold in each step, on average over it."""
    keep = exp(-FINE / policy.call_minutes)
    taken = policy.call_minutes * (1 - keep) / 60  # mean number held after FINE at one call an hour
    held, found = demand.waiting * policy.crews, []
    for rate in demand.per_hour:
        total, parts = 0.0, max(1, round(policy.step / FINE))
        for _ in range(parts):
            after = held * keep + rate * policy.crews * taken
            total += (held + after) / 2
            held = after
        found.append(total / parts / policy.most_busy)
    return tuple(found)


def rates(calls_a_day: float, hours: Sequence[int], policy: CoverPolicy) -> tuple[float, ...]:
    """Calls an hour to which a crew is sent, for the local hour of each step."""
    total = sum(policy.hourly)
    return tuple(calls_a_day * policy.with_a_crew * policy.hourly[hour % 24] / total for hour in hours)


# When a crew will be free, and whether its shift is over by then


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a job. forecast  the hospital's part is the handover forecast's, else it is typical."""

    minutes: float
    forecast: bool


def left_of_job(doing: str, spent: float, job: Mapping[str, float], handover: float | None = None) -> Left:
    """What is typically left of a job in this part of it since `spent` minutes.

    handover  minutes from arrival to handover that are forecast for its hospital, None where nothing is
    """
    place = PARTS.index(doing)
    uses = handover is not None and place <= PARTS.index("at_hospital")
    typical = {**job, "at_hospital": handover} if uses and handover is not None else job
    now, *later = (float(typical.get(part, 0.0)) for part in PARTS[place:])
    return Left(max(LEAST_LEFT, now - spent) + sum(later), uses)


@dataclass(frozen=True, slots=True)
class LateFinish:
    """A crew that may finish late. chance  that it is home after its shift; minutes  by how much, as far as
    the middle forecast goes (0 or more)."""

    call_sign: str
    chance: float
    minutes: float


def late_finish(call_sign: str, left: float, until_end: float, policy: CoverPolicy) -> LateFinish:
    """Whether a crew with so many minutes left of its job finishes late.

    What is left is taken as lognormal about its typical value, as the parts of jobs are; the way home is
    added as it is.
    """
    spare = until_end - policy.home
    if spare <= 0:
        return LateFinish(call_sign, 1.0, left - spare)
    score = (log(spare) - log(max(left, LEAST_LEFT))) / policy.spread
    return LateFinish(call_sign, 0.5 * (1 - erf(score / sqrt(2))), max(0.0, left - spare))
