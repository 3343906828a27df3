"""A stream with repeats, late messages and damaged ones leaves what the clean stream leaves."""

import random
from datetime import date, timedelta

import pytest
from django.db import transaction

from clearway.core.feeds.models import Source
from clearway.core.feeds.queries import accounts
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.booking.models import ACTIVE, Appointment
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.waiting.models import Entry
from clearway.interchange import native
from tests import sizes
from tests.beside import DESK, MAPPING, MONDAY, slots_of
from tests.beside import deliver as tell
from tests.disturbed import disturbed
from tests.pas import adt, siu
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust

from .conftest import conveyance, deliver
from .test_inbox import picture

pytestmark = [pytest.mark.django_db, pytest.mark.promise("R5")]
A_JOB = 7  # messages of a conveyance
BATCH = 200


def shift(messages: int) -> list[bytes]:
    """So many messages of a control room, as lines, by time."""
    crews, sites = 20, ("TVH01", "TVH02", "TVH03")
    events = [
        event
        for number in range(messages // A_JOB + 1)
        for event in conveyance(
            sites[number % len(sites)],
            incident=str(number),
            call_sign=f"A{number % crews}",
            start=-90 * (messages // A_JOB // crews + 1) + 90 * (number // crews) + number % crews,
        )
    ]
    events.sort(key=lambda event: event.occurred_at)
    return [native.dump([event]) for event in events[:messages]]


def test_a_control_rooms_stream_disturbed_leaves_what_the_clean_one_leaves(
    valley: Organisation, cad: Source, chance: random.Random
) -> None:
    clean = shift(sizes.of("R5", "messages of a control room"))
    sent = disturbed(clean, lambda line: line[: chance.randrange(5, len(line) - 2)], chance)

    def end_of(stream: list[bytes]) -> list[object]:
        with transaction.atomic():
            for place in range(0, len(stream), BATCH):
                deliver(cad, b"\n".join(each.strip() for each in stream[place : place + BATCH]))
            (account,) = [each for each in accounts(valley.pk) if each.source == cad]
            seen = [picture(valley), account.applied, account.adds_up]
            found.append((account.received, account.duplicate, account.quarantined))
            transaction.set_rollback(True)
        return seen

    found: list[tuple[int, int, int]] = []
    assert end_of(sent) == end_of(clean)
    damaged = len([each for each in sent if each not in set(clean)])
    assert found == [(len(sent), len(sent) - len(clean) - damaged, damaged), (len(clean), 0, 0)]


@pytest.fixture
def physio() -> Department:
    return a_department(a_trust())


def day(physio: Department, source: Source, patients: int) -> list[bytes]:
    """What is told of so many patients, who are known and wait: new names, bookings, moves, cancellations."""
    free = [
        slot.starts_at
        for day in range(-(-2 * patients // 16))
        for part in range(4)
        for slot in slots_of(physio, MONDAY + timedelta(days=day, hours=2 * part))
    ]
    told: list[bytes] = []
    for number in range(patients):
        born = date(1940, 1, 1) + timedelta(days=31 * number)  # nobody looks like somebody else
        pid = f"PID|1||M{number}^^^RWP^MR||Family{number}^{{}}||{born:%Y%m%d}|F"
        tell(source, adt("A28", NINE - timedelta(hours=9), pid=pid.format("First")))
        patient = Patient.objects.get(number=f"M{number}")
        physio.entry(physio.referral(patient=patient), minutes=30)
        at, kept = NINE - timedelta(hours=8) + timedelta(seconds=number), f"F{number}"
        one, two = free[2 * number : 2 * number + 2]
        before, after = pid.format("Second"), pid.format("Third")
        moved = at + timedelta(minutes=1)
        told += [
            adt("A31", at, pid=before, key=f"{number}-1"),
            siu("S12", at, filler=kept, starts_at=one, pid=before, key=f"{number}-2"),
            siu("S13", moved, filler=kept, starts_at=two, pid=before, key=f"{number}-3"),
            adt("A31", moved, pid=after, key=f"{number}-4"),
        ]
        if number % 3 == 0:
            ended = moved + timedelta(minutes=1)
            told.append(siu("S15", ended, filler=kept, reason="ILL", pid=after, key=f"{number}-5"))
    return told


def standing() -> list[object]:
    """Who is called how, who has which place, and who waits."""
    booked = Appointment.objects.filter(state__in=ACTIVE).values_list("patient__number", "starts_at")
    waiting = Entry.objects.values_list("patient__number", "state")
    return [sorted(rows) for rows in (Patient.objects.values_list("number", "given_names"), booked, waiting)]


def test_a_patient_systems_stream_disturbed_leaves_what_the_clean_one_leaves(
    physio: Department, chance: random.Random
) -> None:
    source = Source.objects.create(
        organisation=physio.trust, name="pas", kind="hl7", expected_interval_seconds=3600
    )
    exchange.load_mapping(source, MAPPING, "the first", by=DESK, at=NINE)
    clean = day(physio, source, sizes.of("R5", "messages of a patient system") * 3 // 13)
    sent = disturbed(clean, lambda raw: raw[: raw.index(b"PID|") + 6], chance)

    def end_of(stream: list[bytes]) -> list[object]:
        with transaction.atomic():
            for raw in stream:
                tell(source, raw)
            (account,) = accounts(physio.trust.pk)
            assert account.adds_up
            kept.append(account.quarantined)
            seen = standing()
            transaction.set_rollback(True)
        return seen

    kept: list[int] = []
    assert end_of(sent) == end_of(clean)
    assert kept == [len([each for each in sent if each not in set(clean)]), 0]
    assert len(standing()[1]) == 0  # all of it was done in the streams
