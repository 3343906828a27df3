"""Appointments here and at another system are compared, and each difference is put right from here."""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clearway.cli import main
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Quarantined, Source
from clearway.core.organisation.models import Organisation
from clearway.core.outbox import actions as outbox
from clearway.core.outbox.models import Outgoing
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.exchange import comparing, queries, reconciling
from clearway.desks.outpatients.exchange.models import Reconciliation
from clearway.desks.outpatients.patients.models import Patient
from clearway.domain.outpatients.reconciling import Theirs
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import appointment_extract
from tests.beside import BOOKINGS, CLERK, MONDAY, deliver, known, later, scope, slots_of, told, work
from tests.pas import adt, siu
from tests.peer import Peer, acknowledgement, listening
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
HEAD = "filler,placer,patient,clinic,start,status\n"
BY_PATIENT: dict[str, Any] = {"by_whom": CancelledBy.PATIENT, "reason": "patient_ill"}
DAYS = (MONDAY.date(), MONDAY.date())


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


@pytest.fixture
def source(trust: Organisation, peer: Peer) -> Source:
    return told(trust, peer.port, kinds=BOOKINGS)


def extract(source: Source, *rows: str) -> list[Theirs]:
    """What a system gives as its own: filler, placer, patient, clinic, start, status."""
    text = HEAD + "".join(f"{row}\n" for row in rows)
    return list(appointment_extract.read(text.encode(), queries.mapping_of(source)).rows)


def compared(source: Source, *rows: str) -> Reconciliation:
    made, _ = reconciling.compare(source, extract(source, *rows), DAYS, file="pas.csv", by=CLERK, at=NINE)
    return made


def start(slot: Slot) -> str:
    return f"{slot.starts_at:%Y%m%d%H%M%S}+0000"


def test_what_was_refused_is_found_sent_again_and_then_nothing_differs(
    trust: Organisation, department: Department, clinic: list[Slot], source: Source, peer: Peer
) -> None:
    peer.says = lambda key: acknowledgement(key, "AE", "Unknown patient")
    made = booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    work(later())

    row = compared(source)
    peer.says = acknowledgement
    done = reconciling.settle(row.pk, 0, **scope(trust, later(60)))
    work(later(60))
    again = compared(source, f"X1,{made.pk},P1,BACK-MON,{start(clinic[0])},Booked")

    assert [(each["kind"], each["todo"]) for each in row.rows] == [("here only", "send again")]
    assert (done, peer.kinds()) == ("Sent again", ["SIU^S12"])
    assert [each["fields"] for each in again.rows] == [["patient"]]  # P1 is another's
    assert Action.objects.filter(verb="exchange.settle").count() == 1
    with pytest.raises(NotAllowed):
        reconciling.settle(row.pk, 0, **scope(trust))


def test_what_was_booked_before_anything_was_sent_is_told_anew(
    trust: Organisation, department: Department, clinic: list[Slot], source: Source, peer: Peer
) -> None:
    made = department.booked(clinic[0], known(department))

    row = compared(source)
    reconciling.settle(row.pk, 0, **scope(trust))
    work(later())

    assert peer.kinds() == ["SIU^S12"]
    number = made.patient.number
    assert compared(source, f"X1,{made.pk},{number},BACK-MON,{start(clinic[0])},Booked").rows == []


def test_what_they_moved_and_never_told_is_moved_here(
    trust: Organisation, department: Department, clinic: list[Slot], source: Source
) -> None:
    known(department)
    deliver(source, adt("A28", NINE - timedelta(hours=2)))
    deliver(source, siu("S12", NINE - timedelta(hours=1), starts_at=MONDAY, filler="F9"))

    row = compared(source, f"F9,,M1,BACK-MON,{start(clinic[2])},Booked")
    done = reconciling.settle(row.pk, 0, **scope(trust))

    assert [(each["fields"], each["todo"]) for each in row.rows] == [(["time"], "move here")]
    assert done == "Moved"
    assert Appointment.objects.get(state="booked").slot == clinic[2]
    assert compared(source, f"F9,,M1,BACK-MON,{start(clinic[2])},Booked").rows == []


def test_their_message_that_waits_here_is_named(
    trust: Organisation, department: Department, clinic: list[Slot], source: Source
) -> None:
    deliver(source, siu("S12", NINE - timedelta(hours=1), starts_at=MONDAY, filler="F9"))  # nobody knows her

    row = compared(source, f"F9,,M1,BACK-MON,{start(clinic[0])},Booked")

    (difference,) = row.rows
    assert (difference["kind"], difference["todo"]) == ("there only", "read their waiting message")
    assert difference["waiting"] is not None
    with pytest.raises(NotAllowed):
        reconciling.settle(row.pk, 0, **scope(trust))


