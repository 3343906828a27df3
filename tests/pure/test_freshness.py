import pytest

from clearway.domain.shared.freshness import Freshness, FreshnessPolicy, freshness

F = Freshness


@pytest.mark.parametrize(
    ("age", "state"),
    # A source that should speak every 60 s: late over 120, stale over 240, lost over 1200.
    [
        (0, F.FRESH),
        (120, F.FRESH),
        (121, F.LATE),
        (240, F.LATE),
        (241, F.STALE),
        (1200, F.STALE),
        (1201, F.LOST),
    ],
)
@pytest.mark.promise("R11")
def test_a_source_ages_through_four_states_and_a_limit_is_still_within(age: float, state: Freshness) -> None:
    assert freshness(age, 60) is state


@pytest.mark.parametrize("age", [None, float("nan")])
def test_a_source_that_was_never_heard_is_lost(age: float | None) -> None:
    assert freshness(age, 60) is F.LOST


def test_a_clock_that_runs_ahead_counts_as_just_now() -> None:
    assert freshness(-600, 60) is F.FRESH


def test_nothing_is_advised_on_a_stale_or_lost_source() -> None:
    assert [state.may_be_relied_on for state in F] == [True, True, False, False]


def test_limits_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        FreshnessPolicy(late_after_intervals=4, stale_after_intervals=2)
