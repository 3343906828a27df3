"""Any order of booking, moving, cancelling, courses and leave: no seat twice, nobody in two places."""

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from clearway.core.audit.actions import Actor
from clearway.desks.outpatients.booking import actions, queries
from clearway.desks.outpatients.booking.models import ACTIVE, Appointment
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.waiting.models import Entry
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from tests import sizes
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust

pytestmark = pytest.mark.django_db
LATER = NINE + timedelta(days=30)
ENTRIES, SLOTS, VISITS = 4, 5, 2
entry_places, slot_places = st.integers(0, ENTRIES - 1), st.integers(0, SLOTS - 1)


def machine(physio: Department) -> type[RuleBasedStateMachine]:
    """The machine over one department; each run begins anew and is rolled back."""

    class Desk(RuleBasedStateMachine):
        """Two clinics that overlap in time, four patients, one more with a course, and who sits where."""

        def __init__(self) -> None:
            super().__init__()
            self.undo = transaction.atomic()
            self.undo.__enter__()
            self.at = NINE
            other = a_department(physio.trust, "second")
            other.service = physio.service
            self.sessions = [physio.session(LATER, 3), other.session(LATER + timedelta(minutes=10), 2)]
            self.slots = list(Slot.objects.order_by("pk"))
            self.entries = [physio.entry(minutes=30) for _ in range(ENTRIES)]
            self.course = physio.entry(minutes=30, series=VISITS)
            self.booked: dict[int, int] = {}  # entry -> slot
            self.visits: set[int] = set()  # slots of the course
            self.frozen: set[int] = set()
            self.away: set[int] = set()  # sessions whose clinician has leave

        def who(self) -> dict[str, Any]:
            return {"organisation_id": physio.trust.pk, "by": Actor("machine"), "at": self.at}

        def overlaps(self, entry: int, slot: Slot) -> bool:
            """Whether the patient of this entry holds another place then; a booked one is left by moving."""
            rows = Appointment.objects.filter(
                state__in=ACTIVE, patient=self.entries[entry].patient, starts_at__lt=slot.ends_at
            )
            others = rows.filter(ends_at__gt=slot.starts_at).exclude(slot=slot)
            return others.exclude(slot=self.booked.get(entry)).exists()

        def is_free(self, entry: int, slot: Slot) -> bool:
            """Whether this entry can have the slot, as the model sees it."""
            holds = Appointment.objects.filter(slot=slot, state="held", held_until__gt=self.at)
            mine = self.entries[entry].pk
            return self.can_be_had(slot) and not holds.exclude(entry_id=mine).exists()

        def can_be_had(self, slot: Slot) -> bool:
            """Whether nobody is booked into it, and its clinic takes place."""
            is_taken = slot.pk in self.booked.values() or slot.pk in self.visits
            return not is_taken and slot.session_id not in self.frozen | self.away

        @rule(entry=entry_places, slot=slot_places)
        def hold(self, entry: int, slot: int) -> None:
            wanted = self.slots[slot]
            may = entry not in self.booked and self.is_free(entry, wanted)
            try:
                actions.hold(wanted.pk, self.entries[entry].pk, **self.who())
                assert may
            except NotAllowed:
                assert not may

        @rule(entry=entry_places, slot=slot_places)
        def book(self, entry: int, slot: int) -> None:
            wanted = self.slots[slot]
            may = (
                entry not in self.booked and self.is_free(entry, wanted) and not self.overlaps(entry, wanted)
            )
            try:
                actions.book(wanted.pk, self.entries[entry].pk, **self.who())
                assert may
                self.booked[entry] = wanted.pk
            except NotAllowed:
                assert not may

        @rule(entry=entry_places, slot=slot_places)
        def move(self, entry: int, slot: int) -> None:
            if entry not in self.booked:
                return
            wanted = self.slots[slot]
            may = self.is_free(entry, wanted) and not self.overlaps(entry, wanted)
            why: dict[str, Any] = {"by_whom": CancelledBy.PATIENT, "reason": "patient_work"}
            try:
                actions.move(self.appointment(entry).pk, wanted.pk, **why, **self.who())
                assert may
                self.booked[entry] = wanted.pk
            except NotAllowed:
                assert not may

        @rule(entry=entry_places)
        def cancel(self, entry: int) -> None:
            if entry in self.booked:
                why: dict[str, Any] = {"by_whom": CancelledBy.PROVIDER, "reason": "room"}
                actions.cancel(self.appointment(entry).pk, **why, **self.who())
                del self.booked[entry]

        @rule(chosen=st.sets(slot_places, min_size=1, max_size=VISITS + 1))
        def book_the_course(self, chosen: set[int]) -> None:
            wanted = [self.slots[place] for place in chosen]
            missing = VISITS - len(self.visits)
            mine = [slot for slot in self.slots if slot.pk in self.visits] + wanted
            may = (
                len(wanted) == missing
                and all(self.can_be_had(slot) for slot in wanted)
                and not Appointment.objects.filter(
                    slot__in=wanted, state="held", held_until__gt=self.at
                ).exists()
                and not any(
                    one.starts_at < other.ends_at and other.starts_at < one.ends_at
                    for one, other in combinations(mine, 2)
                )
            )
            try:
                actions.book_series([slot.pk for slot in wanted], self.course.pk, **self.who())
                assert may
                self.visits |= {slot.pk for slot in wanted}
            except NotAllowed:
                assert not may  # and the tables say that nothing of it was saved

        @rule(visit=st.integers(0, VISITS - 1))
        def cancel_a_visit(self, visit: int) -> None:
            if visit >= len(self.visits):
                return
            slot = sorted(self.visits)[visit]
            row = Appointment.objects.get(entry=self.course, slot=slot, state="booked")
            why: dict[str, Any] = {"by_whom": CancelledBy.PATIENT, "reason": "patient_ill"}
            actions.cancel(row.pk, **why, **self.who())
            self.visits.remove(slot)

        @rule(session=st.integers(0, 1), granted=st.booleans())
        def leave(self, session: int, granted: bool) -> None:
            """Who is booked stays, until somebody moves them; nobody else is booked."""
            row = self.sessions[session]
            wanted = clinics.NewLeave(row.clinician_id, LATER.date(), LATER.date(), "annual")
            asked = clinics.ask_leave(wanted, **self.who())
            clinics.decide_leave(asked.pk, granted, **self.who())
            self.away |= {row.pk} if granted else set()

        @rule(session=st.integers(0, 1))
        def freeze_or_open(self, session: int) -> None:
            key = self.sessions[session].pk
            if key in self.frozen:
                clinics.unfreeze(key, **self.who())
                self.frozen.remove(key)
            else:
                clinics.freeze(key, "Sickness", **self.who())
                self.frozen.add(key)

        @rule(minutes=st.sampled_from([1, 25]))
        def time_passes(self, minutes: int) -> None:
            self.at += timedelta(minutes=minutes)
            actions.let_go_of_holds(**self.who())

        def appointment(self, entry: int) -> Appointment:
            return Appointment.objects.get(entry=self.entries[entry], state="booked")

        @invariant()
        def the_tables_say_what_the_model_says(self) -> None:
            rows = Appointment.objects.filter(state="booked").values_list("entry_id", "slot_id")
            places = {entry.pk: place for place, entry in enumerate(self.entries)}
            course = self.course.pk
            assert {places[entry]: slot for entry, slot in rows if entry != course} == self.booked
            assert {slot for entry, slot in rows if entry == course} == self.visits
            waiting = set(Entry.objects.filter(state="waiting").values_list("pk", flat=True))
            missing = {course} if len(self.visits) < VISITS else set()
            single = {each.pk for place, each in enumerate(self.entries) if place not in self.booked}
            assert waiting == single | missing

        @invariant()
        def what_is_suggested_can_be_booked(self) -> None:
            waiting = [place for place in range(ENTRIES) if place not in self.booked][:1]
            for place in waiting:
                entry = self.entries[place].pk
                for each in queries.suitable(entry, physio.trust.pk, self.at).best:
                    assert self.can_be_had(Slot.objects.get(pk=each.slot))

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    return Desk


@pytest.mark.promise("R4")
def test_any_order_of_steps_leaves_the_tables_as_the_model_says() -> None:
    physio, steps = a_department(a_trust()), sizes.of("R4", "steps")
    each = 15 if steps < 1_000 else 50

    run_state_machine_as_test(
        machine(physio),
        settings=settings(
            max_examples=steps // each,
            stateful_step_count=each,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
