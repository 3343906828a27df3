"""What another system sent too early is taken by itself once the desk has done what it waited for."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError

from clearway.core.audit.models import OPENED
from clearway.core.feeds.models import Quarantined, Source
from clearway.core.feeds.queries import accounts
from clearway.core.openings.actions import CLOSED
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.exchange.touched import touched
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.referrals.models import Referral
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.domain.outpatients.clinics import SlotPlan, Weeks
from clearway.domain.outpatients.words import CancelledBy
from clearway.gateway.hl7_again import Again
from tests.beside import DESK, MAPPING, MONDAY, code, deliver, known, slots_of
from tests.pas import ADA, adt, ref, siu
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust

pytestmark = pytest.mark.django_db
EARLIER = NINE - timedelta(minutes=9)


@pytest.fixture
def department() -> Department:
    return a_department(a_trust())


@pytest.fixture
def scope(department: Department) -> dict[str, Any]:
    return {"organisation_id": department.trust.pk, "by": DESK, "at": NINE}


@pytest.fixture
def source(department: Department) -> Source:
    made = Source.objects.create(
        organisation=department.trust, name="pas", kind="hl7", expected_interval_seconds=3600
    )
    exchange.load_mapping(made, MAPPING, "the first", by=DESK, at=NINE)
    return made


@pytest.fixture
def clinic(department: Department) -> list[Slot]:
    return slots_of(department, MONDAY)


def why() -> str:
    return Quarantined.objects.get(state="waiting").why


def refused(source: Source, raw: bytes) -> Again:
    """A worker that has read again what was refused, in vain."""
    assert code(deliver(source, raw)) == "AE"
    again = Again()
    again.work(NINE)
    assert Quarantined.objects.filter(state="waiting").count() == 1
    return again


def all_well(source: Source) -> bool:
    (account,) = accounts(source.organisation_id)
    return account.adds_up and account.quarantined == 0


def test_a_booking_before_triage_is_taken_when_its_referral_is_triaged(
    source: Source, clinic: list[Slot], scope: dict[str, Any]
) -> None:
    deliver(source, ref("I12", EARLIER))
    again = refused(source, siu("S12", NINE, starts_at=clinic[0].starts_at, referral="R1"))

    referrals.triage(Referral.objects.get().pk, referrals.Decision("accept", "1", minutes=30), **scope)
    again.work(NINE)

    assert Appointment.objects.get().slot == clinic[0]
    assert all_well(source)


def test_a_booking_of_who_is_registered_and_referred_by_hand_is_taken_step_by_step(
    source: Source, clinic: list[Slot], department: Department, scope: dict[str, Any]
) -> None:
    again = refused(source, siu("S12", NINE, starts_at=clinic[0].starts_at))
    assert "not known here" in why()

    ada = patients.New(
        family_name="Brown", given_names="Ada", born_on=date(1970, 3, 1), nhs_number="9990548609"
    )
    patient = patients.register(ada, **scope)
    again.work(NINE)
    assert "no place on the waiting list" in why()

    referral = department.referral(patient=patient, state="triage")
    referrals.triage(referral.pk, referrals.Decision("accept", "1", minutes=30), **scope)
    again.work(NINE)
    assert Appointment.objects.get().referral == referral


def test_a_booking_into_a_clinic_that_is_not_there_yet_is_taken_once_it_is_laid_out(
    source: Source, department: Department, scope: dict[str, Any]
) -> None:
    known(department)
    again = refused(source, siu("S12", NINE, starts_at=MONDAY + timedelta(hours=1)))
    assert "No clinic here" in why()

    wanted = clinics.NewTemplate(
        code="back",
        name="Back",
        service_id=department.service.pk,
        room_id=department.room.pk,
        clinician_id=department.clinician.pk,
        weeks=Weeks(1, 1, MONDAY.date()),
        slots=(SlotPlan(time(10), 30, "new"),),
    )
    clinics.save_template(wanted, **scope)
    again.work(NINE)
    assert "has no slot" in why()

    clinics.make_sessions(until=MONDAY.date(), **scope)
    again.work(NINE)
    assert Appointment.objects.get().starts_at == MONDAY + timedelta(hours=1)


def test_a_booking_into_a_frozen_clinic_is_taken_once_it_is_released(
    source: Source, department: Department, clinic: list[Slot], scope: dict[str, Any]
) -> None:
    known(department)
    clinics.freeze(clinic[0].session_id, "The heating is off", **scope)
    again = refused(source, siu("S12", NINE, starts_at=clinic[0].starts_at))

    clinics.unfreeze(clinic[0].session_id, **scope)
    again.work(NINE)

    assert Appointment.objects.get().slot == clinic[0]


def test_a_booking_into_a_seat_that_is_given_is_taken_once_somebody_cancels_it(
    source: Source, department: Department, clinic: list[Slot], scope: dict[str, Any]
) -> None:
    known(department)
    other = department.booked(clinic[0])
    again = refused(source, siu("S12", NINE, starts_at=clinic[0].starts_at))

    booking.cancel(other.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **scope)
    again.work(NINE)

    assert Appointment.objects.get(state="booked").patient != other.patient


def test_a_booking_that_fits_two_places_is_taken_once_one_is_left(
    source: Source, department: Department, clinic: list[Slot], scope: dict[str, Any]
) -> None:
    first = known(department)
    second = department.entry(department.referral(patient=first.patient), minutes=30)
    again = refused(source, siu("S12", NINE, starts_at=clinic[0].starts_at))

    waiting.remove(second.pk, "error", **scope)
    again.work(NINE)

    assert Appointment.objects.get().entry == first


def test_a_birth_date_and_a_death_that_are_mended_here_let_the_message_pass(
    source: Source, department: Department, scope: dict[str, Any]
) -> None:
    patient = department.patient(born_on=date(1970, 3, 11), nhs_number="9990548609")
    patients.record_death(patient.pk, date(2026, 11, 19), **scope)
    again = refused(source, adt("A31", NINE, pid=ADA + "|" * 19 + "N"))

    patients.change(patient.pk, {"born_on": date(1970, 3, 1)}, **scope)
    again.work(NINE)
    assert "a death is recorded here" in why()

    patients.withdraw_death(patient.pk, "Another person's", **scope)
    again.work(NINE)
    assert all_well(source)


def test_a_withdrawal_without_a_reason_is_done_with_once_the_desk_gives_one(
    source: Source, scope: dict[str, Any], department: Department
) -> None:
    deliver(source, ref("I12", EARLIER))
    again = refused(source, ref("I14", NINE))

    referrals.remove(Referral.objects.get().pk, "error", **scope)
    again.work(NINE)

    assert all_well(source)


def test_only_what_is_touched_is_read_again_and_what_was_done_unseen_is_not_missed(
    source: Source, department: Department, clinic: list[Slot], scope: dict[str, Any]
) -> None:
    department.entry(department.referral(patient=department.patient()), minutes=30)
    known(department)
    department.booked(clinic[0])
    again = refused(source, siu("S12", NINE, starts_at=clinic[0].starts_at))
    row = Quarantined.objects.get()
    Quarantined.objects.filter(pk=row.pk).update(why="untried")

    patients.change(department.patient().pk, {"given_names": "Another"}, **scope)
    again.work(NINE)
    assert why() == "untried"

    Again().work(NINE)  # as after a start
    assert "Somebody else has this slot" in why()


class Acted:
    """A row of the audit of a patient."""

    def __init__(self, verb: str, patient: Any, *fields: str) -> None:
        self.verb, self.organisation_id, self.subject = verb, patient.organisation_id, f"patient:{patient.pk}"
        self.detail = {"fields": list(fields)}


def test_only_what_tells_who_is_here_touches_the_messages_of_who_is_not_known(department: Department) -> None:
    patient = department.patient()

    def names(verb: str, *fields: str) -> set[str]:
        return touched([Acted(verb, patient, *fields)]).get(department.trust.pk, set()) - {
            f"person:{patient.pk}"
        }

    reads = [Acted(verb, patient) for verb in ("patients.look", OPENED, CLOSED)]
    assert touched(reads) == {}
    assert names("patients.register") == names("patients.merge") == {"patients"}
    assert names("patients.change", "phone", "born_on") == {"patients"}
    assert names("patients.change", "phone", "postcode") == names("patients.confirm_contacts") == set()


@pytest.mark.parametrize("lost", [OperationalError, InterfaceError])
def test_a_line_is_due_again_after_the_server_went_away_while_it_was_read(
    lost: type[Exception],
    source: Source,
    clinic: list[Slot],
    scope: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deliver(source, ref("I12", EARLIER))
    again = refused(source, siu("S12", NINE, starts_at=clinic[0].starts_at, referral="R1"))
    referrals.triage(Referral.objects.get().pk, referrals.Decision("accept", "1", minutes=30), **scope)

    def gone(*_: Any, **__: Any) -> None:
        raise lost("the connection is closed")

    with monkeypatch.context() as away:
        away.setattr("clearway.gateway.hl7.feeds.take_from_quarantine", gone)
        with pytest.raises(lost):
            again.work(NINE)
    assert not Appointment.objects.exists()
    again.work(NINE)

    assert Appointment.objects.get().slot == clinic[0]


def test_what_the_desk_did_is_not_lost_with_a_look_that_failed(
    source: Source, clinic: list[Slot], scope: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(source, ref("I12", EARLIER))
    again = refused(source, siu("S12", NINE, starts_at=clinic[0].starts_at, referral="R1"))
    referrals.triage(Referral.objects.get().pk, referrals.Decision("accept", "1", minutes=30), **scope)

    def gone(_: Any) -> None:
        raise OperationalError("the connection is closed")

    with monkeypatch.context() as away:
        away.setattr("clearway.gateway.hl7_again.touched", gone)
        with pytest.raises(OperationalError):
            again.work(NINE)
    again.work(NINE)

    assert Appointment.objects.get().slot == clinic[0]
