"""Keeping forecasts, scoring them once it is seen what happened, and following warnings.

Derived from the facts by the worker alone, like snapshots: nobody presses anything, so there is no audit row.
A warning that asks somebody to act is a task of the worklist, which has its own.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.ambulance.situation import UNKNOWN, Situation, instant, seconds
from clearway.domain.ambulance.words import JobStatus
from clearway.engine.ambulance import forecast as engine
from clearway.engine.ambulance.forecast import HOURS_OF_WEEK, MODEL, NONE, Forecast
from clearway.engine.ambulance.warning import judgement
from clearway.engine.ambulance.warning_signs import said_words

from ..travel.network import network
from . import queries
from .models import Kept, Passing, Standing, Warned
from .policy import Policies, ScorePolicy
from .queries import LEADS, SIMPLE, Score

Column = npt.NDArray[np.float64]
PATIENCE = timedelta(hours=12)  # a vehicle that has not handed over by then leaves its forecast unscored
SETTLE_EVERY = timedelta(hours=1)
LEAST_IN_HOUR = 3  # handovers that make a mean of one hour of the week
WIDEN_FROM, WIDEN_TO = 0.7, 1.6
LAST_HOUR = 3600.0
QUANTILES = np.arange(0.05, 1, 0.05)


def follow(organisation_id: int, situation: Situation, at: datetime) -> None:
    """Everything that is due at an instant; safe to call as often as one likes.

    Keeps forecasts every few minutes, scores those whose vehicles have handed over, begins and ends warnings,
    and once an hour settles which method advises where and lets go of what is old.
    """
    read = queries.read(organisation_id, situation, at)
    with transaction.atomic():
        one_at_a_time(Lock.FORECAST, organisation_id)
        keep(organisation_id, situation, read, at)
        score(organisation_id, situation, read.policies.score, at)
        watch(organisation_id, situation, read, at)
        settle(organisation_id, situation.sites.code, read.policies, at)


def keep(organisation_id: int, situation: Situation, read: queries.Read, at: datetime) -> int:
    """Keep the model's own forecast beside the simple ones, unless one was kept lately. Returns rows kept.

    Its band is kept as the model says it: the factor that widens what is shown is worked out from these rows,
    and would else correct what it has corrected already.
    """
    newest = Kept.objects.filter(organisation_id=organisation_id).order_by("-made_at").first()
    if newest and at - newest.made_at < timedelta(minutes=read.policies.score.every_minutes):
        return 0
    policy, history = read.policies.forecast, read.history
    own = history and replace(
        history, method=(MODEL,) * len(history.method), widen=np.ones(len(history.widen))
    )
    made = engine.forecast(situation, policy, own, network(situation.sites))
    simple = engine.baselines(situation, policy, history)
    rows = [
        _kept(organisation_id, situation, made, simple, row, lead, at)
        for row in range(len(situation.sites.code))
        if made.method[row] != NONE
        for lead in LEADS
    ]
    Kept.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _kept(
    organisation_id: int,
    situation: Situation,
    made: Forecast,
    simple: Mapping[str, npt.NDArray[np.float64]],
    row: int,
    lead: int,
    at: datetime,
) -> Kept:
    step = int(lead / made.step_minutes)
    return Kept(
        organisation_id=organisation_id,
        site_code=situation.sites.code[row],
        made_at=at,
        lead_minutes=lead,
        **{name: float(getattr(made, name)[row, step]) for name in ("mean", "p10", "p50", "p80", "p90")},
        **{name: _number(grid[row, step]) for name, grid in simple.items()},
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def score(organisation_id: int, situation: Situation, policy: ScorePolicy, at: datetime) -> int:
    """Hold against each forecast the vehicles that arrived in the minutes it spoke for. Returns rows scored.

    A forecast made at 10:00 for 30 minutes ahead speaks for arrivals from 10:30 until the next one is made.
    """
    every = timedelta(minutes=policy.every_minutes)
    waiting = Kept.objects.filter(organisation_id=organisation_id, vehicles=None, made_at__lte=at - every)
    arrivals = _Arrivals(situation)
    done = []
    for row in waiting:
        begins = row.made_at + timedelta(minutes=row.lead_minutes)
        if begins + every > at:
            continue
        waits, all_done = arrivals.between(row.site_code, begins, begins + every)
        if all_done or at - begins > PATIENCE:
            done.append(_scored(row, waits))
    Kept.objects.bulk_update(
        done,
        ["vehicles", "crps", "bias", "inside", *(f"{name}_error" for name in ("model", *SIMPLE))],
        batch_size=500,
    )
    return len(done)


class _Arrivals:
    """The vehicles of the last day by site, in order of arrival."""

    def __init__(self, situation: Situation) -> None:
        table = situation.assignments
        arrived, handed = table.stamp(JobStatus.AT_HOSPITAL), table.stamp(JobStatus.HANDOVER)
        self._of: dict[str, tuple[Column, Column, npt.NDArray[np.bool_]]] = {}
        waiting = table.patient_is_waiting
        for row, code in enumerate(situation.sites.code):
            here = np.flatnonzero((table.site == row) & ~np.isnan(arrived))
            here = here[np.argsort(arrived[here])]
            self._of[code] = (arrived[here], (handed[here] - arrived[here]) / 60, waiting[here])

    def between(self, code: str, begins: datetime, ends: datetime) -> tuple[npt.NDArray[np.float64], bool]:
        """Waits of those who arrived from `begins` and before `ends`; whether none of them still waits."""
        arrived, waits, waiting = self._of.get(code, (np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool)))
        first, last = np.searchsorted(arrived, [begins.timestamp(), ends.timestamp()])
        known = waits[first:last]
        return known[known >= 0], not waiting[first:last].any()


def _scored(row: Kept, waits: npt.NDArray[np.float64]) -> Kept:
    row.vehicles = len(waits)
    row.model_error = float(np.abs(waits - row.p50).sum())
    row.bias = float((row.mean - waits).sum())
    row.inside = int(((waits >= row.p10) & (waits <= row.p90)).sum())
    row.crps = float(_crps(row, waits).sum())
    for name in SIMPLE:
        said = getattr(row, name)
        setattr(row, f"{name}_error", None if said is None else float(np.abs(waits - said).sum()))
    return row


def _crps(row: Kept, waits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Twice the mean pinball loss over 19 quantiles, read off the kept ones in straight lines."""
    said = [row.p10 * 0.6, row.p10, row.p50, row.p80, row.p90, row.p90 + 1.5 * (row.p90 - row.p80)]
    values = np.interp(QUANTILES, [0.0, 0.1, 0.5, 0.8, 0.9, 1.0], said)
    error = waits[:, None] - values
    return np.asarray(2 * np.maximum(QUANTILES * error, (QUANTILES - 1) * error).mean(axis=1))


