"""Holding, booking, moving and cancelling: what each leaves behind, and every refusal."""

from datetime import timedelta
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.desks.outpatients.booking import actions, queries
from clearway.desks.outpatients.booking.models import Appointment, Offer
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Equipment, Room, Session, Slot
from clearway.desks.outpatients.clocks.models import ClockEvent
from clearway.desks.outpatients.patients.models import Need, Patient
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import duties
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, set_policy

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
PATIENT, PROVIDER = CancelledBy.PATIENT, CancelledBy.PROVIDER
LATER = NINE + timedelta(days=30)


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, at: Any = NINE) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": at}


def waiting(physio: Department, **more: Any) -> Entry:
    return physio.entry(**{"minutes": 30, **more})


def slots(physio: Department, starts_at: Any = LATER, **more: Any) -> list[Slot]:
    return list(physio.session(starts_at, **more).slots.order_by("pk"))


def test_a_booking_is_an_appointment_an_accepted_offer_a_confirmation_and_an_audit_row(
    physio: Department,
) -> None:
    (slot, *_), entry = slots(physio), waiting(physio)

    made = actions.book(slot.pk, entry.pk, **who(physio))

    entry.refresh_from_db()
    assert (made.state, made.seat, entry.state) == ("booked", 1, "booked")
    assert (made.starts_at, made.patient_id) == (slot.starts_at, entry.patient_id)
    offer, contact = Offer.objects.get(), Contact.objects.get()
    assert (offer.answer, offer.offered_for) == ("accepted", LATER.date())
    assert (contact.purpose, contact.appointment_id) == ("confirmation", made.pk)
    assert Action.objects.get(verb="booking.book").subject == f"appointment:{made.pk}"


def test_who_comes_second_gets_the_next_free_slots_and_nothing_of_theirs_is_saved(physio: Department) -> None:
    (slot, following, *_), first, second = slots(physio), waiting(physio), waiting(physio)
    actions.book(slot.pk, first.pk, **who(physio))

    with pytest.raises(actions.SlotGone) as refused:
        actions.book(slot.pk, second.pk, **who(physio))

    second.refresh_from_db()
    assert refused.value.alternatives[0].slot == following.pk
    assert "Somebody else has this slot now. Next free: Sun 20 Dec 2026, 09:30" in refused.value.why
    assert second.state == "waiting"
    assert Appointment.objects.count() == Offer.objects.count() == 1


def test_a_group_is_filled_seat_by_seat_and_no_further(physio: Department) -> None:
    (slot, *_) = slots(physio, kind="group", seats=3)
    entries = [waiting(physio, kind="group") for _ in range(4)]

    seats = [actions.book(slot.pk, entry.pk, **who(physio)).seat for entry in entries[:3]]

    assert seats == [1, 2, 3]
    with pytest.raises(actions.SlotGone):
        actions.book(slot.pk, entries[3].pk, **who(physio))


def test_a_cancelled_seat_is_given_again(physio: Department) -> None:
    (slot, *_) = slots(physio, kind="group", seats=2)
    first, second, third = (waiting(physio, kind="group") for _ in range(3))
    made = actions.book(slot.pk, first.pk, **who(physio))
    actions.book(slot.pk, second.pk, **who(physio))
    actions.cancel(made.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))

    assert actions.book(slot.pk, third.pk, **who(physio)).seat == 1


def test_a_hold_keeps_the_seat_until_its_time_and_not_longer(physio: Department) -> None:
    (slot, *_), first, second = slots(physio), waiting(physio), waiting(physio)
    held = actions.hold(slot.pk, first.pk, **who(physio))
    assert held.held_until == NINE + timedelta(minutes=20)

    with pytest.raises(actions.SlotGone):
        actions.book(slot.pk, second.pk, **who(physio, NINE + timedelta(minutes=19)))
    made = actions.book(slot.pk, second.pk, **who(physio, NINE + timedelta(minutes=20)))

    held.refresh_from_db()
    assert (held.state, made.state) == ("lapsed", "booked")


def test_a_hold_becomes_the_booking_of_its_own_entry(physio: Department) -> None:
    (slot, *_), entry = slots(physio), waiting(physio)
    held = actions.hold(slot.pk, entry.pk, **who(physio))

    made = actions.book(slot.pk, entry.pk, **who(physio))

    assert made.pk == held.pk
    assert (made.state, made.held_until) == ("booked", None)


