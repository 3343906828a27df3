"""Reading forecasts: the one of now, what earlier ones were worth, and what warnings were worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import inf
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.situation import Situation, seconds
from clearway.engine.ambulance import forecast as engine
from clearway.engine.ambulance import warning
from clearway.engine.ambulance.demand import DailyForecast, TooShort, forecast_daily
from clearway.engine.ambulance.forecast import HOURS_OF_WEEK, MODEL, Forecast, History
from clearway.engine.ambulance.warning import Outlook, added_up, judge, outlook
from clearway.engine.ambulance.warning_signs import signs

from ..travel.network import network
from .models import Passing, Standing, Warned
from .policy import NAMES, Policies, policies_from

LEADS = (0, 30, 60, 120, 180)  # minutes ahead of which forecasts are kept
Records = Mapping[str, Standing]  # site code -> what its forecasts have taught
SIMPLE = ("rate", "last_k", "hour_of_week")
HOUR_AHEAD = 60.0  # minutes


@dataclass(frozen=True, slots=True)
class Read:
    """The forecast of a situation, with what it rests on; rows are those of the situation's sites."""

    forecast: Forecast
    outlook: tuple[Outlook, ...]
    policies: Policies
    history: History | None


def read(organisation_id: int, situation: Situation, at: datetime) -> Read:
    """The forecast of a situation from the sites' records, under the policies of its day; two queries."""
    return made(situation, current_policies(organisation_id, at), records(organisation_id))


def made(situation: Situation, chosen: Policies, kept: Records) -> Read:
    """The forecast of a situation from the sites' records, by code, under these policies."""
    known = history_of(kept, situation.sites.code)
    ways = network(situation.sites)
    ahead = engine.forecast(situation, chosen.forecast, known, ways)
    seen = signs(situation, chosen.forecast, ways)
    return Read(ahead, outlook(ahead, seen, chosen.warning), chosen, known)


def current_policies(organisation_id: int, at: datetime) -> Policies:
    """The policies in force on the local day of `at`; one query."""
    return policies_from(policies(organisation_id, NAMES, local(at).date()))


def records(organisation_id: int) -> dict[str, Standing]:
    """What the record of each site has taught, by its code. One query."""
    return {row.site_code: row for row in record_rows(organisation_id)}


def record_rows(organisation_id: int) -> QuerySet[Standing]:
    """The rows behind records."""
    return Standing.objects.filter(organisation_id=organisation_id)


