"""Which incidents are one's own work, so that who the patient is opens by a look alone (rule S5)."""

from datetime import UTC, datetime, timedelta

import pytest

from clearway.domain.ambulance.need import Concern, Finding, Sending, Traces, Work, work

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
HERE, THERE = frozenset({"RH801"}), frozenset({"RH802"})
pytestmark = pytest.mark.promise("S5")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def sent(*, site: str | None = "RH801", is_open: bool = False, hours: float = 48) -> Traces:
    return Traces(sendings=(Sending(site, is_open, (ago(hours=hours),)),))


@pytest.mark.parametrize(
    ("of", "own"),
    [
        (sent(is_open=True), Work.BOARDS),
        (sent(hours=23), Work.BOARDS),
        (Traces(calls=(ago(hours=23),)), Work.BOARDS),
        (Traces(findings=(Finding("RH801", ago(days=89)),)), Work.FINDING),
        (Traces(concerns=(Concern(ago(days=400), is_acknowledged=False),)), Work.CONCERN),
        (Traces(concerns=(Concern(ago(days=27), is_acknowledged=True),)), Work.CONCERN),
    ],
)
def test_what_is_on_a_board_or_a_list_of_the_desk_is_the_control_rooms_work(of: Traces, own: Work) -> None:
    assert work(of, None, NOW) is own


@pytest.mark.parametrize(
    "of",
    [
        Traces(),
        sent(hours=24),
        sent(hours=-1),  # in the future, which a clock that is wrong may say for ever
        Traces(calls=(ago(hours=24), ago(hours=-24))),
        Traces(findings=(Finding("RH801", ago(days=90)),)),
        Traces(concerns=(Concern(ago(days=28), is_acknowledged=True),)),
    ],
)
def test_what_is_over_is_nobodys_work(of: Traces) -> None:
    assert work(of, None, NOW) is None


@pytest.mark.parametrize(
    "of",
    [
        sent(is_open=True),
        sent(hours=1),
        Traces(findings=(Finding("RH801", ago(days=1)),)),
    ],
)
def test_who_sees_one_hospital_has_work_of_what_came_there_alone(of: Traces) -> None:
    assert work(of, HERE, NOW) is not None
    assert work(of, THERE, NOW) is None
    assert work(of, frozenset(), NOW) is None


def test_calls_and_crews_without_a_hospital_are_the_regions_work() -> None:
    for of in (Traces(calls=(NOW,)), sent(site=None, is_open=True)):
        assert work(of, None, NOW) is not None
        assert work(of, HERE, NOW) is None