def test_a_new_hold_lets_go_of_the_one_before(physio: Department) -> None:
    (one, two, *_), entry = slots(physio), waiting(physio)
    first = actions.hold(one.pk, entry.pk, **who(physio))
    actions.hold(two.pk, entry.pk, **who(physio))

    first.refresh_from_db()
    assert first.state == "lapsed"


def test_within_a_day_of_the_start_a_hold_lasts_ten_minutes(physio: Department) -> None:
    (slot, *_), entry = slots(physio, NINE + timedelta(hours=5)), waiting(physio)

    assert actions.hold(slot.pk, entry.pk, **who(physio)).held_until == NINE + timedelta(minutes=10)


def test_the_trust_says_how_long_a_hold_lasts(physio: Department) -> None:
    set_policy(physio.trust, "holds", {"minutes": 35})
    (slot, *_), entry = slots(physio), waiting(physio)

    assert actions.hold(slot.pk, entry.pk, **who(physio)).held_until == NINE + timedelta(minutes=35)


def test_the_duty_lets_go_of_holds_whose_time_is_over_and_of_no_others(physio: Department) -> None:
    (one, two, *_), first, second = slots(physio), waiting(physio), waiting(physio)
    actions.hold(one.pk, first.pk, **who(physio))
    actions.hold(two.pk, second.pk, minutes=60, **who(physio))

    physio.trust.desks = ["outpatients"]
    physio.trust.save()
    (duty,) = (each for group in duties.groups().values() for each in group() if each.name == "holds")
    duty.work(NINE + timedelta(minutes=30))

    assert actions.let_go_of_holds(**who(physio, NINE + timedelta(minutes=30))) == 0
    assert Action.objects.get(verb="booking.hold_lapsed").actor == "duty:holds"
    assert sorted(Appointment.objects.values_list("state", flat=True)) == ["held", "lapsed"]


def test_a_patient_is_in_one_place(physio: Department) -> None:
    (slot, *_) = slots(physio)
    other = a_department(physio.trust, "speech")
    (elsewhere, *_) = slots(other, LATER + timedelta(minutes=10))
    entry = waiting(physio)
    twice = other.entry(other.referral(patient=entry.patient), minutes=30)
    actions.book(slot.pk, entry.pk, **who(physio))

    with pytest.raises(NotAllowed, match="has an appointment at that time"):
        actions.book(elsewhere.pk, twice.pk, **who(physio))
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("entry", "slot", "why"),
    [
        ({"kind": "follow_up"}, {}, "not a follow-up slot"),
        ({"minutes": 45}, {}, "too short"),
        ({"skills": ["hand"]}, {}, "not offer hand"),
        ({"medium": "02"}, {}, "not telephone"),
        ({}, {"held": "urgent"}, "kept for others"),
        ({}, {"blocked": "Couch broken"}, "blocked"),
    ],
)
def test_a_slot_that_does_not_fit_is_refused(
    physio: Department, entry: dict[str, Any], slot: dict[str, Any], why: str
) -> None:
    (first, *_) = slots(physio, **slot)

    with pytest.raises(NotAllowed, match=why):
        actions.book(first.pk, waiting(physio, **entry).pk, **who(physio))


def test_who_needs_the_treadmill_finds_and_gets_only_clinics_that_take_it(physio: Department) -> None:
    treadmill = Equipment.objects.create(
        organisation=physio.trust, room=physio.room, name="Treadmill", gives="treadmill"
    )
    (without, *_) = slots(physio)
    (with_it,) = physio.session(LATER + timedelta(days=1), 1, equipment=treadmill).slots.all()
    entry = waiting(physio, skills=["treadmill"])

    found = queries.suitable(entry.pk, physio.trust.pk, NINE)

    assert [each.slot for each in found.best] == [with_it.pk]
    with pytest.raises(NotAllowed, match="not offer treadmill"):
        actions.book(without.pk, entry.pk, **who(physio))
    assert actions.book(with_it.pk, entry.pk, **who(physio)).slot == with_it


def test_nobody_is_booked_into_the_past_another_service_or_a_broken_room(physio: Department) -> None:
    (past, *_) = slots(physio, NINE - timedelta(hours=1))
    (broken, *_) = slots(physio)
    Room.objects.update(fault="Ceiling leaks")
    (other, *_) = slots(a_department(physio.trust, "speech"))
    entry = waiting(physio)

    for slot, why in ((past, "begun"), (broken, "room cannot be used"), (other, "another service")):
        with pytest.raises(NotAllowed, match=why):
            actions.book(slot.pk, entry.pk, **who(physio))