# Warnings


def watch(organisation_id: int, situation: Situation, read: queries.Read, at: datetime) -> None:
    """Begin and end warnings, note when limits are passed, and judge the warnings that spoke of it."""
    means = _means_of_last_hour(situation, read.policies.warning.least)
    past = _follow_passings(organisation_id, situation, read, means, at)
    policy = read.policies.warning
    standing = {
        (each.site_code, each.within, each.limit): each for each in queries.open_warnings(organisation_id)
    }
    for seen in read.outlook:
        code = situation.sites.code[seen.row]
        for limit, probability in zip(policy.limits, seen.probability, strict=True):
            was = standing.get((code, int(limit.within), int(limit.mean)))
            is_past = (code, int(limit.mean)) in past
            is_on = limit.is_on(probability, was is not None) and not is_past
            if is_on and was is None:
                Warned.objects.create(
                    organisation_id=organisation_id,
                    site_code=code,
                    within=int(limit.within),
                    limit=int(limit.mean),
                    begun_at=at,
                    probability=probability,
                    why=". ".join(_reasons(situation, read, seen.row))[:300],
                )
            elif was is not None and not is_on:
                was.ended_at = at
                was.save(update_fields=["ended_at"])
    _judge(organisation_id, at)


def _reasons(situation: Situation, read: queries.Read, row: int) -> tuple[str, ...]:
    return read.forecast.why[row] + said_words(situation, read.policies.forecast, row)


