"""Clinic lists in the downtime pack: today's and tomorrow's, without names, in their own trust's pack."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.downtime import packing
from clearway.desks.ambulance.downtime.models import PaperForm
from clearway.desks.outpatients.clinics.models import Session, Slot
from clearway.desks.outpatients.reception import carried
from clearway.gateway import packs
from clearway.interchange import sealed
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust

pytestmark = pytest.mark.django_db
WORDS = "a passphrase for tests"


@pytest.fixture
def physio(db: None) -> Department:
    found = a_department(a_trust())
    Organisation.objects.filter(pk=found.trust.pk).update(desks=["outpatients"])
    found.trust.refresh_from_db()
    return found


def test_today_and_tomorrow_are_listed_with_who_comes_and_what_is_free(physio: Department) -> None:
    first, second, third = physio.session(slots=3).slots.all()
    row = physio.booked(first, arrived_at=None)
    Slot.objects.filter(pk=third.pk).update(blocked="Room fault")
    physio.session(NINE + timedelta(days=1), slots=1)
    physio.session(NINE + timedelta(days=2), slots=1)
    gone = physio.session(NINE + timedelta(days=1, hours=5), slots=1)
    Session.objects.filter(pk=gone.pk).update(state="cancelled")

    today, tomorrow = carried.lists(physio.trust.pk, NINE - timedelta(hours=2))

    assert [each[2:4] for each in today.rows] == [
        (row.patient.number, "Booked"),
        ("", "Free"),
        ("", "Blocked: Room fault"),
    ]
    assert physio.clinician.name in today.where and "21 Nov" in tomorrow.title
    assert second.starts_at > first.starts_at and today.rows[1][0] == "09:30"


def test_a_trust_with_the_outpatient_desk_alone_has_a_pack_of_clinics_and_nobodys_name(
    physio: Department, tmp_path: Path
) -> None:
    row = physio.booked(physio.session().slots.all()[0])
    with override_settings(DOWNTIME_FOLDERS=[str(tmp_path)], DOWNTIME_PASSPHRASE=WORDS):
        (made,) = packing.tend(
            physio.trust, by=Actor("duty:packs"), at=NINE, lists=lambda: packs.lists(physio.trust, NINE)
        )

    page = sealed.open_page((tmp_path / made.name).read_text(), WORDS)

    assert row.patient.number in page and "clinics.csv" in page and "Blank forms" not in page
    assert row.patient.family_name not in page and not PaperForm.objects.exists()
    assert physio.trust.pk in packs.with_packs()


def test_a_trust_without_the_desk_has_no_lists(physio: Department) -> None:
    physio.booked(physio.session().slots.all()[0])
    Organisation.objects.filter(pk=physio.trust.pk).update(desks=["ambulance"])
    physio.trust.refresh_from_db()

    assert packs.lists(physio.trust, NINE) == ()