def test_nobody_is_booked_into_a_frozen_or_cancelled_clinic(physio: Department) -> None:
    (slot, *_), entry = slots(physio), waiting(physio)
    session = Session.objects.get()

    for change in (clinics.freeze, clinics.cancel_session):
        change(session.pk, "Sickness", **who(physio))
        with pytest.raises(NotAllowed, match="frozen or cancelled"):
            actions.book(slot.pk, entry.pk, **who(physio))


def test_an_entry_is_booked_once(physio: Department) -> None:
    (one, two, *_), entry = slots(physio), waiting(physio)
    actions.book(one.pk, entry.pk, **who(physio))

    with pytest.raises(NotAllowed, match="not waiting"):
        actions.book(two.pk, entry.pk, **who(physio))


def test_who_has_died_is_not_booked(physio: Department) -> None:
    (slot, *_), entry = slots(physio), waiting(physio)
    Patient.objects.filter(pk=entry.patient_id).update(died_on=NINE.date())

    with pytest.raises(NotAllowed, match="died"):
        actions.book(slot.pk, entry.pk, **who(physio))


def test_a_cancellation_frees_the_seat_and_leaves_the_clock_as_it_was(physio: Department) -> None:
    (slot, *_), entry = slots(physio), waiting(physio)
    made = actions.book(slot.pk, entry.pk, **who(physio))

    actions.cancel(made.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))

    entry.refresh_from_db()
    made.refresh_from_db()
    assert (made.state, made.cancelled_by, made.cancel_reason) == ("cancelled", "patient", "patient_ill")
    assert entry.state == "waiting"
    event = ClockEvent.objects.get(kind="cancelled_by_patient")
    assert (event.pathway_id, event.on) == (entry.pathway_id, NINE.date())
    assert entry.pathway is not None
    entry.pathway.refresh_from_db()
    assert (entry.pathway.state, entry.pathway.ended_on) == ("ticking", None)
    assert Contact.objects.filter(purpose="cancellation", appointment=made).count() == 1
    assert Action.objects.get(verb="booking.cancel").detail["notice_hours"] == 720


def test_a_cancellation_needs_a_reason_of_its_side_and_comes_before_the_start(physio: Department) -> None:
    (slot, *_), entry = slots(physio), waiting(physio)
    made = actions.book(slot.pk, entry.pk, **who(physio))

    with pytest.raises(NotAllowed, match="reason"):
        actions.cancel(made.pk, by_whom=PROVIDER, reason="patient_ill", **who(physio))
    with pytest.raises(NotAllowed, match="cashed up"):
        actions.cancel(made.pk, by_whom=PATIENT, reason="patient_ill", **who(physio, LATER))
    actions.cancel(made.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))
    with pytest.raises(NotAllowed, match="changed it"):
        actions.cancel(made.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))


def test_a_move_is_a_cancellation_and_a_booking_that_point_at_each_other(physio: Department) -> None:
    (one, two, *_), entry = slots(physio), waiting(physio)
    made = actions.book(one.pk, entry.pk, **who(physio))

    moved = actions.move(made.pk, two.pk, by_whom=PATIENT, reason="patient_work", **who(physio))

    made.refresh_from_db()
    entry.refresh_from_db()
    assert (made.state, made.moved_to_id, moved.slot_id, entry.state) == (
        "cancelled",
        moved.pk,
        two.pk,
        "booked",
    )
    assert Contact.objects.filter(purpose="change", appointment=moved).count() == 1
    assert ClockEvent.objects.filter(kind="cancelled_by_patient").count() == 1


def test_a_move_that_loses_the_race_leaves_the_appointment_where_it_was(physio: Department) -> None:
    (one, two, *_), entry, other = slots(physio), waiting(physio), waiting(physio)
    made = actions.book(one.pk, entry.pk, **who(physio))
    actions.book(two.pk, other.pk, **who(physio))

    with pytest.raises(actions.SlotGone):
        actions.move(made.pk, two.pk, by_whom=PATIENT, reason="patient_work", **who(physio))

    made.refresh_from_db()
    entry.refresh_from_db()
    assert (made.state, made.cancelled_by, entry.state) == ("booked", "", "booked")