def _means_of_last_hour(situation: Situation, least: int) -> Mapping[str, float]:
    """Site code -> mean minutes of those handed over in the last hour; a site with fewer than `least` is
    left out."""
    table, now = situation.assignments, situation.at
    arrived, handed = table.stamp(JobStatus.AT_HOSPITAL), table.stamp(JobStatus.HANDOVER)
    lately = (table.site != UNKNOWN) & (handed > now - LAST_HOUR) & (handed <= now) & (handed >= arrived)
    sites = len(situation.sites.code)
    number = np.bincount(table.site[lately], minlength=sites)
    total = np.bincount(table.site[lately], (handed - arrived)[lately] / 60, sites)
    return {
        code: float(total[row] / number[row])
        for row, code in enumerate(situation.sites.code)
        if number[row] >= max(1, least)
    }


def _follow_passings(
    organisation_id: int, situation: Situation, read: queries.Read, means: Mapping[str, float], at: datetime
) -> set[tuple[str, int]]:
    """Note what rose past a limit and what fell again; returns site and limit of all that is past now."""
    open_ones = Passing.objects.filter(organisation_id=organisation_id, ended_at=None)
    past = {(each.site_code, each.limit): each for each in open_ones}
    for code, mean in means.items():
        for limit in sorted({int(each.mean) for each in read.policies.warning.limits}):
            was = past.get((code, limit))
            if mean > limit and was is None:
                past[code, limit] = Passing.objects.create(
                    organisation_id=organisation_id, site_code=code, limit=limit, at=at
                )
            elif mean <= limit and was is not None:
                was.ended_at = at
                was.save(update_fields=["ended_at"])
                del past[code, limit]
    return set(past)


def _judge(organisation_id: int, at: datetime) -> None:
    """Note of every warning that is not judged yet whether it was right, as the engine judges it."""
    open_ones = list(Warned.objects.filter(organisation_id=organisation_id, judged_at=None))
    if not open_ones:
        return
    since = min(each.begun_at for each in open_ones)
    passings = list(Passing.objects.filter(organisation_id=organisation_id, at__gte=since))
    for warned in open_ones:
        key = (warned.site_code, warned.limit)
        known = [seconds(each.at) for each in passings if (each.site_code, each.limit) == key]
        judged = judgement(queries.as_warned(warned), known, warned.within, seconds(at))
        if judged.is_final:
            warned.passed_at = None if judged.passed_at is None else instant(judged.passed_at)
            warned.judged_at = at
            warned.save(update_fields=["passed_at", "judged_at"])


# What the record teaches


def settle(organisation_id: int, codes: Sequence[str], policies: Policies, at: datetime) -> bool:
    """Decide anew, once an hour, which method advises at each site, and let go of what is old."""
    newest = Standing.objects.filter(organisation_id=organisation_id).order_by("-settled_at").first()
    if newest and at - newest.settled_at < SETTLE_EVERY:
        return False
    policy = policies.score
    judged = {
        each.site_code: each
        for each in queries.scores(organisation_id, at, policy.window_days, by_lead=False)
    }
    by_hour = _by_hour_of_week(organisation_id, policies, at)
    Standing.objects.bulk_create(
        [
            Standing(
                organisation_id=organisation_id,
                site_code=code,
                method=method_of(judged.get(code), policy),
                widen=widen_of(judged.get(code), policy),
                by_hour=by_hour.get(code, []),
                settled_at=at,
            )
            for code in codes
        ],
        update_conflicts=True,
        unique_fields=["organisation", "site_code"],
        update_fields=["method", "widen", "by_hour", "settled_at"],
    )
    return True


