"""A department with visits that ended, of whom some patients miss far more than others."""

from datetime import datetime, timedelta
from typing import Any

from clearway.desks.outpatients.attendance.models import AttendanceModel
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.patients.models import Patient
from clearway.engine.outpatients.attendance import CODES, Model, Term
from tests.therapies import Department

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PEOPLE, VISITS = 60, 10


def with_a_past(physio: Department, now: datetime) -> None:
    """Six hundred visits of sixty patients in 120 days; every fifth patient misses every second."""
    people = Patient.objects.bulk_create(
        Patient(
            organisation=physio.trust,
            number=f"Q{place:05}",
            family_name=f"Past{place}",
            given_names="Sam",
            born_on=now.date() - timedelta(days=365 * (20 + place)),
            sex="12"[place % 2],
            registered_at=now - 200 * DAY,
        )
        for place in range(PEOPLE)
    )
    first = now.replace(hour=9, minute=0, second=0, microsecond=0) - 122 * DAY
    sessions = [physio.session(first + 2 * day * DAY, slots=1) for day in range(PEOPLE)]
    slots = {each.session_id: each for each in Slot.objects.filter(session__in=sessions)}
    Slot.objects.filter(session__in=sessions).update(seats=VISITS)
    Appointment.objects.bulk_create(
        _visit(physio, slots[sessions[(place + 6 * turn) % PEOPLE].pk], people[place], turn, place)
        for place in range(PEOPLE)
        for turn in range(VISITS)
    )


def with_first_visits(physio: Department, now: datetime, evenings: int = 4, seats: int = 40) -> None:
    """Evenings of the last weeks, each with many patients who came for the first time, or did not."""
    evening = now.replace(hour=20, minute=0, second=0, microsecond=0)
    for nth in range(evenings):
        slot = physio.session(evening - (5 * nth + 2) * DAY, slots=1).slots.get()
        Slot.objects.filter(pk=slot.pk).update(seats=seats)
        people = Patient.objects.bulk_create(
            Patient(
                organisation=physio.trust,
                number=f"F{nth}{place:04}",
                family_name=f"First{nth}-{place}",
                given_names="Sam",
                born_on=now.date() - timedelta(days=365 * (20 + place)),
                registered_at=now - 200 * DAY,
            )
            for place in range(seats)
        )
        Appointment.objects.bulk_create(
            _visit(physio, slot, each, place, place + nth) for place, each in enumerate(people)
        )


def _visit(physio: Department, slot: Slot, patient: Patient, turn: int, place: int) -> Appointment:
    is_missed = (place % 5 == 0 and turn % 2 == 0) or (place + turn) % 23 == 0
    return Appointment(
        organisation=physio.trust,
        slot=slot,
        seat=turn + 1,
        patient=patient,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state="missed" if is_missed else "attended",
        attended="3" if is_missed else "5",
        made_at=slot.starts_at - timedelta(days=10 + place % 30),
        made_by="test",
        outcomed_at=slot.ends_at + HOUR,
        outcomed_by="test",
    )


def a_model(physio: Department, now: datetime, version: int = 1, **weights: float) -> AttendanceModel:
    """A model by hand: who missed before, and long leads; what a claim names weighs otherwise."""
    given = {"missed": 8.0, "lead": 0.5, **weights}
    terms = tuple(
        Term(weight=given.get(code, 0.0), centre=0.1 if code == "missed" else 2.0) for code in CODES
    )
    model = Model("logistic", -2.5, terms)
    spread: dict[str, Any] = {code: {"edges": [0.5], "shares": [0.5, 0.5]} for code in (*CODES, "risk")}
    return AttendanceModel.objects.create(
        organisation=physio.trust,
        version=version,
        trained_at=now,
        trained_by="test",
        since=now - 100 * DAY,
        until=now - 50 * DAY,
        tested_until=now - 20 * DAY,
        parameters=model.as_json(),
        report={"chosen": "logistic", "spread": spread},
    )
