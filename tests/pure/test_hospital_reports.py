"""What hospitals say of themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.events import ExpectedRelief, HospitalEvent
from clearway.domain.ambulance.hospitals import check_sense, fold, inspect, merged
from clearway.domain.ambulance.situation import MEASURES, Around, compose
from clearway.domain.ambulance.words import HospitalMeasure as M
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.geography import Point
from tests.making import fact, minute


def report(at: float, name: str = "", **counts: int) -> HospitalEvent:
    figures = {M(measure): value for measure, value in counts.items()}
    return HospitalEvent(name or f"H{at}", minute(at), "TVH01", figures)


reports = st.builds(
    lambda at, name, counts: fact(HospitalEvent(name, minute(at), "TVH01", counts, note=f"n{name}")),
    st.integers(0, 4),
    st.uuids().map(str),
    st.dictionaries(st.sampled_from(list(M)), st.integers(0, 50), max_size=3),
)


@given(
    st.lists(reports, min_size=1, max_size=8).flatmap(
        lambda each: st.tuples(st.just(each), st.permutations(each))
    )
)
def test_reports_add_up_to_the_same_in_any_order(
    given: tuple[list[Fact[HospitalEvent]], list[Fact[HospitalEvent]]],
) -> None:
    said, shuffled = given
    assert fold(said) == fold(shuffled)


def test_a_figure_that_is_left_out_keeps_its_value_and_its_age() -> None:
    standing = fold([fact(report(0, boarding=7, beds_free=2)), fact(report(30, beds_free=0))])

    assert {measure: (said.value, said.at) for measure, said in standing.figures.items()} == {
        M.BOARDING: (7, minute(0)),
        M.BEDS_FREE: (0, minute(30)),
    }
    assert standing.reported_at == minute(30)


def test_a_situation_holds_each_figure_beside_its_time_and_nothing_for_what_nobody_said() -> None:
    standing = fold([fact(report(0, boarding=7))])
    sites = [("TVH01", "Hillside", Point(51, -3)), ("TVH02", "Riverside", Point(51, -3))]

    seen = compose(minute(40), sites, [], [], {}, [], around=Around(hospitals=[standing]))

    assert seen.reports.measure(M.BOARDING)[0] == 7
    assert seen.reports.measured_at(M.BOARDING)[0] == minute(0).timestamp()
    assert np.isnan(seen.reports.value).sum() == 2 * len(MEASURES) - 1


def test_a_report_under_the_code_of_a_predecessor_counts_for_the_site() -> None:
    said = HospitalEvent("H1", minute(0), "TVA77", {M.BOARDING: 3})
    around = Around(hospitals=[fold([fact(said)])])

    seen = compose(
        minute(1), [("TVH01", "Hillside", Point(51, -3))], [], [], {}, [], {"TVA77": "TVH01"}, around
    )

    assert seen.reports.measure(M.BOARDING)[0] == 3


def test_what_is_said_under_two_codes_of_one_site_is_merged_figure_by_figure() -> None:
    old = fold([fact(report(10, boarding=2, beds_free=3))])
    new = fold([fact(report(20, boarding=5)), fact(report(5, beds_free=1))])

    for both in (merged(old, new), merged(new, old)):
        assert {measure: said.value for measure, said in both.figures.items()} == {
            M.BOARDING: 5,
            M.BEDS_FREE: 3,
        }


def test_more_patients_than_places_are_found_and_as_many_are_not() -> None:
    crowded = fold([fact(report(0, majors_taken=11, majors_places=10, resus_taken=4, resus_places=4))])

    assert [(found.code, found.what, found.evidence) for found in inspect(crowded)] == [
        ("HS01", "majors_taken", "11 in 10 places")
    ]


def test_a_level_that_does_not_exist_is_refused_with_what_would_mend_it() -> None:
    for level in (1, 4):
        check_sense(report(0, pressure_level=level))
    for level in (0, 5):
        with pytest.raises(CannotParse) as refused:
            check_sense(report(0, pressure_level=level))
        assert (refused.value.where, refused.value.fix) == (
            "field counts.pressure_level",
            "Send the level, not its points.",
        )


def relief(at: float, expected: float | None) -> HospitalEvent:
    due = None if expected is None else minute(expected)
    return HospitalEvent(f"R{at}", minute(at), "TVH01", {}, relief=ExpectedRelief(due, "a crew"))


def test_the_newest_word_on_a_relief_stands_and_lapses_half_an_hour_after_its_time() -> None:
    said, came = fact(relief(0, 20)), fact(relief(10, None))
    expected = fold([said]).relief

    assert expected is not None and expected.is_expected(minute(50)) and not expected.is_expected(minute(51))
    assert fold([said, came]) == fold([came, said])
    ended = fold([said, came]).relief
    assert ended is not None and not ended.is_expected(minute(11))


@pytest.mark.parametrize("expected", [-1, 24 * 60 + 1])
def test_a_relief_of_the_past_or_of_another_day_is_refused(expected: float) -> None:
    check_sense(relief(0, 20))
    with pytest.raises(CannotParse, match="expected_at"):
        check_sense(relief(0, expected))
