"""Trials of reminders: the interval holds however often one looks, and the draw is even."""

from datetime import UTC, datetime, timedelta
from math import exp, pi, sqrt

import numpy as np
import pytest

from clearway.domain.outpatients.trials import Days, FirstVisit, Outcome, result
from clearway.engine.shared import trials
from clearway.engine.shared.trials import LEAST, Tally, Verdict, arm_of, boundary, effect, is_uneven, verdict

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def ever_left_out(first: float, second: float, *, seed: int, planned: int = 1500, runs: int = 600) -> float:
    """Share of trials in which the interval left out the true difference at any of the looks."""
    chance = np.random.default_rng(seed)
    arms = chance.integers(0, 2, (runs, planned))
    came = chance.random((runs, planned)) < np.where(arms, second, first)
    counts = [np.cumsum(arms == arm, axis=1) for arm in (0, 1)]
    yes = [np.cumsum(came & (arms == arm), axis=1) for arm in (0, 1)]
    boundaries = np.array([boundary(count, planned) for count in range(1, planned + 1)])
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [(hits + 1) / (of + 2) for hits, of in zip(yes, counts, strict=True)]
        variance = sum(each * (1 - each) / of for each, of in zip(shares, counts, strict=True))
        half = np.sqrt(np.arange(1, planned + 1) * variance) * boundaries
        value = yes[1] / counts[1] - yes[0] / counts[0]
        is_out = np.abs(value - (second - first)) > half
    return float((is_out & (np.minimum(*counts) >= LEAST)).any(axis=1).mean())


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.5), (0.92, 0.92), (0.97, 0.97), (0.85, 0.92)])
def test_looking_after_every_patient_leaves_out_the_truth_in_no_more_than_one_trial_of_twenty(
    first: float, second: float
) -> None:
    assert ever_left_out(first, second, seed=5) <= 0.05


def test_an_interval_for_one_look_would_be_wrong_far_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "boundary", lambda count, planned: 1.96 / sqrt(count))

    assert ever_left_out(0.92, 0.92, seed=5) > 0.15


def test_the_simulation_computes_what_the_product_computes() -> None:
    first, second = Tally(460, 500), Tally(480, 500)
    found = effect(first, second, 1500)

    shares = [461 / 502, 481 / 502]
    half = sqrt(1000 * sum(each * (1 - each) / 500 for each in shares)) * boundary(1000, 1500)
    assert found is not None
    assert (found.low, found.value, found.high) == pytest.approx((0.04 - half, 0.04, 0.04 + half))


@pytest.mark.parametrize(("count", "planned"), [(100, 1000), (1000, 1000), (4000, 500)])
def test_the_boundary_is_where_the_mixture_of_likelihoods_reaches_twenty(count: int, planned: int) -> None:
    # Directly: integrate exp(a S - a² n / 2) over a normal a of variance rho²; 5.99 = -2 log 0.05.
    rho = sqrt((5.991464547 + 1.790335918 + 1) / planned)
    a = np.linspace(-12 * rho, 12 * rho, 200_001)
    total = boundary(count, planned) * count
    weights = np.exp(a * total - a * a * count / 2 - a * a / (2 * rho * rho)) / (rho * sqrt(2 * pi))

    assert float(weights.sum() * (a[1] - a[0])) == pytest.approx(20, rel=1e-6)


def test_an_interval_narrows_with_more_patients_and_mirrors_when_the_arms_change_places() -> None:
    widths = []
    for times in (1, 2, 5, 20):
        found = effect(Tally(90 * times, 100 * times), Tally(93 * times, 100 * times), 2000)
        assert found is not None
        widths.append(found.high - found.low)
    one, other = (effect(*pair, 2000) for pair in ((Tally(90, 100), Tally(80, 99)),) * 2)
    back = effect(Tally(80, 99), Tally(90, 100), 2000)

    assert widths == sorted(widths, reverse=True)
    assert one == other and one is not None and back is not None
    assert (one.low, one.value, one.high) == pytest.approx((-back.high, -back.value, -back.low))


