"""A freed seat: who is asked, what they say, who has it, and that it ends once."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import policy, rules, situation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking import queries as appointments
from clearway.desks.outpatients.booking.models import Appointment, Offer
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.clocks.models import ClockEvent
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.recycling import actions, queries
from clearway.desks.outpatients.recycling.models import FreedSlot, SlotOffer
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.recycling import RecyclingPolicy, Said
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.outpatients.offers import Record
from clearway.engine.outpatients.recycling import with_words
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, set_policy, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
SOON = NINE + timedelta(days=8)
POLICY = RecyclingPolicy()


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, at: Any = NINE) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": at}


def waiting(physio: Department, **more: Any) -> Entry:
    entry = physio.entry(**{"minutes": 30, **more})
    entry.patient.mobile = "07700 900000"
    entry.patient.save(update_fields=["mobile"])
    return entry


def slots(physio: Department, starts_at: datetime = SOON, count: int = 4, **more: Any) -> list[Slot]:
    return list(physio.session(starts_at, count, **more).slots.order_by("pk"))


def give_back(physio: Department, slot: Slot, at: datetime = NINE) -> FreedSlot:
    """Somebody is booked into a slot and cancels."""
    made = booking.book(slot.pk, waiting(physio).pk, **who(physio, at))
    booking.cancel(made.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who(physio, at))
    return FreedSlot.objects.get(appointment=made)


def asked(physio: Department, freed: FreedSlot) -> list[SlotOffer]:
    return actions.ask(freed.pk, **who(physio))


def test_a_cancelled_appointment_leaves_a_freed_seat_with_its_notice(physio: Department) -> None:
    (slot, *_) = slots(physio)

    freed = give_back(physio, slot)

    assert (freed.slot_id, freed.seat, freed.state, freed.how) == (slot.pk, 1, "open", "patient")
    assert freed.notice == 8 * 24


def test_a_seat_of_a_clinic_that_does_not_take_place_is_not_freed(physio: Department) -> None:
    (slot, *_) = slots(physio)
    made = booking.book(slot.pk, waiting(physio).pk, **who(physio))
    clinics.freeze(slot.session_id, "Ill", **who(physio))

    booking.cancel(made.pk, by_whom=CancelledBy.PROVIDER, reason="staff_sickness", **who(physio))

    assert not FreedSlot.objects.exists()


def test_the_first_of_the_list_is_asked_and_the_one_who_gave_it_back_is_not(physio: Department) -> None:
    (slot, *_) = slots(physio)
    routine, urgent = waiting(physio), waiting(physio, priority="2")
    freed = give_back(physio, slot)

    found = queries.suited(freed, POLICY, NINE)

    assert [each.entry for each in found.ranked.chosen] == [urgent.pk, routine.pk]
    assert [(each.entry, each.code) for each in found.ranked.left_out] == [
        (freed.appointment.entry_id, "asked")
    ]


def test_who_cannot_be_rung_is_not_asked(physio: Department) -> None:
    (slot, *_) = slots(physio)
    unknown = physio.entry(minutes=30)

    found = queries.suited(give_back(physio, slot), POLICY, NINE)

    assert (unknown.pk, "reach") in [(each.entry, each.code) for each in found.ranked.left_out]


def test_a_seat_is_kept_for_those_who_are_asked_and_for_nobody_else(physio: Department) -> None:
    (slot, *_) = slots(physio)
    first, other = waiting(physio), waiting(physio)
    freed = give_back(physio, slot)
    asked(physio, freed)

    assert slot.pk not in [each.slot for each in appointments.suitable(other.pk, physio.trust.pk, NINE).best]
    with pytest.raises(booking.SlotGone):
        booking.book(slot.pk, other.pk, **who(physio))

    assert booking.book(slot.pk, first.pk, **who(physio)).seat == freed.seat


def test_the_first_yes_is_booked_and_the_others_are_thanked_and_keep_their_place(physio: Department) -> None:
    (slot, *_) = slots(
        physio, NINE + timedelta(minutes=POLICY.latest_minutes + 15)
    )  # too soon for one by one
    entries = [waiting(physio) for _ in range(3)]
    Patient.objects.update(notice_hours=1)
    freed = give_back(physio, slot)
    first, second, third = asked(physio, freed)
    actions.answer(second.pk, Said.LATER, **who(physio))

    made = actions.answer(third.pk, Said.YES, **who(physio, NINE + timedelta(minutes=2)))

    assert made is not None and (made.entry_id, made.slot_id) == (third.entry_id, slot.pk)
    freed.refresh_from_db()
    assert (freed.state, freed.filled_by_id) == ("filled", made.pk)
    states = dict(SlotOffer.objects.values_list("pk", "state"))
    assert states == {first.pk: "thanked", second.pk: "thanked", third.pk: "accepted"}
    assert [each.pk for each in queries.to_thank(physio.trust.pk)] == [second.pk]
    assert Entry.objects.filter(pk__in=[each.pk for each in entries], state="waiting").count() == 2
    with pytest.raises(NotAllowed, match="first"):
        actions.answer(first.pk, Said.YES, **who(physio))


def test_a_no_is_an_offer_declined_on_the_clock_and_the_next_is_asked(physio: Department) -> None:
    (slot, *_) = slots(physio)
    first, second = waiting(physio), waiting(physio)
    freed = give_back(physio, slot)
    (offer,) = asked(physio, freed)
    assert offer.entry_id == first.pk

    actions.answer(offer.pk, Said.NO, **who(physio))

    assert Offer.objects.filter(entry=first, answer="declined", offered_for=SOON.date()).exists()
    assert (
        ClockEvent.objects.filter(pathway=first.pathway_id, kind="offer_declined").exists()
        or not first.pathway_id
    )
    assert [each.entry_id for each in asked(physio, freed)] == [second.pk]


def test_no_answer_leaves_the_offer_out_and_counts_the_attempt(physio: Department) -> None:
    (slot, *_) = slots(physio)
    waiting(physio)
    freed = give_back(physio, slot)
    (offer,) = asked(physio, freed)

    actions.answer(offer.pk, Said.NOBODY, **who(physio))

    offer.refresh_from_db()
    assert (offer.state, offer.tries) == ("out", 1)
    assert Contact.objects.get(entry=offer.entry, purpose="offer").outcome == "no_answer"


def test_a_booked_patient_comes_earlier_and_the_seat_they_leave_is_freed_in_turn(physio: Department) -> None:
    late = slots(physio, NINE + timedelta(days=60))[0]
    (slot, *_) = slots(physio)
    booked = waiting(physio)
    before = booking.book(late.pk, booked.pk, **who(physio))
    freed = give_back(physio, slot)
    Entry.objects.exclude(pk=booked.pk).update(state="removed", why="other")
    (offer,) = asked(physio, freed)

    made = actions.answer(offer.pk, Said.YES, **who(physio))

    assert made is not None and made.starts_at == SOON
    before.refresh_from_db()
    assert (before.state, before.moved_to_id, before.cancel_reason) == ("cancelled", made.pk, "earlier_date")
    next_one = FreedSlot.objects.get(appointment=before)
    assert (next_one.after_id, next_one.how, next_one.state) == (freed.pk, "moved", "open")


def test_no_seat_is_kept_by_offers_that_are_over_while_no_worker_runs(physio: Department) -> None:
    """The worker was killed: nobody has ended the offers, and their time is over."""
    (slot, *_) = slots(physio, count=1)
    waiting(physio), waiting(physio)
    freed = give_back(physio, slot)
    over = max(each.expires_at for each in asked(physio, freed))
    another = waiting(physio)
    keys = appointments.suitable(another.pk, physio.trust.pk, over).best
    assert slot.pk in {each.slot for each in keys}

    again = actions.ask(freed.pk, **who(physio, over))  # the next are asked
    later = max(each.expires_at for each in again)
    made = booking.book(slot.pk, another.pk, **who(physio, later))

    freed.refresh_from_db()
    assert (freed.state, freed.filled_by_id) == ("filled", made.pk)


def test_offers_end_with_their_time_and_the_seat_is_anybodys_again(physio: Department) -> None:
    (slot, *_) = slots(physio)
    waiting(physio)
    other = waiting(physio)
    freed = give_back(physio, slot)
    (offer,) = asked(physio, freed)
    later = offer.expires_at

    actions.tend(**who(physio, later))

    offer.refresh_from_db()
    assert offer.state == "no_answer"
    with pytest.raises(NotAllowed):
        actions.answer(offer.pk, Said.YES, **who(physio, later))
    made = booking.book(slot.pk, other.pk, **who(physio, later))
    freed.refresh_from_db()
    assert (freed.state, freed.filled_by_id) == ("filled", made.pk)


def test_a_freed_seat_ends_when_its_clinic_does_not_take_place_or_its_time_is_over(
    physio: Department,
) -> None:
    first, second, *_ = slots(physio)
    frozen = slots(physio, SOON + timedelta(days=1))[0]
    rows = [give_back(physio, each) for each in (first, second, frozen)]
    booking.book(second.pk, waiting(physio).pk, **who(physio))
    clinics.freeze(frozen.session_id, "Ill", **who(physio))

    actions.tend(**who(physio))
    actions.tend(**who(physio, first.starts_at - timedelta(minutes=POLICY.latest_minutes)))
    assert [FreedSlot.objects.get(pk=row.pk).state for row in rows] == ["expired", "filled", "open"]
    actions.tend(**who(physio, frozen.starts_at - timedelta(minutes=POLICY.latest_minutes)))

    assert [FreedSlot.objects.get(pk=row.pk).state for row in rows] == ["expired", "filled", "withdrawn"]


@pytest.mark.parametrize("closed_by", ["freeze", "fault"])
def test_a_seat_given_up_while_its_clinic_was_closed_is_offered_once_it_is_open(
    physio: Department, closed_by: str
) -> None:
    """The therapist is ill, one patient had cancelled and another rings off; then she is well again."""
    set_policy(physio.trust, "recycling", {"mode": "automatic"})
    first, second, *_ = slots(physio)
    rung_off = booking.book(second.pk, waiting(physio).pk, **who(physio))
    before = give_back(physio, first)
    Entry.objects.filter(state="waiting").update(state="removed", why="other")
    for _ in range(2):
        waiting(physio)
    if closed_by == "freeze":
        clinics.freeze(first.session_id, "Ill", **who(physio))
    else:
        place = clinics.Place(room=first.session.room_id)
        clinics.block(place, "No power", first.starts_at.date(), **who(physio))
    booking.cancel(rung_off.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who(physio))
    assert actions.tend(**who(physio)) == 0
    assert not SlotOffer.objects.exists() and not FreedSlot.objects.filter(appointment=rung_off).exists()

    later = NINE + timedelta(hours=1)
    if closed_by == "freeze":
        clinics.unfreeze(first.session_id, **who(physio, later))
    else:
        clinics.free(place, "No power", **who(physio, later))
    assert actions.tend(**who(physio, later)) == 2
    assert actions.tend(**who(physio, later)) == 0

    before.refresh_from_db()
    again = FreedSlot.objects.get(appointment=rung_off)
    assert (before.state, again.state, again.how, again.freed_at) == ("open", "open", "patient", later)
    assert {each.freed_id for each in SlotOffer.objects.filter(state="out")} == {before.pk, again.pk}


def test_a_second_record_is_no_way_around_the_limits(physio: Department) -> None:
    """One person, two records, both on the list: one offer at a time, and none of the slot they gave back."""
    first, second, *_ = slots(physio)
    one, other = waiting(physio), waiting(physio)
    patients.merge(other.patient_id, one.patient_id, "the same passport", **who(physio))
    rows = [give_back(physio, each) for each in (first, second)]
    Entry.objects.exclude(pk__in=[one.pk, other.pk]).update(state="removed", why="other")
    (offer, *more) = asked(physio, rows[0])

    assert more == []
    with pytest.raises(NotAllowed, match="Nobody on this list"):
        asked(physio, rows[1])

    actions.answer(offer.pk, Said.NO, **who(physio))
    with pytest.raises(NotAllowed, match="Nobody on this list"):  # they were asked about this one
        asked(physio, rows[0])


def test_who_was_booked_sooner_meanwhile_is_not_moved_to_the_later_slot(physio: Department) -> None:
    """An offer is out, and a colleague books the same patient into something sooner on another line."""
    sooner, later = slots(physio, SOON - timedelta(days=2))[0], slots(physio)[0]
    only = waiting(physio)
    freed = give_back(physio, later)
    Entry.objects.exclude(pk=only.pk).update(state="removed", why="other")
    (offer,) = asked(physio, freed)
    made = booking.book(sooner.pk, only.pk, **who(physio))

    with pytest.raises(NotAllowed, match="no later than this slot"):
        actions.answer(offer.pk, Said.YES, **who(physio))
    actions.tend(**who(physio))

    made.refresh_from_db()
    offer.refresh_from_db()
    assert (made.state, offer.state) == ("booked", "withdrawn")


def test_nobody_is_asked_to_thank_a_patient_who_died(physio: Department) -> None:
    (slot, *_) = slots(physio)
    first, second = waiting(physio), waiting(physio)
    freed = give_back(physio, slot)
    Entry.objects.exclude(pk__in=[first.pk, second.pk]).update(state="removed", why="other")
    offers = asked(physio, freed)
    if len(offers) < 2:
        offers += [SlotOffer.objects.create(**_like(offers[0], second))]
    actions.answer(offers[1].pk, Said.LATER, **who(physio))
    actions.answer(offers[0].pk, Said.YES, **who(physio))
    assert len(queries.to_thank(physio.trust.pk)) == 1

    patients.record_death(second.patient_id, TODAY, **who(physio))

    assert queries.to_thank(physio.trust.pk) == []


def _like(offer: SlotOffer, entry: Entry) -> dict[str, Any]:
    names = ("organisation_id", "freed_id", "channel", "made_at", "made_by", "expires_at")
    return {
        **{name: getattr(offer, name) for name in names},
        "entry": entry,
        "patient": entry.patient,
        "place": 2,
    }


def test_nothing_is_asked_by_itself_unless_the_policy_says_so(physio: Department) -> None:
    (slot, *_) = slots(physio)
    waiting(physio)
    freed = give_back(physio, slot)

    assert actions.tend(**who(physio)) == 0
    set_policy(physio.trust, "recycling", {"mode": "automatic"})
    assert actions.tend(**who(physio)) == 1
    assert actions.tend(**who(physio)) == 0
    assert freed.offers.get().made_by == WHO.name


def test_a_first_slot_of_the_coming_days_is_offered_to_the_urgent_and_to_anybody_at_last(
    physio: Department,
) -> None:
    values = {"mode": "automatic", "urgent_days": 10, "urgent_hours": 24, "notice_hours": 12}
    set_policy(physio.trust, "recycling", values)
    (slot, *_) = slots(physio)
    routine = waiting(physio)
    freed = give_back(physio, slot)
    Entry.objects.exclude(pk=routine.pk).update(state="removed", why="other")
    held = policy.recycling(physio.trust.pk, NINE)
    assert actions.tend(**who(physio)) == 0
    assert [each.code for each in queries.suited(freed, held, NINE).ranked.left_out] == ["urgent"]

    urgent = waiting(physio, priority="2")
    assert actions.tend(**who(physio)) == 1
    offer = SlotOffer.objects.get(state="out")
    assert offer.entry_id == urgent.pk
    actions.answer(offer.pk, Said.NO, **who(physio))
    assert actions.tend(**who(physio)) == 0

    assert actions.tend(**who(physio, slot.starts_at - timedelta(hours=24))) == 1
    assert SlotOffer.objects.get(state="out").entry_id == routine.pk


def test_nobody_is_asked_by_itself_at_night(physio: Department) -> None:
    (slot, *_) = slots(physio)
    waiting(physio)
    give_back(physio, slot)
    set_policy(physio.trust, "recycling", {"mode": "automatic"})

    assert actions.tend(**who(physio, NINE.replace(hour=22))) == 0


def test_a_patient_has_one_offer_out_at_a_time_though_two_seats_are_free(physio: Department) -> None:
    first, second, *_ = slots(physio)
    only = waiting(physio)
    rows = [give_back(physio, each) for each in (first, second)]
    Entry.objects.exclude(pk=only.pk).update(state="removed", why="other")
    asked(physio, rows[0])

    with pytest.raises(NotAllowed, match="Nobody on this list"):
        asked(physio, rows[1])


def test_a_seat_that_somebody_holds_is_not_asked_about(physio: Department) -> None:
    (slot, *_) = slots(physio)
    holder = waiting(physio)
    waiting(physio)
    freed = give_back(physio, slot)
    booking.hold(slot.pk, holder.pk, **who(physio))

    with pytest.raises(NotAllowed, match="holds it"):
        asked(physio, freed)


def test_the_fill_rate_is_by_notice_gross_and_net(physio: Department) -> None:
    first, second, *_ = slots(physio)
    for slot in (first, second):
        give_back(physio, slot)
    made = booking.book(first.pk, waiting(physio).pk, **who(physio))
    Appointment.objects.filter(pk=made.pk).update(state="attended", attended="5", outcomed_at=SOON)

    found = queries.fill(physio.trust.pk, NINE - timedelta(days=1), NINE + timedelta(days=1))

    week = next(each for each in found if each.band.name == "more than 7 days")
    assert (week.freed, week.filled, week.kept, week.undecided) == (2, 1, 1, 1)
    assert sum(each.freed for each in found) == 2


def test_a_freed_seat_asks_for_somebody_to_be_asked_and_a_call_to_be_made(physio: Department) -> None:
    (slot, *_) = slots(physio)
    waiting(physio)
    freed = give_back(physio, slot)

    def titles() -> list[str]:
        rules.run(physio.trust.pk, situation.read(physio.trust.pk, NINE), NINE)
        rows = Task.objects.filter(
            organisation=physio.trust, subject__startswith="freed:", closed_at__isnull=True
        )
        return [row.title for row in rows]

    assert titles() == ["1 freed slot nobody is asked about"]
    asked(physio, freed)
    assert titles() == ["1 patient to ring about freed slots"]


# The pages


@pytest.fixture
def desk(physio: Department, monkeypatch: pytest.MonkeyPatch) -> Client:
    class At(type(NINE)):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return NINE

    monkeypatch.setattr("clearway.core.people.middleware.datetime", At)
    return signed_in(somebody("coordinator", "outpatient_coordinator", physio.trust))


def test_the_page_says_whom_to_ask_and_one_press_puts_the_calls_into_the_queue(
    physio: Department, desk: Client
) -> None:
    (slot, *_) = slots(physio)
    entry = waiting(physio)
    freed = give_back(physio, slot)

    page = desk.get(f"/outpatients/freed/{freed.pk}/").content.decode()
    assert "Ask the first, with" in page and str(entry.patient) in page

    sent = desk.post(f"/outpatients/freed/{freed.pk}/", {"what": "ask"}, follow=True).content.decode()
    assert "1 call put into the queue" in sent and "07700 900000" in sent

    offer = SlotOffer.objects.get()
    wrong = desk.post(f"/outpatients/freed/offers/{offer.pk}/", {"key": "q"}, follow=True)
    assert "is no key" in wrong.content.decode() and not Appointment.objects.filter(state="booked").exists()
    assert wrong.request["PATH_INFO"] == "/outpatients/freed/"  # an address that can be read again
    said = desk.post(f"/outpatients/freed/offers/{offer.pk}/", {"key": "y"}, follow=True).content.decode()
    assert "Booked. A confirmation is written." in said
    assert Appointment.objects.get(state="booked").entry_id == entry.pk
    late = desk.post(f"/outpatients/freed/offers/{offer.pk}/", {"key": "y"}, follow=True)
    assert "Somebody else was first" in late.content.decode() and Appointment.objects.count() == 2


def test_withdrawing_asks_why_and_the_figures_take_a_period(physio: Department, desk: Client) -> None:
    (slot, *_) = slots(physio)
    freed = give_back(physio, slot)

    refused = desk.post(f"/outpatients/freed/{freed.pk}/", {"what": "withdraw", "why": ""})
    assert refused.status_code == 422 and "Say why" in refused.content.decode()
    desk.post(f"/outpatients/freed/{freed.pk}/", {"what": "withdraw", "why": "Kept for an urgent patient"})
    freed.refresh_from_db()
    assert (freed.state, freed.why) == ("withdrawn", "Kept for an urgent patient")

    assert "More than 7 days" in desk.get("/outpatients/freed/figures/").content.decode()
    assert desk.get("/outpatients/freed/figures/", {"since": "soon"}).status_code == 422
    assert desk.get("/outpatients/freed/99999/").status_code == 404


def test_who_has_no_right_to_book_sees_whom_to_ask_and_no_button(physio: Department, desk: Client) -> None:
    (slot, *_) = slots(physio)
    waiting(physio)
    freed = give_back(physio, slot)
    reader = signed_in(somebody("reader", "clinician", physio.trust))

    address = f"/outpatients/freed/{freed.pk}/"

    page = reader.get(address)

    assert page.status_code == 200 and b"Whom to ask" in page.content
    assert b"into the queue" not in page.content
    assert b"into the queue" in desk.get(address).content
    assert reader.post(address, {"what": "ask"}).status_code == 403


@pytest.mark.parametrize("soon", [False, True])
def test_who_is_asked_first_are_those_whom_the_whole_list_would_give(physio: Department, soon: bool) -> None:
    """Every combination of what the database leaves out by itself, and a merged record among them."""
    (slot, *_) = slots(physio, NINE + timedelta(hours=30) if soon else SOON)
    site = physio.site.code
    mine = waiting(physio)
    on = slot.starts_at.isoweekday()
    one_way = product(([], [site], ["ELSE"]), ([], [on], [7]), (None, 24, 48))
    other_way = product(([], ["hands"]), ("01", "02"), (30, 45))
    for number, ((sites, days, notice), (skills, medium, minutes)) in enumerate(product(one_way, other_way)):
        if number % 7 and number % 8:  # some of each, and all who want what the slot is
            continue
        entry = waiting(physio, skills=skills, medium=medium, minutes=minutes)
        Patient.objects.filter(pk=entry.patient_id).update(sites=sites, days=days, notice_hours=notice)
    Patient.objects.filter(pk=mine.patient_id).update(merged_into=waiting(physio).patient, sites=["ELSE"])
    freed = give_back(physio, slot)

    found = queries.asked_first(freed, POLICY, NINE)
    first = with_words(found.slot, found.chosen, NINE)
    whole = queries.suited(freed, POLICY, NINE).ranked.chosen

    assert len(first) > 1
    assert first == whole


def test_a_list_read_in_small_parts_gives_whom_the_whole_list_would_give(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Priorities, treat-by dates or none, dates in time and too late, and offers that are out."""
    (slot, *_) = slots(physio)
    later = slots(physio, NINE + timedelta(days=40), 12) + slots(physio, NINE + timedelta(days=200), 12)
    freed = give_back(physio, slot)
    for number in range(60):
        received = TODAY - timedelta(days=(37 * number) % 120)
        entry = waiting(
            physio, referral=physio.referral(received_on=received), priority="2" if number % 9 == 0 else "1"
        )
        if number % 5 == 0:
            Entry.objects.filter(pk=entry.pk).update(pathway=None, latest_on=None)
            Entry.objects.get(pk=entry.pk).save()
        if number % 3 == 0:
            physio.booked(later.pop(number % 2 - 1), entry)
        if number % 11 == 0:
            an_offer(freed, entry, NINE, NINE + timedelta(hours=1))
    monkeypatch.setattr(queries, "MOST_CHOSEN", 7)
    whole = queries.suited(freed, POLICY, NINE).ranked.chosen

    monkeypatch.setattr(queries, "FEW", 3)
    found = queries.asked_first(freed, POLICY, NINE)

    assert len(found.patients) < 40
    assert with_words(found.slot, found.chosen, NINE) == whole


