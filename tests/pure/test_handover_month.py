"""The figures of a month: what is known, what is over a limit to the second, and what changed."""

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.handover_month import Counted, by_site, changes, counted, figures
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobState, JobStatus
from tests.making import minute

J = JobStatus


def seconds(*minutes: float, site: str = "A") -> list[Counted]:
    return [Counted(site, round(each * 60)) for each in minutes]


def arrival(over: float | None, state: JobState = JobState.CLEAR, **more: float) -> Assignment:
    stamps = {J.AT_HOSPITAL: minute(0), **({} if over is None else {J.HANDOVER: minute(over)})}
    return Assignment(
        "1", "1", "A1", state, stamps=stamps | {J(name): minute(at) for name, at in more.items()}
    )


def test_a_limit_is_passed_by_a_second_and_not_before() -> None:
    found = figures(seconds(15, 15 + 1 / 60, 30, 30 + 1 / 60, 45, 60 + 1 / 60))

    assert (found.over_15, found.over_30, found.over_45, found.over_60) == (5, 3, 1, 1)
    assert found.beyond_15 == (0 + 1 + 900 + 901 + 1800 + 2701)
    assert found.beyond_30 == (0 + 1 + 900 + 1801)


def test_mean_and_centile_are_those_of_the_known_ones() -> None:
    found = figures([*seconds(*range(1, 11)), Counted("A", None), Counted("A", None, is_doubtful=True)])

    assert (found.known, found.unknown, found.doubtful) == (10, 1, 1)
    assert (found.mean, found.centile_90, found.total) == (330.0, 9 * 60, 55 * 60)


def test_a_month_without_arrivals_has_no_mean() -> None:
    assert (figures([]).mean, figures([]).centile_90, figures([]).known) == (None, None, 0)


def test_what_cannot_be_is_doubtful_what_nobody_said_unknown_and_who_waits_is_neither() -> None:
    assert counted(arrival(20), "A") == Counted("A", 1200)
    assert counted(arrival(-1), "A") == Counted("A", None, is_doubtful=True)
    assert counted(arrival(12 * 60 + 1), "A") == Counted("A", None, is_doubtful=True)
    assert counted(arrival(None), "A") == Counted("A", None)
    assert counted(arrival(None, JobState.QUEUING), "A") is None
    assert counted(arrival(None, cohort_started=5), "A") is None  # left in a cohort: the patient still waits
    assert counted(Assignment("1", "1", "A1"), "A") is None


def test_a_time_that_was_changed_at_the_source_counts_in_place_of_what_the_facts_say() -> None:
    assert counted(arrival(-1), "A", {J.HANDOVER: minute(31)}) == Counted("A", 31 * 60)


def test_changes_name_the_site_and_the_figure() -> None:
    before = {site: asdict(each) for site, each in by_site(seconds(10, 20)).items()}

    found = changes(before, by_site(seconds(10, 31)))

    assert {each.site for each in found} == {"", "A"}
    assert ("over_30", 0, 1) in {(each.figure, each.before, each.after) for each in found}
    assert changes(before, by_site(seconds(20, 10))) == []


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 9000)), max_size=40))
def test_sites_add_up_and_beyond_30_is_within_beyond_15(rows: list[tuple[str, int]]) -> None:
    found = by_site([Counted(site, took) for site, took in rows])
    every = found.pop("")

    for name in ("known", "total", "over_15", "over_30", "over_45", "over_60", "beyond_15", "beyond_30"):
        assert getattr(every, name) == sum(getattr(each, name) for each in found.values())
    assert every.beyond_30 <= every.beyond_15 <= every.total
    assert every.known >= every.over_15 >= every.over_30 >= every.over_45 >= every.over_60
