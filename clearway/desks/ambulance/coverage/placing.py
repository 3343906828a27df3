"""From the situation to moves: who is free, where crews may stand, and where calls come from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from clearway.core.layout.times import clock, duration, local
from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import areas as area_codes
from clearway.domain.ambulance.breaks import BreakState
from clearway.domain.ambulance.disruptions import Disruption
from clearway.domain.ambulance.situation import AVAILABILITIES, UNKNOWN
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.geography import nearest
from clearway.engine.ambulance import standby
from clearway.engine.ambulance.cover import CoverPolicy, rates
from clearway.engine.ambulance.standby import Calls, Column, FreeCrew, Move, Post, StandbyPolicy

from .. import situation as situations
from ..breaks import queries as breaks
from ..travel.network import columns_at, network
from . import planning, queries
from .models import CoverMove

QUARTER = 900  # seconds for which the places of past calls are kept
EATS_OR_MAY = (BreakState.OPEN, BreakState.LATE, BreakState.TRAVELLING, BreakState.ON_BREAK)
READY = AVAILABILITIES.index(Availability.AVAILABLE)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A move with the place and with what it rests on, in words, each with its age."""

    move: Move
    place: Site
    reasons: tuple[str, ...]
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Field:
    """What moves are judged on at one instant.

    eats   crews of whom it is known how they stand with their meal breaks
    known  how many located calls say where the next will be
    """

    crews: tuple[FreeCrew, ...]
    posts: tuple[Post, ...]
    calls: tuple[Calls, ...]
    sites: Mapping[str, Site]
    seen_at: Mapping[str, datetime]
    eats: Collection[str]
    barred: frozenset[tuple[str, str]]
    known: int
    minutes: standby.Minutes
    policy: StandbyPolicy
    at: datetime


