"""The invented past of a department stands in the tables as if each row had been typed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.layout.times import local
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients import invented_past, models
from clearway.desks.outpatients.clinics.actions import make_sessions
from clearway.desks.outpatients.clinics.loading import load_department
from clearway.desks.outpatients.clocks import actions as clocks
from clearway.desks.outpatients.referrals import queries as referrals
from clearway.desks.outpatients.waiting import checks, queueing
from clearway.interchange import department_pack, region_pack
from clearway.simulation.outpatients import parameters
from clearway.simulation.outpatients.past import past

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 11, tzinfo=UTC)
BY = Actor("test")


@pytest.fixture(scope="module")
def trust(db_of_module: None) -> Organisation:
    """A tenth of the department, two weeks back and one ahead."""
    files = find("worcestershire")
    region = region_pack.parse(files)
    organisation = load_region(region, by=BY, at=AT)
    department = department_pack.parse(files, region)
    assert department is not None
    who = {"organisation_id": organisation.pk, "by": BY}
    load_department(department, at=AT, **who)
    models.Template.objects.exclude(code__startswith="PHY0").delete()
    make_sessions(until=date(2026, 11, 27), at=AT - timedelta(weeks=2), **who)
    how = parameters.read({**region.simulation, "scale": 0.2}, department)
    slots = invented_past.slots(organisation.pk)
    cases = past(slots, how, seed=1, until=AT, cashed_before=AT - timedelta(days=1))
    queueing.check(organisation_id=organisation.pk, at=AT - timedelta(minutes=5))
    invented_past.put(cases, at=AT, **who)
    return organisation


def test_the_clocks_kept_are_those_that_the_events_add_up_to(trust: Organisation) -> None:
    assert models.Pathway.objects.count() > 300

    assert clocks.rebuild(organisation_id=trust.pk, by=BY, at=AT) == []


def test_nobody_is_lost_between_the_referrals_in_and_out(trust: Organisation) -> None:
    ledger = referrals.ledger(trust.pk, date(2026, 1, 1), AT.date())

    assert ledger.balances
    waiting = models.Referral.objects.filter(state="waiting")
    assert waiting.exists()
    assert not waiting.exclude(entries__state__in=("waiting", "booked")).exists()


def test_every_booking_has_its_entry_its_offer_and_its_confirmation(trust: Organisation) -> None:
    booked = models.Appointment.objects.filter(state="booked", starts_at__gt=AT)

    assert booked.exists()
    assert not booked.exclude(entry__state="booked").exists()
    assert not booked.exclude(contacts__purpose="confirmation").exists()
    assert not booked.exclude(entry__offers__answer="accepted").exists()


def test_every_miss_that_nullified_a_clock_has_its_proof_of_notice(trust: Organisation) -> None:
    assert models.Appointment.objects.filter(status="33").exists()

    assert not [each for each in checks.all_found(trust.pk, AT) if each.code == "DQ12"]
    assert not models.Miss.objects.filter(kind="not_brought", safeguarding_at__isnull=True).exists()


def test_what_is_received_late_on_a_summer_evening_is_of_the_day_in_london(trust: Organisation) -> None:
    for row in models.Referral.objects.select_related("pathway"):
        assert row.received_on == local(row.registered_at).date()


def test_every_seat_that_was_given_back_says_what_became_of_it(trust: Organisation) -> None:
    given_back = models.Appointment.objects.filter(state="cancelled", starts_at__lte=AT)
    kept = models.FreedSlot.objects.all()

    assert {row.appointment_id for row in kept} == set(given_back.values_list("pk", flat=True))
    assert {row.state for row in kept} == {"filled", "expired"}
    assert all(row.filled_by.slot_id == row.slot_id for row in kept.exclude(filled_by=None))


def test_the_return_of_the_last_month_is_asked_again_once_the_past_stands(trust: Organisation) -> None:
    """It is asked once an hour, and was asked of the empty department five minutes before."""
    queueing.check(organisation_id=trust.pk, at=AT)

    assert models.Checked.objects.get(organisation=trust).returns_at == AT
