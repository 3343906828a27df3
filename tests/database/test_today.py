"""The day at a glance says how much waits and since when, with a fixed number of questions."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients import models
from clearway.desks.outpatients.today import presenters, queries
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


def referred(trust: Organisation, number: int, priority: str = "1", days: int = 0) -> models.Referral:
    """A referral to be triaged, registered so many days ago."""
    service, _ = models.Service.objects.get_or_create(
        organisation=trust, code="MSK", defaults={"name": "Physiotherapy", "function": "650"}
    )
    at = AT - timedelta(days=days)
    patient = models.Patient.objects.create(
        organisation=trust, number=f"C{number}", family_name="Tandy", born_on=at.date(), registered_at=at
    )
    return models.Referral.objects.create(
        organisation=trust,
        number=f"R{number}",
        patient=patient,
        service=service,
        received_on=at.date(),
        registered_at=at,
        route="letter",
        priority=priority,
    )


def test_an_unranked_referral_counts_with_the_urgent(trust: Organisation) -> None:
    referred(trust, 1)
    referred(trust, 2, priority="", days=3)

    seen = queries.today(trust.pk, AT)

    assert seen.to_triage == queries.Counted(2, AT - timedelta(days=3))
    assert seen.urgent_to_triage.count == 1


def test_the_page_asks_as_often_for_many_as_for_none(trust: Organisation) -> None:
    with CaptureQueriesContext(connection) as none:
        queries.today(trust.pk, AT)
    for number in range(8):
        referred(trust, number, priority="2")
    with CaptureQueriesContext(connection) as many:
        queries.today(trust.pk, AT)

    assert len(none) == len(many) <= 20


def test_a_number_that_should_be_nothing_is_marked_when_it_is_not(trust: Organisation) -> None:
    referred(trust, 1, priority="2")

    (referrals, *_) = presenters.groups(queries.today(trust.pk, AT))

    assert [line.is_due for line in referrals.lines] == [True, False, False, False]


def test_the_coordinator_lands_on_the_day_and_goes_from_there(trust: Organisation) -> None:
    client = signed_in(somebody("coordinator", "outpatient_coordinator", trust))

    assert client.get("/").headers["Location"] == "/outpatients/"
    page = client.get("/outpatients/").content.decode()
    assert "/outpatients/list/?breached=on" in page
    assert page.count('href="/outpatients/" aria-current="page"') >= 1


def test_a_dispatcher_has_no_business_there(trust: Organisation) -> None:
    client = signed_in(somebody("dispatcher", "dispatcher", trust))

    assert client.get("/outpatients/").status_code == 403