def an_offer(freed: FreedSlot, entry: Entry, made_at: datetime, until: datetime, **more: Any) -> SlotOffer:
    return SlotOffer.objects.create(
        organisation_id=freed.organisation_id,
        freed=freed,
        entry=entry,
        patient=entry.patient,
        place=1,
        channel="phone",
        made_at=made_at,
        made_by="test",
        expires_at=until,
        **more,
    )


def test_what_is_learned_of_answers_counts_the_minutes_in_which_patients_are_asked(
    physio: Department,
) -> None:
    (slot, *_) = slots(physio)
    freed = give_back(physio, slot)
    evening = NINE - timedelta(days=2, hours=-10, minutes=-30)  # half past seven
    ends = (timedelta(minutes=20), timedelta(hours=14), timedelta(hours=13, minutes=30))
    for state, after in zip(("accepted", "declined", "no_answer"), ends, strict=True):
        until = evening + timedelta(hours=15)
        an_offer(freed, waiting(physio), evening, until, state=state, ended_at=evening + after)

    seen = queries.records(physio.trust.pk, POLICY, NINE)["phone"]

    asked_within = sum(POLICY.minutes_to_ask(evening, evening + after) for after in ends)
    assert seen == Record(asked=3, accepted=1, answered=2, open_minutes=asked_within)
    assert asked_within == 20 + (30 + 90) + (30 + 60)