def test_a_wider_promise_is_a_wider_interval() -> None:
    assert boundary(500, 1000, 0.99) > boundary(500, 1000, 0.95) > 1.96 / sqrt(500)


def test_nothing_is_said_of_a_handful_and_no_difference_only_once_all_have_come() -> None:
    few = effect(Tally(49, 49), Tally(0, 60), 1000)
    same = effect(Tally(90, 100), Tally(90, 100), 200)
    more = effect(Tally(400, 500), Tally(470, 500), 1000)

    assert verdict(few, 109, 1000) is Verdict.TOO_FEW
    assert [verdict(same, 200, planned) for planned in (1000, 200)] == [
        Verdict.NOT_KNOWN,
        Verdict.NO_DIFFERENCE,
    ]
    assert verdict(more, 1000, 1000) is Verdict.SECOND
    assert verdict(effect(Tally(470, 500), Tally(400, 500), 1000), 1000, 1000) is Verdict.FIRST


def test_arms_are_drawn_evenly_again_the_same_and_anew_under_another_key() -> None:
    drawn = [arm_of("key", patient) for patient in range(4000)]
    anew = [arm_of("other key", patient) for patient in range(4000)]

    assert drawn == [arm_of("key", patient) for patient in range(4000)]
    assert not is_uneven(drawn.count(0), drawn.count(1))
    assert abs(sum(one == other for one, other in zip(drawn, anew, strict=True)) - 2000) < 150


def test_an_uneven_draw_is_seen_and_an_even_one_is_hardly_ever_called_so() -> None:
    chance = np.random.default_rng(3)
    walks = np.cumsum(chance.integers(0, 2, (300, 800)), axis=1)
    called = sum(
        any(is_uneven(int(row[at]), at + 1 - int(row[at])) for at in range(0, 800, 20)) for row in walks
    )

    assert is_uneven(400, 600) and not is_uneven(500, 520)
    assert called <= 3


def test_unevenness_is_the_ratio_of_the_chances() -> None:
    # Two patients, both in the first arm: B(52, 50) / B(50, 50) over a quarter = (51/101)(50/100) * 4.
    assert trials.unevenness(2, 0) == pytest.approx(51 / 101 * 50 / 100 * 4)
    assert exp(0) == trials.unevenness(0, 0)


@pytest.mark.parametrize(
    ("outcome", "visit", "said"),
    [
        (Outcome.ATTENDED, FirstVisit("attended", AT - DAY), True),
        (Outcome.ATTENDED, FirstVisit("missed", AT - DAY), False),
        (Outcome.ATTENDED, FirstVisit("booked", AT - DAY), None),
        (Outcome.ATTENDED, FirstVisit("cancelled", AT - DAY, None, AT - 3 * DAY, "patient"), None),
        (Outcome.CONFIRMED, FirstVisit("missed", AT - DAY, AT - 2 * DAY), True),
        (Outcome.CONFIRMED, FirstVisit("booked", AT + DAY, AT - 2 * DAY), None),
        (Outcome.CANCELLED, FirstVisit("cancelled", AT - DAY, None, AT - 3 * DAY, "patient"), True),
        (Outcome.CANCELLED, FirstVisit("cancelled", AT - DAY, None, AT - 3 * DAY, "provider"), False),
        (Outcome.CANCELLED, FirstVisit("cancelled", AT - DAY, None, AT - 1.5 * DAY, "patient"), False),
        (Outcome.CANCELLED, FirstVisit("attended", AT - DAY), False),
    ],
)
def test_what_came_of_a_first_visit(outcome: Outcome, visit: FirstVisit, said: bool | None) -> None:
    assert result(outcome, visit, AT) is said


@pytest.mark.parametrize(("far", "near"), [(4, 14), (4, 4), (0, 0), (-1, 3)])
def test_days_that_are_no_plan_are_refused(far: int, near: int) -> None:
    with pytest.raises(ValueError, match="farther"):
        Days(far, near)


def test_days_read_as_a_person_says_them() -> None:
    assert [str(Days(*each)) for each in ((14, 4), (7, 0), (0, 1))] == [
        "14 and 4 days before",
        "7 days before",
        "1 day before",
    ]
