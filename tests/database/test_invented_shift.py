"""The demo's control room says and writes things through the actions of the desk, once."""

from datetime import timedelta

import pytest

from clearway.core.concerns.models import Concern
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.recurring.models import RecurringDuty
from clearway.desks.ambulance import invented_shift
from clearway.desks.ambulance.command.models import CallMinutes
from clearway.desks.ambulance.contacts.models import Contact
from clearway.desks.ambulance.messages.models import DeskMessage
from clearway.desks.ambulance.release.models import Release
from clearway.desks.ambulance.safeguarding.models import Safeguarding
from tests.trust import somebody

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db


def test_an_invented_hour_fills_every_list_that_no_feed_knows_and_does_so_once(
    knowing: Organisation, cad: Source
) -> None:
    for place in range(2):
        said = conveyance("TVH01", incident=f"Q{place}", call_sign=f"A{place}", until="at_hospital")
        deliver(cad, said, known=40 + place)
    who = {"organisation_id": knowing.pk, "at": at(150)}
    assert not invented_shift.begin(**who)  # nobody works here
    for role in ("patient_flow_coordinator", "service_delivery_officer", "clinical_lead"):
        somebody(role[:3], role, knowing)

    assert invented_shift.begin(**who)

    found = [
        model.objects.filter(organisation=knowing).count()
        for model in (Contact, DeskMessage, Concern, Safeguarding, Release, RecurringDuty)
    ]
    assert found == [5, 2, 3, 1, 2, 4]
    assert CallMinutes.objects.filter(of__organisation=knowing).count() == 1
    assert not invented_shift.begin(organisation_id=knowing.pk, at=at(150) + timedelta(days=1))