def test_an_answer_of_today_is_learned_from_tomorrow(physio: Department) -> None:
    (slot, *_) = slots(physio)
    freed = give_back(physio, slot)
    an_offer(freed, waiting(physio), NINE, SOON, state="declined", ended_at=NINE + timedelta(minutes=5))

    later = [queries.records(physio.trust.pk, POLICY, NINE + timedelta(hours=more)) for more in (1, 24)]

    assert later == [{}, {"phone": Record(asked=1, accepted=0, answered=1, open_minutes=5.0)}]


def test_a_follow_up_is_not_offered_weeks_before_it_is_due(physio: Department) -> None:
    (slot, *_) = slots(physio, kind="follow_up")
    made = booking.book(slot.pk, waiting(physio, kind="follow_up").pk, **who(physio))
    booking.cancel(made.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who(physio))
    freed = FreedSlot.objects.get(appointment=made)
    due = waiting(physio, kind="follow_up", due_on=SOON.date() + timedelta(days=POLICY.early_days))
    early = waiting(physio, kind="follow_up", due_on=SOON.date() + timedelta(days=POLICY.early_days + 1))

    found = queries.suited(freed, POLICY, NINE)

    assert [each.entry for each in found.ranked.chosen] == [due.pk]
    assert (early.pk, "early") in [(each.entry, each.code) for each in found.ranked.left_out]
    assert [who.entry for who in queries.asked_first(freed, POLICY, NINE).chosen] == [due.pk]


def test_those_who_cannot_be_asked_are_not_read(physio: Department) -> None:
    (slot, *_) = slots(physio)
    for _ in range(5):
        waiting(physio, medium="02")
    freed = give_back(physio, slot)
    only = waiting(physio)

    found = queries.asked_first(freed, POLICY, NINE)

    assert set(found.patients) == {only.pk, freed.appointment.entry_id}
    assert [each.entry for each in found.chosen] == [only.pk]


def test_who_has_a_need_is_asked_with_the_need_in_words(physio: Department) -> None:
    (slot, *_) = slots(physio)
    freed = give_back(physio, slot)
    entry = waiting(physio)
    patients.add_need(entry.patient_id, "interpreter", "Polish", **who(physio))

    (first,) = queries.asked_first(freed, POLICY, NINE).chosen
    (offer,) = asked(physio, freed)

    assert first.wanted.needs == (("Interpreter", "Polish"),)
    assert offer.entry_id == entry.pk