def test_a_waiting_message_that_is_older_than_what_they_told_since_is_not_pointed_to(
    department: Department, clinic: list[Slot], source: Source
) -> None:
    deliver(source, adt("A28", NINE - timedelta(hours=3)))
    deliver(source, siu("S12", NINE - timedelta(hours=2), starts_at=MONDAY, filler="F9"))  # on no list yet
    department.entry(department.referral(patient=Patient.objects.get()), minutes=30)
    deliver(source, siu("S12", NINE - timedelta(hours=1), starts_at=MONDAY, filler="F9"))

    row = compared(source, f"F9,,M1,BACK-MON,{start(clinic[2])},Booked")

    assert Quarantined.objects.filter(state="waiting").count() == 1
    assert [(each["todo"], each["waiting"]) for each in row.rows] == [("move here", None)]


def test_without_an_extract_what_they_told_or_took_last_is_theirs(
    trust: Organisation, department: Department, clinic: list[Slot], source: Source, peer: Peer
) -> None:
    made = booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    work(later())
    before, _ = reconciling.compare(source, comparing.told_last(source, *DAYS), DAYS, by=CLERK, at=NINE)
    peer.says = lambda key: acknowledgement(key, "AE", "No")
    booking.cancel(made.pk, **BY_PATIENT, **scope(trust, later(30)))
    work(later(60))

    after, _ = reconciling.compare(source, comparing.told_last(source, *DAYS), DAYS, by=CLERK, at=NINE)

    assert (before.alike, before.rows) == (1, [])
    assert [(each["fields"], each["todo"]) for each in after.rows] == [(["state"], "send again")]


def test_what_they_took_is_theirs_no_more_once_they_moved_it_out_of_these_days(
    trust: Organisation, department: Department, clinic: list[Slot], source: Source, peer: Peer
) -> None:
    slot = slots_of(department, MONDAY + timedelta(days=7))[0]
    made = booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    work(later())
    moved = siu("S13", later(60), starts_at=slot.starts_at, filler="F9", placer=str(made.pk))
    deliver(source, moved, later(60))

    row, _ = reconciling.compare(source, comparing.told_last(source, *DAYS), DAYS, by=CLERK, at=NINE)

    assert Appointment.objects.get(state="booked").slot == slot
    assert row.rows == []


def test_reconciling_asks_as_many_queries_of_many_appointments_as_of_few(
    trust: Organisation, department: Department, source: Source
) -> None:
    slots = [slot for day in range(3) for slot in slots_of(department, MONDAY + timedelta(days=day))]
    rows = [department.booked(slot, department.entry(minutes=30)) for slot in slots]
    booking.move(
        rows[0].pk, slots_of(department, MONDAY + timedelta(days=3))[0].pk, **BY_PATIENT, **scope(trust)
    )
    days = (MONDAY.date(), MONDAY.date() + timedelta(days=6))
    asked = []
    for until in (MONDAY.date(), days[1]):
        with CaptureQueriesContext(connection) as queries_made:
            theirs = comparing.told_last(source, MONDAY.date(), until)
            found = comparing.here(source, theirs, MONDAY.date(), until)
        asked.append((len(queries_made), len(found)))

    assert asked == [(9, 3), (9, 12)]
    moved = found[-1]
    assert (moved.ids[0], len(moved.ids)) == (rows[0].pk, 2)


@pytest.mark.parametrize("days", [-1, 92])
def test_a_span_that_is_too_long_or_ends_before_it_begins_is_refused(
    trust: Organisation, source: Source, days: int
) -> None:
    since = MONDAY.date()

    with pytest.raises(NotAllowed, match=r"92 days|before the first"):
        reconciling.compare(source, [], (since, since + timedelta(days=days)), by=CLERK, at=NINE)

    assert not Reconciliation.objects.exists()


def test_the_page_shows_what_stopped_and_what_differs_and_does_it(
    trust: Organisation,
    department: Department,
    clinic: list[Slot],
    source: Source,
    peer: Peer,
) -> None:
    client = signed_in(somebody("ann", "administrator", trust))
    empty = client.get("/outpatients/exchange/").content.decode()
    peer.says = lambda key: acknowledgement(key, "AE", "Unknown patient")
    booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    work(later())
    row = compared(source)

    page = client.get("/outpatients/exchange/").content.decode()
    posted = client.post("/outpatients/exchange/", {"what": "settle", "key": row.pk, "row": 0})
    stopped = Outgoing.objects.get(kind="hl7")
    stale = client.post("/outpatients/exchange/", {"what": "again", "key": stopped.pk}, follow=True)

    assert "Every message was taken" in empty
    assert "error 207" in page and "Unknown patient" not in page  # their words may name somebody
    assert "0 alike, 1 differing" in page
    assert posted.status_code == 302
    assert stopped.state == "queued"
    assert "Somebody changed it meanwhile" in stale.content.decode()
    assert client.post("/outpatients/exchange/", {"what": "settle", "key": "x"}).status_code == 404