def field(
    organisation_id: int,
    reading: situations.Reading,
    cover: CoverPolicy,
    policy: StandbyPolicy,
    at: datetime,
) -> Field:
    """Who is free, where they may stand, and the calls of the next hour. A fixed number of queries."""
    sites = planning.with_area(organisation_id)
    moved = {row.call_sign: row for row in queries.open_moves(organisation_id)}
    shifts = {row.call_sign: row for row in breaks.on_shift(organisation_id, at)}
    known = _near(organisation_id, policy.history_days, int(at.timestamp() // QUARTER))
    stood = {row.place.code for row in moved.values()}
    may = [each for each in sites if not policy.points or each[0].code in policy.points]
    return Field(
        crews=tuple(_crews(organisation_id, reading, shifts, moved, at)),
        posts=tuple(
            Post(site.code, area, site.latitude, site.longitude)
            for site, area in may
            if site.code not in stood  # one crew is enough to stand at a place
        ),
        calls=tuple(_calls(organisation_id, sites, known, cover, policy, at)),
        sites={site.code: site for site, _ in sites},
        seen_at={name: each.place.at for name, each in reading.seen.items() if each.place},
        eats={name for name, row in shifts.items() if row.state != BreakState.UNKNOWN},
        barred=queries.refused_since(organisation_id, at - timedelta(minutes=policy.again)),
        known=sum(known.values()),
        minutes=_drives(reading.ground.disruptions, at),
        policy=policy,
        at=at,
    )


def proposals(seen: Field) -> list[Proposed]:
    """The moves that gain most, the best first."""
    if not seen.posts:
        return []
    found = standby.moves(seen.crews, seen.posts, seen.calls, seen.minutes, seen.policy, seen.barred)
    return [_proposed(each, seen) for each in found]


def one(seen: Field, call_sign: str, code: str) -> tuple[Proposed | None, str]:
    """What one move is worth now; None, and why, where the crew may not make it."""
    post = next((each for each in seen.posts if each.code == code), None)
    crew = next((each for each in seen.crews if each.call_sign == call_sign), None)
    if post is None:
        return None, "It is no place where a crew may stand, or another is on its way there."
    if crew is None:
        return None, f"{call_sign} is not free any more."
    if why := standby.why_not(crew, seen.policy):
        return None, f"{call_sign} is asked to go nowhere: {why}."
    found = standby.one(seen.crews, post, call_sign, seen.calls, seen.minutes, seen.policy)
    if found is None:
        return None, f"{call_sign} has too little time to stand there, is there, or is the last of its area."
    return _proposed(found, seen), ""


def _proposed(move: Move, seen: Field) -> Proposed:
    crew = next(each for each in seen.crews if each.call_sign == move.call_sign)
    return Proposed(
        move, seen.sites[move.post.code], tuple(_reasons(move, crew, seen)), crew.latitude, crew.longitude
    )


def _reasons(move: Move, crew: FreeCrew, seen: Field) -> list[str]:
    """What the figures rest on."""
    policy, at = seen.policy, seen.at
    calls = sum(each.per_hour for each in seen.calls) * policy.horizon / 60
    where = seen.seen_at.get(move.call_sign)
    now = ["free now"]
    if where:
        now.append(f"its position is {duration((at - where).total_seconds() / 60)} old")
    if np.isfinite(crew.until_end):
        now.append(f"shift ends {clock(at + timedelta(minutes=crew.until_end))}")
    if move.call_sign not in seen.eats:
        now.append("nobody knows whether it is owed a break")
    elif np.isfinite(crew.until_break):
        now.append(f"break from {clock(at + timedelta(minutes=crew.until_break))}")
    there = f"{move.gives:.2f} calls more reached within {policy.within:g} min there"
    stays = f"{move.left} free crews stay of {move.area or 'no known area'}"
    return [
        f"{there}, of {calls:.0f} expected in {policy.horizon:g} min",
        f"{move.takes:.2f} fewer where it is now",
        f"{stays}, {move.here} of {move.post.area} are free already",
        ", ".join(now),
        f"where calls come from: {seen.known} located calls of {policy.history_days:g} days",
    ]


def _crews(
    organisation_id: int,
    reading: situations.Reading,
    shifts: Mapping[str, Any],
    moved: Mapping[str, CoverMove],
    at: datetime,
) -> list[FreeCrew]:
    """The crews that can be sent to anything now and whose position is known."""
    table, home = reading.situation.resources, reading.home_areas()
    plans = breaks.plans(organisation_id)
    found = []
    columns = (table.availability, table.assignment, table.shift_end, table.latitude, table.longitude)
    for name, *values in zip(table.call_sign, *(each.tolist() for each in columns), strict=True):
        availability, held, end, latitude, longitude = values
        if held != UNKNOWN or availability != READY or np.isnan(latitude):
            continue
        found.append(
            FreeCrew(
                name,
                # Who was asked away stands in its own area no more: it must not be counted among who stays.
                moved[name].to_area if name in moved else home.get(name, planning.NO_AREA),
                latitude,
                longitude,
                np.inf if np.isnan(end) else (end - reading.situation.at) / 60,
                _until_break(shifts.get(name), plans.get(name), at),
                # Who nobody said the end of, might go home on the way; who has no area leaves none short.
                may_move=name not in moved and not np.isnan(end) and bool(home.get(name)),
            )
        )
    return found


def _until_break(shift: Any, plan: Any, at: datetime) -> float:
    """Minutes until a crew's break may begin or is planned, 0 where it may now.

    shift, plan  rows of breaks.queries, None where there is none
    """
    if plan is not None:
        return _ahead(plan.starts_at, at)
    if shift is None or shift.owed_minutes is None or shift.opens_at is None:
        return float("inf")
    return 0.0 if shift.state in EATS_OR_MAY else _ahead(shift.opens_at, at)


def _ahead(then: datetime, at: datetime) -> float:
    return max(0.0, (then - at).total_seconds() / 60)


def _calls(
    organisation_id: int,
    sites: list[tuple[Site, str]],
    known: Mapping[str, int],
    cover: CoverPolicy,
    policy: StandbyPolicy,
    at: datetime,
) -> list[Calls]:
    """Where the calls of the next hours will come from: each area's forecast, spread over its stations."""
    codes = cover.calls_a_day
    total, _ = planning.calls_today(organisation_id, sum(codes.values()), at)
    share = total / sum(codes.values()) if codes else 0.0
    hour = (local(at) + timedelta(minutes=policy.horizon / 2)).hour
    found = []
    for code, name in area_codes(organisation_id).items():
        here = [site for site, area in sites if area == name]
        if not here:
            continue
        (rate,) = rates(codes.get(code, 0.0) * share, [hour], cover)
        shares = standby.weights([known.get(site.code, 0) for site in here], policy.prior)
        found += [
            Calls(site.latitude, site.longitude, rate * float(part))
            for site, part in zip(here, shares, strict=True)
        ]
    return found


@lru_cache(maxsize=16)
def _near(organisation_id: int, days: float, quarter: int) -> Mapping[str, int]:
    """How many calls of the last days were nearer to each station than to any other, by code.

    quarter  which quarter of an hour since 1970 it is: what came in it does not count yet
    """
    places = planning.with_area(organisation_id)
    points = queries.places_of_calls(organisation_id, days, datetime.fromtimestamp(quarter * QUARTER, UTC))
    if not places or not points:
        return {}
    there = np.array([(site.latitude, site.longitude) for site, _ in places])
    counted = np.bincount(nearest(np.array(points), there), minlength=len(places))
    return {site.code: int(each) for (site, _), each in zip(places, counted, strict=True)}


def _drives(disruptions: Sequence[Disruption], at: datetime) -> standby.Minutes:
    """Minutes at normal speed by the network of the region, with the disruptions in force."""

    def minutes(latitude: Column, longitude: Column, to_latitude: Column, to_longitude: Column) -> Column:
        ends = columns_at(to_latitude, to_longitude)
        return network(ends).minutes(latitude, longitude, ends, at=at.timestamp(), disruptions=disruptions)

    return minutes
