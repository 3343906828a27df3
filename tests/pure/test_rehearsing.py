"""A divert rehearsed in the simulator itself, begun from a situation as a desk knows it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from clearway.config import regions
from clearway.domain.ambulance.diverts import Cover, Divert, DivertKind
from clearway.domain.ambulance.situation import MEASURES, Reports
from clearway.domain.ambulance.words import Category, JobStatus
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.forecast import forecast
from clearway.engine.ambulance.policies import forecast_policy
from clearway.interchange import region_pack
from clearway.simulation.ambulance import opening
from clearway.simulation.ambulance import parameters as packs
from clearway.simulation.ambulance.opening import Known, Unsent
from clearway.simulation.ambulance.policies import nearest
from clearway.simulation.ambulance.rehearsing import Asked, Future, live, one, prepared, summary
from clearway.simulation.ambulance.world import World
from clearway.simulation.shared.chance import remaining

START = datetime(2026, 3, 2, tzinfo=UTC)
NOW = START + timedelta(hours=38, minutes=20)
SITE, TO = "TVH01", "TVH02"
SHARES = {"everybody": 1.0, "adult_majors": 0.55, "children": 0.08, "stroke": 0.04}


@cache
def region() -> Region:
    return region_pack.parse(regions.find("test-valley"))


@cache
def world() -> World:
    """Lived up to now; nobody may let it live on."""
    made = World(region(), "busy", 4, START, speaks=False, policy=nearest, refresh=300)
    made.situation(NOW)
    return made


@cache
def known() -> Known:
    situation = world().situation(NOW)
    calls = {each.call.key: each.call for each in world().incidents}
    scenes = {
        key: (calls[key].latitude, calls[key].longitude, calls[key].age)
        for key in set(situation.assignments.incident)
    }
    return Known(situation, scenes)


def asked(
    covers: frozenset[Cover] = frozenset({Cover.EVERYBODY}), minutes: int = 120, **changed: object
) -> Asked:
    divert = Divert(
        "rehearsed", DivertKind.CAPACITY, SITE, (TO,), covers, NOW, NOW + timedelta(minutes=minutes)
    )
    divert = replace(divert, **changed)  # type: ignore[arg-type]
    policy = forecast_policy(region().policy_values)
    return Asked(region(), known(), divert, SHARES, forecast(known().situation, policy))


def times(number: int) -> Callable[[], bool]:
    """Time for so many futures."""
    left = count(number - 1, -1)
    return lambda: next(left) > 0


def lived(what: Asked, number: int = 2) -> tuple[Future, ...]:
    return live(what, count(1), times(number))


def test_the_same_seeds_live_the_same_futures() -> None:
    first, again = summary(asked(), lived(asked())), summary(asked(), lived(asked()))

    assert first == again
    assert first.futures == 2


def test_a_divert_that_covers_nobody_changes_nothing() -> None:
    for what in (asked(frozenset()), asked(minutes=0)):
        seen = summary(what, lived(what))

        assert (seen.turned_away.mean, seen.extra_drive.mean, seen.hours_saved.mean) == (0, 0, 0)
        assert (seen.c2.mean, seen.region.mean) == (0, 0)
        assert all(each.without == each.with_it for each in seen.sites)


def test_whom_a_divert_turns_away_arrives_elsewhere() -> None:
    seen = summary(asked(), lived(asked(), 3))

    passed, receiver = seen.sites[:2]
    assert (passed.code, receiver.code) == (SITE, TO)
    assert seen.turned_away.mean > 1
    assert passed.came.mean < 0 < receiver.came.mean
    assert seen.extra_drive.mean > 0


def test_a_longer_divert_turns_away_no_fewer() -> None:
    hour, four = (lived(asked(minutes=minutes), 3) for minutes in (60, 240))

    assert sum(each.with_it.turned for each in hour) < sum(each.with_it.turned for each in four)


def test_a_closure_turns_away_whom_a_divert_of_majors_spares() -> None:
    closed = asked(kind=DivertKind.CLOSURE, minutes=240)
    majors = asked(frozenset({Cover.ADULT_MAJORS}), minutes=240)
    everybody, adults = (sum(each.with_it.turned for each in lived(what)) for what in (closed, majors))

    assert 0 < adults < everybody


def test_a_divert_in_force_already_is_lived_in_both() -> None:
    closed = Divert(
        "1", DivertKind.CLOSURE, TO, (SITE,), frozenset({Cover.EVERYBODY}), NOW - timedelta(hours=1), None
    )
    situation = replace(known().situation, diverts=(closed,))
    what = replace(asked(frozenset()), known=replace(known(), situation=situation))
    row = list(packs.read(region()).sites).index(TO)

    parameters, regime = prepared(region(), what.known)
    free = one(asked(), parameters, regime, 1, ())
    shut = one(what, parameters, regime, 1, situation.diverts)

    assert shut.came[row] < free.came[row] / 2


def test_as_many_are_lived_as_there_is_time_for_and_one_at_least() -> None:
    assert len(lived(asked(), 1)) == 1
    assert len(live(asked(), count(1), lambda: False)) == 1
    assert lived(asked(), 2)[0].with_it.turned == lived(asked(), 1)[0].with_it.turned


def opened() -> World:
    """A world that has just begun from what is known."""
    parameters, regime = prepared(region(), known())
    return World(region(), regime, 1, NOW, speaks=False, parameters=parameters, known=known())


def test_a_world_begins_with_the_queues_crews_and_jobs_that_are_known() -> None:
    begun = opened()
    table = known().situation.assignments
    waits = {
        key
        for key, waiting, site in zip(table.key, table.patient_is_waiting, table.site, strict=True)
        if waiting and site >= 0
    }
    jobs = {job.key: job for incident in begun.incidents for job in incident.jobs}

    assert waits
    for key in waits:
        at = table.stamp(JobStatus.AT_HOSPITAL)[table.key.index(key)]
        assert jobs[key].stamps[JobStatus.AT_HOSPITAL] == at
    said = known().situation.reports.value[:, MEASURES.index(opening.M.BOARDING)]
    for code, boarding in zip(known().situation.sites.code, said, strict=True):
        assert len(begun.hospitals[code].now.boarding) <= boarding
    on_shift = set(known().situation.resources.call_sign)
    assert on_shift <= {job.crew.call_sign for job in jobs.values()} | set(begun.crews)


def test_a_patient_who_waits_is_handed_over_once_and_after_now() -> None:
    begun, table = opened(), known().situation.assignments
    waits = {key for key, waiting in zip(table.key, table.patient_is_waiting, strict=True) if waiting}
    begun.advance(NOW + timedelta(hours=4))

    done = [
        job.stamps[JobStatus.HANDOVER]
        for incident in begun.incidents
        for job in incident.jobs
        if job.key in waits and JobStatus.HANDOVER in job.stamps
    ]
    assert done
    assert min(done) >= NOW.timestamp()


def test_a_call_that_waits_for_a_crew_gets_one() -> None:
    here = region().sites[0]
    unsent = Unsent("waits", Category.C2, here.latitude, here.longitude, NOW.timestamp() - 600)
    begun = World(region(), "busy", 1, NOW, speaks=False, known=replace(known(), unsent=(unsent,)))
    begun.advance(NOW + timedelta(hours=3))

    incident = next(each for each in begun.incidents if each.call.key == "waits")
    assert incident.jobs


def test_what_a_hospital_has_not_said_of_late_is_as_usual_and_named() -> None:
    situation = known().situation
    silent = Reports(np.full_like(situation.reports.value, np.nan), situation.reports.said_at)
    quiet = replace(known(), situation=replace(situation, reports=silent))
    usual = packs.read(region())

    parameters, _ = prepared(region(), quiet)

    assert parameters.sites == usual.sites
    assert "patients who wait for a bed" in opening.not_said(quiet.situation, SITE)
    assert not opening.not_said(situation, SITE)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_what_has_lasted_long_lasts_as_long_as_such_things_do(share: float) -> None:
    fresh, old = remaining((2.0, 0.5), 0, share), remaining((2.0, 0.5), 1200, share)

    assert fresh >= 0
    assert old >= 0
    assert remaining((2.0, 0.5), 1e9, share) <= 60


def test_a_world_that_begins_so_has_no_feed() -> None:
    with pytest.raises(ValueError, match="no feed"):
        World(region(), "busy", 1, NOW, known=known())


def test_the_page_says_how_often_the_ranges_held_as_it_was_measured():
    told = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "simulation.md").read_text()
    table = re.findall(r"^\| (?:calm|typical|pressured|severe) .*\| (\d+)% \|$", told, re.MULTILINE)
    said = " ".join(opening.ASSUMED)

    held = sorted(map(int, table))
    assert len(held) == 4
    assert f"held {held[0]}% to {held[-1]}% of what came" in said
    assert "severe weeks the futures are too hopeful by a fifth" in said
