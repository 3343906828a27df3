"""The report counts as the national figures do; each regime is about as bad as the month it stands for."""

from datetime import UTC, datetime, timedelta

import pytest

from clearway.config import regions
from clearway.domain.ambulance.words import CallStatus, Category, JobStatus
from clearway.interchange import region_pack
from clearway.simulation.ambulance import report
from clearway.simulation.ambulance.report import Measure
from tests.making import START, call, job

J = JobStatus
SOUTH_WEST = region_pack.parse(regions.find("south-west"))


def conveyed(number: int, wait: float) -> list:
    key = f"I{number}"
    steps = (
        (J.ALLOCATED, 0),
        (J.AT_SCENE, 10),
        (J.LEFT_SCENE, 40),
        (J.AT_HOSPITAL, 60),
        (J.HANDOVER, 60 + wait),
    )
    return [job(status, at, incident=key, destination="X") for status, at in steps]


def test_exactly_fifteen_minutes_is_not_over_fifteen():
    measure = Measure()
    for number, wait in enumerate((15, 15.1, 31, 62)):
        measure.hear(conveyed(number, wait))

    found = measure.handovers(START, ["X"])

    assert found.count == 4
    assert found.over == {15: 0.75, 30: 0.5, 60: 0.25}
    # Beyond 15: 0 + 0.1 + 16 + 47 minutes; beyond 30: 1 + 32.
    assert found.hours_beyond[15] == pytest.approx(63.1 / 60)
    assert found.hours_beyond[30] == pytest.approx(33 / 60)


def test_a_crew_that_cleared_without_a_handover_is_unknown_and_not_a_zero():
    measure = Measure()
    measure.hear([*conveyed(1, 20)[:-1], job(J.CLEAR, 90, incident="I1")])

    found = measure.handovers(START, ["X"])

    assert (found.count, found.unknown) == (0, 1)


def test_the_response_of_c2_is_timed_to_the_crew_that_conveyed():
    measure = Measure()
    measure.hear([call(CallStatus.CALL_CONNECT, 0), call(CallStatus.CATEGORY_SET, 2, category=Category.C2)])
    measure.hear([job(J.ALLOCATED, 2, call_sign="CAR"), job(J.AT_SCENE, 8, call_sign="CAR")])
    measure.hear([job(J.ALLOCATED, 5), job(J.AT_SCENE, 30), job(J.LEFT_SCENE, 50)])

    # Clock start: the category at 2, before 240 seconds after the call.
    assert measure.responses(START)[Category.C2] == (28, 28)


def test_the_response_of_c1_is_timed_to_the_first_on_scene():
    measure = Measure()
    measure.hear([call(CallStatus.CALL_CONNECT, 0), call(CallStatus.CATEGORY_SET, 1, category=Category.C1)])
    measure.hear([job(J.ALLOCATED, 1, call_sign="CAR"), job(J.AT_SCENE, 8, call_sign="CAR")])
    measure.hear([job(J.ALLOCATED, 1), job(J.AT_SCENE, 12), job(J.LEFT_SCENE, 50)])

    assert measure.responses(START)[Category.C1] == (7.5, 7.5)


# Wide on purpose: one short run of one seed; bench/simulation_fit.py prints the fit itself.
@pytest.mark.parametrize(
    ("regime", "mean", "over_60"),
    [
        ("typical", (18, 42), (0.0, 0.20)),
        ("severe", (38, 120), (0.12, 0.50)),
    ],
)
def test_a_regime_is_about_as_bad_as_its_month(regime: str, mean: tuple, over_60: tuple):
    start = datetime(2026, 3, 3, tzinfo=UTC)

    summary = report.rehearse(SOUTH_WEST, regime, seed=1, start=start, days=1)

    assert mean[0] < summary.handovers.mean < mean[1]
    assert over_60[0] <= summary.handovers.over[60] < over_60[1]
    assert 5 < summary.responses[Category.C1][0] < 14
    assert (
        summary.responses[Category.C1][0]
        < summary.responses[Category.C2][0]
        < summary.responses[Category.C3][0]
    )
    assert 0.37 < summary.conveyed_share < 0.55  # who is still on scene at the end is not counted


def test_fewer_beds_and_more_boarders_make_longer_waits():
    start = datetime(2026, 3, 3, tzinfo=UTC)
    valley = region_pack.parse(regions.find("test-valley"))

    quiet, busy = (report.rehearse(valley, regime, 1, start, 5).handovers for regime in ("quiet", "busy"))

    assert busy.mean > 1.5 * quiet.mean


def test_the_report_sets_simulated_beside_published():
    start = datetime(2026, 3, 3, tzinfo=UTC)
    valley = region_pack.parse(regions.find("test-valley"))
    heard: list[int] = []

    summary = report.rehearse(valley, "quiet", 1, start, 1, each=lambda events: heard.append(len(events)))
    text = report.as_text(summary)

    assert len(heard) == 2  # the unmeasured day, too
    assert min(heard) > 100
    assert "an invented month; invented" in text
    assert "Millbrook Hospital" in text
    assert summary.days == timedelta(days=1).days
