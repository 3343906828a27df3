"""A liaison officer says what a vehicle is doing; the job cycle decides whether that can be."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.handovers import actions
from clearway.desks.ambulance.incidents.models import Assignment
from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.words import JobState, JobStatus
from clearway.domain.shared.errors import NotAllowed
from tests.trust import signed_in, somebody

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db
HALO = Actor("halo", role="halo")


def mark(valley: Organisation, status: JobStatus, site: str = "TVH01", minutes: float = 50) -> None:
    actions.mark("1/A1", status, organisation_id=valley.pk, site_code=site, by=HALO, at=at(minutes))


def test_a_mark_is_a_fact_of_the_desk_beside_those_of_the_cad(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=41)

    mark(valley, JobStatus.COHORT_STARTED)

    assert Assignment.objects.get().state == "cohorting"
    fact = Fact.objects.latest("occurred_at")
    assert (fact.source, fact.event["source"]) == ("test-valley-desk", "halo")
    assert Action.objects.get(verb="handovers.mark").actor == "halo"


def test_the_cad_saying_the_handover_too_is_found_not_hidden(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=41)
    mark(valley, JobStatus.HANDOVER, minutes=49)

    deliver(cad, conveyance("TVH01", until="handover")[-1:], known=51)

    assert Assignment.objects.get().state == "wrap_up"
    assert Assignment.objects.get().stamps["handover"] == at(49).isoformat()


def test_what_the_job_cycle_does_not_allow_is_refused_with_the_reason(
    valley: Organisation, cad: Source
) -> None:
    deliver(cad, conveyance("TVH01", until="left_scene"), known=31)

    with pytest.raises(NotAllowed, match="while conveying"):
        mark(valley, JobStatus.HANDOVER)

    assert not Fact.objects.filter(source="test-valley-desk").exists()


def test_a_vehicle_at_another_hospital_cannot_be_marked(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH02", until="at_hospital"), known=41)

    with pytest.raises(actions.NoSuchAssignment):
        mark(valley, JobStatus.QUEUING)


def test_a_status_that_only_the_crew_can_say_is_refused(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=41)

    with pytest.raises(NotAllowed):
        mark(valley, JobStatus.CLEAR)


def test_only_possible_marks_are_offered() -> None:
    assert actions.possible(JobState.ARRIVED) == actions.MARKS
    assert actions.possible(JobState.COHORTING) == (JobStatus.QUEUING, JobStatus.HANDOVER)
    assert actions.possible(JobState.CONVEYING) == ()


def test_a_liaison_officer_marks_a_vehicle_from_the_hospital_page(valley: Organisation, cad: Source) -> None:
    now = datetime.now(UTC)
    deliver(cad, [moved(event, now) for event in conveyance("TVH01", until="at_hospital")])
    halo = signed_in(somebody("halo", "halo", valley, site="TVH01"))
    assert "In cohort" in halo.get("/handovers/TVH01/").content.decode()

    page = halo.post(
        "/handovers/TVH01/mark/", {"assignment": "1/A1", "status": "cohort_started"}, follow=True
    )

    assert "Recorded: in cohort" in page.content.decode()
    assert Assignment.objects.get().state == "cohorting"


def test_a_liaison_officer_cannot_mark_at_another_hospital(valley: Organisation, cad: Source) -> None:
    halo = signed_in(somebody("halo", "halo", valley, site="TVH01"))

    refused = halo.post("/handovers/TVH02/mark/", {"assignment": "1/A1", "status": "handover"})

    assert refused.status_code == 404


def moved(event: JobEvent, now: datetime) -> JobEvent:
    """The event as if the day had begun an hour ago."""
    return msgspec.structs.replace(event, occurred_at=now - timedelta(hours=1) + (event.occurred_at - at(0)))
