"""The list of who is in a cohort, held against the board at the instant of the list."""

import pytest

from clearway.domain.ambulance.events import HospitalEvent, InCohort, JobEvent
from clearway.domain.ambulance.hospitals import Cohort, check_sense, fold
from clearway.domain.ambulance.quality import Limits
from clearway.domain.ambulance.quality_cohort import inspect_cohorts
from clearway.domain.ambulance.words import HospitalMeasure, JobStatus
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import native
from tests.making import fact, folded, minute

J = JobStatus
IN = {J.AT_HOSPITAL: 0.0, J.QUEUING: 1.0, J.COHORT_STARTED: 20.0}
KEY = "I1/A101"


def report(at: float, *lines: tuple[str, str | None], name: str = "") -> HospitalEvent:
    listed = tuple(InCohort(key, carer) for key, carer in lines)
    return HospitalEvent(name or f"L{at}", minute(at), "TV001", {}, cohort=listed)


def cohort(at: float, *lines: tuple[str, str | None]) -> Cohort:
    found = fold([fact(report(at, *lines))]).cohort
    assert found is not None
    return found


def said(stamps: dict[JobStatus, float], listed: Cohort, carer: str | None = "T1") -> list[str]:
    """The evidence on one patient."""
    job = folded(stamps, cared_by=carer)
    found = inspect_cohorts({"TV001": listed}, [job], {KEY: "TV001"}, Limits())
    assert set(found) <= {KEY}
    return [each.evidence.partition(": ")[2] for each in found.get(KEY, [])]


def test_who_is_in_the_cohort_and_not_on_the_list_is_found() -> None:
    assert said(IN, cohort(40)) == ["not named, in the cohort since 2026-01-05 08:20:00+00:00"]
    assert said(IN, cohort(40, (KEY, "T1"))) == []


def test_who_is_on_the_list_and_in_no_cohort_is_found() -> None:
    queuing = {J.AT_HOSPITAL: 0.0, J.QUEUING: 1.0}

    assert said(queuing, cohort(40, (KEY, "T1"))) == ["named, and by the board in no cohort"]
    assert said(IN | {J.HANDOVER: 30.0}, cohort(40, (KEY, "T1")))
    assert said(queuing, cohort(40)) == []


def test_who_looks_after_a_patient_is_compared_where_both_say_so() -> None:
    assert said(IN, cohort(40, (KEY, "T2"))) == ["with T2, by the board with T1"]
    assert said(IN, cohort(40, (KEY, None))) == said(IN, cohort(40, (KEY, "T2")), carer=None) == []


@pytest.mark.parametrize("at", [15, 20, 25])
def test_near_the_beginning_or_the_end_the_list_may_be_a_little_early_or_late(at: float) -> None:
    over = {J.AT_HOSPITAL: -90.0, J.COHORT_STARTED: -60.0, J.HANDOVER: 20.0}

    assert said(IN, cohort(at)) == said(IN, cohort(at, (KEY, "T1"))) == []
    assert said(over, cohort(at)) == said(over, cohort(at, (KEY, "T1"))) == []


def test_of_a_time_in_the_cohort_before_the_last_one_nothing_is_said() -> None:
    again = {J.AT_HOSPITAL: 0.0, J.COHORT_ENDED: 50.0, J.COHORT_STARTED: 60.0}

    assert said(again, cohort(40, (KEY, "T1"))) == said(again, cohort(40)) == []
    assert said(again, cohort(70))


def test_the_list_of_another_hospital_says_nothing() -> None:
    job = folded(IN)

    assert inspect_cohorts({"TV002": cohort(40)}, [job], {KEY: "TV001"}, Limits()) == {}
    assert inspect_cohorts({"TV001": cohort(40)}, [job], {}, Limits()) == {}


def test_the_newest_list_stands_in_whatever_order_they_come() -> None:
    old, new = fact(report(10, (KEY, "T1"))), fact(report(40))

    assert fold([old, new]).cohort == fold([new, old]).cohort == fold([new]).cohort
    figures = fact(HospitalEvent("F", minute(50), "TV001", {HospitalMeasure.BOARDING: 3}))
    assert fold([new, figures]).cohort == fold([new]).cohort  # who keeps no list says nothing of it


def test_a_list_that_names_a_patient_twice_is_refused_and_an_empty_one_is_not() -> None:
    check_sense(report(10))
    with pytest.raises(CannotParse, match="field cohort"):
        check_sense(report(10, (KEY, "T1"), (KEY, "T2")))


def test_events_carry_lists_units_and_patients_and_old_ones_are_read_as_they_were() -> None:
    told = report(10, (KEY, "T1"), ("I2/A7", None))
    (line,) = native.dump([told]).splitlines()
    plain = b'{"type":"job","message_id":"1","occurred_at":"2026-01-05T08:00:00Z","incident":"I1",'
    plain += b'"call_sign":"A101","status":"at_hospital"'

    assert native.parse_event(line) == told
    old = native.parse_event(plain + b"}")
    assert isinstance(old, JobEvent) and (old.unit, old.patients, old.cared_by) == (None, None, None)
    for wrong, field in ((b'"patients":0', b"patients"), (b'"unit":"kitchen"', b"unit")):
        with pytest.raises(CannotParse, match=field.decode()):
            native.parse_event(plain + b"," + wrong + b"}")
