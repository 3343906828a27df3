"""Where to take a patient: what the rules allow, ranked by the minutes it costs this patient and all others.

The kernel of the advice, arrays in and arrays out; the desk, the API and the simulator use it. Pure: the
same case, situation, forecast, journeys, rules and policy give the same answer. advice.py puts it in words.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.destinations import Case, PositionSource
from clearway.domain.ambulance.situation import AVAILABILITIES, JOB_STATES, KINDS, UNKNOWN, Situation
from clearway.domain.ambulance.words import Availability, JobState, JobStatus
from clearway.domain.shared.freshness import FreshnessPolicy
from clearway.domain.shared.geography import EARTH_RADIUS_KM, Point, direction, directions

from . import travel
from .eligibility import EligibilityPolicy, Eligible, eligible
from .feeds import Basis, basis
from .forecast import NONE, Forecast, commit
from .loads import DayLoad, day_load
from .rulebook import Column, Mask, Places, Rulebook
from .travel import Journeys

ENGINE_VERSION = "advice-5"
MINUTE, HOUR = 60.0, 3600.0
PARTS = ("travel", "handover", "others", "return", "repatriation", "uncertainty")
TRAVEL, HANDOVER, OTHERS, RETURN, REPATRIATION, UNCERTAINTY = range(len(PARTS))
WAITS = ("mean", "p10", "p80", "added")  # the grids of the forecast that the costs rest on
ON_SCENE = JOB_STATES.index(JobState.ON_SCENE)
CONVEYING, AVAILABLE = JOB_STATES.index(JobState.CONVEYING), AVAILABILITIES.index(Availability.AVAILABLE)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a minute of each part counts, in minutes of this patient's own (policy conveyance_advice)."""

    travel: float = 1.0
    handover: float = 1.0
    others: float = 0.5
    ret: float = 0.3
    repatriation: float = 0.2
    uncertainty: float = 0.3

    def __post_init__(self) -> None:
        if min(self.column) < 0:
            raise ValueError(f"A weight is at or above 0; got {self}")
        if self.uncertainty > self.handover:
            raise ValueError("uncertainty above handover: a longer queue could then make a site look better")

    @property
    def column(self) -> tuple[float, ...]:
        return self.travel, self.handover, self.others, self.ret, self.repatriation, self.uncertainty


@dataclass(frozen=True, slots=True)
class AdvicePolicy:
    """Policy conveyance_advice. Minutes unless a name says otherwise.

    noise       a place must save at least so much to be advised instead of the nearest appropriate one
    hysteresis  a new answer must be better than the standing one by so much
    agreed      so much a place that agreed to receive whom a nearer one turns away has in hand
    cover_km    around the crew's area: the fewer free crews there are, the more its return counts
    emergency_share  share of the normal driving time for patients whom a time-critical rule holds
    stale_after the forecast is too old to rank by
    position_stale_after  where a crew was is too old to rank by, unless it is at the scene
    likely      share of calls that an alternative must accept to be the answer and not only an option
    options     how many are explained
    """

    weights: Weights = field(default_factory=Weights)
    eligibility: EligibilityPolicy = field(default_factory=EligibilityPolicy)
    freshness: FreshnessPolicy = field(default_factory=FreshnessPolicy)
    noise: float = 5.0
    hysteresis: float = 5.0
    agreed: float = 15.0
    cover_km: float = 20.0
    emergency_share: float = 0.85
    stale_after: float = 10.0
    position_stale_after: float = 15.0
    likely: float = 0.5
    options: int = 3