def test_a_system_that_is_away_is_one_line_however_much_waits_and_is_asked_at_once_when_somebody_says(
    trust: Organisation, department: Department, clinic: list[Slot]
) -> None:
    client = signed_in(somebody("ann", "administrator", trust))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = told(trust, port, kinds=BOOKINGS)
    made = booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    booking.cancel(made.pk, **BY_PATIENT, **scope(trust, later(1)))
    for seconds in (20, 60, 200):
        work(later(seconds))

    page = client.get("/outpatients/exchange/").content.decode()
    asked = client.post("/outpatients/exchange/", {"what": "now", "key": source.pk}, follow=True)
    elsewhere = client.post("/outpatients/exchange/", {"what": "now", "key": source.pk + 1})
    due = set(Outgoing.objects.filter(kind="hl7").values_list("state", "due_at"))
    first = Outgoing.objects.filter(kind="hl7", tries__gt=0)
    first.update(state="sending", tries=4, why="")  # as while it is tried
    (trying,) = queries.away(trust.pk)

    assert page.count("nothing listens there") == 1
    assert "2 since" in page and "after 3 tries" in page and "Nothing waits for you." in page
    assert "It is asked again now" in asked.content.decode()
    assert elsewhere.status_code == 404
    assert {state for state, _ in due} == {"ready"}
    assert (trying.why, trying.count, trying.tries) == (queries.TRYING, 2, 4)
    assert Action.objects.filter(verb="outbox.hurry").count() == 1


def test_what_is_hurried_goes_at_once_and_not_when_it_is_its_turn(
    trust: Organisation, department: Department, clinic: list[Slot]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = told(trust, port, kinds=BOOKINGS)
    booking.book(clinic[0].pk, known(department).pk, **scope(trust))
    work(later(20))

    with listening(Peer(), port) as peer:
        work(later(21))
        before = peer.kinds()
        reconciling.try_now(source.pk, **scope(trust, later(22)))
        work(later(22))

    assert (before, peer.kinds()) == ([], ["SIU^S12"])


def test_no_other_row_of_the_outbox_is_sent_again_or_ended_from_this_page(trust: Organisation) -> None:
    client = signed_in(somebody("ann", "administrator", trust))
    with transaction.atomic():
        put = outbox.put(["letter:1"], "letter", carrier="post", organisation_id=trust.pk, at=NINE)
    Outgoing.objects.filter(pk=put["letter:1"]).update(state="failed", why="No printer")

    for what in ("again", "by_hand"):
        asked = client.post("/outpatients/exchange/", {"what": what, "key": put["letter:1"]})
        assert asked.status_code == 404

    assert Outgoing.objects.get(pk=put["letter:1"]).state == "failed"


def test_the_command_compares_a_file(
    department: Department,
    clinic: list[Slot],
    source: Source,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = department.booked(clinic[0], known(department))
    file = tmp_path / "pas.csv"
    file.write_text(HEAD + f"F1,{made.pk},{made.patient.number},BACK-MON,{start(clinic[1])},Booked\n")

    code = main(["exchange", "reconcile", source.name, str(file), "--json"])

    said = json.loads(capsys.readouterr().out)
    assert (code, said["alike"]) == (1, 0)
    assert [(each["fields"], each["todo"]) for each in said["differing"]] == [(["time"], "ask")]


def test_a_day_that_they_lost_whole_is_compared_where_it_is_asked_for_and_a_stray_row_is_named(
    department: Department,
    clinic: list[Slot],
    source: Source,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = department.booked(clinic[0], known(department))
    after = MONDAY + timedelta(days=7)
    file = tmp_path / "pas.csv"
    file.write_text(f"{HEAD}F7,,M7,BACK-MON,{after:%Y%m%d%H%M%S}+0000,Cancelled\n")
    reconcile = ["exchange", "reconcile", source.name, str(file)]

    alone = main(reconcile)
    said = capsys.readouterr().out
    whole = main([*reconcile, "--since", f"{MONDAY:%Y-%m-%d}", "--json"])
    found = json.loads(capsys.readouterr().out)
    with file.open("a") as rows:
        rows.write("F8,,M8,BACK-MON,20191104090000+0000,Cancelled\n")
    stray = main([*reconcile, "--since", f"{MONDAY:%Y-%m-%d}"])

    assert (alone, whole, stray) == (0, 1, 2)
    assert f"{after:%Y-%m-%d} to {after:%Y-%m-%d}" in said and "were not compared" in said
    assert [each["appointment"] for each in found["differing"]] == [made.pk]
    assert (found["since"], found["until"]) == (f"{MONDAY:%Y-%m-%d}", f"{after:%Y-%m-%d}")
    assert "appointment F8 starts on 2019-11-04" in capsys.readouterr().err
