"""The cohort list of a hospital, from its report to the queue of findings and its end."""

import pytest

from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.facts import verify
from clearway.desks.ambulance.incidents.models import Assignment
from clearway.desks.ambulance.liaison import queries as liaison
from clearway.desks.ambulance.quality import casework, watching
from clearway.desks.ambulance.quality.models import FindingCase
from clearway.domain.ambulance.events import HospitalEvent, InCohort

from .conftest import at, deliver, job

pytestmark = pytest.mark.django_db


def look(trust: Organisation, minutes: float) -> None:
    watching.watch(trust.pk, at=at(minutes))
    casework.follow(trust.pk, at=at(minutes))


def listed(minutes: float, *lines: tuple[str, str]) -> HospitalEvent:
    cohort = tuple(InCohort(key, carer) for key, carer in lines)
    return HospitalEvent(f"list@{minutes}", at(minutes), "TVH01", {}, cohort=cohort)


def test_a_list_that_disagrees_is_a_case_and_the_next_one_that_agrees_ends_it(
    knowing: Organisation, cad: Source
) -> None:
    arrival = job("at_hospital", 0, destination="TVH01")
    deliver(cad, [arrival, job("cohort_started", 10, cared_by="T1")], known=12)
    key = Assignment.objects.get().key
    deliver(cad, [listed(40, (key, "T2"))], known=41)
    look(knowing, 42)

    case = FindingCase.objects.get(code="HQ18")
    assert (case.site, case.fixer, case.what) == ("TVH01", "HALO", "carer")
    assert "with T2, by the board with T1" in case.evidence
    assert verify.compare(knowing.pk, at=at(43)).differences == ()

    deliver(cad, [listed(55, (key, "T1"))], known=56)
    look(knowing, 57)

    case.refresh_from_db()
    assert (case.ended, case.ended_at) == ("source", at(57))
    (standing,) = liaison.standings(knowing.pk)
    assert standing.cohort is not None and dict(standing.cohort.lines) == {key: "T1"}


def test_a_ward_counted_as_the_department_and_a_second_patient_are_cases(
    knowing: Organisation, cad: Source
) -> None:
    arrival = job("at_hospital", 0, destination="TVH01", unit="ward", emergency=True, patients=2)
    events = [arrival, job("handover", 20), job("clear", 30)]
    deliver(cad, events, known=31)
    look(knowing, 32)

    assert set(FindingCase.objects.values_list("code", flat=True)) >= {"HQ21", "HQ25"}