def test_a_confirmation_is_kept_and_a_cancelled_one_cannot_be_confirmed(physio: Department) -> None:
    (slot, *_), entry = slots(physio), waiting(physio)
    made = actions.book(slot.pk, entry.pk, **who(physio))

    assert actions.confirm(made.pk, **who(physio)).confirmed_at == NINE
    actions.cancel(made.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))
    with pytest.raises(NotAllowed):
        actions.confirm(made.pk, **who(physio))


def test_a_course_is_booked_whole_or_not_at_all(physio: Department) -> None:
    (one, two, three, _), entry, other = slots(physio), waiting(physio, series=3), waiting(physio)
    taken = actions.book(two.pk, other.pk, **who(physio))

    with pytest.raises(actions.SlotGone):
        actions.book_series([one.pk, two.pk, three.pk], entry.pk, **who(physio))
    assert Appointment.objects.filter(entry=entry).count() == 0
    with pytest.raises(NotAllowed, match="course of 3 visits; 2 slots"):
        actions.book_series([one.pk, three.pk], entry.pk, **who(physio))
    with pytest.raises(NotAllowed, match="course of 3 visits: choose"):
        actions.book(one.pk, entry.pk, **who(physio))

    actions.cancel(taken.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))
    made = actions.book_series([one.pk, two.pk, three.pk], entry.pk, **who(physio))

    assert [each.slot_id for each in made] == [one.pk, two.pk, three.pk]


def test_the_visit_of_a_course_that_was_cancelled_is_booked_alone(physio: Department) -> None:
    (one, two, three, four), entry = slots(physio), waiting(physio, series=3)
    made = actions.book_series([one.pk, two.pk, three.pk], entry.pk, **who(physio))
    for row in made[1:]:
        actions.cancel(row.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))

    with pytest.raises(NotAllowed, match="Of a course of 3 visits 2 are still to be booked: choose"):
        actions.book(four.pk, entry.pk, **who(physio))
    moved = actions.move(made[0].pk, two.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))
    entry.refresh_from_db()
    assert entry.state == "waiting"  # two visits are missing still
    with pytest.raises(NotAllowed, match="2 are still to be booked; 3 slots"):
        actions.book_series([one.pk, three.pk, four.pk], entry.pk, **who(physio))
    actions.book_series([one.pk, three.pk], entry.pk, **who(physio))
    actions.cancel(moved.pk, by_whom=PATIENT, reason="patient_ill", **who(physio))
    actions.book(four.pk, entry.pk, **who(physio))

    entry.refresh_from_db()
    assert entry.state == "booked"
    assert Appointment.objects.filter(entry=entry, state="booked").count() == 3


@pytest.mark.parametrize(("days", "evidence"), [(30, ["reasonable"]), (3, [])])
def test_a_declined_offer_is_kept_with_its_date_and_stops_no_clock(
    physio: Department, days: int, evidence: list[str]
) -> None:
    (slot, *_), entry = slots(physio, NINE + timedelta(days=days)), waiting(physio)

    offer = actions.decline(slot.pk, entry.pk, **who(physio))

    entry.refresh_from_db()
    assert (offer.answer, offer.offered_for, entry.state) == ("declined", slot.starts_at.date(), "waiting")
    event = ClockEvent.objects.get(kind="offer_declined")
    assert event.said.get("evidence", []) == evidence
    assert entry.pathway is not None
    assert entry.pathway.state == "ticking"


def test_what_suits_is_named_with_its_needs_and_what_does_not_is_counted(
    physio: Department, django_assert_num_queries: Any
) -> None:
    slots(physio)
    (short, *_) = slots(physio, LATER + timedelta(days=1), kind="follow_up")
    entry = waiting(physio)
    Need.objects.create(patient=entry.patient, kind="interpreter", detail="Polish", recorded_at=NINE)

    with django_assert_num_queries(8):
        found = queries.suitable(entry.pk, physio.trust.pk, NINE)

    assert found.fitting == 4
    assert (found.best[0].clinician, found.best[0].site) == ("Robin Hale", physio.site.name)
    assert "interpreter to arrange: Polish" in found.best[0].suggestion.cautions
    assert [each.words for each in found.left_out] == ["4 not new slots"]
    assert short.pk not in [each.slot for each in found.best]
