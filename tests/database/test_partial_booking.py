"""Partial booking from the day a referral comes: told, invited by letter, reminded; nobody by two letters."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.letters.models import Letter
from clearway.desks.outpatients.patients.models import Flag, Patient
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.waiting import actions, inviting
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.partial_booking import Step
from tests.messages import CONNECTED, NUMBER, TEN, Pigeon, a_writing_department, work
from tests.outpatients import DESK, NOW, TODAY, a_patient, a_service, scope
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DUE = NOW + 100 * DAY  # six weeks before the end of the eighteenth, and later


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def service(trust: Organisation) -> Service:
    return a_service(trust)


SAID = {"source": "03", "sender": "Dr Field", "priority": "routine", "condition": "Knee", "question": "Treat"}


def waits(patient: Patient, service: Service, priority: str = "1", days: int = 0) -> Entry:
    """Received so many days ago, registered and accepted by the clinician, as at the desk."""
    new = referrals.New(patient.pk, service.pk, TODAY - days * DAY, **SAID)  # type: ignore[arg-type]
    row = referrals.register(new, **scope(patient.organisation))
    accept = referrals.Decision("accept", priority=priority, minutes=45)
    referrals.triage(row.pk, accept, **scope(patient.organisation))
    return Entry.objects.get(referral=row)


def steps(trust: Organisation, at: datetime) -> dict[int, Step]:
    return {each.entry: each.due.step for each in inviting.next_steps(trust.pk, at)}


def test_whoever_was_told_that_the_referral_came_is_invited_next_and_by_letter_in_one_press(
    trust: Organisation, service: Service
) -> None:
    entry = waits(a_patient(trust), service)
    assert steps(trust, NOW) == {entry.pk: Step.INVITE}
    assert actions.invite_in_writing(**scope(trust)) == []  # it is not due yet

    (made,) = actions.invite_in_writing(**scope(trust, DUE))
    assert actions.invite_in_writing(**scope(trust, DUE)) == []

    assert (made.purpose, made.channel, made.entry_id) == ("invitation", "letter", entry.pk)
    assert Letter.objects.filter(kind="invitation", entry=entry).count() == 1
    assert steps(trust, DUE) == {entry.pk: Step.REMIND}


def test_who_kept_silent_is_written_to_once_more_and_then_looked_at_by_a_person(
    trust: Organisation, service: Service
) -> None:
    entry = waits(a_patient(trust), service)
    actions.invite_in_writing(**scope(trust, DUE))
    for channel, days in (("text", 7), ("phone", 10), ("phone", 12)):
        attempt = actions.Attempt(entry.patient_id, "reminder", channel, "x", entry_id=entry.pk)
        actions.contact(attempt, organisation_id=trust.pk, by=DESK, at=DUE + days * DAY)

    (made,) = actions.invite_in_writing(**scope(trust, DUE + 14 * DAY))

    assert (made.purpose, made.channel) == ("reminder", "letter")
    assert steps(trust, DUE + 30 * DAY) == {entry.pk: Step.REVIEW}
    assert Entry.objects.get().state == "waiting"


def test_an_acknowledgement_that_came_back_told_nobody(trust: Organisation, service: Service) -> None:
    entry = waits(a_patient(trust), service)
    Contact.objects.filter(purpose="acknowledgement").update(outcome="returned")

    assert steps(trust, NOW) == {entry.pk: Step.ACKNOWLEDGE}


def test_who_is_urgent_is_not_invited_and_no_machine_writes_to_who_is_flagged(
    trust: Organisation, service: Service
) -> None:
    waits(a_patient(trust), service, priority="2")
    flagged = waits(a_patient(trust, "Cy Reed"), service)
    about: dict[str, Any] = {"kind": Flag.Kind.SAFE_CONTACT, "words": "Ring first", "recorded_at": NOW}
    Flag.objects.create(patient=flagged.patient, **about)

    assert steps(trust, DUE) == {flagged.pk: Step.INVITE}
    assert actions.invite_in_writing(**scope(trust, DUE)) == []


def test_the_page_writes_what_is_due_and_only_for_who_may(trust: Organisation, service: Service) -> None:
    waits(a_patient(trust), service, days=100)
    desk: Client = signed_in(somebody("desk", "outpatient_coordinator", trust))
    reader: Client = signed_in(somebody("reader", "clinician", trust))
    assert "Write the 1 letter due" in desk.get("/outpatients/partial/").content.decode()
    assert reader.post("/outpatients/partial/invite/").status_code == 403

    answer = desk.post("/outpatients/partial/invite/", follow=True).content.decode()

    assert "1 letter in the outbox." in answer
    assert Contact.objects.filter(purpose="invitation").count() == 1


def test_who_did_not_answer_the_invitation_is_reminded_by_the_way_they_prefer_and_told_once_it_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    physio = a_writing_department(monkeypatch)
    who: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": DESK, "at": TEN}
    reached = {"mobile": NUMBER, "may_text": True, "email": "ada@example.org"}
    entries = {
        "text": physio.entry(physio.referral(patient=physio.patient(channel="text", **reached))),
        "email": physio.entry(physio.referral(patient=physio.patient(channel="email", **reached))),
        "": physio.entry(physio.referral(patient=physio.patient())),
    }
    for entry in entries.values():
        invited = actions.Attempt(entry.patient_id, "invitation", "letter", "x", entry_id=entry.pk)
        actions.contact(invited, **(who | {"at": TEN - 7 * DAY}))

    assert actions.invite_in_writing(**who) == [], "no provider takes texts away"
    made = actions.invite_in_writing(connected=CONNECTED, **who)
    assert actions.invite_in_writing(connected=CONNECTED, **who) == []
    assert {each.channel: each.entry_id for each in made} == {
        way: entry.pk for way, entry in entries.items() if way
    }
    carrier = Pigeon()
    work(carrier=carrier)

    assert len(carrier.took) == 2
    for each in made:
        each.refresh_from_db()
        assert (each.purpose, each.outcome) == ("reminder", "sent") and each.digest
    stands = steps(physio.trust, TEN)
    assert [stands[entry.pk] for entry in entries.values()] == [Step.RING, Step.RING, Step.REMIND]


def test_a_reminder_to_choose_a_date_does_not_leave_once_the_patient_has_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    physio = a_writing_department(monkeypatch)
    who: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": DESK, "at": TEN}
    entry = physio.entry(physio.referral(patient=physio.patient(mobile=NUMBER, may_text=True)))
    invited = actions.Attempt(entry.patient_id, "invitation", "letter", "x", entry_id=entry.pk)
    actions.contact(invited, **(who | {"at": TEN - 7 * DAY}))
    (made,) = actions.invite_in_writing(connected=CONNECTED, **who)
    rang = actions.Attempt(
        entry.patient_id, "enquiry", "phone", "Rang", outcome="answered", entry_id=entry.pk
    )
    actions.contact(rang, **who)

    carrier = Pigeon()
    work(carrier=carrier)

    made.refresh_from_db()
    assert not carrier.took and made.outcome == "failed"
