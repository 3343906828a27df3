"""Two records of one person: what is asked of the person is asked of both, and the merger can be undone."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking import queries as appointments
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.patients import actions, queries
from clearway.desks.outpatients.patients.models import Flag, Patient
from clearway.desks.outpatients.waiting import standing
from clearway.desks.outpatients.waiting.models import Entry
from clearway.domain.outpatients.identity import Person
from clearway.domain.outpatients.outcomes import PRESETS, Said
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
LATER = NINE + timedelta(days=30)
DESK = Actor("desk")


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, at: Any = NINE) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": DESK, "at": at}


def slots(physio: Department, starts_at: Any = LATER) -> list[Slot]:
    return list(physio.session(starts_at).slots.order_by("pk"))


def merged(physio: Department, **more: Any) -> tuple[Patient, Patient, Entry]:
    """Who stays, who was merged into them, and the entry of the latter that still waits."""
    stays, other = physio.patient(), physio.patient(**more)
    entry = physio.entry(physio.referral(patient=other), minutes=30)
    actions.merge(other.pk, stays.pk, "Same address", **who(physio))
    return stays, other, entry


def test_an_entry_of_a_merged_record_is_booked_and_asks_what_the_record_that_stands_asks(
    physio: Department,
) -> None:
    slot, *_ = slots(physio)
    stays, _, entry = merged(physio)
    Patient.objects.filter(pk=stays.pk).update(sites=["elsewhere"])

    made = booking.book(slot.pk, entry.pk, **who(physio))

    assert appointments.asked(standing.one(entry.pk, physio.trust.pk)).sites == {"elsewhere"}
    assert (made.state, made.patient_id) == ("booked", entry.patient_id)


def test_one_person_is_never_in_two_places_under_two_records(physio: Department) -> None:
    slot, following, *_ = slots(physio)
    stays, _, entry = merged(physio)
    own = physio.entry(physio.referral(patient=stays), minutes=30)
    elsewhere = physio.session(LATER + timedelta(hours=4)).slots.order_by("pk")[0]
    booking.book(slot.pk, own.pk, **who(physio))
    Slot.objects.filter(pk=elsewhere.pk).update(starts_at=slot.starts_at, ends_at=slot.ends_at)

    with pytest.raises(NotAllowed, match="has an appointment at that time"):
        booking.book(elsewhere.pk, entry.pk, **who(physio))

    assert booking.book(following.pk, entry.pk, **who(physio)).state == "booked"


def test_the_search_for_slots_sees_the_appointments_of_the_other_record(physio: Department) -> None:
    slot, *_ = slots(physio)
    stays, _, entry = merged(physio)
    booking.book(slot.pk, physio.entry(physio.referral(patient=stays), minutes=30).pk, **who(physio))

    assert len(appointments.wanted(standing.one(entry.pk, physio.trust.pk), NINE).elsewhere) == 1
    assert list(appointments.busy([stays.pk], slot.starts_at, slot.ends_at)) == [stays.pk]


def test_a_merger_is_refused_while_the_two_are_booked_at_one_time_and_can_be_made_after(
    physio: Department,
) -> None:
    slot = slots(physio)[0]
    again = physio.session(LATER + timedelta(hours=4)).slots.order_by("pk")[0]
    Slot.objects.filter(pk=again.pk).update(starts_at=slot.starts_at, ends_at=slot.ends_at)
    one, two = physio.entry(minutes=30), physio.entry(minutes=30)
    booking.book(slot.pk, one.pk, **who(physio))
    made = booking.book(again.pk, two.pk, **who(physio))

    with pytest.raises(NotAllowed, match="Both have an appointment on Sun 20 Dec 2026, 09:00"):
        actions.merge(two.patient_id, one.patient_id, "Same address", **who(physio))
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=two.patient_id).update(merged_into_id=one.patient_id)

    Appointment.objects.filter(pk=made.pk).update(state="lapsed")
    assert actions.merge(two.patient_id, one.patient_id, "Same address", **who(physio)).merged_into_id


def test_undoing_a_merger_makes_two_people_of_their_appointments_again(physio: Department) -> None:
    slot, *_ = slots(physio)
    stays, other, entry = merged(physio)
    made = booking.book(slot.pk, entry.pk, **who(physio))
    assert made.patient_id == other.pk
    made.refresh_from_db()
    assert made.person_id == stays.pk

    actions.unmerge(other.pk, "Two sisters", **who(physio))

    made.refresh_from_db()
    assert made.person_id == other.pk
    assert queries.records_of(stays.pk) == [stays.pk]


def test_cashing_up_a_merged_record_brings_its_follow_up(physio: Department) -> None:
    stays, other = physio.patient(), physio.patient()
    slot = physio.session(NINE).slots.order_by("pk")[0]
    made = physio.booked(slot, physio.entry(physio.referral(patient=other)))
    actions.merge(other.pk, stays.pk, "Same address", **who(physio))
    seen = PRESETS["s"]
    said = Said(
        attended=seen.attended,
        outcome=seen.outcome,
        status=seen.status,
        next_step=seen.next_step,
        due_on=TODAY + timedelta(weeks=6),
    )

    (outcome,) = outcomes.cash_up([(made.pk, said)], **who(physio, NINE + timedelta(hours=2)))

    assert outcome.is_saved, outcome.why
    assert Entry.objects.get(kind="follow_up").patient_id == other.pk


def test_a_death_ends_what_was_made_under_every_record(physio: Department) -> None:
    slot, *_ = slots(physio)
    stays, other, entry = merged(physio)
    made = booking.book(slot.pk, entry.pk, **who(physio))

    actions.record_death(stays.pk, TODAY - timedelta(days=1), **who(physio))

    made.refresh_from_db(), entry.refresh_from_db()
    assert (made.state, entry.state, entry.why) == ("cancelled", "removed", "died")
    assert entry.pathway is not None
    assert (entry.pathway.state, entry.pathway.status) == ("stopped", "36")
    with pytest.raises(NotAllowed, match="Withdraw it first"):
        actions.unmerge(other.pk, "Two sisters", **who(physio))


def test_who_has_died_is_neither_booked_nor_added_under_a_merged_record(physio: Department) -> None:
    slot, *_ = slots(physio)
    stays, _, entry = merged(physio)
    Patient.objects.filter(pk=stays.pk).update(died_on=TODAY)

    with pytest.raises(NotAllowed, match="died"):
        booking.book(slot.pk, entry.pk, **who(physio))


@pytest.mark.parametrize(
    ("said", "why"), [({"opted_out": True}, "no messages from machines"), ({"died_on": TODAY}, "has died")]
)
def test_records_that_contradict_each_other_are_made_to_agree_before_they_are_merged(
    physio: Department, said: dict[str, Any], why: str
) -> None:
    stays, other = physio.patient(), physio.patient(**said)

    with pytest.raises(NotAllowed, match=why):
        actions.merge(other.pk, stays.pk, "Same address", **who(physio))


def test_opting_out_and_flags_hold_for_every_record(physio: Department) -> None:
    stays, other, _ = merged(physio)
    Patient.objects.filter(pk=stays.pk).update(opted_out=True, mobile="07700 900123", may_text=True)
    other.refresh_from_db()
    assert queries.may_contact(other, "text")
    assert "machines" in queries.may_contact(other, "text", by_machine=True).why

    flag = Flag.objects.create(patient=other, kind="safe_contact", words="Not at home", recorded_at=NINE)
    assert queries.flags_of([stays.pk]) == {stays.pk: [flag]}
    assert queries.flags_of([other.pk]) == {other.pk: [flag]}
    assert queries.every_flag(stays.organisation_id) == {stays.pk: [flag], other.pk: [flag]}


def test_who_looks_like_a_merged_record_looks_like_the_one_that_stands(physio: Department) -> None:
    stays, _, _ = merged(physio, family_name="Marchbank", given_names="Ada", born_on=date(1971, 2, 3))

    found = queries.look_alikes(physio.trust.pk, Person("Marchbank", "Ada", date(1971, 2, 3), None))

    assert [row.pk for row in found] == [stays.pk]
    assert (
        queries.look_alikes(physio.trust.pk, Person("Marchbank", "Ada", date(1971, 2, 3), None), stays.pk)
        == []
    )


def test_the_page_of_who_stays_shows_the_entries_and_appointments_of_both(physio: Department) -> None:
    slot, *_ = slots(physio)
    stays, _, entry = merged(physio)
    booking.book(slot.pk, entry.pk, **who(physio))
    desk = signed_in(somebody("desk", "outpatient_coordinator", physio.trust))

    page = desk.get(f"/outpatients/patients/{stays.pk}/").content.decode()

    assert "20 Dec 2026" in page