def method_of(score: Score | None, policy: ScorePolicy) -> str:
    """Who advises at a site: the model, unless a simple forecast was clearly better on enough vehicles.

    Each is held against the model on the vehicles of which it said something: neither a time at which it
    could say nothing shuts it out, nor do easier days judge it.
    """
    if score is None or score.vehicles < policy.least:
        return MODEL
    known = {name: each for name, each in score.beside.items() if each.vehicles >= policy.least}
    best = min(known, key=lambda name: known[name].share, default=MODEL)
    return best if best != MODEL and known[best].share < 1 - policy.margin else MODEL


def widen_of(score: Score | None, policy: ScorePolicy) -> float:
    """The factor on the model's own spread with which its 80% band would have held 80%.

    The band is widened in logarithms. Where errors are about normal there, a band that held a share reaches
    as far out as the normal does for that share, and is to reach as far as the normal does for 80%.
    """
    if score is None or score.vehicles < policy.least or score.inside is None:
        return 1.0
    held = min(max(score.inside, 0.01), 0.99)
    return float(np.clip(_reach(0.8) / _reach(held), WIDEN_FROM, WIDEN_TO))


def _reach(share: float) -> float:
    """Standard deviations on either side of the middle between which a share of a normal lies."""
    return NormalDist().inv_cdf(0.5 + share / 2)


def _by_hour_of_week(organisation_id: int, policies: Policies, at: datetime) -> dict[str, list[float | None]]:
    """Mean handover minutes by site and hour of the local week, over the days of the policy. One query.

    An hour of the week with too few handovers takes the mean of that hour of the day, and that of all where
    those are too few as well: else a quiet hospital would have none.
    """
    sql = """
        SELECT s.code, (extract(isodow FROM t)::int - 1) * 24 + extract(hour FROM t)::int, avg(took), count(*)
        FROM (
            SELECT destination_id, at_hospital_at AT TIME ZONE %s AS t,
                extract(epoch FROM (stamps->>'handover')::timestamptz - at_hospital_at) / 60 AS took
            FROM ambulance_assignment
            WHERE organisation_id = %s AND at_hospital_at > %s AND at_hospital_at <= %s
                AND stamps ? 'handover'
        ) h JOIN core_site s ON s.id = h.destination_id
        WHERE took BETWEEN 0 AND 720 GROUP BY 1, 2
    """
    since = at - timedelta(days=policies.score.history_days)
    found: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(sql, [str(policies.forecast.zone), organisation_id, since, at])
        for code, hour, mean, count in cursor.fetchall():
            found[code].append((hour, float(mean), count))
    return {code: _filled(hours) for code, hours in found.items()}


def _filled(hours: Sequence[tuple[int, float, int]]) -> list[float | None]:
    """One mean for each hour of the week, from (hour, mean, handovers); None where even all are too few."""
    number, total = np.zeros(HOURS_OF_WEEK), np.zeros(HOURS_OF_WEEK)
    for hour, mean, count in hours:
        number[hour], total[hour] = count, mean * count
    by_day = np.tile(number.reshape(7, 24).sum(axis=0), 7), np.tile(total.reshape(7, 24).sum(axis=0), 7)
    of_all = np.full(HOURS_OF_WEEK, number.sum()), np.full(HOURS_OF_WEEK, total.sum())
    waits = np.full(HOURS_OF_WEEK, np.nan)
    for handovers, minutes in (of_all, by_day, (number, total)):  # the closest that has enough is what stays
        enough = handovers >= LEAST_IN_HOUR
        waits[enough] = minutes[enough] / handovers[enough]
    return [None if np.isnan(each) else round(float(each), 1) for each in waits]
