"""Which hospitals are asked how they stand, by whom, and when nobody is."""

from collections.abc import Mapping
from typing import Any

import pytest

from clearway.core.worklist.rules import CannotSay, Wanted
from clearway.desks.ambulance.liaison.rules import silent_hospitals
from clearway.domain.ambulance.events import HospitalEvent
from clearway.domain.ambulance.hospitals import fold
from clearway.domain.ambulance.situation import Around, Feed, Situation, compose
from clearway.domain.ambulance.words import HospitalMeasure
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.reports import ReportPolicy, site_reports
from tests.making import fact, minute

NOW = 600
POLICIES: Mapping[str, Mapping[str, Any]] = {
    "hospital_reports": {"level_4": 30, "grace": 5, "coordinator_after": 15, "each_up_to": 2},
    "feed_freshness": {},
}


def region(
    ago: Mapping[str, float], *, level: int | None = None, heard: float = 1, never: str = ""
) -> Situation:
    """Hospitals that spoke so many minutes ago, or never; their source was heard `heard` minutes ago."""
    figures = {HospitalMeasure.BOARDING: 3}
    if level:
        figures[HospitalMeasure.PRESSURE_LEVEL] = level
    said = [
        fold([fact(HospitalEvent(f"{site}", minute(NOW - minutes), site, figures))])
        for site, minutes in ago.items()
    ]
    sites = [(code, f"Hospital {code}", Point(51, -3)) for code in (*ago, *never)]
    feeds = [Feed("hospitals", "hospital", 900, minute(NOW - heard), frozenset())]
    return compose(minute(NOW), sites, [], [], {}, feeds, around=Around(hospitals=said))


def raised(situation: Situation, **policy: Any) -> list[Wanted]:
    policies = {**POLICIES, "hospital_reports": {**POLICIES["hospital_reports"], **policy}}
    return [each for each in silent_hospitals(situation, policies) if each.margin >= 1]


def test_a_hospital_is_asked_when_its_words_hold_no_longer_and_its_own_people_first() -> None:
    assert raised(region({"A": 64, "B": 1})) == []

    (asked,) = raised(region({"A": 65, "B": 1}))

    assert (asked.subject, asked.role, asked.priority, asked.site_code) == ("site:A", "halo", 3, "A")
    assert asked.cause == "Last said 16:55; expected by 18:00"


def test_the_coordinator_is_asked_when_the_hospital_stays_silent() -> None:
    assert raised(region({"A": 79, "B": 1}))[0].role == "halo"

    (chased,) = raised(region({"A": 80, "B": 1}))

    assert (chased.role, chased.priority) == ("patient_flow_coordinator", 2)


def test_a_hospital_under_pressure_is_asked_sooner() -> None:
    assert raised(region({"A": 34, "B": 1}, level=4)) == []
    assert [each.subject for each in raised(region({"A": 35, "B": 1}, level=4))] == ["site:A"]


def test_many_silent_hospitals_are_one_task() -> None:
    (together,) = raised(region({"A": 70, "B": 90, "C": 80, "D": 1}))

    assert (together.subject, together.priority) == ("sites:silent", 2)
    assert together.title == "3 hospitals do not say how they stand"
    assert together.cause.startswith("Hospital B since")


def test_a_silent_source_is_a_task_of_its_own_and_not_one_more_for_its_hospitals() -> None:
    with pytest.raises(CannotSay, match="itself is silent"):
        raised(region({"A": 70, "B": 90, "C": 80}, heard=69))


def test_nobody_is_asked_while_a_source_delivers_what_was_said_earlier() -> None:
    with pytest.raises(CannotSay, match="still delivering"):
        raised(region({"A": 300, "B": 290}, heard=0))


def test_a_hospital_that_never_spoke_is_asked_once_another_has_spoken() -> None:
    assert raised(region({}, never="AB")) == []

    asked, other = raised(region({"A": 1}, never="BC"))

    assert (asked.subject, asked.role, asked.priority, asked.site_code) == ("never:B", "halo", 3, "B")
    assert asked.title == "Hospital B has never said how it stands"
    assert other.site_code == "C"
    assert raised(region({"A": 1}, never="BC"), not_asked=["B", "C"]) == []


def test_many_that_never_spoke_are_one_task() -> None:
    (together,) = raised(region({"A": 1}, never="BCDEFGH"))

    assert together.title == "7 hospitals have never said how they stand"
    assert together.cause == "Hospital B, Hospital C, Hospital D, Hospital E, Hospital F and 2 more"


def test_who_is_not_to_be_asked_is_left_alone() -> None:
    assert raised(region({"A": 500, "B": 1}), not_asked=["A"]) == []


def test_a_figure_is_old_by_the_pressure_its_hospital_is_under() -> None:
    calm, pressed = (site_reports(region({"A": 40}, level=level), ReportPolicy())[0] for level in (1, 4))

    assert not calm.figures[HospitalMeasure.BOARDING].is_old
    assert pressed.figures[HospitalMeasure.BOARDING].is_old
    assert (calm.is_silent, pressed.is_silent) == (False, True)
