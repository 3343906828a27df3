"""What happens here is told to the systems beside us: once, in order, until each has taken it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.outbox import actions as outbox
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import NotTaken, Parcel
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.exchange.models import Counterpart, FeedMapping, Telling
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.reception import actions as reception
from clearway.domain.outpatients.outcomes import Mistake, NextStep, Said
from clearway.domain.outpatients.words import Attended, CancelledBy, Outcome
from clearway.gateway.mllp_carrier import Carriers, MllpCarrier
from clearway.interchange.hl7.send import Send
from tests.beside import (
    BOOKINGS,
    DESK,
    MAPPING,
    MONDAY,
    deliver,
    known,
    later,
    scope,
    slots_of,
    told,
    work,
)
from tests.pas import ADA, adt, siu
from tests.peer import Peer, acknowledgement, listening
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust

pytestmark = pytest.mark.django_db


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def department(trust: Organisation) -> Department:
    return a_department(trust)


@pytest.fixture
def clinic(department: Department) -> list[Slot]:
    return slots_of(department, MONDAY)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening(Peer()) as made:
        yield made


def states() -> list[str]:
    return list(Outgoing.objects.filter(kind="hl7").order_by("id").values_list("state", flat=True))


def test_a_booking_reaches_the_other_system_and_its_acknowledgement_is_kept(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    told(trust, peer.port, kinds=BOOKINGS)
    entry = known(department)

    made = booking.book(clinic[0].pk, entry.pk, **scope(trust))
    work(NINE)
    before = list(peer.came)
    work(later())

    (message,) = peer.came
    telling = Telling.objects.get()
    assert before == []  # it can still be taken back
    assert message.sch.sch_1.value == f"{made.pk}^CLEARWAY"
    assert message.ail.ail_3.value == "BACK-MON"
    assert message.msh.msh_10.value == f"CW{telling.outgoing_id}"
    assert (telling.outgoing.state, telling.outgoing.reference) == ("sent", f"ACW{telling.outgoing_id}")
    assert telling.acknowledged_at == later()


def test_a_booking_that_is_rolled_back_tells_nobody(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    told(trust, peer.port, kinds=BOOKINGS)
    entry = known(department)

    with pytest.raises(RuntimeError), transaction.atomic():
        booking.book(clinic[0].pk, entry.pk, **scope(trust))
        raise RuntimeError

    assert (Telling.objects.count(), Outgoing.objects.filter(kind="hl7").count()) == (0, 0)


def test_what_became_of_an_appointment_is_told_step_by_step_under_one_id(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    told(trust, peer.port, kinds=BOOKINGS)
    entry = known(department)
    first = booking.book(clinic[0].pk, entry.pk, **scope(trust))
    why: dict[str, Any] = {"by_whom": CancelledBy.PATIENT, "reason": "patient_ill"}
    second = booking.move(first.pk, clinic[1].pk, **why, **scope(trust))
    day = scope(trust, MONDAY)
    reception.check_in(second.pk, **day)
    reception.take_back(second.pk, **day)
    reception.check_in(second.pk, **day)
    said = Said(
        Attended.ON_TIME,
        Outcome.ANOTHER_LATER,
        None,
        NextStep.ON_REQUEST,
        due_on=MONDAY.date() + timedelta(days=90),
    )
    evening = scope(trust, MONDAY + timedelta(hours=3))
    (outcome,) = outcomes.cash_up([(second.pk, said)], **evening)
    assert outcome.is_saved, outcome.why
    outcomes.take_back(second.pk, Mistake.OTHER_PATIENT, **evening)

    for hours in range(3, 8):
        work(MONDAY + timedelta(hours=hours, minutes=1))

    assert peer.kinds() == ["SIU^S12", "SIU^S13", *["SIU^S14"] * 5]
    assert [each.sch.sch_25.value for each in peer.came] == [
        *("Booked", "Booked", "Started", "Booked", "Started", "Complete", "Started")
    ]
    assert {each.sch.sch_1.value for each in peer.came} == {f"{first.pk}^CLEARWAY"}
    assert "ZRT|30|" in peer.came[5].to_er7()


def test_a_cancellation_says_why_in_their_code(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    told(trust, peer.port, kinds='["cancellations"]')
    made = booking.book(clinic[0].pk, known(department).pk, **scope(trust))

    booking.cancel(made.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **scope(trust))
    work(later())

    (message,) = peer.came  # it did not ask for bookings
    assert (message.msh.msh_9.value, message.sch.sch_6.value) == ("SIU^S15", "ILL")


def test_events_of_a_clock_are_told_with_what_the_clock_says_then(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    told(trust, peer.port, kinds='["clocks"]')
    entry = known(department)
    made = booking.book(clinic[0].pk, entry.pk, **scope(trust))

    booking.cancel(made.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **scope(trust))
    work(later())

    (message,) = peer.came
    assert message.msh.msh_9.value == "ADT^A08"
    assert entry.pathway is not None
    assert f"|{entry.pathway.ppid}|{trust.code}|" in message.to_er7()
    assert "|cancelled_by_patient|20261120" in message.to_er7()


def test_what_a_system_told_is_not_told_to_it_but_to_the_others(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    source = told(trust, peer.port, kinds=BOOKINGS)
    other = told(trust, peer.port, name="theatre", kinds=BOOKINGS)
    known(department)
    deliver(source, adt("A28", NINE - timedelta(hours=2)))

    deliver(source, siu("S12", NINE - timedelta(hours=1), starts_at=MONDAY))

    assert [each.source for each in Telling.objects.all()] == [other]


def test_their_own_ids_are_echoed_and_what_they_acknowledge_is_what_they_hold(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    source = told(trust, peer.port, kinds=BOOKINGS)
    known(department)
    deliver(source, adt("A28", NINE - timedelta(hours=2)))
    deliver(source, siu("S12", NINE - timedelta(hours=1), starts_at=MONDAY, filler="F9"))
    theirs = Counterpart.objects.get(kind="appointment")
    assert theirs.ours is not None

    booking.move(theirs.ours, clinic[2].pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **scope(trust))
    work(later())
    late = deliver(source, siu("S13", NINE - timedelta(minutes=5), starts_at=MONDAY, filler="F9"))

    (message,) = peer.came
    assert (message.msh.msh_9.value, message.sch.sch_2.value) == ("SIU^S13", "F9")
    assert message.pid.pid_3[0].value == "M1^^^^MR"
    theirs.refresh_from_db()
    assert (theirs.starts_at, theirs.state) == (clinic[2].starts_at, "booked")
    assert str(late.segment("MSA")(1)) == "AA"
    assert Slot.objects.get(appointments__state="booked") == clinic[2]  # older than what they acknowledged


def test_a_refusal_stands_with_its_words_until_somebody_sends_it_again_and_the_next_waits_for_it(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    told(trust, peer.port, kinds=BOOKINGS)
    made = booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    booking.cancel(made.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **scope(trust, later(1)))
    peer.says = lambda key: acknowledgement(key, "AE", "Unknown patient")

    work(later(20))
    first = Outgoing.objects.filter(kind="hl7").earliest("id")
    refused = (first.state, first.why, states())
    peer.says = acknowledgement
    outbox.release(first.pk, **scope(trust, later(60)))
    work(later(60))
    work(later(120))

    assert refused == ("failed", "AE: error 207", ["failed", "ready"])
    assert states() == ["sent", "sent"]
    assert peer.kinds() == ["SIU^S12", "SIU^S15"]


def test_a_link_that_is_cut_for_a_day_costs_nothing(
    trust: Organisation, department: Department, clinic: list[Slot]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told(trust, port, kinds=BOOKINGS)
    booking.book(clinic[0].pk, known(department).pk, **scope(trust))

    for minutes in range(1, 24 * 60, 60):
        work(later(60 * minutes))
    (waiting,) = states()
    with listening(Peer(), port) as peer:
        work(later(25 * 3600))

    assert (waiting, states(), peer.kinds()) == ("ready", ["sent"], ["SIU^S12"])


def test_a_system_that_stops_or_stays_away_is_one_task_of_the_leader_until_it_is_told(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    source = told(trust, peer.port, kinds=BOOKINGS)
    booking.book(clinic[0].pk, known(department).pk, **scope(trust))

    def said(minutes: int) -> list[tuple[str, str, str]]:
        at = later(60 * minutes)
        rules.run(trust.pk, situation.read(trust.pk, at), at)
        rows = Task.objects.filter(rule="untold_system", closed_at=None)
        return list(rows.values_list("subject", "title", "role"))

    task, leader = f"source:{source.pk}:untold", "outpatient_team_leader"
    assert said(29) == []
    assert said(31) == [(task, "Messages to pas are waiting", leader)]
    Source.objects.update(enabled=False)
    work(later(60 * 32))
    assert set(Outgoing.objects.filter(kind="hl7").values_list("state", "reason")) == {("held", "carrier")}
    assert said(33) == [(task, "Messages to pas are stopped", leader)]

    Source.objects.update(enabled=True)
    outbox.release(Outgoing.objects.get(kind="hl7").pk, **scope(trust, later(60 * 34)))
    work(later(60 * 34))
    assert (said(35), states()) == ([], ["sent"])


def test_a_message_that_was_taken_before_the_link_broke_is_sent_again_under_its_own_control_id(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    told(trust, peer.port, kinds=BOOKINGS)
    booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    peer.says = lambda key: None

    work(later())
    cut = states()
    peer.says = acknowledgement
    work(later(60))

    assert (cut, states()) == (["ready"], ["sent"])
    assert [each.to_er7() for each in peer.came[:1]] == [each.to_er7() for each in peer.came[1:]]
    assert len(peer.taken) == 1


def test_what_a_killed_worker_left_behind_is_sent_again_under_the_same_control_id(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    told(trust, peer.port, kinds=BOOKINGS)
    booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    work(later())
    # As the worker leaves it that dies after the call and before it wrote the answer.
    Outgoing.objects.filter(kind="hl7").update(state="sending", sent_at=None, reference="")

    work(later(120))
    work(later(180))

    assert (states(), len(peer.came), len(peer.taken)) == (["sent"], 2, 1)


@pytest.mark.parametrize(
    "answer",
    [
        acknowledgement("CW0"),
        acknowledgement("CW1", "AR", "Not now"),
        "\x0bwhat?\r\x1c\r",
        "\x0b\x1c\r",
    ],
)
def test_anything_but_the_acknowledgement_of_this_message_leaves_it_to_be_sent_again(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer, answer: str
) -> None:
    told(trust, peer.port, kinds=BOOKINGS)
    booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    peer.says = lambda key: answer.replace("CW1", key)

    work(later())
    first = states()
    peer.says = acknowledgement
    work(later(60))

    assert (first, states()) == (["ready"], ["sent"])


def test_a_clinic_that_has_no_code_there_is_held_and_goes_once_the_mapping_is_mended(
    trust: Organisation, department: Department, peer: Peer
) -> None:
    source = told(trust, peer.port, kinds=BOOKINGS)
    session = department.session(MONDAY)
    booking.book(session.slots.earliest("id").pk, known(department).pk, **scope(trust))

    work(later())
    row = Outgoing.objects.get(kind="hl7")
    held = (row.state, row.why)
    mended = f'{MAPPING}[send]\nhost = "127.0.0.1"\nport = {peer.port}\n[send.codes.clinic]\n"" = "ELSE"\n'
    exchange.load_mapping(source, mended, "sessions of no clinic", by=DESK, at=NINE)
    outbox.release(row.pk, **scope(trust, later(60)))
    work(later(60))

    assert held == ("held", "AIL-3: A session of no clinic has no code there.")
    assert peer.came[0].ail.ail_3.value == "ELSE"


# What was found wrong once


def cancelled(trust: Organisation, key: int, at: datetime) -> None:
    booking.cancel(key, by_whom=CancelledBy.PATIENT, reason="patient_ill", **scope(trust, at))


@pytest.mark.parametrize("is_taken", [True, False])
def test_an_echo_of_what_was_cancelled_meanwhile_links_the_ids_and_books_nothing(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer, is_taken: bool
) -> None:
    source = told(trust, peer.port, kinds=BOOKINGS)
    made = booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    work(later(11))
    cancelled(trust, made.pk, later(30))
    if is_taken:
        work(later(45))
        work(later(60))

    at = later(40)
    echo = siu("S12", at, starts_at=clinic[0].starts_at, filler="F9", placer=str(made.pk))
    answer = deliver(source, echo, later(61))
    work(later(90))

    linked = Counterpart.objects.get(kind="appointment")
    assert str(answer.segment("MSA")(1)) == "AA"
    assert not Slot.objects.filter(appointments__state="booked").exists()
    assert (linked.theirs, linked.ours, linked.state) == ("F9", made.pk, "cancelled")


def test_their_move_of_before_ours_changes_nothing_when_it_comes_after(
    trust: Organisation, department: Department, clinic: list[Slot]
) -> None:
    source = told(trust, 1, kinds=BOOKINGS)  # nobody answers there: the link is cut
    known(department)
    deliver(source, adt("A28", NINE - timedelta(hours=2)))
    deliver(source, siu("S12", NINE - timedelta(hours=1), starts_at=clinic[0].starts_at, filler="F9"))
    theirs = Counterpart.objects.get(kind="appointment")
    assert theirs.ours is not None
    why: dict[str, Any] = {"by_whom": CancelledBy.PATIENT, "reason": "patient_ill"}
    booking.move(theirs.ours, clinic[2].pk, **why, **scope(trust, NINE + timedelta(minutes=30)))

    moved = siu("S13", NINE + timedelta(minutes=5), starts_at=clinic[1].starts_at, filler="F9")
    deliver(source, moved, NINE + timedelta(minutes=40))

    assert Slot.objects.get(appointments__state="booked") == clinic[2]


def test_numbers_go_on_after_the_oldest_messages_were_let_go(
    trust: Organisation, department: Department, clinic: list[Slot]
) -> None:
    told(trust, 1, kinds=BOOKINGS)
    made = booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    Telling.objects.update(number=2)  # the first has gone

    cancelled(trust, made.pk, later(30))

    assert list(Telling.objects.order_by("number").values_list("number", flat=True)) == [2, 3]


def test_what_follows_in_clocks_is_told_to_who_told_the_cause(
    trust: Organisation, department: Department, clinic: list[Slot]
) -> None:
    source = told(trust, 1, kinds='["clocks", "cancellations"]')
    known(department)
    deliver(source, adt("A28", NINE - timedelta(hours=2)))
    deliver(source, siu("S12", NINE - timedelta(hours=1), starts_at=clinic[0].starts_at))

    deliver(source, siu("S15", NINE - timedelta(minutes=9), starts_at=clinic[0].starts_at, reason="ILL"))

    assert [each.said["what"] for each in Telling.objects.all()] == ["clock"]


def test_a_mapping_that_cannot_be_read_any_more_stops_no_booking_and_no_other_system(
    trust: Organisation, department: Department, clinic: list[Slot], caplog: pytest.LogCaptureFixture
) -> None:
    broken = told(trust, 1, kinds=BOOKINGS)
    other = told(trust, 1, name="theatre", kinds=BOOKINGS)
    FeedMapping.objects.create(
        source=broken, version=2, text="[sender", why="written by an older release", loaded_at=NINE
    )

    booking.book(clinic[0].pk, known(department).pk, **scope(trust))

    assert [each.source for each in Telling.objects.all()] == [other]
    assert list(Carriers({})) == [f"mllp:{other.pk}"]
    assert "The mapping of source pas cannot be read" in caplog.text


def test_who_answers_a_byte_now_and_then_is_given_up_in_time() -> None:
    ended = threading.Event()

    def drip(server: socket.socket) -> None:
        link, _ = server.accept()
        with link, contextlib.suppress(OSError):
            while not ended.wait(0.05):
                link.sendall(b"\x0b")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        carrier = MllpCarrier(Send("127.0.0.1", server.getsockname()[1]), patience=0.3)
        try:
            with pytest.raises(NotTaken, match="no answer in time"):
                carrier.carry(Parcel("1", "", b"MSH|", again=False))
        finally:
            ended.set()
            thread.join()


def test_a_certificate_file_that_is_not_there_is_said_and_waits_until_it_is() -> None:
    carrier = MllpCarrier(Send("127.0.0.1", 1, tls=True, authority="/nowhere/authority.pem"))

    with pytest.raises(NotTaken, match=r"authority of .send. names cannot be used: no such file") as missing:
        carrier.carry(Parcel("1", "", b"MSH|", again=False))

    assert missing.value.waits


def test_appointments_that_fall_through_a_death_are_told_to_who_told_the_death(
    trust: Organisation, department: Department, clinic: list[Slot], peer: Peer
) -> None:
    source = told(trust, peer.port, kinds=BOOKINGS)
    entry = known(department)
    deliver(source, adt("A28", NINE - timedelta(hours=2)))
    deliver(source, siu("S12", NINE - timedelta(hours=1), starts_at=clinic[0].starts_at))

    deliver(source, adt("A31", NINE, pid=ADA + "|" * 18 + "20261119|Y"))
    work(later())

    entry.refresh_from_db()
    (said,) = peer.taken.values()
    assert (entry.state, peer.kinds()) == ("removed", ["SIU^S15"])
    assert said.sch.sch_2.value == "F1"
