"""Letters: one for each event and recipient, in the right form and in time, or a person sees to it."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.outbox.models import Outgoing
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.letters import actions, queries
from clearway.desks.outpatients.letters.models import Letter, LetterText
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.outcomes.queries import notice_of
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.outcomes import Mistake, NextStep, Said
from clearway.domain.outpatients.words import Attended, CancelledBy, Outcome, RttStatus
from clearway.domain.shared.errors import CannotParse, NotAllowed
from tests.letters import POLICY, the_pack, with_letters, words_of, work
from tests.outpatients import a_patient, a_service
from tests.therapies import Department, a_department
from tests.trust import a_trust

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday; second class arrives on Wednesday 25
FAR = datetime(2026, 12, 15, 10, 0, tzinfo=UTC)
SOON = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
OFFICE, COLLEAGUE = Actor("opc", role="outpatient_coordinator"), Actor("junior")


@pytest.fixture
def physio(db: None) -> Department:
    trust = a_trust()
    with_letters(trust)
    return a_department(trust)


def who(physio: Department, at: datetime = NOW, by: Actor = OFFICE) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": by, "at": at}


def waits(physio: Department, **more: Any) -> Entry:
    """Somebody on the list about whom everything is known."""
    known = {"address": "1 High Street, Worcester", "postcode": "WR5 1DD", **more}
    sender = {"source": "03", "sender": "General practice"}
    return physio.entry(physio.referral(patient=physio.patient(**known), **sender), minutes=30)


def booked(physio: Department, starts_at: datetime = FAR, **more: Any) -> tuple[Entry, Appointment]:
    entry = waits(physio, **more)
    slot = physio.session(starts_at, slots=4).slots.order_by("id")[0]
    return entry, booking.book(slot.pk, entry.pk, **who(physio))


def letters(*kinds: str) -> list[Letter]:
    return list(queries.letters().filter(kind__in=kinds).order_by("id"))


def only(kind: str, audience: str = "patient") -> Letter:
    (letter,) = [each for each in letters(kind) if each.audience == audience]
    return letter


def state(letter: Letter) -> tuple[str, str]:
    row = Outgoing.objects.get(pk=letter.outgoing_id)
    return row.state, row.reason


def posted(physio: Department, at: datetime = NOW + timedelta(hours=1)) -> None:
    batch = actions.make_batch(**who(physio, at))
    assert batch is not None
    actions.mark_posted(batch.pk, at, **who(physio, at, COLLEAGUE))


# One letter for each event and recipient


def test_a_registered_referral_is_acknowledged_to_patient_and_referrer(physio: Department) -> None:
    patient = a_patient(physio.trust)
    new = referrals.New(patient.pk, physio.service.pk, NOW.date(), source="03", sender="General practice")
    referrals.register(new, **who(physio))
    work(NOW)

    to_patient, to_referrer = only("acknowledgement"), only("acknowledgement", "referrer")
    assert (to_patient.to_name, to_patient.to_address) == ("Ada Brown", "1 High Street\nWR5 1DD")
    assert "We got your referral on 20 November 2026" in words_of(to_patient)
    assert "Ada Brown, born 1 March 1970, NHS number" in words_of(to_referrer)
    assert to_referrer.to_name == "The referring general practice"
    assert [state(each)[0] for each in (to_patient, to_referrer)] == ["ready", "ready"]


def test_whoever_referred_themselves_gets_one_letter(physio: Department) -> None:
    patient = a_patient(physio.trust)
    new = referrals.New(
        patient.pk, physio.service.pk, NOW.date(), source="06", sender="Patient", route="self"
    )
    referrals.register(new, **who(physio))

    assert [each.audience for each in letters("acknowledgement")] == ["patient"]


def test_a_refused_referral_leaves_no_letter(physio: Department) -> None:
    patient = a_patient(physio.trust)
    with pytest.raises(NotAllowed):
        new = referrals.New(patient.pk, physio.service.pk, NOW.date() + timedelta(days=1))
        referrals.register(new, **who(physio))

    assert Letter.objects.count() == Outgoing.objects.count() == 0


def test_an_invitation_by_letter_names_the_day_by_which_to_ring(physio: Department) -> None:
    entry = waits(physio)
    invited = waiting.Attempt(entry.patient_id, "invitation", "letter", "Invited", entry_id=entry.pk)
    contact = waiting.contact(invited, **who(physio))
    work(NOW)

    assert contact.outcome == "queued"
    assert "Please ring by 4 December 2026" in words_of(only("invitation"))


def test_a_booking_is_confirmed_with_the_instructions_of_its_visit(physio: Department) -> None:
    physio.service.code = "MSK"
    physio.service.save()
    booked(physio)
    work(NOW)

    letter = only("confirmation")
    text = words_of(letter)
    assert "When: 10am on Tuesday 15 December 2026" in text
    assert "What to wear" in text
    assert "How the telephone visit works" not in text
    assert {each.code for each in letter.attached.all()} == {"bring", "wear"}
    assert letter.text is not None
    assert letter.text.code == "confirmation.patient.standard"


def test_a_visit_by_telephone_has_other_instructions_and_no_way_to_the_hospital(physio: Department) -> None:
    entry = waits(physio)
    Entry.objects.filter(pk=entry.pk).update(medium="02")
    slot = physio.session(FAR, slots=1, medium="02").slots.get()
    booking.book(slot.pk, entry.pk, **who(physio))
    work(NOW)

    text = words_of(only("confirmation"))
    assert "How: by telephone: we ring you" in text
    assert "Where: at home" in text
    assert "What to bring" not in text


def test_a_moved_appointment_brings_one_letter_that_names_both_times(physio: Department) -> None:
    _, made = booked(physio)
    work(NOW)
    later = physio.session(FAR + timedelta(days=1), slots=1).slots.get()
    booking.move(made.pk, later.pk, by_whom=CancelledBy.PATIENT, reason="patient_work", **who(physio))
    work(NOW + timedelta(minutes=1))

    text = words_of(only("change"))
    assert "Your appointment at 10am on Tuesday 15 December 2026 has moved" in text
    assert "When: 10am on Wednesday 16 December 2026" in text
    assert letters("cancellation") == []


@pytest.mark.promise("R20")
def test_a_confirmation_that_has_not_left_goes_nowhere_once_the_visit_is_cancelled(
    physio: Department,
) -> None:
    _, made = booked(physio)
    booking.cancel(made.pk, by_whom=CancelledBy.PROVIDER, reason="staff_sickness", **who(physio))
    work(NOW)

    assert state(only("confirmation"))[0] == "withdrawn"
    assert "We are sorry: we had to cancel it." in words_of(only("cancellation"))
    assert "You keep your place on our waiting list" in words_of(only("cancellation"))


def seen(physio: Department, made: Appointment, step: NextStep = NextStep.DISCHARGE) -> datetime:
    at = made.ends_at + timedelta(hours=1)
    said = Said(Attended.ON_TIME, Outcome.DISCHARGED, RttStatus.TREATED, step)
    (outcome,) = outcomes.cash_up([(made.pk, said)], **who(physio, at))
    assert outcome.is_saved, outcome.why
    return at


def test_a_discharge_is_told_to_patient_and_referrer_once(physio: Department) -> None:
    _, made = booked(physio)
    at = seen(physio, made)
    work(at)

    assert {each.audience for each in letters("discharge")} == {"patient", "referrer"}
    assert "Your last appointment with us was on 15 December 2026" in words_of(only("discharge"))
    assert "You referred the patient to" in words_of(only("discharge", "referrer"))


def test_a_discharge_that_is_taken_back_does_not_leave_and_said_anew_it_does(physio: Department) -> None:
    _, made = booked(physio)
    at = seen(physio, made)
    outcomes.take_back(made.pk, Mistake.SLIP, **who(physio, at + timedelta(seconds=5)))
    work(at + timedelta(minutes=1))
    first = {state(each)[0] for each in letters("discharge")}

    said = Said(Attended.ON_TIME, Outcome.DISCHARGED, RttStatus.TREATED, NextStep.DISCHARGE)
    outcomes.cash_up([(made.pk, said)], **who(physio, at + timedelta(minutes=2)))
    work(at + timedelta(minutes=3))

    assert first == {"withdrawn"}
    assert sorted(state(each)[0] for each in letters("discharge")) == ["ready"] * 2 + ["withdrawn"] * 2


def test_the_same_event_told_twice_brings_one_letter(physio: Department) -> None:
    from clearway.desks.outpatients.letters.wanted import want
    from clearway.domain.outpatients.letters import Kind

    entry = waits(physio)
    for _ in range(2):
        with transaction.atomic():
            want(
                Kind.CONFIRMATION,
                "appointment:7",
                patient_id=entry.patient_id,
                organisation_id=physio.trust.pk,
                at=NOW,
            )

    assert len(letters("confirmation")) == 1


# Looked at again


@pytest.mark.promise("R20")
def test_nothing_is_sent_to_somebody_who_has_died(physio: Department) -> None:
    entry, _ = booked(physio)
    patients.record_death(entry.patient_id, NOW.date(), **who(physio))
    work(NOW)

    assert {state(each)[0] for each in Letter.objects.all()} == {"withdrawn"}
    assert set(Contact.objects.values_list("outcome", flat=True)) == {"failed"}


def test_a_death_after_printing_takes_the_letter_out_of_the_pile(physio: Department) -> None:
    entry, _ = booked(physio)
    booked(physio, FAR + timedelta(days=1))
    work(NOW)
    batch = actions.make_batch(**who(physio))
    assert batch is not None
    patients.record_death(entry.patient_id, NOW.date(), **who(physio))

    with pytest.raises(actions.StillInside) as refusal:
        actions.mark_posted(batch.pk, NOW, **who(physio, by=COLLEAGUE))
    ((letter, why),) = refusal.value.letters
    assert (letter.patient_id, why) == (entry.patient_id, "The patient has died.")

    actions.mark_posted(batch.pk, NOW, taken_out=[letter.pk], **who(physio, by=COLLEAGUE))
    stood = {each.patient_id: state(each)[0] for each in letters("confirmation")}
    assert stood.pop(entry.patient_id) == "withdrawn"
    assert list(stood.values()) == ["sent"]


def test_a_letter_goes_to_the_address_that_holds_when_it_is_posted(physio: Department) -> None:
    entry, _ = booked(physio)
    work(NOW)
    batch = actions.make_batch(**who(physio))
    assert batch is not None
    patients.change(entry.patient_id, {"address": "9 New Road, Malvern"}, **who(physio))

    with pytest.raises(actions.StillInside) as refusal:
        actions.mark_posted(batch.pk, NOW, **who(physio))
    ((letter, why),) = refusal.value.letters
    assert "address has changed" in why
    actions.mark_posted(batch.pk, NOW, taken_out=[letter.pk], **who(physio))
    work(NOW)

    assert state(letter)[0] == "ready"
    letter.refresh_from_db()
    assert letter.to_address == "9 New Road\nMalvern\nWR5 1DD"


def test_a_safe_contact_flag_stops_letters_until_a_person_has_decided(physio: Department) -> None:
    entry, _ = booked(physio)
    patients.raise_flag(entry.patient_id, "safe_contact", "never write home", **who(physio))
    work(NOW)
    letter = only("confirmation")
    assert state(letter) == ("held", "unsafe")

    with pytest.raises(NotAllowed, match="reason"):
        actions.send_anyway(letter.pk, " ", **who(physio))
    actions.send_anyway(letter.pk, "The patient asked for this one, by telephone", **who(physio))
    work(NOW)

    assert state(letter)[0] == "ready"


def test_a_flag_raised_after_making_stops_the_letter_too(physio: Department) -> None:
    entry, _ = booked(physio)
    work(NOW)
    patients.raise_flag(entry.patient_id, "safe_contact", "never write home", **who(physio))
    work(NOW)

    assert state(only("confirmation")) == ("held", "unsafe")


def test_without_an_address_the_letter_waits_for_one_and_goes_on_by_itself(physio: Department) -> None:
    entry, _ = booked(physio, address="", phone="01905 000000")
    work(NOW)
    assert state(only("confirmation")) == ("held", "address")

    patients.change(entry.patient_id, {"address": "2 Low Street"}, **who(physio))
    work(NOW)

    assert state(only("confirmation"))[0] == "ready"


def test_of_a_child_the_parent_or_carer_is_written_to(physio: Department) -> None:
    entry, _ = booked(physio, born_on=date(2016, 5, 1))
    work(NOW)

    letter = only("confirmation")
    assert letter.to_name == f"The parent or carer of Pat {entry.patient.family_name}"
    assert Letter.objects.get(pk=letter.pk).content["greeting"].startswith("Dear the parent or carer of")


def test_a_letter_about_a_child_says_whom_it_calls_you_up_to_an_age(
    physio: Department,
) -> None:
    _, visit = booked(physio, born_on=date(2016, 5, 1))
    work(NOW)
    assert words_of(only("confirmation")).startswith("This letter is about Pat, the child you look after.")

    PolicyVersion.objects.filter(name="letters").update(values={**POLICY, "parent_until": 10})
    booking.cancel(visit.pk, by_whom=CancelledBy.PROVIDER, reason="staff_sickness", **who(physio))
    work(NOW)

    letter = only("cancellation")
    assert letter.to_name.startswith("Pat ")
    assert not words_of(letter).startswith("This letter is about")


@pytest.mark.parametrize(
    ("purpose", "says"),
    [
        ("reminder", "Please ring by 4 December 2026"),
        ("validation", "on our waiting list since 21 October 2026"),
    ],
)
def test_a_reminder_and_the_question_go_by_letter_and_count_once_they_have_left(
    physio: Department, purpose: str, says: str
) -> None:
    entry = waits(physio)
    asked = waiting.Attempt(entry.patient_id, purpose, "letter", "Asked", entry_id=entry.pk)
    made = waiting.contact(asked, **who(physio))
    assert made.outcome == "queued"

    work(NOW)
    letter = only(purpose)
    assert says in words_of(letter)
    posted(physio)

    made.refresh_from_db()
    assert made.outcome == "sent"


def test_who_is_booked_meanwhile_is_reminded_no_more(physio: Department) -> None:
    entry = waits(physio)
    asked = waiting.Attempt(entry.patient_id, "reminder", "letter", "Asked", entry_id=entry.pk)
    waiting.contact(asked, **who(physio))
    slot = physio.session(FAR, slots=4).slots.order_by("id")[0]
    booking.book(slot.pk, entry.pk, **who(physio))

    work(NOW)

    assert state(only("reminder"))[0] == "withdrawn"


@pytest.mark.parametrize(
    ("outcome", "says"),
    [("return", "We have sent it back"), ("advice", "We have sent advice"), ("self_management", "at home")],
)
def test_triage_without_an_appointment_is_told_to_patient_and_referrer(
    physio: Department, outcome: str, says: str
) -> None:
    patient = physio.patient(address="1 High Street, Worcester", postcode="WR5 1DD")
    row = physio.referral(patient=patient, state="triage", source="03", sender="General practice")

    referrals.triage(row.pk, referrals.Decision(outcome, reason="Send the X-ray report"), **who(physio))
    work(NOW)

    assert says in words_of(only("returned"))
    assert "X-ray" not in words_of(only("returned"))
    assert "Send the X-ray report" in words_of(only("returned", "referrer"))


@pytest.mark.parametrize(
    ("why", "says", "to_referrer"),
    [
        ("clinician", "A therapist has decided that you do not need", "A clinician decided"),
        ("no_longer_needed", "You told us that you do not need", "The patient told us"),
        ("declined", "You did not want the appointments", "The patient declined"),
        ("treated_elsewhere", "Another hospital or clinic treats you", "treated by another provider"),
        ("other_service", "Another service of ours sees you", "sent on to another service"),
    ],
)
def test_whoever_leaves_the_list_without_being_seen_is_told_and_so_is_the_referrer(
    physio: Department, why: str, says: str, to_referrer: str
) -> None:
    entry = waits(physio)

    referrals.leave_list(entry.pk, why, clinician="Robin Hale", **who(physio))
    work(NOW)

    assert says in words_of(only("returned"))
    assert to_referrer in words_of(only("returned", "referrer"))
    assert [state(each)[0] for each in letters("returned", "discharge")] == ["ready", "ready"]


@pytest.mark.parametrize("why", ["duplicate", "error", "died"])
def test_nobody_is_told_of_what_ended_nothing_for_the_patient(physio: Department, why: str) -> None:
    referrals.leave_list(waits(physio).pk, why, **who(physio))

    assert letters("returned", "discharge") == []


def test_a_follow_up_that_is_not_needed_ends_the_care_with_a_letter_unless_more_is_to_come(
    physio: Department,
) -> None:
    first = waits(physio)
    slot = physio.session(NOW - timedelta(days=9)).slots.order_by("id")[0]
    seen = physio.booked(slot, first, state="attended", attended="5", outcomed_at=NOW, outcomed_by="test")
    Entry.objects.filter(pk=first.pk).update(state="seen")
    one, two = (
        physio.entry(first.referral, kind="follow_up", outcome_of=seen, due_on=NOW.date() + timedelta(days))
        for days in (20, 40)
    )

    referrals.leave_list(one.pk, "no_longer_needed", **who(physio))
    assert letters("returned", "discharge") == []
    referrals.leave_list(two.pk, "no_longer_needed", **who(physio))
    work(NOW)

    words = words_of(only("discharge"))
    assert "You told us that you do not need" in words
    assert "Your last appointment with us was on 11 November 2026" in words
    assert "The last appointment was on 11 November 2026" in words_of(only("discharge", "referrer"))


def test_the_address_of_a_referrer_is_entered_once(physio: Department) -> None:
    entry = waits(physio)
    entry.referral.sender = "Dr Field"  # type: ignore[union-attr]
    entry.referral.save()  # type: ignore[union-attr]
    slot = physio.session(FAR, slots=1).slots.get()
    at = seen(physio, booking.book(slot.pk, entry.pk, **who(physio)))
    work(at)
    letter = only("discharge", "referrer")
    assert state(letter) == ("held", "referrer")

    assert actions.set_address(letter.pk, "Dr Field", "The Surgery, Mill Lane", **who(physio, at)) == 1
    work(at)

    letter.refresh_from_db()
    assert (state(letter)[0], letter.to_address) == ("ready", "The Surgery, Mill Lane")


# In time


def test_what_post_would_bring_too_late_is_rung_instead(physio: Department) -> None:
    entry, made = booked(physio, SOON)
    work(NOW)
    letter = only("confirmation")
    assert state(letter) == ("held", "late")
    assert letter.needed_on == SOON.date()

    actions.rung(letter.pk, "no_answer", "Nobody answered", **who(physio))
    assert state(letter) == ("held", "late")
    actions.rung(letter.pk, "answered", "Knows the day and time", **who(physio))

    assert state(letter)[0] == "withdrawn"
    told = notice_of(made)
    assert told is not None
    assert (told.channel, told.outcome) == ("phone", "answered")
    assert entry.patient_id == told.patient_id


def test_first_class_is_taken_where_second_is_too_slow(physio: Department) -> None:
    booked(physio, datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    work(NOW)

    letter = only("confirmation")
    assert (letter.post, letter.arrives_on) == ("first", date(2026, 11, 21))


def test_a_batch_that_lies_over_the_weekend_gives_back_what_is_too_late_by_then(physio: Department) -> None:
    booked(physio, datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    work(NOW)
    batch = actions.make_batch(**who(physio))
    assert batch is not None
    monday = NOW + timedelta(days=3)

    with pytest.raises(actions.StillInside) as refusal:
        actions.mark_posted(batch.pk, monday, **who(physio, monday))
    actions.mark_posted(batch.pk, monday, taken_out=[refusal.value.letters[0][0].pk], **who(physio, monday))

    assert state(only("confirmation")) == ("held", "late")


# Forms that people can read


def test_large_print_and_easy_read_are_made_by_recorded_need(physio: Department) -> None:
    large, _ = booked(physio)
    patients.add_need(large.patient_id, "format", "Large print", **who(physio))
    easy, _ = booked(physio, FAR + timedelta(days=1))
    patients.add_need(easy.patient_id, "format", "easy read", **who(physio))
    work(NOW)

    formats = {each.patient_id: each for each in letters("confirmation")}
    assert formats[large.patient_id].format == "large_print"
    assert formats[easy.patient_id].format == "easy_read"
    assert "You cannot come?" in words_of(formats[easy.patient_id])


def test_for_braille_no_print_is_made_and_a_person_has_it_made(physio: Department) -> None:
    entry, _ = booked(physio)
    patients.add_need(entry.patient_id, "format", "braille", **who(physio))
    work(NOW)
    letter = only("confirmation")
    assert state(letter) == ("held", "format")
    assert Letter.objects.get(pk=letter.pk).pdf is None

    actions.sent_otherwise(letter.pk, "Braille by the transcription service, order 12", **who(physio))

    assert state(letter)[0] == "sent"
    assert Outgoing.objects.get(pk=letter.outgoing_id).reference.startswith("by hand: Braille")


def test_a_passage_in_the_patients_language_is_added(physio: Department) -> None:
    entry, _ = booked(physio)
    patients.add_need(entry.patient_id, "interpreter", "Polish", **who(physio))
    work(NOW)

    letter = only("confirmation")
    assert letter.languages == ["pl"]
    assert "proszę zadzwonić: 01632 960100" in words_of(letter)


def test_a_language_without_a_passage_waits_for_a_person(physio: Department) -> None:
    entry, _ = booked(physio)
    patients.add_need(entry.patient_id, "interpreter", "Urdu", **who(physio))
    work(NOW)
    letter = only("confirmation")
    assert state(letter) == ("held", "language")
    assert "Urdu" in Outgoing.objects.get(pk=letter.outgoing_id).why

    actions.send_anyway(letter.pk, "Rung with an interpreter as well", **who(physio))
    work(NOW)

    assert state(letter)[0] == "ready"


# The copy that is kept


def test_the_copy_kept_is_what_was_posted_and_nobody_can_change_it(physio: Department) -> None:
    _, made = booked(physio)
    work(NOW)
    assert notice_of(made) is None
    posted(physio)

    letter = Letter.objects.get(pk=only("confirmation").pk)
    row = letter.outgoing
    assert (row.state, row.sent_at) == ("sent", NOW + timedelta(hours=1))
    assert hashlib.sha256(bytes(letter.pdf or b"")).hexdigest() == row.digest
    assert bytes(letter.pdf or b"").startswith(b"%PDF-1.7")
    told = notice_of(made)
    assert told is not None
    assert (told.digest, told.to) == (row.digest, "1 High Street, Worcester, WR5 1DD")
    for change in ({"pdf": b"x"}, {"to_address": "x"}, {"content": []}):
        with pytest.raises(IntegrityError, match="is kept as it was"), transaction.atomic():
            Letter.objects.filter(pk=letter.pk).update(**change)
    with pytest.raises(IntegrityError, match="is kept as it was"), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).delete()


def test_the_same_letter_made_twice_is_the_same_bytes(physio: Department) -> None:
    booked(physio)
    work(NOW)
    letter = only("confirmation")
    before = Outgoing.objects.get(pk=letter.outgoing_id).digest
    actions.try_again(letter.pk, **who(physio))
    work(NOW)

    assert Outgoing.objects.get(pk=letter.outgoing_id).digest == before


def test_a_letter_that_came_back_is_no_notice_and_its_address_is_not_used_again(physio: Department) -> None:
    entry, made = booked(physio)
    work(NOW)
    posted(physio)
    actions.came_back(only("confirmation").pk, "Gone away", **who(physio, NOW + timedelta(days=5)))

    assert notice_of(made) is None
    booking.cancel(
        made.pk, by_whom=CancelledBy.PROVIDER, reason="room", **who(physio, NOW + timedelta(days=5))
    )
    work(NOW + timedelta(days=5))
    assert state(only("cancellation")) == ("held", "returned")
    assert entry.patient_id == only("cancellation").patient_id


def test_a_batch_is_posted_once_at_a_time_that_can_be(physio: Department) -> None:
    booked(physio)
    work(NOW)
    batch = actions.make_batch(**who(physio))
    assert batch is not None
    assert actions.make_batch(**who(physio)) is None
    for wrong in (NOW + timedelta(hours=1), NOW - timedelta(hours=1)):
        with pytest.raises(NotAllowed):
            actions.mark_posted(batch.pk, wrong, **who(physio))
    actions.mark_posted(batch.pk, NOW, **who(physio))
    with pytest.raises(NotAllowed, match="marked it as posted"):
        actions.mark_posted(batch.pk, NOW, **who(physio))


def test_an_undone_batch_gives_its_letters_back(physio: Department) -> None:
    booked(physio)
    work(NOW)
    batch = actions.make_batch(**who(physio))
    assert batch is not None
    assert actions.undo_batch(batch.pk, **who(physio)) == 1

    assert [each.pk for each in queries.to_print(physio.trust.pk)] == [only("confirmation").pk]


# Texts


CODE = "confirmation.patient.standard"
AUTHOR, LEAD = Actor("opc", user_id=None), Actor("lead")


def write(physio: Department, body: str, by: Actor = AUTHOR) -> LetterText:
    written = actions.Written("Your visit", body, "Shorter, as the lead asked")
    return actions.write_version(CODE, written, **who(physio, by=by))


BODY = "Come {when}, {how}. Ring {office_phone}.\n\n{instructions}\n\n{language}\n"


def test_a_new_version_is_in_force_when_another_person_has_approved_it(physio: Department) -> None:
    row = write(physio, BODY)
    assert (row.version, row.state) == (2, "draft")
    with pytest.raises(NotAllowed, match="check it first"):
        actions.approve(row.pk, NOW.date(), **who(physio, by=LEAD))
    actions.ask_for_approval(row.pk, **who(physio, by=AUTHOR))
    with pytest.raises(NotAllowed, match="You wrote it"):
        actions.approve(row.pk, NOW.date(), **who(physio, by=AUTHOR))
    actions.approve(row.pk, NOW.date() + timedelta(days=1), **who(physio, by=LEAD))

    today = queries.letter_text(physio.trust.pk, "confirmation", "patient", "standard", NOW.date())
    tomorrow = queries.text_in_force(physio.trust.pk, CODE, NOW.date() + timedelta(days=1))
    assert today is not None
    assert tomorrow is not None
    assert (today.version, tomorrow.version) == (1, 2)


def test_an_approved_text_cannot_be_changed(physio: Department) -> None:
    with pytest.raises(IntegrityError, match="make a new version"), transaction.atomic():
        LetterText.objects.filter(code=CODE).update(body="x")


def test_a_text_that_cannot_be_is_not_saved(physio: Department) -> None:
    with pytest.raises(CannotParse, match="when"):
        write(physio, BODY.replace("{when}", "soon"))

    assert queries.versions(physio.trust.pk, CODE)[0].version == 1


def test_what_is_sent_back_is_a_draft_again_and_its_findings_are_kept(physio: Department) -> None:
    row = write(physio, BODY + "\nPlease attend prior to 9am.")
    assert len(row.findings) == 2
    actions.ask_for_approval(row.pk, **who(physio, by=AUTHOR))
    actions.send_back(row.pk, "Everyday words, please", **who(physio, by=LEAD))

    row.refresh_from_db()
    assert (row.state, row.note) == ("draft", "Sent back by lead: Everyday words, please")
    assert write(physio, BODY).pk == row.pk


def test_without_an_approved_text_the_letter_waits_and_says_whom_to_ask(physio: Department) -> None:
    other = a_department(a_trust("other-valley"), "OTHER")
    booked(other)
    work(NOW)

    letter = only("confirmation")
    assert state(letter) == ("held", "text")
    assert "clinical lead" in Outgoing.objects.get(pk=letter.outgoing_id).fix


def test_loading_the_same_pack_again_makes_no_version(physio: Department) -> None:
    from clearway.desks.outpatients.letters.loading import load_letters

    assert load_letters(the_pack(), organisation_id=physio.trust.pk, by=OFFICE, at=NOW) == 0


def test_a_letter_of_another_trust_is_not_there(physio: Department) -> None:
    booked(physio)
    other: Organisation = a_trust("other-valley")
    a_service(other)
    with pytest.raises(Letter.DoesNotExist):
        actions.withdraw(only("confirmation").pk, "not ours", organisation_id=other.pk, by=OFFICE, at=NOW)


# Tasks


def tasks(physio: Department, at: datetime) -> dict[str, tuple[str, str]]:
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return {row.subject: (row.role, row.suggestion) for row in rows}


def test_whom_a_letter_would_reach_too_late_is_a_task_until_reached(physio: Department) -> None:
    entry, _ = booked(physio, SOON)
    work(NOW)
    at = NOW + timedelta(minutes=5)

    assert tasks(physio, at)["letters:late"] == (
        "outpatient_coordinator",
        "Ring each of them: /outpatients/outbox/?held=late",
    )
    assert not Task.objects.filter(cause__contains=str(entry.patient)).exists()
    actions.rung(only("confirmation").pk, "answered", "Knows", **who(physio, at))
    assert "letters:late" not in tasks(physio, at)


def test_letters_that_nobody_posts_and_an_outbox_that_stands_still_are_tasks(physio: Department) -> None:
    booked(physio)
    work(NOW)
    booked(physio, FAR + timedelta(days=1))

    assert not {"letters:unposted", "outbox:stuck"} & tasks(physio, NOW + timedelta(minutes=5)).keys()
    assert {"letters:unposted", "outbox:stuck"} <= tasks(physio, NOW + timedelta(days=1)).keys()


def test_the_clinical_lead_is_asked_for_a_text_that_nobody_approved(physio: Department) -> None:
    other = a_department(a_trust("other-valley"), "OTHER")
    booked(other)
    work(NOW)

    assert tasks(other, NOW + timedelta(minutes=5))["letters:text"][0] == "therapies_lead"
