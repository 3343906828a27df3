"""The forecast of handover waits: what must hold whatever the figures are."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.config import regions
from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.diverts import Cover, Divert, DivertKind
from clearway.domain.ambulance.situation import MEASURES, Around, Feed, Place, Reports, Situation, compose
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import Category, HospitalMeasure, JobState, JobStatus, ResourceKind
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.forecast import (
    LEADS,
    NONE,
    STEPS,
    ForecastPolicy,
    baselines,
    commit,
    forecast,
    median_of_last,
)
from clearway.engine.ambulance.forecast_arrivals import expected_arrivals
from clearway.engine.ambulance.forecast_fitted import FITTED
from clearway.engine.ambulance.forecast_seen import see
from clearway.engine.ambulance.policies import forecast_policy
from clearway.engine.ambulance.travel import PLAIN
from clearway.engine.ambulance.warning import (
    Limit,
    Past,
    Record,
    Warned,
    WarningPolicy,
    fresh,
    judge,
    outlook,
)
from clearway.engine.ambulance.warning_fitted import FITTED as CHANCES
from clearway.engine.ambulance.warning_signs import TERMS, said_words, signs
from clearway.interchange import region_pack
from clearway.simulation.ambulance import parameters

J, S, M = JobStatus, JobState, HospitalMeasure
AT = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
SITES = [("TV001", "Hillside", Point(51, -3)), ("TV002", "Riverside", Point(51, -2))]
POLICY = ForecastPolicy()


def ago(minutes: float) -> datetime:
    return AT - timedelta(minutes=minutes)


def waiting(name: str, minutes: float, site: str = "TV001") -> Assignment:
    return Assignment(
        key=name, incident=name, call_sign=name, state=S.QUEUING, since=ago(minutes), destination=site,
        stamps={J.AT_HOSPITAL: ago(minutes)},
    )  # fmt: skip


def handed_over(name: str, arrived: float, took: float, site: str = "TV001") -> Assignment:
    stamps = {J.AT_HOSPITAL: ago(arrived), J.HANDOVER: ago(arrived - took), J.CLEAR: ago(arrived - took - 1)}
    return Assignment(
        key=name, incident=name, call_sign=name, state=S.CLEAR, since=ago(arrived - took - 1),
        destination=site, stamps=stamps,
    )  # fmt: skip


def conveying(name: str, site: str = "TV001") -> Assignment:
    return Assignment(
        key=name, incident=name, call_sign=name, state=S.CONVEYING, since=ago(5), destination=site,
        kind=ResourceKind.DCA, category=Category.C2, stamps={J.LEFT_SCENE: ago(5)},
    )  # fmt: skip


def on_scene(name: str, minutes: float = 30) -> Assignment:
    return Assignment(
        key=name, incident=name, call_sign=name, state=S.ON_SCENE, since=ago(minutes),
        kind=ResourceKind.DCA, category=Category.C2, stamps={J.AT_SCENE: ago(minutes)},
    )  # fmt: skip


def a_situation(
    *assignments: Assignment,
    heard: float = 5,
    knows: frozenset[str] = frozenset({"handover"}),
    bound: Mapping[str, str] = MappingProxyType({}),
) -> Situation:
    feeds = [Feed("cad", "cad", 10, AT - timedelta(seconds=heard), knows)]
    crews = [ResourceStanding(each.call_sign, availability=None) for each in assignments]
    places = {each.call_sign: Place(Point(51.0, -2.95), AT) for each in assignments}
    ordered = sorted(assignments, key=lambda each: each.key)
    return compose(AT, SITES, ordered, crews, places, feeds, around=Around(bound=bound))


DAY = [handed_over(f"d{n:02}", arrived=60 + 50 * n, took=25 + n % 7) for n in range(20)]
figures = st.lists(st.integers(1, 200), max_size=12)


def a_day(waits: list[int], sent: int) -> list[Assignment]:
    return [
        *DAY,
        *(waiting(f"w{n}", minutes) for n, minutes in enumerate(waits)),
        *(conveying(f"c{n}") for n in range(sent)),
    ]


@settings(max_examples=60, deadline=None)
@given(figures, st.integers(0, 8), st.integers(1, 240))
def test_one_more_in_the_queue_never_makes_a_later_wait_shorter(
    waits: list[int], sent: int, minutes: int
) -> None:
    before = forecast(a_situation(*a_day(waits, sent)), POLICY)
    after = forecast(a_situation(*a_day(waits, sent), waiting("x", minutes)), POLICY)

    for name in ("mean", "p10", "p50", "p80", "p90"):
        assert (getattr(after, name)[0] >= getattr(before, name)[0] - 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(figures, st.integers(0, 8))
def test_one_more_crew_on_the_way_never_makes_a_later_wait_shorter(waits: list[int], sent: int) -> None:
    before = forecast(a_situation(*a_day(waits, sent)), POLICY)
    after = forecast(a_situation(*a_day(waits, sent + 1)), POLICY)

    assert (after.mean[0] >= before.mean[0] - 1e-9).all()
    assert after.mean[0].sum() > before.mean[0].sum()


@settings(max_examples=30, deadline=None)
@given(figures)
def test_what_happens_at_one_hospital_changes_nothing_at_another(waits: list[int]) -> None:
    here = forecast(a_situation(*a_day(waits, 2)), POLICY)
    there = [waiting(f"y{n}", 30 + n, site="TV002") for n in range(5)]
    both = forecast(a_situation(*a_day(waits, 2), *there), POLICY)

    assert (here.mean[0] == both.mean[0]).all()
    assert (here.added[0] == both.added[0]).all()
    assert here.why[0] == both.why[0]


def test_the_last_ten_say_their_mean_and_their_median() -> None:
    # Oldest first: 90 and 90 are past the last ten, of which nine took 10 minutes and one 60.
    waits = [90, 90, 10, 10, 10, 60, 10, 10, 10, 10, 10, 10]
    done = [handed_over(f"h{n}", arrived=1300 - 100 * n, took=took) for n, took in enumerate(waits)]
    seen, policy = a_situation(*done), ForecastPolicy(k=10)
    site = seen.sites.code.index("TV001")

    mean, median = baselines(seen, policy)["last_k"][:, 0], median_of_last(seen, policy)

    assert (mean[site], median[site]) == (15, 10)
    assert np.isnan(median[[row for row in range(len(median)) if row != site]]).all()


def test_the_same_situation_gives_the_same_forecast() -> None:
    one, two = (forecast(a_situation(*a_day([10, 40], 3)), POLICY) for _ in range(2))

    assert (one.mean == two.mean).all() and (one.added == two.added).all() and one.why == two.why


def test_quantiles_are_in_order_and_fill_the_horizon() -> None:
    made = forecast(a_situation(*a_day([10, 40], 3)), POLICY)

    assert made.mean.shape == (2, STEPS)
    assert (made.p10 < made.p50).all() and (made.p50 < made.p80).all() and (made.p80 < made.p90).all()
    assert (made.added >= 0).all()


def test_a_crew_on_scene_that_is_bound_counts_more_than_one_that_may_convey() -> None:
    likely = forecast(a_situation(*DAY, on_scene("c")), POLICY)
    certain = forecast(a_situation(*DAY, on_scene("c"), bound={"c": "TV001"}), POLICY)
    elsewhere = forecast(a_situation(*DAY, on_scene("c"), bound={"c": "TV002"}), POLICY)

    assert elsewhere.mean[0].sum() < likely.mean[0].sum() < certain.mean[0].sum()


def test_the_longer_a_crew_has_stayed_on_scene_the_less_it_is_expected_to_convey() -> None:
    expected = [coming(a_situation(on_scene("s", minutes))).sum() for minutes in (0, 20, 40, 70, 120)]

    assert expected[0] == pytest.approx(POLICY.conveyed["C2"], abs=0.02)
    assert expected == sorted(expected, reverse=True)
    assert expected[-1] < POLICY.conveyed["C2"] / 2


def test_a_crew_whose_time_on_scene_lies_ahead_counts_as_one_that_has_just_come() -> None:
    """A clock that runs ahead at one control room must not take the forecast from everybody."""
    early, now = (a_situation(*DAY, on_scene("s", minutes)) for minutes in (-3, 0))

    assert (coming(early) == coming(now)).all()
    assert (forecast(early, POLICY).mean == forecast(now, POLICY).mean).all()


def test_a_crew_that_is_turned_on_its_way_counts_where_it_is_bound_for() -> None:
    straight = forecast(a_situation(*DAY, conveying("c")), POLICY)
    turned = forecast(a_situation(*DAY, conveying("c"), bound={"c": "TV002"}), POLICY)
    without = forecast(a_situation(*DAY), POLICY)

    assert (turned.mean[0] == without.mean[0]).all()
    assert turned.mean[0].sum() < straight.mean[0].sum()


def arrivals_by(by_hour: tuple[float, ...], at: datetime) -> np.ndarray:
    """What is expected at the first hospital of nobody heard of, after a day of twenty arrivals there."""
    moved = replace(a_situation(*DAY), at=at.timestamp())
    seen = replace(see(a_situation(*DAY), POLICY), arrivals=np.array([20.0, 0.0]))
    policy = replace(POLICY, arrivals_by_hour=by_hour)
    return np.asarray(expected_arrivals(moved, policy, seen, PLAIN)[0])


hours = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
shapes = st.lists(st.floats(0.5, 8), min_size=24, max_size=24).map(tuple)


@settings(max_examples=60, deadline=None)
@given(shapes, hours)
def test_a_week_of_like_days_is_the_day_alone(by_hour: tuple[float, ...], at: datetime) -> None:
    assert arrivals_by(by_hour * 7, at) == pytest.approx(arrivals_by(by_hour, at))


@settings(max_examples=60, deadline=None)
@given(shapes, hours, st.floats(0.1, 9))
def test_only_the_proportions_of_the_hours_count(by_hour: tuple[float, ...], at: datetime, by: float) -> None:
    more = tuple(by * each for each in by_hour)

    assert arrivals_by(more, at) == pytest.approx(arrivals_by(by_hour, at))


def test_the_hours_ahead_are_expected_by_the_hours_of_the_week_that_were_seen() -> None:
    # Every hour brings 1, those of Saturday 2. At Saturday 00:00 the 24 hours before brought 24, so twenty
    # seen make 20 / 24 * 2 an hour, 0.139 in five minutes; at Sunday 00:00 they brought 48: 20 / 48 an hour.
    week = (1.0,) * 120 + (2.0,) * 24 + (1.0,) * 24
    saturday, sunday, monday = (datetime(2026, 11, day, tzinfo=UTC) for day in (7, 8, 9))

    unheard = 1 / (1 + np.exp(-(LEADS - POLICY.heard_of) / (POLICY.heard_of / 7)))
    assert arrivals_by(week, saturday) == pytest.approx(20 / 24 * 2 / 12 * unheard)
    assert arrivals_by(week, sunday) == pytest.approx(20 / 48 / 12 * unheard)
    assert arrivals_by(week, monday) == pytest.approx(20 / 24 / 12 * unheard)
    # Friday 23:30: half an hour of Friday is left, and then Saturday's; 23.5 hours of Friday and half an hour
    # of Thursday were seen.
    late = arrivals_by(week, datetime(2026, 11, 6, 23, 30, tzinfo=UTC))
    assert late[:6] == pytest.approx(20 / 24 / 12 * unheard[:6])
    assert late[6:] == pytest.approx(20 / 24 * 2 / 12 * unheard[6:])


def test_the_hour_is_that_of_the_clock_on_the_wall() -> None:
    # Summer time: Sunday 23:00 UTC is Monday 00:00 in London.
    week = (3.0,) + (1.0,) * 167

    july = arrivals_by(week, datetime(2026, 7, 5, 23, 0, tzinfo=UTC))
    november = arrivals_by(week, datetime(2026, 11, 8, 23, 0, tzinfo=UTC))

    assert july[11] == pytest.approx(3 * july[12] * _heard(11) / _heard(12))
    assert november[12] == pytest.approx(3 * november[11] * _heard(12) / _heard(11))


def _heard(step: int) -> float:
    return float(1 / (1 + np.exp(-(LEADS[step] - POLICY.heard_of) / (POLICY.heard_of / 7))))


@pytest.mark.parametrize("by_hour", [(1.0,) * 23, (1.0,) * 169, (1.0,) * 23 + (0.0,), ()])
def test_a_shape_that_is_no_day_and_no_week_is_refused(by_hour: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="24 or 168 values above 0"):
        ForecastPolicy(arrivals_by_hour=by_hour)


@pytest.mark.parametrize(("slug", "hours"), [("south-west", 168), ("test-valley", 24)])
def test_the_arrivals_of_a_pack_are_its_calls_an_hour_and_a_half_later(slug: str, hours: int) -> None:
    """Two files say when people need an ambulance; this holds them together."""
    region = region_pack.parse(regions.find(slug))
    demand = parameters.read(region).demand
    calls = np.outer(demand.weekday if hours == 168 else [1.0], demand.hour).ravel()
    derived = (np.roll(calls, 1) + np.roll(calls, 2)) / 2

    told = forecast_policy({each.name: each.values for each in region.policies}).arrivals_by_hour

    assert len(told) == hours
    assert told / np.sum(told) == pytest.approx(derived / derived.sum(), rel=0.003)


def test_a_commitment_lengthens_only_what_comes_after_it_at_that_site() -> None:
    made = forecast(a_situation(*a_day([10, 40, 50, 60], 3)), POLICY)
    after = commit(made, 0, made.at + 30 * 60)

    assert (after.mean[0, :7] == made.mean[0, :7]).all()
    assert after.mean[0, 7] > made.mean[0, 7]
    assert (after.mean[0] >= made.mean[0]).all()
    assert (after.mean[1] == made.mean[1]).all()


def test_waits_are_read_between_steps_and_held_at_the_ends() -> None:
    made = forecast(a_situation(*a_day([10, 40], 3)), POLICY)
    waits = made.wait(np.array([0, 0, 0, 0]), made.at + np.array([-60.0, 0.0, 150.0, 1e6]))

    assert waits.mean[0] == waits.mean[1] == made.mean[0, 0]
    assert waits.mean[2] == pytest.approx((made.mean[0, 0] + made.mean[0, 1]) / 2)
    assert waits.mean[3] == made.mean[0, -1]


def test_nothing_is_said_where_no_source_knows_handovers_or_the_feed_is_old() -> None:
    unknown = forecast(a_situation(*DAY, knows=frozenset()), POLICY)
    old = forecast(a_situation(*DAY, heard=3600), POLICY)

    for made in (unknown, old):
        assert made.method == (NONE, NONE)
        assert np.isnan(made.mean).all()
        assert made.why[0]
        assert np.isnan(made.wait(np.array([0]), np.array([made.at])).mean).all()


def test_a_model_that_would_reward_a_queue_is_refused() -> None:
    with pytest.raises(ValueError, match="must not shorten"):
        replace(FITTED, weights={**FITTED.weights, "burden": (-0.1, 0, 0, 0)})


def adults_past(site: str, to: tuple[str, ...], minutes: float = 60, share: float = 1.0) -> Divert:
    ends = AT + timedelta(minutes=minutes)
    return Divert("D", DivertKind.CAPACITY, site, to, frozenset({Cover.ADULT_MAJORS}), ago(5), ends, share)


def coming(situation: Situation) -> np.ndarray:
    """Expected arrivals, sites x steps."""
    return expected_arrivals(situation, POLICY, see(situation, POLICY), PLAIN)


def test_a_divert_in_force_moves_the_covered_share_of_who_is_expected_to_who_receives() -> None:
    plain = a_situation(*DAY, on_scene("s1"), on_scene("s2"))
    turned = replace(plain, diverts=(adults_past("TV001", ("TV002",)),))
    before, after = (coming(each) for each in (plain, turned))
    runs = LEADS < 60

    lost, won = (before - after)[0], (after - before)[1]
    assert lost[runs] == pytest.approx(POLICY.covered_share["adult_majors"] * before[0, runs])
    assert won == pytest.approx(lost)
    assert not lost[~runs].any()
    assert forecast(turned, POLICY).mean[0, -1] < forecast(plain, POLICY).mean[0, -1]
    assert forecast(turned, POLICY).mean[1, -1] > forecast(plain, POLICY).mean[1, -1]


def test_a_divert_moves_nobody_who_is_on_the_way_already() -> None:
    plain = a_situation(conveying("c1"))
    turned = replace(plain, diverts=(adults_past("TV001", ("TV002",)),))

    before, after = (coming(each) for each in (plain, turned))

    assert (before == after).all()


def test_a_share_of_a_share_is_moved_and_what_leaves_the_region_is_expected_nowhere() -> None:
    plain = a_situation(*DAY)
    half = replace(plain, diverts=(adults_past("TV001", ("BORDER",), minutes=999, share=0.5),))

    before, after = (coming(each) for each in (plain, half))

    assert after[0] == pytest.approx(before[0] * (1 - 0.5 * POLICY.covered_share["adult_majors"]))
    assert (after[1] == before[1]).all()


@pytest.mark.parametrize(
    ("warned", "passings", "now", "expected"),
    [
        ([Warned(0, 600)], [1800], 9e9, Record(1, 0, 0, (30.0,))),  # within the window
        ([Warned(0, 9000)], [8400], 9e9, Record(1, 0, 0, (140.0,))),  # while it stood
        ([Warned(0, 600)], [3601], 9e9, Record(0, 1, 1, ())),  # too late
        ([Warned(0, 600), Warned(1200, 9000)], [1800], 9e9, Record(1, 0, 0, (10.0,))),  # the last one counts
        ([Warned(0)], [], 9000, Record(0, 0, 0, ())),  # it stands still
        ([Warned(0, 600)], [], 3000, Record(0, 0, 0, ())),  # its window is not over
    ],
)
def test_a_warning_is_judged_by_the_passings_it_spoke_of(
    warned: list[Warned], passings: list[float], now: float, expected: Record
) -> None:
    assert judge(warned, [Past(at) for at in passings], 60, now) == expected


def test_a_dip_of_minutes_under_a_limit_does_not_make_two_times_of_congestion() -> None:
    past = [Past(0, 600), Past(1800, 4000), Past(8000)]  # 20 minutes at or under it, then 67

    assert fresh(past, 60) == (0, 8000)
    assert judge([Warned(700, 1800)], past, 60, apart=60) == Record(0, 2, 0, ())  # right, but asked of none


def test_the_share_warned_of_in_time_is_of_all_passings() -> None:
    assert Record(3, 1, 0, (30.0, 60.0, 90.0)).share_ahead(60) == 0.5


LIMITS = WarningPolicy(
    limits=tuple(Limit(within, mean) for within in (60, 120, 180, 240) for mean in (20, 30, 60))
)


def chances(situation: Situation, row: int = 0) -> tuple[float, ...]:
    return outlook(forecast(situation, POLICY), signs(situation, POLICY), LIMITS)[row].probability


@settings(max_examples=40, deadline=None)
@given(figures, st.integers(0, 8), st.integers(1, 240))
def test_one_more_in_the_queue_or_on_the_way_never_makes_a_warning_less_likely(
    waits: list[int], sent: int, minutes: int
) -> None:
    before = chances(a_situation(*a_day(waits, sent)))

    waits_too = chances(a_situation(*a_day(waits, sent), waiting("x", minutes)))
    comes_too = chances(a_situation(*a_day(waits, sent + 1)))

    assert all(after >= chance - 1e-12 for after, chance in zip(waits_too, before, strict=True))
    assert all(after >= chance - 1e-12 for after, chance in zip(comes_too, before, strict=True))


def test_a_warning_looks_at_its_own_hospital_alone_and_says_the_same_of_the_same() -> None:
    there = [waiting(f"y{n}", 30 + n, site="TV002") for n in range(5)]

    alone, both = (a_situation(*a_day([20], 2), *more) for more in ((), there))

    assert chances(alone) == chances(both) == chances(both)
    assert chances(alone, row=1) != chances(both, row=1)


def test_a_higher_limit_is_less_likely_to_be_passed() -> None:
    found = chances(a_situation(*a_day([10, 40], 3)))

    for low, middle, high in zip(found[::3], found[1::3], found[2::3], strict=True):
        assert 0 < high < middle < low < 1


def test_chances_that_a_longer_queue_would_lower_or_more_staff_raise_are_refused() -> None:
    with pytest.raises(ValueError, match="must not reassure"):
        replace(CHANCES, weights={**CHANCES.weights, "burden": (0.1, -0.1, 0)})
    with pytest.raises(ValueError, match="must not alarm"):
        replace(CHANCES, weights={**CHANCES.weights, "staff": (0.1, 0, 0)})
    with pytest.raises(ValueError, match="need weights"):
        replace(CHANCES, weights={name: CHANCES.weights[name] for name in TERMS[1:]})


def test_no_chance_is_given_where_nothing_is_known() -> None:
    assert np.isnan(chances(a_situation(*DAY, heard=3600))).all()


def test_a_warning_says_what_the_hospital_said_lately_and_nothing_older() -> None:
    plain = a_situation(*DAY)
    value, said_at = np.full((2, len(MEASURES)), np.nan), np.full((2, len(MEASURES)), np.nan)
    figures = (
        (M.MAJORS_PLACES, 22, 5),
        (M.MAJORS_TAKEN, 24, 5),
        (M.RECEIVING_STAFF, 3, 10),
        (M.BOARDING, 9, 500),
    )
    for measure, figure, minutes in figures:
        value[0, MEASURES.index(measure)] = figure
        said_at[0, MEASURES.index(measure)] = ago(minutes).timestamp()
    told = replace(plain, reports=Reports(value, said_at))

    assert said_words(told, POLICY, 0) == ("24 of 22 majors places taken", "3 receive")
    assert said_words(told, POLICY, 1) == said_words(plain, POLICY, 0) == ()


def test_no_count_of_staff_silences_a_warning() -> None:
    queue = a_situation(*DAY, *(waiting(f"w{n}", 40 + n) for n in range(8)))
    value, said_at = np.full((2, len(MEASURES)), np.nan), np.full((2, len(MEASURES)), np.nan)
    value[0, MEASURES.index(M.RECEIVING_STAFF)] = 500
    said_at[0, MEASURES.index(M.RECEIVING_STAFF)] = ago(1).timestamp()

    assert min(chances(replace(queue, reports=Reports(value, said_at)))[::3]) > 0.5


def test_a_warning_holds_between_its_two_chances() -> None:
    limit = Limit(60, 30, on=0.5, off=0.3)

    assert [limit.is_on(chance, was_on=True) for chance in (0.29, 0.3, float("nan"))] == [False, True, True]
    assert [limit.is_on(chance, was_on=False) for chance in (0.49, 0.5, float("nan"))] == [False, True, False]
    with pytest.raises(ValueError, match="0 < off <= on < 1"):
        Limit(60, 30, on=0.3, off=0.5)
    with pytest.raises(ValueError, match="beyond 240"):
        Limit(300, 30)
