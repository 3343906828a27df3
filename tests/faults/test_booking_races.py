"""Many clients book the same seats at once, on connections of their own, at every isolation level.

Twenty patients want each seat; tests/sizes.py says how many attempts there are.
"""

import contextlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from django.db import connection

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.desks.outpatients.booking import actions
from clearway.desks.outpatients.booking.models import Appointment, Offer
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Session, Slot
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from tests import sizes
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 64
ATTEMPTS = sizes.of("R2", "attempts")
SEATS = ATTEMPTS // 20
GROUP = 5  # seats of a class; a fifth of all seats are in classes
WHO = Actor("racer")
LEVELS = ("read committed", "repeatable read", "serializable")
Work = Callable[[Any], None]


@pytest.fixture
def physio() -> Department:
    return a_department(a_trust())


def seats_of(physio: Department, count: int) -> list[tuple[Slot, str]]:
    """So many seats: slots of one, and classes, with the kind of entry that fits each."""
    classes = count // 5 // GROUP
    found = [(slot, "new") for slot in _slots(physio, count - classes * GROUP, 0, kind="new")]
    return found + [(slot, "group") for slot in _slots(physio, classes, 200, kind="group", seats=GROUP)]


def _slots(physio: Department, count: int, first_day: int, **more: Any) -> Iterator[Slot]:
    for day in range(-(-count // 16)):
        starts_at = NINE + timedelta(days=30 + first_day + day)
        yield from physio.session(starts_at, slots=min(16, count - 16 * day), **more).slots.order_by("pk")


def entries_of(physio: Department, kinds: list[str]) -> list[int]:
    """An entry of another patient for each of these kinds."""
    patients = Patient.objects.bulk_create(
        Patient(
            organisation=physio.trust,
            number=f"R{number:06}",
            family_name="Racer",
            given_names="Pat",
            born_on=NINE.date() - timedelta(days=12000),
            registered_at=NINE,
        )
        for number in range(len(kinds))
    )
    entries = Entry.objects.bulk_create(
        Entry(
            organisation=physio.trust,
            patient=patient,
            service=physio.service,
            kind=kind,
            priority="1",
            minutes=30,
            added_at=NINE,
        )
        for patient, kind in zip(patients, kinds, strict=True)
    )
    return [entry.pk for entry in entries]


def race(jobs: list[Any], level: str, work: Work, clients: int = CLIENTS) -> list[BaseException]:
    """Do every job once, by so many clients at this isolation level; what went wrong but for refusals."""
    waiting: SimpleQueue[Any] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    wrong: list[BaseException] = []
    together = threading.Barrier(min(clients, len(jobs)))

    def client() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET default_transaction_isolation = '{level}'")
            together.wait(60)
            while True:
                work(waiting.get_nowait())
        except Empty:
            pass
        except BaseException as problem:  # told to the test, which fails with it
            wrong.append(problem)
        finally:
            connection.close()

    racing = [threading.Thread(target=client) for _ in range(together.parties)]
    for each in racing:
        each.start()
    for each in racing:
        each.join(3600)
    return wrong


@pytest.mark.promise("R2")
@pytest.mark.parametrize("level", LEVELS)
def test_as_many_bookings_as_seats_whatever_the_isolation_level(
    physio: Department, level: str, chance: random.Random
) -> None:
    slots = seats_of(physio, SEATS)
    for day, kind in ((60, "new"), (61, "group")):  # nobody races for these: they are what losers are told of
        physio.session(NINE + timedelta(days=day), 3, kind=kind)
    wanted = [(slot.pk, kind) for slot, kind in slots for _ in range(20 * slot.seats)]
    jobs = list(
        zip([slot for slot, _ in wanted], entries_of(physio, [kind for _, kind in wanted]), strict=True)
    )
    chance.shuffle(jobs)
    ended: Counter[str] = Counter()
    offered: list[int] = []

    def book(job: tuple[int, int]) -> None:
        try:
            actions.book(*job, organisation_id=physio.trust.pk, by=WHO, at=NINE)
            ended["booked"] += 1
        except actions.SlotGone as refused:
            ended["refused"] += 1
            offered.append(len(refused.alternatives))

    assert race(jobs, level, book) == []

    assert ended == {"booked": SEATS, "refused": ATTEMPTS - SEATS}
    assert set(offered) == {3}
    booked = Appointment.objects.filter(state="booked")
    assert booked.count() == SEATS
    assert len(set(booked.values_list("slot", "seat"))) == SEATS
    assert len(set(booked.values_list("patient"))) == SEATS
    for rows in (Offer.objects, Contact.objects, Action.objects.filter(verb="booking.book")):
        assert rows.count() == SEATS  # nothing of the losers was half-saved
    assert Entry.objects.filter(state="booked").count() == SEATS


@pytest.mark.promise("R4")
@pytest.mark.parametrize("level", LEVELS)
def test_a_frozen_clinic_takes_nobody_after_the_freeze_whatever_the_isolation_level(
    physio: Department, level: str
) -> None:
    slots = [slot for slot, _ in seats_of(physio, 16) if slot.kind == "new"]
    session = slots[0].session_id
    mine = [slot.pk for slot in slots if slot.session_id == session]
    jobs: list[Any] = list(zip(mine, entries_of(physio, ["new"] * len(mine)), strict=True))
    jobs.insert(len(jobs) // 2, None)
    order: list[str] = []

    def work(job: tuple[int, int] | None) -> None:
        who: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE}
        try:
            if job is None:
                clinics.freeze(session, "Sickness", **who)
                order.append(f"frozen with {Appointment.objects.count()}")
            else:
                actions.book(*job, **who)
        except NotAllowed:
            order.append("refused")

    wrong = race(jobs, level, work)

    frozen = [each for each in order if each.startswith("frozen")]
    if frozen:  # at the stricter levels the freeze may be the one that has to be asked for again
        assert frozen == [f"frozen with {Appointment.objects.count()}"]
        assert Session.objects.get(pk=session).state == "frozen"
    assert all("could not serialize" in str(problem) for problem in wrong)


@pytest.mark.promise("R4")
def test_two_patients_who_change_places_at_once_end_with_one_seat_each(physio: Department) -> None:
    (one, _), (two, _), *_ = seats_of(physio, 16)
    who: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE}
    first, second = (
        actions.book(slot.pk, entry, **who)
        for slot, entry in zip((one, two), entries_of(physio, ["new", "new"]), strict=True)
    )

    def swap(job: tuple[int, int]) -> None:
        with contextlib.suppress(NotAllowed):
            actions.move(*job, by_whom=CancelledBy.PATIENT, reason="patient_work", **who)

    assert race([(first.pk, two.pk), (second.pk, one.pk)], "read committed", swap) == []

    booked = Appointment.objects.filter(state="booked")
    assert booked.count() == 2
    assert len(set(booked.values_list("slot"))) == len(set(booked.values_list("patient"))) == 2
