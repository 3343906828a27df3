"""A small invented country for advice: places at set minutes, waits as they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import numpy as np

from clearway.config import regions
from clearway.domain.ambulance.destinations import KIND_PREFIX, RULE_PREFIX, Case
from clearway.domain.ambulance.situation import Feed, Situation, compose
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import Mark, Policy, Site, SiteKind
from clearway.engine.ambulance.forecast import STEP_MINUTES, STEPS, Forecast
from clearway.engine.ambulance.rulebook import Rulebook
from clearway.engine.ambulance.travel import Journeys
from clearway.interchange import region_pack

NOON = datetime(2026, 1, 7, 14, 0, tzinfo=UTC)
SCENE = Point(51.0, -3.0)
FEEDS = frozenset({"destination", "handover"})


def site(code: str, **more: Any) -> Site:
    """A department that is open at all hours and holds no role."""
    given = {"roles": (), "unconfirmed_roles": (), "opens": None, "closes": None, **more}
    return Site(
        code=code,
        key=code,
        name=code.title(),
        town="",
        kind=SiteKind.EMERGENCY_DEPARTMENT,
        latitude=SCENE.latitude,
        longitude=SCENE.longitude,
        area=None,
        mark=Mark.ASSUMED,
        source="invented",
        **given,
    )


@lru_cache
def clinical_policies() -> tuple[Policy, ...]:
    """The destination rules and kinds of alternatives of the South West, without its directory."""
    policies = region_pack.parse(regions.find("south-west")).policies
    return tuple(each for each in policies if each.name.startswith((RULE_PREFIX, KIND_PREFIX)))


def rulebook(sites: Sequence[Site], places: Sequence[Mapping[str, Any]] = ()) -> Rulebook:
    """These departments, and these rows of a directory, under the rules of the South West."""
    listed = Policy(
        name="alternatives_directory",
        valid_from=date(2025, 4, 1),
        source="invented",
        owner="nobody",
        review_on=date(2026, 4, 1),
        mark=Mark.ASSUMED,
        values={"places": tuple(places)},
    )
    return Rulebook.of(sites, (*clinical_policies(), listed), "Europe/London")


def situation(sites: Sequence[Site], at: datetime = NOON, *, heard: float = 0, **more: Any) -> Situation:
    """A quiet situation; the control room was heard `heard` minutes ago."""
    feed = Feed("cad", "cad", 60, datetime.fromtimestamp(at.timestamp() - heard * 60, UTC), FEEDS)
    places = [(each.code, each.name, Point(each.latitude, each.longitude)) for each in sites]
    return replace(compose(at, places, (), (), {}, [feed]), **more)


def forecast(seen: Situation, wait: Sequence[float], added: Sequence[float] = ()) -> Forecast:
    """Waits that stay as they are, one a site; the spread is a fifth."""
    mean = np.repeat(np.array(wait, dtype=float)[:, None], STEPS, axis=1)
    extra = np.repeat(np.array(added or [0.0] * len(wait), dtype=float)[:, None], STEPS, axis=1)
    return Forecast(
        at=seen.at,
        step_minutes=STEP_MINUTES,
        mean=mean,
        p10=mean * 0.6,
        p50=mean * 0.95,
        p80=mean * 1.2,
        p90=mean * 1.4,
        added=extra,
        spread=np.full_like(mean, 0.3),
        carried=np.full_like(mean, 0.8),
        weight=np.full_like(mean, 6.0),
        method=("model",) * len(wait),
        why=((),) * len(wait),
    )


def journeys(minutes: Sequence[float] | Sequence[Sequence[float]]) -> Journeys:
    """These minutes, exactly; one row per origin."""
    rows = np.atleast_2d(np.array(minutes, dtype=float))
    return Journeys(
        minutes=rows,
        error=np.zeros_like(rows),
        source=np.zeros(rows.shape, dtype=np.int8),
        as_of=NOON.timestamp(),
        estimated_penalty=np.zeros_like(rows),
    )


def case(key: str = "1/A1", at: datetime = NOON, **more: Any) -> Case:
    """An adult of 60 with a low score, ready to leave now."""
    given = {"age": 60, "news2": 2, "call_sign": "A1", **more}
    return Case(key=key, **{"position": SCENE, "ready_at": at.timestamp(), **given})