class Verdict(StrEnum):
    """How far the answer is advice."""

    ADVISED = "advised"  # clearly the best of those that may be considered
    NEAREST = "nearest"  # the difference is noise: the nearest appropriate
    BY_RULE = "by_rule"  # the rules leave one place; nothing was ranked
    ABSTAINED = "abstained"  # inputs are stale or missing: nearest appropriate, unranked; or not settled
    NOWHERE = "nowhere"  # no department may be considered


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What every case of one situation shares, worked out once.

    site      row in the situation's sites of each place, UNKNOWN for an alternative
    load      ambulances of the last hour and committed (on the way, or bound), by place
    day       the same of 24 hours, beside what was agreed; spare  how many more of others' patients come
    free      (n, 3) directions of the crews that are free
    may_answer  departments, and alternatives that are likely enough to accept
    waits     (4, departments, steps) what is read of the forecast, see WAITS; NaN where there is none
    cannot    why nothing can be ranked, "" if it can
    """

    situation: Situation
    forecast: Forecast
    rules: Rulebook
    policy: AdvicePolicy
    basis: Basis
    site: npt.NDArray[np.int64]
    load: npt.NDArray[np.int64]
    day: DayLoad
    spare: Column
    free: npt.NDArray[np.float64]
    may_answer: Mask
    waits: npt.NDArray[np.float64]
    cannot: str


def picture(situation: Situation, forecast: Forecast, rules: Rulebook, policy: AdvicePolicy) -> Picture:
    """The columns that every case shares."""
    site = _sites_of(rules.places.code, situation.sites.code)
    free = (situation.resources.availability == AVAILABLE) & (situation.resources.assignment == UNKNOWN)
    free &= _CONVEYS[situation.resources.kind] & ~np.isnan(situation.resources.latitude)
    rests_on = basis(situation, policy.freshness)
    limits = policy.eligibility
    day = day_load(situation, site, rules, limits.others_share, limits.usual_a_day)
    return Picture(
        situation=situation,
        forecast=forecast,
        rules=rules,
        policy=policy,
        basis=rests_on,
        site=site,
        load=_load(situation, site),
        day=day,
        spare=day.spare,
        free=directions(situation.resources.latitude[free], situation.resources.longitude[free]),
        # An alternative that mostly says no is worth a call, and is an option; no crew is sent there.
        may_answer=rules.places.is_department | (rules.places.accepts >= policy.likely),
        waits=_waits_of(forecast, site[: rules.places.departments]),
        cannot=_cannot(situation, forecast, rests_on, policy),
    )


def with_one_more(seen: Picture, to: int, nearest: int, arrival: float) -> Picture:
    """The picture once one more crew is known to go to a place, past its nearest appropriate one or to it.

    to, nearest  places of the rulebook, departments both; arrival  seconds
    The hourly load stays as it was: the next situation counts this crew.
    """
    made, day = commit(seen.forecast, int(seen.site[to]), arrival), seen.day.with_one(to, nearest)
    waits = seen.waits.copy()
    waits[:, to] = _waits_of(made, seen.site[to : to + 1])[:, 0]
    return replace(seen, forecast=made, day=day, spare=day.spare, waits=waits)


def _waits_of(forecast: Forecast, site: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    waits = np.array([getattr(forecast, name)[site] for name in WAITS])
    waits[:, site == UNKNOWN] = np.nan
    return waits


@lru_cache(maxsize=32)
def _sites_of(codes: tuple[str, ...], known: tuple[str, ...]) -> npt.NDArray[np.int64]:
    row_of = {code: row for row, code in enumerate(known)}
    return np.array([row_of.get(code, UNKNOWN) for code in codes], dtype=np.int64)


_CONVEYS = np.array([*(kind.conveys for kind in KINDS), False])  # the last is for an unknown kind


def _load(situation: Situation, site: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    table, count = situation.assignments, len(situation.sites.code)
    arrived = table.stamp(JobStatus.AT_HOSPITAL)
    lately = (arrived > situation.at - HOUR) & (arrived <= situation.at)
    coming = (table.state == CONVEYING) | lately
    turned = (table.state == CONVEYING) & (table.bound != UNKNOWN)  # the control room has its old site still
    site_of = np.where(turned, table.bound, table.site)
    to = site_of[coming & (site_of != UNKNOWN)]
    bound = table.bound[(table.bound != UNKNOWN) & (table.state == ON_SCENE)]
    load = np.bincount(to, minlength=count + 1) + np.bincount(bound, minlength=count + 1)
    return np.asarray(load[site], dtype=np.int64)  # UNKNOWN is the last, which nothing is counted in


def _cannot(situation: Situation, forecast: Forecast, rests_on: Basis, policy: AdvicePolicy) -> str:
    if not rests_on.cad.freshness.may_be_relied_on:
        if rests_on.cad.heard_at is None:
            return "the control room has never been heard"
        age = (situation.at - rests_on.cad.heard_at.timestamp()) / MINUTE
        return f"the control room feed {rests_on.cad.name} is {age:.0f} min old"
    if not rests_on.knows_handover:
        return "no source gives handover times"
    age = (situation.at - forecast.at) / MINUTE
    if age > policy.stale_after:
        return f"the forecast is {age:.0f} min old"
    if all(method == NONE for method in forecast.method):
        return "there is no forecast of handover waits"
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """One case ranked, as arrays over the places of the rulebook.

    raw, counted  (n, PARTS) minutes of each part, and as they count
    cost          (n,) their sum; inf for what may not be considered or cannot be costed
    decision      cost less what the nearest, the standing answer and who agreed to receive have in hand: the
                  lowest is the answer; inf for what is an option and no answer
    agreed        (n,) departments that agreed to receive this patient, whom a nearer one turns away
    chosen        row of the answer, -1 for nowhere; nearest likewise, of those that may be considered.
                  With an unsure rule it is the nearest that is confirmed, which is nobody's advice
    cannot        why it is not ranked, "" where it is or the rules leave one place
    wait_*        forecast handover wait at arrival, NaN where there is none
    """

    case: Case
    travel: Column
    arrival: Column
    eligible: Eligible
    raw: npt.NDArray[np.float64]
    counted: npt.NDArray[np.float64]
    cost: Column
    decision: Column
    agreed: Mask
    chosen: int
    nearest: int
    verdict: Verdict
    cannot: str
    wait_mean: Column
    wait_low: Column
    wait_high: Column


def blue_light(case: Case, rules: Rulebook, policy: AdvicePolicy) -> float:
    """The share of the normal driving time at which this patient travels: less under a time-critical rule."""
    hurried = any(rule.is_time_critical and rule.applies(case) for rule in rules.rules)
    return policy.emergency_share if hurried else 1.0


def rank(case: Case, seen: Picture, journeys: Journeys, origin: int = 0) -> Ranking:
    """Filter, cost and choose. Row `origin` of `journeys` has the minutes to every place of the rulebook."""
    rules, policy, places = seen.rules, seen.policy, seen.rules.places
    travels, error = journeys.minutes[origin], journeys.error[origin]
    if not places.travels.all():
        travels, error = np.where(places.travels, travels, 0.0), np.where(places.travels, error, 0.0)
    # Counts that are old bar nobody: nothing is ranked then, and the nearest must not be passed for them.
    loads = (None, None) if seen.cannot else (seen.load, seen.spare)
    allowed = eligible(case, seen.situation, travels, rules, policy.eligibility, *loads)
    ok, department = allowed.allowed, places.is_department
    mean, low, high, added = _waits(seen, allowed.arrival)
    nearest = _lowest(travels, ok & department)
    raw = _raw(case, seen, travels, error, allowed.nearest)
    of_departments = raw[: places.departments]
    of_departments[:, HANDOVER] = mean[: places.departments]
    of_departments[:, OTHERS] = added[: places.departments]
    of_departments[:, UNCERTAINTY] += np.maximum(high - mean, 0.0)[: places.departments]
    counted = raw * _weights(case, seen)
    cost = counted.sum(axis=1)
    cost = np.where(ok & ~np.isnan(cost), cost, np.inf)
    cost = _with_refusals(cost, counted, seen, department)
    decision = np.where(seen.may_answer, cost, np.inf)
    if nearest >= 0:
        decision[nearest] -= policy.noise
    if (standing := rules.row_of.get(case.standing or "", -1)) >= 0:
        decision[standing] -= policy.hysteresis
    agreed = _agreed(allowed, seen, travels, nearest)
    if allowed.diverts:
        decision[agreed] -= policy.agreed
    lost = position_too_old(case, seen.situation.at, policy)
    cannot = lost or seen.cannot
    chosen, verdict = _choice(cannot, bool(lost), ok, cost, decision, nearest)
    if allowed.unsure is not None and verdict is not Verdict.NOWHERE:
        chosen, verdict = nearest, Verdict.ABSTAINED
    return Ranking(
        case,
        travels,
        allowed.arrival,
        allowed,
        raw,
        counted,
        cost,
        decision,
        agreed,
        chosen,
        nearest,
        verdict,
        cannot if verdict is Verdict.ABSTAINED else "",
        mean,
        low,
        high,
    )


def _agreed(allowed: Eligible, seen: Picture, travels: Column, nearest: int) -> Mask:
    """Who agreed to receive from a department that turns this patient away and is nearer than any open.

    Whom a divert far away would turn away too has no reason to go to its receiver.
    """
    agreed = np.zeros(len(travels), dtype=np.bool_)
    if nearest < 0 or not allowed.diverts:
        return agreed
    turning = {key for row, key in allowed.diverts.items() if travels[row] < travels[nearest]}
    row_of = seen.rules.row_of
    rows = (
        row_of[code]
        for divert in seen.situation.diverts
        if divert.key in turning
        for code in divert.to
        if code in row_of
    )
    for row in rows:
        agreed[row] = allowed.bar[row] == 0
    return agreed


def _waits(seen: Picture, arrival: Column) -> tuple[Column, Column, Column, Column]:
    """Mean, tenth and eightieth centile of the wait, and what is added for others; NaN where not known."""
    columns = np.full((len(WAITS), len(arrival)), np.nan)
    count, steps = seen.waits.shape[1:]
    left, share = seen.forecast.steps_of(arrival[:count])
    here, waits = np.arange(count) * steps + left, seen.waits.reshape(len(WAITS), -1)
    columns[:, :count] = waits[:, here] * (1 - share) + waits[:, here + 1] * share
    return columns[0], columns[1], columns[2], columns[3]


def _raw(case: Case, seen: Picture, travels: Column, error: Column, nearest: int) -> npt.NDArray[np.float64]:
    """The parts that rest on the place and the way there; those of waiting at a department are not in it."""
    places = seen.rules.places
    raw = np.zeros((len(travels), len(PARTS)))
    raw[:, TRAVEL] = travels
    raw[:, HANDOVER] = places.answer + places.minutes
    raw[:, RETURN] = _way_home(case.home, places) if case.home else _ways(case.position, places)
    if nearest >= 0:
        raw[:, REPATRIATION] = np.maximum(0.0, travels - travels[nearest])
    raw[:, UNCERTAINTY] = error
    return raw


def _ways(there: Point, places: Places) -> Column:
    """Minutes between a position and every place, 0 to those that are no place."""
    return np.where(places.travels, travel.PLAIN.by_distance(*there, places), 0.0)


_way_home = lru_cache(maxsize=2048)(_ways)  # crews have few homes


def _with_refusals(cost: Column, counted: npt.NDArray[np.float64], seen: Picture, department: Mask) -> Column:
    """An alternative may say no: then the call is lost and the best department is the way after all."""
    if seen.rules.places.departments == len(cost):
        return cost
    other = ~department & np.isfinite(cost)
    if not other.any():
        return cost
    best = float(cost[department].min())
    if not np.isfinite(best):
        best = float(cost[other].max())
    accepts, asked = seen.rules.places.accepts[other], seen.rules.places.answer[other]
    refused = (1 - accepts) * (best + asked - cost[other])
    counted[other, UNCERTAINTY] += refused
    cost = cost.copy()
    cost[other] += refused
    return cost


def _weights(case: Case, seen: Picture) -> Column:
    weights = np.array(seen.policy.weights.column)
    near = seen.free @ direction(*(case.home or case.position)) >= math.cos(
        seen.policy.cover_km / EARTH_RADIUS_KM
    )
    weights[RETURN] *= 1 + 1 / (1 + int(np.count_nonzero(near)))
    return weights


def _lowest(column: Column, among: Mask) -> int:
    return int(np.where(among, column, np.inf).argmin()) if among.any() else -1


def position_too_old(case: Case, now: float, policy: AdvicePolicy) -> str:
    """Why nothing can rest on where the crew was last known to be, "" if it can."""
    age = (now - case.position_at) / MINUTE
    if not case.position_from.grows_old or age <= policy.position_stale_after:
        return ""
    if math.isnan(age):
        return "nobody knows from when the crew's position is"
    if case.position_from is PositionSource.VEHICLE:
        return f"the crew's position is {age:.0f} min old and it is not at a scene whose place is known"
    return f"the crew left the scene {age:.0f} min ago and no position has come since"


def _choice(
    cannot: str, is_lost: bool, ok: Mask, cost: Column, decision: Column, nearest: int
) -> tuple[int, Verdict]:
    if nearest < 0:
        return -1, Verdict.NOWHERE
    if np.count_nonzero(ok) == 1 and not is_lost:  # which place is in reach rests on where the crew is, too
        return nearest, Verdict.BY_RULE
    if cannot or not np.isfinite(cost[nearest]):
        return nearest, Verdict.ABSTAINED
    chosen = _lowest(decision, ok)
    noise = chosen == nearest and bool((cost[np.isfinite(decision)] < cost[nearest]).any())
    return chosen, Verdict.NEAREST if noise else Verdict.ADVISED


def inputs_hash(ranking: Ranking, seen: Picture) -> str:
    """32 hex digits of everything that the answer rests on: the same inputs, the same digits."""
    case = ranking.case
    asked = (ranking.cannot, seen.situation.at, ranking.eligible.maybe)
    words = (*_said(case), *asked, ENGINE_VERSION, _plain(seen.policy))
    digest = hashlib.blake2b(repr(words).encode(), digest_size=16)
    waits = ranking.wait_mean, ranking.wait_high
    for column in (ranking.travel, *waits, ranking.eligible.bar, seen.load, seen.day.load, seen.day.others):
        digest.update(column.tobytes())
    digest.update(ranking.counted.tobytes())
    digest.update(ranking.agreed.tobytes())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """A policy as plain values in one order, however its numbers and tables were written."""
    if is_dataclass(value):
        return tuple(_plain(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, Mapping):
        return tuple(sorted((str(key), _plain(each)) for key, each in value.items()))
    if isinstance(value, tuple | list):
        return tuple(_plain(each) for each in value)
    return float(value) if isinstance(value, int | float) else str(value)


def _said(case: Case) -> tuple[object, ...]:
    sets = (sorted(case.needs), sorted(case.refused))
    return (
        *(case.key, tuple(case.position), case.ready_at, case.age, case.news2, case.vehicle),
        *(case.position_from, case.home and tuple(case.home)),
        *(case.continuing_care, case.booked_at, case.standing, case.accepted, case.needs_asked, *sets),
    )
