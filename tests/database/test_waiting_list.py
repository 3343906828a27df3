"""Joining, leaving and being reached on the waiting list."""

from datetime import date, timedelta

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.desks.outpatients.clocks.models import Pathway
from clearway.desks.outpatients.waiting import actions
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def added(physio: Department, **more: object) -> Entry:
    referral = more.pop("referral", None) or physio.referral()
    said = {"kind": "new", "priority": "1", "minutes": 45, **more}
    new = actions.New(
        patient_id=referral.patient_id,
        service_id=physio.service.pk,
        referral_id=referral.pk,
        pathway_id=referral.pathway_id,
        **said,
    )
    return actions.add(new, organisation_id=physio.trust.pk, by=WHO, at=NINE)


def test_who_is_added_waits_since_the_clock_started_and_it_is_in_the_audit(physio: Department) -> None:
    entry = added(physio, referral=physio.referral(date(2026, 10, 1)))

    assert (entry.state, entry.waits_from, entry.treat_by) == ("waiting", date(2026, 10, 1), date(2027, 2, 4))
    row = Action.objects.get(verb="waiting.add")
    assert (row.subject, row.detail["priority"]) == (f"entry:{entry.pk}", "1")


def test_the_dates_of_an_entry_follow_its_clock_whoever_changes_it(physio: Department) -> None:
    entry = added(physio)

    Pathway.objects.filter(pk=entry.pathway_id).update(treat_by=TODAY, queue_from=date(2026, 7, 17))
    entry.refresh_from_db()
    assert (entry.treat_by, entry.waits_from) == (TODAY, date(2026, 7, 17))

    Pathway.objects.filter(pk=entry.pathway_id).update(state="stopped")
    entry.refresh_from_db()
    assert (entry.treat_by, entry.waits_from) == (None, TODAY)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"priority": ""}, "is no priority"),
        ({"kind": "review"}, "Choose one of new, follow_up, group"),
        ({"minutes": 0}, "5 to 480 min"),
        ({"series": 0}, "1 to 60 visits"),
        ({"due_on": TODAY, "latest_on": TODAY - timedelta(days=1)}, "is before"),
    ],
)
def test_what_no_entry_can_be_is_refused_with_the_field(
    physio: Department, wrong: dict[str, object], words: str
) -> None:
    with pytest.raises(NotAllowed, match=words):
        added(physio, **wrong)
    assert not Entry.objects.exists()


def test_nobody_waits_twice_for_the_same_appointment_of_a_referral(physio: Department) -> None:
    referral = physio.referral()
    added(physio, referral=referral)

    with pytest.raises(NotAllowed, match="waits for this appointment of this referral already"):
        added(physio, referral=referral)
    added(physio, referral=referral, kind="follow_up")


def test_somebody_who_died_is_not_added(physio: Department) -> None:
    referral = physio.referral(patient=physio.patient(died_on=TODAY))

    with pytest.raises(NotAllowed, match="having died"):
        added(physio, referral=referral)


def remove(entry: Entry, why: str, **more: str) -> Entry:
    return actions.remove(entry.pk, why, organisation_id=entry.organisation_id, by=WHO, at=NINE, **more)


def test_a_removal_says_why_and_not_answering_is_no_reason(physio: Department) -> None:
    entry = added(physio)

    for why in ("no_reply", "", "did not answer"):
        with pytest.raises(NotAllowed, match="Not answering is none of them"):
            remove(entry, why)
    assert remove(entry, "no_longer_needed").state == "removed"
    with pytest.raises(NotAllowed, match="has ended already"):
        remove(entry, "no_longer_needed")


def test_a_clinicians_removal_names_the_clinician_and_a_booked_entry_stays(physio: Department) -> None:
    entry = added(physio)
    with pytest.raises(NotAllowed, match="Name the clinician"):
        remove(entry, "clinician")

    physio.booked(physio.session().slots.all()[0], entry)
    with pytest.raises(NotAllowed, match="Cancel the appointment first"):
        remove(entry, "clinician", clinician="R. Hale")


def test_an_attempt_and_what_became_of_it_are_kept(physio: Department) -> None:
    entry = added(physio)
    attempt = actions.Attempt(entry.patient_id, "invitation", "text", "Please ring", entry_id=entry.pk)
    made = actions.contact(attempt, organisation_id=physio.trust.pk, by=WHO, at=NINE)

    actions.became(made.pk, "failed", organisation_id=physio.trust.pk, by=WHO, at=NINE + timedelta(hours=1))

    made.refresh_from_db()
    assert (made.outcome, made.by) == ("failed", "coordinator")
    with pytest.raises(NotAllowed, match="Choose one of letter, text"):
        actions.contact(
            actions.Attempt(entry.patient_id, "invitation", "pigeon", "x"),
            organisation_id=physio.trust.pk,
            by=WHO,
            at=NINE,
        )


def test_who_no_longer_needs_the_place_says_so_and_stays_until_a_person_removes_them(
    physio: Department,
) -> None:
    entry = added(physio)

    actions.validate(entry.pk, "no_longer_needed", organisation_id=physio.trust.pk, by=WHO, at=NINE)

    entry.refresh_from_db()
    assert (entry.state, entry.validated_on) == ("waiting", TODAY)
    assert Contact.objects.get().said == "no longer needed"
    with pytest.raises(NotAllowed, match="still needed"):
        actions.validate(entry.pk, "perhaps", organisation_id=physio.trust.pk, by=WHO, at=NINE)