def history_of(kept: Records, codes: Sequence[str]) -> History | None:
    """Records as the engine takes them, row for row of these sites; None before anything was settled."""
    if not kept:
        return None
    nothing = [None] * HOURS_OF_WEEK
    rows = [kept.get(code) for code in codes]
    return History(
        wait=np.array([(row.by_hour or nothing) if row else nothing for row in rows], dtype=np.float64),
        method=tuple(row.method if row else MODEL for row in rows),
        widen=np.array([row.widen if row else 1.0 for row in rows]),
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """A simple forecast and the model on the vehicles of which both said something.

    vehicles      of these, each once; error, model  mean absolute errors in minutes
    """

    vehicles: int
    error: float
    model: float

    @property
    def share(self) -> float:
        """Its error as a share of the model's: below 1 it was better."""
        return self.error / self.model if self.model > 0 else inf


@dataclass(frozen=True, slots=True)
class Score:
    """What forecasts of one site and lead were worth over a window; minutes, None where nothing is known.

    vehicles  that arrived and handed over, each once however many leads spoke for it
    beside    simple forecast -> how it compares with the model; who never said anything is left out
    """

    site_code: str
    lead_minutes: int | None
    vehicles: int
    model: float | None
    crps: float | None
    bias: float | None
    inside: float | None
    beside: Mapping[str, Beside]

    @property
    def errors(self) -> Mapping[str, float]:
        """Mean absolute errors, each of the vehicles of which the method said something."""
        model = {} if self.model is None else {MODEL: self.model}
        return model | {name: each.error for name, each in self.beside.items()}

    @property
    def best(self) -> str | None:
        """The method with the least error beside the model's on the same vehicles."""
        if not self.vehicles or self.model is None:
            return None
        shares = {MODEL: 1.0} | {name: each.share for name, each in self.beside.items()}
        return min(shares, key=lambda name: shares[name])


# A vehicle is in the rows of every lead once, so the lead that has most of them has each of them once.
_BOTH = """
    max({name}_spoke), sum({name}_error) / nullif(sum({name}_spoke), 0),
    sum({name}_model) / nullif(sum({name}_spoke), 0)"""
_OF_LEAD = """
        sum(vehicles) FILTER (WHERE {name}_error IS NOT NULL) AS {name}_spoke,
        sum({name}_error) AS {name}_error,
        sum(model_error) FILTER (WHERE {name}_error IS NOT NULL) AS {name}_model"""
_SCORES = """
WITH of_lead AS (
    SELECT site_code, lead_minutes, sum(vehicles) AS number, sum(model_error) AS model, sum(crps) AS crps,
        sum(bias) AS bias, sum(inside) AS inside, {of_lead}
    FROM ambulance_forecast
    WHERE organisation_id = %s AND made_at >= %s AND made_at <= %s AND vehicles > 0
    GROUP BY 1, 2
)
SELECT site_code, {lead}, max(number), sum(model) / sum(number), sum(crps) / sum(number),
    sum(bias) / sum(number), sum(inside)::float / sum(number), {both}
FROM of_lead GROUP BY 1, 2 ORDER BY 1, 2
"""


def scores(organisation_id: int, at: datetime, days: float, by_lead: bool = True) -> list[Score]:
    """What forecasts of the last days were worth, by site and lead, or by site over all leads. One query."""
    sql = _SCORES.format(
        lead="lead_minutes" if by_lead else "NULL::int",
        of_lead=",".join(_OF_LEAD.format(name=name) for name in SIMPLE),
        both=",".join(_BOTH.format(name=name) for name in SIMPLE),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [organisation_id, at - timedelta(days=days), at])
        return [_score(row) for row in cursor.fetchall()]


def _score(row: Sequence[Any]) -> Score:
    """One row of _SCORES."""
    site_code, lead, vehicles, model, crps, bias, inside, *simple = row
    beside = {
        name: Beside(int(spoke), error, of_model)
        for name, spoke, error, of_model in zip(SIMPLE, simple[::3], simple[1::3], simple[2::3], strict=True)
        if spoke
    }
    return Score(site_code, lead, int(vehicles), model, crps, bias, inside, beside)


@dataclass(frozen=True, slots=True)
class Worth:
    """What the warnings of one limit were worth over a window.

    passings  after the minutes at or under the limit that the policy asks for; caught of them that a warning
              preceded, ahead an hour or more before
    false_alarms  warnings that nothing followed, of those whose time is over; a_day of them at one hospital
    lead      median minutes from warning to passing; None where none was caught
    """

    within: int
    limit: int
    warnings: int
    passings: int
    caught: int
    ahead: int
    false_alarms: int
    lead: float | None


def worth(organisation_id: int, at: datetime, days: float, apart: float = 60) -> list[Worth]:
    """The record of the warnings of the last days by limit. Two queries.

    apart  minutes at or under a limit after which passing it again is a new time of congestion
    """
    since = at - timedelta(days=days)
    warned = list(Warned.objects.filter(organisation_id=organisation_id, begun_at__gte=since))
    passings = list(Passing.objects.filter(organisation_id=organisation_id, at__gte=since))
    found = []
    for within, limit in sorted({(each.within, each.limit) for each in warned}):
        these = [each for each in warned if (each.within, each.limit) == (within, limit)]
        known = [each for each in passings if each.limit == limit]
        record = added_up(
            judge(
                [as_warned(each) for each in these if each.site_code == code],
                [as_past(each) for each in known if each.site_code == code],
                within,
                seconds(at),
                apart=apart,
            )
            for code in sorted({each.site_code for each in these} | {each.site_code for each in known})
        )
        found.append(
            Worth(
                within=within,
                limit=limit,
                warnings=len(these),
                passings=record.hits + record.misses,
                caught=record.hits,
                ahead=sum(lead >= HOUR_AHEAD for lead in record.leads),
                false_alarms=record.false_alarms,
                lead=record.lead_minutes if record.hits else None,
            )
        )
    return found


def as_warned(row: Warned) -> warning.Warned:
    """The value that the engine judges."""
    return warning.Warned(seconds(row.begun_at), seconds(row.ended_at) if row.ended_at else inf)


def as_past(row: Passing) -> warning.Past:
    """Likewise."""
    return warning.Past(seconds(row.at), seconds(row.ended_at) if row.ended_at else inf)


def open_warnings(organisation_id: int) -> list[Warned]:
    """The warnings that stand, by site and limit. One query."""
    rows = Warned.objects.filter(organisation_id=organisation_id, ended_at=None)
    return list(rows.order_by("site_code", "-limit", "within"))


# Days are local ones, and today is not over: it is left out.
_DAILY = {
    "incidents": """
        SELECT (call_connect_at AT TIME ZONE %(zone)s)::date, count(*)::float FROM ambulance_incident
        WHERE organisation_id = %(organisation)s
            AND call_connect_at >= %(since)s AND call_connect_at < %(until)s
        GROUP BY 1 ORDER BY 1
    """,
    "delayed": """
        SELECT (at_hospital_at AT TIME ZONE %(zone)s)::date, (count(*) FILTER (WHERE extract(epoch FROM
            (stamps->>'handover')::timestamptz - at_hospital_at) > 1800))::float
        FROM ambulance_assignment
        WHERE organisation_id = %(organisation)s
            AND at_hospital_at >= %(since)s AND at_hospital_at < %(until)s AND stamps ? 'handover'
        GROUP BY 1 ORDER BY 1
    """,
}
DAILY: Mapping[str, str] = {
    "incidents": "Incidents a day",
    "delayed": "Ambulances delayed over 30 minutes a day",
}
DAYS_BACK = 3 * 366


def daily(organisation_id: int, what: str, at: datetime) -> tuple[date, list[float]] | None:
    """The first day and the count of every local day up to yesterday; None before the first. One query.

    what  a key of DAILY. A day without any row in between is unknown (NaN), not zero.
    """
    today = local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    zone = str(local(at).tzinfo)
    with connection.cursor() as cursor:
        cursor.execute(
            _DAILY[what],
            {
                "zone": zone,
                "organisation": organisation_id,
                "since": today - timedelta(days=DAYS_BACK),
                "until": today,
            },
        )
        counts = dict(cursor.fetchall())
    if not counts:
        return None
    # The first day is the one on which the trust began to send: it is not whole.
    first = min(counts) + timedelta(days=1)
    number = (today.date() - first).days
    return first, [counts.get(first + timedelta(days=day), float("nan")) for day in range(number)]


@dataclass(frozen=True, slots=True)
class Days:
    """One daily series ahead. `forecast` is None where there is too little, and `short` says so."""

    title: str
    forecast: DailyForecast | None
    short: str


def days_ahead(organisation_id: int, at: datetime, days: int = 14) -> list[Days]:
    """Every daily series of the trust's own facts, so many days ahead. One query each."""
    found = []
    for what, title in DAILY.items():
        history = daily(organisation_id, what, at)
        first, values = history or (at.date(), [])
        try:
            found.append(Days(title, forecast_daily(first, values, days), ""))
        except TooShort as short:
            found.append(Days(title, None, f"{short} Until then nothing is forecast."))
    return found
