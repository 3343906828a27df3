"""The pages of letters: the outbox, one letter, print and post, and texts from draft to approved."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.outbox.models import Outgoing
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.letters import actions
from clearway.desks.outpatients.letters.models import Letter, LetterBatch, LetterText
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.waiting.models import Contact
from tests.filled import filled
from tests.letters import with_letters, work
from tests.outpatients import NOW, a_patient, scope
from tests.therapies import Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
FAR = datetime(2026, 12, 15, 10, 0, tzinfo=UTC)
SOON = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
CODE = "confirmation.patient.standard"
BODY = "Come {when}, {how}. Ring {office_phone}.\n\n{instructions}\n\n{language}\n"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NOW)


@pytest.fixture
def physio() -> Department:
    trust = a_trust()
    with_letters(trust)
    return a_department(trust)


@pytest.fixture
def desk(physio: Department) -> Client:
    return signed_in(somebody("coordinator", "outpatient_coordinator", physio.trust))


@pytest.fixture
def colleague(physio: Department) -> Client:
    return signed_in(somebody("colleague", "junior_coordinator", physio.trust))


@pytest.fixture
def lead(physio: Department) -> Client:
    return signed_in(somebody("lead", "therapies_lead", physio.trust))


def text(answer: Any) -> str:
    return str(answer.content.decode())


def a_letter(physio: Department, starts_at: datetime = FAR) -> Letter:
    """A confirmation that is made, or held."""
    who = scope(physio.trust)
    patient = physio.patient(address="1 High Street, Worcester", postcode="WR5 1DD")
    entry = physio.entry(physio.referral(patient=patient, sender="Dr Field", source="03"), minutes=30)
    slot = physio.session(starts_at, slots=1).slots.get()
    booking.book(slot.pk, entry.pk, **who)
    work(NOW)
    return Letter.objects.get(patient=patient)


def page(letter: Letter) -> str:
    return f"/outpatients/letters/{letter.pk}/"


def test_one_person_prints_and_another_says_when_it_was_posted(
    physio: Department, desk: Client, colleague: Client
) -> None:
    letter = a_letter(physio)
    assert "1 letter waits to be printed" in text(desk.get("/outpatients/letters/print/"))
    desk.post("/outpatients/letters/print/")
    batch = LetterBatch.objects.get()
    address = f"/outpatients/letters/batches/{batch.pk}/"
    assert "1 letter on 1 page, made 09:00" in text(desk.get(address))
    whole = desk.get(f"{address}pdf/")
    assert whole["Content-Type"] == "application/pdf"
    assert whole.content.startswith(b"%PDF")

    answer = colleague.post(address, {"what": "posted", "posted_at": "2026-11-20T09:00"}, follow=True)

    assert "Posted 09:00" in text(answer)
    assert "said by colleague" in text(answer).lower()
    seen = text(desk.get(page(letter)))
    assert "matches the outbox" in seen
    assert "Posted, second class; said by colleague" in seen
    assert f"/outpatients/letters/{letter.pk}/" in text(
        desk.get(f"/outpatients/patients/{letter.patient_id}/")
    )


def test_the_pdf_is_the_copy_byte_for_byte_and_the_look_is_recorded(physio: Department, desk: Client) -> None:
    letter = a_letter(physio)
    answer = desk.get(f"{page(letter)}pdf/")

    assert answer.content == bytes(Letter.objects.get(pk=letter.pk).pdf or b"")
    assert answer["Cache-Control"] == "no-store"
    looks = Action.objects.filter(verb="letters.look", subject=f"patient:{letter.patient_id}")
    assert looks.filter(detail__page="letter-pdf").exists()


def test_the_outbox_says_what_is_held_why_and_what_to_do(physio: Department, desk: Client) -> None:
    a_letter(physio, SOON)
    seen = text(desk.get("/outpatients/outbox/"))

    assert "Too late by post: ring: 1" in seen
    assert "the first for Sat 21 Nov 2026" in seen
    assert "Ring the patient today" in seen
    assert "Nothing is held." in text(desk.get("/outpatients/outbox/?held=address"))


def test_a_call_instead_of_a_letter_is_saved_with_its_words(physio: Department, desk: Client) -> None:
    letter = a_letter(physio, SOON)
    refused = desk.post(page(letter), {"step": "rung", "outcome": "answered", "said": ""})
    assert refused.status_code == 422
    assert "Enter what was said" in text(refused)

    desk.post(page(letter), {"step": "rung", "outcome": "answered", "said": "Will come"})

    assert Outgoing.objects.get(letter=letter).state == "withdrawn"
    assert Contact.objects.filter(channel="phone", outcome="answered", words="Will come").exists()


@pytest.mark.parametrize("step", ["anyway", "otherwise", "withdraw", "rung", "address", "returned"])
def test_a_step_without_its_words_changes_nothing(physio: Department, desk: Client, step: str) -> None:
    letter = a_letter(physio)
    answer = desk.post(page(letter), {"step": step})

    assert answer.status_code == 422
    assert "Nothing was changed" in text(answer)
    assert Outgoing.objects.get(letter=letter).state == "ready"


def test_a_batch_names_what_is_to_be_taken_out_of_the_pile(physio: Department, desk: Client) -> None:
    letter = a_letter(physio)
    desk.post("/outpatients/letters/print/")
    patients.change(letter.patient_id, {"address": "2 New Road"}, **scope(physio.trust))
    address = f"/outpatients/letters/batches/{LetterBatch.objects.get().pk}/"
    sent = {"what": "posted", "posted_at": "2026-11-20T09:00"}

    refused = desk.post(address, sent)
    assert refused.status_code == 422
    assert "The address has changed since it was made." in text(refused)
    assert Outgoing.objects.get(letter=letter).state == "ready"

    desk.post(address, {**sent, "taken_out": [str(letter.pk)]})
    assert Outgoing.objects.get(letter=letter).state == "queued"


@pytest.mark.parametrize("posted_at", ["", "tomorrow", "2026-11-20T10:00", "2026-11-20T08:00"])
def test_a_batch_is_not_posted_at_a_time_that_cannot_be(
    physio: Department, desk: Client, posted_at: str
) -> None:
    a_letter(physio)
    desk.post("/outpatients/letters/print/")
    batch = LetterBatch.objects.get()
    answer = desk.post(
        f"/outpatients/letters/batches/{batch.pk}/", {"what": "posted", "posted_at": posted_at}
    )

    assert answer.status_code == 422
    assert 'id="why-posted"' in text(answer)
    batch.refresh_from_db()
    assert batch.posted_at is None


def test_a_text_goes_from_draft_to_approved_by_two_people(
    physio: Department, desk: Client, lead: Client
) -> None:
    old = LetterText.objects.get(code=CODE)
    edit = f"/outpatients/letters/texts/{old.pk}/edit/"
    seen = filled(desk.get(edit))["seen"]
    wrong = {"title": "Your visit", "body": BODY.replace("{when}", "{whne}"), "note": "x", "seen": seen}
    refused = desk.post(edit, wrong)
    assert refused.status_code == 422
    assert "Body, line 1: {whne} is not filled in here." in text(refused)
    checked = desk.post(edit, {"title": "x", "body": BODY + "Please attend.", "note": "x", "what": "check"})
    assert "is not an everyday word" in text(checked)
    assert LetterText.objects.filter(code=CODE).count() == 1

    desk.post(edit, {"title": "Your visit", "body": BODY, "note": "Shorter", "seen": seen})
    new = LetterText.objects.get(code=CODE, version=2)
    address = f"/outpatients/letters/texts/{new.pk}/"
    assert "Changed since version 1" in text(desk.get(address))
    desk.post(f"{address}ask/")
    assert desk.post(f"{address}decide/", {"valid_from": "2026-11-20"}).status_code == 403
    assert lead.post(f"{address}decide/", {"valid_from": "2026-11-19"}).status_code == 422
    answer = lead.post(f"{address}decide/", {"valid_from": "2026-11-20"}, follow=True)

    assert "Approved, in force from 20 Nov 2026." in text(answer)
    new.refresh_from_db()
    assert (new.state, new.approved_by) == ("approved", "lead")


@pytest.mark.promise("R3")
def test_of_two_who_write_one_text_the_second_sees_what_the_first_wrote(
    physio: Department, desk: Client
) -> None:
    other = signed_in(somebody("second", "outpatient_coordinator", physio.trust))
    edit = f"/outpatients/letters/texts/{LetterText.objects.get(code=CODE).pk}/edit/"
    seen = filled(desk.get(edit))["seen"]
    theirs = {"title": "Your visit", "body": BODY + "Ring us.", "note": "Ring", "seen": seen}
    desk.post(edit, {"title": "Your visit", "body": BODY + "Park here.", "note": "Park", "seen": seen})

    second = other.post(edit, theirs)

    new = LetterText.objects.get(code=CODE, version=2)
    assert second.status_code == 409 and "Park here." in new.body
    told = text(second)
    assert told.index("Yours, not saved") < told.index("Park here.") and "Ring us." in told
    again = {**theirs, "seen": filled(second)["seen"]}
    assert other.post(edit, again).status_code == 302
    new.refresh_from_db()
    assert "Ring us." in new.body
    assert other.post(edit, {**theirs, "seen": "forged"}).status_code == 422


def test_the_lead_sends_a_text_back_with_what_is_to_change(
    physio: Department, desk: Client, lead: Client
) -> None:
    who = scope(physio.trust)
    new = actions.write_version(CODE, actions.Written("Your visit", BODY, "Shorter"), **who)
    actions.ask_for_approval(new.pk, **who)
    address = f"/outpatients/letters/texts/{new.pk}/"
    assert lead.post(f"{address}decide/", {"what": "back", "reason": ""}).status_code == 422
    lead.post(f"{address}decide/", {"what": "back", "reason": "Say where to park"})

    new.refresh_from_db()
    assert new.state == "draft"
    assert "Say where to park" in text(desk.get("/outpatients/letters/texts/"))


def test_a_preview_has_a_real_patient_and_the_check_beside_it_and_is_recorded(
    physio: Department, desk: Client
) -> None:
    letter = a_letter(physio)
    old = LetterText.objects.get(code=CODE)
    address = f"/outpatients/letters/texts/{old.pk}/preview/"
    seen = text(desk.get(address, {"number": letter.patient.number}))

    assert "10am on Tuesday 15 December 2026" in seen
    assert "reading age about" in seen
    looks = Action.objects.filter(verb="letters.look", subject=f"patient:{letter.patient_id}")
    assert looks.filter(detail__page="letter-preview").exists()
    nobody = desk.get(address, {"number": "C9999999"})
    assert nobody.status_code == 422
    assert "Nobody is known for such a letter" in text(nobody)


def test_a_preview_needs_no_letter_that_was_sent(physio: Department, desk: Client) -> None:
    patient = physio.patient(address="3 Elm Row")
    physio.booked(physio.session(FAR, slots=1).slots.get(), physio.entry(physio.referral(patient=patient)))
    old = LetterText.objects.get(code=CODE)
    seen = text(desk.get(f"/outpatients/letters/texts/{old.pk}/preview/", {"number": patient.number}))

    assert "10am on Tuesday 15 December 2026" in seen
    assert "3 Elm Row" in seen
    assert Letter.objects.count() == 0


@pytest.mark.parametrize(
    "address", ["/outpatients/outbox/", "/outpatients/letters/print/", "/outpatients/letters/texts/"]
)
def test_the_pages_are_for_those_who_may_read_letters(physio: Department, address: str) -> None:
    assert signed_in(somebody("desk", "receptionist", physio.trust)).get(address).status_code == 403
    assert signed_in(somebody("lead", "therapies_lead", physio.trust)).get(address).status_code == 200


def test_who_may_read_may_not_send(physio: Department, lead: Client) -> None:
    letter = a_letter(physio)

    assert lead.post("/outpatients/letters/print/").status_code == 403
    assert lead.post(page(letter), {"step": "withdraw", "reason": "x"}).status_code == 403


def test_a_letter_of_another_trust_is_not_found(physio: Department) -> None:
    letter = a_letter(physio)
    other = signed_in(somebody("stranger", "outpatient_coordinator", a_trust("other-valley")))

    assert other.get(page(letter)).status_code == 404
    assert other.get(f"{page(letter)}pdf/").status_code == 404


def test_the_outbox_asks_the_same_number_of_questions_however_full_it_is(
    physio: Department, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for days in range(6):
        a_letter(physio, FAR.replace(day=1 + days))
    with django_assert_max_num_queries(26):
        desk.get("/outpatients/outbox/")


def test_a_preview_is_addressed_to_whom_its_text_is_for(physio: Department, desk: Client) -> None:
    patient = a_patient(physio.trust)
    new = referrals.New(patient.pk, physio.service.pk, NOW.date(), source="03", sender="General practice")
    referrals.register(new, **scope(physio.trust))
    for code, greeting in (("patient", "Dear Ada Brown"), ("referrer", "Dear colleague")):
        row = LetterText.objects.get(code=f"acknowledgement.{code}.standard")
        seen = desk.get(f"/outpatients/letters/texts/{row.pk}/preview/", {"number": patient.number})
        assert greeting in text(seen)
