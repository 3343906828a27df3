"""Eight workers try at once to break the rules that no single row can hold; then the history is read."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.organisation.actions import load_region
from clearway.desks.ambulance.diverts import actions as diverts
from clearway.desks.ambulance.diverts.models import LIVE, Divert, Step
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import ACTIVE, Appointment
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Session, Slot
from clearway.desks.outpatients.clocks import actions as clocks
from clearway.desks.outpatients.clocks import queries as clock_queries
from clearway.desks.outpatients.clocks.models import ClockEvent as EventRow
from clearway.desks.outpatients.clocks.models import Pathway
from clearway.desks.outpatients.waiting.models import Entry
from clearway.domain.ambulance.diverts import Cover, DivertKind, DivertStep, Terms
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange.region_pack import parse
from tests import sizes
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import somebody

from .test_booking_races import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise("R4")]
WORKERS, PATIENTS, CLINICS, SLOTS = 8, 6, 3, 4
SITES = ("TVH01", "TVH02", "TVH03")
LATER = NINE + timedelta(days=30)


class Desks:
    """Both desks of one trust; each worker does one thing at a time, with luck of its own."""

    def __init__(self) -> None:
        self.trust = load_region(parse(find("test-valley")), by=Actor("test"), at=NINE - timedelta(days=30))
        self.officer = somebody("officer", "service_delivery_officer", self.trust)
        self.physio = a_department(self.trust)
        others = [a_department(self.trust, f"other{number}") for number in range(CLINICS - 1)]
        for number, each in enumerate([self.physio, *others]):  # clinics that overlap in time
            each.service = self.physio.service
            each.session(LATER + timedelta(minutes=10 * number), SLOTS)
        self.slots = list(Slot.objects.order_by("pk").values_list("pk", flat=True))
        self.sessions = list(Session.objects.order_by("pk").values_list("pk", flat=True))
        self.entries = [self.physio.entry(minutes=30).pk for _ in range(PATIENTS)]
        patient = Entry.objects.get(pk=self.entries[0]).patient  # a second wait of the same person
        self.entries.append(self.physio.entry(self.physio.referral(patient=patient), minutes=30).pk)
        self.pathways = list(Pathway.objects.order_by("pk").values_list("pk", flat=True))
        self.done: Counter[str] = Counter()

    def who(self) -> dict[str, Any]:
        return {
            "organisation_id": self.trust.pk,
            "by": Actor("worker", user_id=self.officer.pk),
            "at": NINE,
        }

    def work(self, seed: int) -> None:
        luck = random.Random(seed)
        name, act = luck.choice(ACTS)
        try:
            act(self, luck)
            self.done[name] += 1
        except (NotAllowed, IntegrityError, Divert.DoesNotExist, booking.NotThere):
            self.done[f"{name} refused"] += 1

    def book(self, luck: random.Random) -> None:
        booking.book(luck.choice(self.slots), luck.choice(self.entries), **self.who())

    def move(self, luck: random.Random) -> None:
        why: dict[str, Any] = {"by_whom": CancelledBy.PATIENT, "reason": "patient_work"}
        booking.move(self.somebody_booked(luck), luck.choice(self.slots), **why, **self.who())

    def cancel(self, luck: random.Random) -> None:
        why: dict[str, Any] = {"by_whom": CancelledBy.PATIENT, "reason": "patient_ill"}
        booking.cancel(self.somebody_booked(luck), **why, **self.who())

    def somebody_booked(self, luck: random.Random) -> int:
        rows = Appointment.objects.filter(state="booked").values_list("pk", flat=True)
        return luck.choice(list(rows) or [0])

    def freeze(self, luck: random.Random) -> None:
        session = luck.choice(self.sessions)
        try:
            clinics.unfreeze(session, **self.who())
        except NotAllowed:
            clinics.freeze(session, "Sickness", **self.who())

    def double_clinic(self, luck: random.Random) -> None:
        """Another clinic of a clinician and a room, as a faulty program would write it: past every check."""
        self.physio.session(LATER + timedelta(days=1, minutes=10 * luck.randrange(40)), 1)

    def propose(self, luck: random.Random) -> None:
        site, to = luck.sample(SITES, 2)
        terms = Terms(DivertKind.CAPACITY, site, (to,), frozenset({Cover.ADULT_MAJORS}), 120)
        wanted = diverts.Proposal(terms, "Queue", "Corridor staffed", "Both rung")
        diverts.propose(wanted, levels={}, **self.who())

    def withdraw(self, luck: random.Random) -> None:
        rows = list(Divert.objects.filter(state__in=LIVE).values_list("pk", flat=True))
        diverts.take(luck.choice(rows or [0]), DivertStep.WITHDRAWN, **self.who())

    def clock(self, luck: random.Random) -> None:
        kind = luck.choice([EventKind.TREATED, EventKind.ATTENDED, EventKind.REFERRAL_RECEIVED])
        on = TODAY - timedelta(days=luck.randrange(25))
        event = ClockEvent(f"e{luck.randrange(10**9)}", kind, on)
        clocks.record([clocks.Recorded(luck.choice(self.pathways), event, "desk")], **self.who())


Act = Callable[[Desks, random.Random], None]
ACTS: list[tuple[str, Act]] = [
    *[("book", Desks.book)] * 5,
    *[("move", Desks.move)] * 3,
    *[("cancel", Desks.cancel)] * 2,
    ("freeze", Desks.freeze),
    ("double clinic", Desks.double_clinic),
    *[("propose", Desks.propose)] * 2,
    *[("withdraw", Desks.withdraw)] * 2,
    ("clock", Desks.clock),
]


def test_eight_workers_at_once_break_no_rule_that_spans_rows(chance: random.Random) -> None:
    desks = Desks()
    jobs = [chance.randrange(2**32) for _ in range(sizes.of("R4", "things done by 8 workers"))]

    assert race(jobs, "read committed", desks.work, clients=WORKERS) == []

    print(dict(desks.done))
    for name in {name for name, _ in ACTS}:
        assert desks.done[name] > 0, f"nobody could {name}: nothing was shown of it"
    in_one_place()
    one_clinic_each()
    no_ring_ever()
    clocks_add_up(desks.physio)


def in_one_place() -> None:
    """No seat twice, nobody in two places; read without the database's own constraints."""
    rows = list(Appointment.objects.filter(state__in=ACTIVE).select_related("slot"))
    assert max(Counter((row.slot_id, row.seat) for row in rows).values(), default=1) == 1
    for row in rows:
        same = [each for each in rows if each.patient_id == row.patient_id and each.pk != row.pk]
        assert not [each for each in same if each.starts_at < row.ends_at and row.starts_at < each.ends_at]
    booked = {row.entry_id for row in rows}
    assert set(Entry.objects.filter(state="booked").values_list("pk", flat=True)) == booked


def one_clinic_each() -> None:
    rows = list(Session.objects.exclude(state="cancelled"))
    for row in rows:
        for each in rows:
            if each.pk != row.pk and each.starts_at < row.ends_at and row.starts_at < each.ends_at:
                assert each.clinician_id != row.clinician_id and each.room_id != row.room_id


def no_ring_ever() -> None:
    """After every step that was taken, in the order of taking: one divert a site, none into another."""
    standing: dict[int, Divert] = {}
    for step in Step.objects.select_related("divert").order_by("id"):
        if step.step == DivertStep.PROPOSED:
            standing[step.divert_id] = step.divert
        elif step.step == DivertStep.WITHDRAWN:
            del standing[step.divert_id]
        sites = [row.site for row in standing.values()]
        assert len(set(sites)) == len(sites)
        assert not set(sites) & {code for row in standing.values() for code in row.to}


def clocks_add_up(physio: Department) -> None:
    """Every clock is what its events add up to, and no two events have one place in the order."""
    assert clock_queries.differences(Pathway.objects.filter(organisation=physio.trust), NINE) == []
    places = EventRow.objects.values_list("pathway", "sequence")
    assert len(set(places)) == len(places)
