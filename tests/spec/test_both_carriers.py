"""One engine, two carriers: equal facts give equal situations, whoever carries them, and equal pictures.

The live carrier is the whole way: bytes through the gateway, facts, projections, `situation.read`. The pure
carrier folds the same events in memory; the simulated one is the world that made them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from clearway.config.regions import find
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance import situation
from clearway.desks.ambulance.policy import desk_policy
from clearway.domain.ambulance import availability, transitions
from clearway.domain.ambulance import hospitals as reports_of
from clearway.domain.ambulance.events import AvailabilityEvent, Event, HospitalEvent, JobEvent
from clearway.domain.ambulance.situation import Around, Situation, compose
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import SiteKind
from clearway.engine.ambulance.handovers import hospital_pictures
from clearway.engine.ambulance.resources import resource_rows
from clearway.interchange.region_pack import parse
from clearway.simulation.ambulance.world import World
from tests.database.conftest import at, conveyance, deliver, job, report

pytestmark = pytest.mark.django_db
REGION = parse(find("test-valley"))


def shift(call_sign: str, status: str, minutes: float, **more: Any) -> AvailabilityEvent:
    key = f"{call_sign}/{status}/{minutes}"
    return AvailabilityEvent(key, at(minutes), call_sign, Availability(status), **more)


# Each row: what it shows, and the facts of it. All are known at minute 100.
TABLE: dict[str, Sequence[Event]] = {
    "nothing was said": [],
    "a crew conveys": conveyance("TVH01", until="left_scene"),
    "a crew queues and another is in a cohort": [
        *conveyance("TVH01", until="at_hospital"),
        job("queuing", 45),
        *conveyance("TVH01", incident="2", call_sign="B2", until="at_hospital", start=20),
        job("cohort_started", 70, incident="2", call_sign="B2"),
    ],
    "a patient is left in the cohort by its crew": [
        *conveyance("TVH02", until="at_hospital"),
        job("cohort_started", 50),
        job("clear", 60),
    ],
    "a crew was released and its patient waits": [
        *conveyance("TVH02", until="at_hospital"),
        job("released", 85),
    ],
    "the destination has the code of a merged predecessor": conveyance("TVA77", until="left_scene"),
    "the destination is a code nobody knows": conveyance("NOWHERE", until="at_hospital"),
    "the destination is unknown": [job("allocated", 1), job("mobile", 2), job("left_scene", 30)],
    "times contradict each other": [*conveyance("TVH01"), job("at_hospital", 33), job("mobile", 90)],
    "a crew is on a break, one is off and one is unavailable": [
        shift("A1", "booking_on", 0, shift_end=at(600)),
        shift("A1", "available", 5),
        shift("A1", "on_break", 60),
        shift("B2", "off", 10),
        shift("C3", "unavailable", 20, reason="vehicle defect"),
    ],
    "a hospital says twice how it stands, and another under the code of a predecessor": [
        report("TVH01", 20, boarding=4, majors_taken=9, majors_places=10),
        report("TVH01", 50, boarding=6, pressure_level=3, note="bays closed for cleaning"),
        report("TVA77", 30, beds_free=2, boarding=1),
        report("TVH02", 40, boarding=2),
    ],
    "a hospital's reports come late and out of order": [
        report("TVH01", 60, boarding=8),
        report("TVH01", 15, boarding=3, beds_free=1),
        report("TVH01", 45, boarding=7, resus_taken=2),
    ],
    "one call sign holds two open jobs": [
        *conveyance("TVH01", until="mobile"),
        *conveyance("TVH02", incident="2", until="mobile", start=30),
    ],
}


@pytest.mark.parametrize("facts", TABLE.values(), ids=TABLE.keys())
def test_the_desk_and_a_fold_in_memory_see_the_same(
    facts: Sequence[Event], valley: Organisation, cad: Source
) -> None:
    if facts:
        deliver(cad, facts, known=100)
    now = at(101)

    live, pure = situation.read(valley.pk, now), folded(facts, cad, now)

    assert columns(live) == columns(pure)
    assert pictures(live, valley) == pictures(pure, valley)


@pytest.mark.parametrize(("regime", "seed"), [("busy", 1), ("busy", 2), ("quiet", 3)])
def test_the_desk_sees_what_the_simulated_world_says_it_should(
    regime: str, seed: int, valley: Organisation, cad: Source, hospitals: Source
) -> None:
    start = datetime(2026, 11, 20, 6, tzinfo=UTC)
    world = World(REGION, regime, seed=seed, start=start)  # with the faults that crews and lines make
    for hour in range(1, 9):
        now = start + timedelta(hours=hour)
        known = (now - at(0)).total_seconds() / 60
        deliver(cad, world.advance(now), known=known)
        deliver(hospitals, world.reports(now), known=known)

        live, simulated = situation.read(valley.pk, now), world.situation(now)

        assert columns(live) == columns(simulated)
        assert pictures(live, valley) == pictures(simulated, valley)
    assert len(live.assignments.key) > 5
    assert np.isfinite(live.reports.value).sum() > 15


def folded(facts: Iterable[Event], cad: Source, now: datetime) -> Situation:
    """The situation of these facts without a database."""
    known = [Fact(event, cad.name, at(100)) for event in facts]
    jobs: dict[str, list[Fact[Any]]] = {}
    shifts: dict[str, list[Fact[Any]]] = {}
    reports: dict[str, list[Fact[Any]]] = {}
    for fact in known:
        if isinstance(fact.event, JobEvent):
            jobs.setdefault(fact.event.assignment_key, []).append(fact)
        if isinstance(fact.event, AvailabilityEvent):
            shifts.setdefault(fact.event.call_sign, []).append(fact)
        if isinstance(fact.event, HospitalEvent):
            reports.setdefault(fact.event.site, []).append(fact)
    sites = REGION.sites_of(SiteKind.EMERGENCY_DEPARTMENT)
    standings = [availability.fold(each)[0] for each in shifts.values()]
    return compose(
        now,
        [
            (site.code, site.name, Point(site.latitude, site.longitude))
            for site in sorted(sites, key=lambda site: (site.border, site.name))
        ],
        [transitions.fold(jobs[key])[0] for key in sorted(jobs)],
        [each for each in standings if each.availability is not Availability.OFF],
        {},
        [],
        {code: site.code for site in sites for code in (site.code, *site.former_codes)},
        Around(hospitals=[reports_of.fold(each) for each in reports.values()]),
    )


def columns(seen: Situation) -> dict[str, Any]:
    """What facts decide, as plain lists. Where crews are and when sources spoke comes from elsewhere."""
    apart = {"latitude", "longitude", "position_at"}
    return {
        "at": seen.at,
        "sites": plain(seen.sites),
        "assignments": plain(seen.assignments),
        "reports": plain(seen.reports),
        "resources": {name: value for name, value in plain(seen.resources).items() if name not in apart},
    }


def plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.where(np.isnan(value), -1.0, value).tolist() if value.dtype.kind == "f" else value.tolist()
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return value


def pictures(seen: Situation, valley: Organisation) -> tuple[Any, ...]:
    """Both boards' pictures, with no crew placed: expected arrivals rest on positions."""
    nowhere = np.full(len(seen.resources.call_sign), np.nan)
    placed = replace(seen.resources, latitude=nowhere, longitude=nowhere, position_at=nowhere)
    policy = desk_policy(valley.pk, at(0))
    blind = replace(seen, resources=placed)
    return hospital_pictures(blind, policy.handover), resource_rows(blind, policy.resources)
