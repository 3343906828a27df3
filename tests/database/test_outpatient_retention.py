"""What the outpatient desk keeps goes with its period, and not while anybody holds it or it is needed.

The periods are those of regions/worcestershire/policies.toml; everything here happened in March 2010.
"""

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from clearway.cli import main
from clearway.config import migrate, postgres
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.outbox.models import Outgoing
from clearway.core.retention import actions as core
from clearway.desks.outpatients.attendance.models import AttendanceModel, AttendanceScore
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clocks.models import Pathway
from clearway.desks.outpatients.conversations.models import Answer, Conversation, Message
from clearway.desks.outpatients.enquiries.models import Enquiry
from clearway.desks.outpatients.exchange.models import Counterpart, Telling
from clearway.desks.outpatients.filing.models import Document, Filing
from clearway.desks.outpatients.intake.models import GivenFile
from clearway.desks.outpatients.keeping import actions as keeping
from clearway.desks.outpatients.letters.models import Letter
from clearway.desks.outpatients.outcomes.models import Miss
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.records.models import DisclosurePack, RecordsRequest
from clearway.desks.outpatients.recycling.models import FreedSlot, SlotOffer
from clearway.desks.outpatients.referrals.models import Referral
from clearway.desks.outpatients.reports.models import Report, SentReport
from clearway.desks.outpatients.retention import SHELVES
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import retention
from tests.therapies import Department, a_department
from tests.trust import a_trust, somebody

pytestmark = pytest.mark.django_db

BY = Actor("test")
MARCH = datetime(2010, 3, 10, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PACK = Path(__file__).parents[2] / "regions/worcestershire/policies.toml"
PERIODS = {
    period["of"]: period["days"]
    for policy in tomllib.loads(PACK.read_text())["policies"]
    if policy["name"] == "retention"
    for period in policy["values"]["periods"]
}


@pytest.fixture
def physio(db: None) -> Department:
    trust = a_trust("worcestershire")
    PolicyVersion.objects.create(
        organisation=trust,
        name="retention",
        version=1,
        valid_from=date(2000, 1, 1),
        review_on=date(2027, 1, 1),
        owner="Records manager",
        source="test",
        mark="assumed",
        values={"periods": [{"of": of, "days": days, "basis": "test"} for of, days in PERIODS.items()]},
        made_at=MARCH,
        made_by="test",
    )
    return a_department(trust)


@pytest.fixture
def seen(physio: Department) -> Patient:
    """A patient who was referred, seen and discharged in March 2010, and has not come since."""
    patient = physio.patient(registered_at=MARCH)
    referral = physio.referral(MARCH.date(), patient, state="seen")
    Referral.objects.update(registered_at=MARCH)
    Pathway.objects.update(state="stopped", ended_on=MARCH.date())
    with (
        connection.cursor() as cursor
    ):  # the clock's event, which nobody may change, is of 2026 in the helper
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE outpatients_clock_event SET recorded_at = %s", [MARCH])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    entry = physio.entry(referral, added_at=MARCH)
    slot = physio.session(MARCH, slots=1).slots.get()
    visit = physio.booked(slot, entry, made_at=MARCH)
    Appointment.objects.filter(pk=visit.pk).update(state="attended", attended="5", outcomed_at=MARCH)
    Entry.objects.update(state="seen", ended_at=MARCH)
    return patient


def outgoing(trust: Organisation, kind: str, state: str = "sent") -> Outgoing:
    times = {"queued_at": MARCH, "due_at": MARCH, "since": MARCH + DAY, "sent_at": MARCH + DAY}
    key = f"{kind}:{Outgoing.objects.count()}"
    return Outgoing.objects.create(
        organisation=trust, key=key, kind=kind, carrier="post", state=state, **times
    )


def a_letter(physio: Department, patient: Patient) -> None:
    Letter.objects.create(
        organisation=physio.trust,
        outgoing=outgoing(physio.trust, "letter"),
        kind="discharge",
        audience="patient",
        patient=patient,
        pdf=b"%PDF",
        sealed_at=MARCH + DAY,
    )


def a_message(
    physio: Department, patient: Patient, conversation: Conversation | None, **more: Any
) -> Message:
    return Message.objects.create(
        organisation=physio.trust,
        outgoing=outgoing(physio.trust, "message"),
        conversation=conversation,
        kind="reminder",
        patient=patient,
        reference=f"clearway-{Message.objects.count()}",
        made_at=MARCH,
        made_by="duty:reminders",
        sealed_at=MARCH + DAY,
        **more,
    )


def a_conversation(physio: Department, patient: Patient) -> None:
    talk = Conversation.objects.create(organisation=physio.trust, number="+447700900123")
    asked = a_message(physio, patient, talk, channel="text", to=talk.number)
    Conversation.objects.filter(pk=talk.pk).update(asks="attend", question=asked)
    Answer.objects.create(
        organisation=physio.trust,
        conversation=talk,
        name="one",
        words="yes",
        sent_at=MARCH,
        heard_at=MARCH,
        meaning="yes",
        act="confirm",
        patient=patient,
        done_at=MARCH,
        done_by="feed",
        how="Confirmed",
    )


def an_email(physio: Department, patient: Patient) -> None:
    a_message(physio, patient, None, channel="email", to="ada@example.org")


def a_contact(physio: Department, patient: Patient) -> None:
    Contact.objects.create(
        organisation=physio.trust,
        patient=patient,
        purpose="discharge",
        channel="phone",
        words="Told",
        at=MARCH + DAY,
        by="opc",
    )


def a_document(physio: Department, patient: Patient, **more: Any) -> Document:
    row = Document.objects.create(
        organisation=physio.trust,
        kind="letter",
        sender="Practice",
        came_on=MARCH.date(),
        file_name="1.pdf",
        media_type="application/pdf",
        body=b"%PDF",
        digest=str(Document.objects.count()),
        taken_at=MARCH,
        taken_by="opc",
        **more,
    )
    back = {"taken_back_at": MARCH + DAY, "taken_back_by": "opc", "taken_back_why": "Wrong one"}
    Filing.objects.create(
        document=row,
        patient=patient,
        identifier="born_on",
        filed_at=MARCH + DAY,
        filed_by="opc",
        **(back if more else {}),
    )
    return row


def a_document_aside(physio: Department, patient: Patient) -> None:
    a_document(physio, patient, put_aside="A second copy", put_aside_at=MARCH + DAY, put_aside_by="opc")


def a_pack(physio: Department, patient: Patient) -> None:
    request = RecordsRequest.objects.create(
        organisation=physio.trust,
        patient=patient,
        kind="subject",
        requester="Pat",
        asks="All",
        received_on=MARCH.date(),
        taken_by="opc",
        due_on=MARCH.date(),
        closed_at=MARCH + DAY,
        closed_by="opc",
        closed_as="withdrawn",
    )
    DisclosurePack.objects.create(
        request=request, made_at=MARCH, made_by="opc", bundle=b"PK", sha256="0", files=[]
    )


def a_given_file(physio: Department, patient: Patient) -> None:
    line = {"line": 2, "verdict": "registered", "referral_id": patient.referrals.get().pk}
    GivenFile.objects.create(
        organisation=physio.trust,
        sender="Practice",
        name="a.csv",
        body=b"x",
        digest="0",
        state="dropped",
        given_at=MARCH,
        given_by="opc",
        closed_at=MARCH + DAY,
        closed_by="opc",
        results=[line, {"line": 3, "verdict": "refused", "referral_id": None}],
    )


def a_sent_report(physio: Department, patient: Patient) -> None:
    leader = somebody("lena", "outpatient_team_leader", physio.trust)
    report = Report.objects.create(
        organisation=physio.trust,
        what="waiting",
        recipient=leader,
        role="outpatient_team_leader",
        unit="weeks",
        number=1,
        due_on=MARCH.date(),
        entered_at=MARCH,
        entered_by="opc",
    )
    SentReport.objects.create(
        report=report, outgoing=outgoing(physio.trust, "report"), recipient=leader, csv=b"x", sealed_at=MARCH
    )


def a_freed_slot(physio: Department, patient: Patient, state: str = "declined") -> None:
    """A seat that was given back and filled, and the one that was given back for it; one was asked."""
    visit = patient.appointments.get()
    later = physio.session(MARCH + DAY / 2, slots=1).slots.get()
    given = {"seat": 1, "starts_at": visit.starts_at, "ends_at": visit.ends_at, "organisation": physio.trust}
    times = {"made_at": MARCH, "made_by": "opc", "cancelled_at": MARCH, "cancelled_by": "patient"}
    times |= {"starts_at": later.starts_at, "ends_at": later.ends_at}
    other = Appointment.objects.create(
        **{**given, **times}, slot=later, patient=patient, entry=visit.entry, state="cancelled"
    )
    ended = {"how": "patient", "freed_at": MARCH, "notice": 1, "state": "expired", "ended_at": MARCH + DAY}
    first = FreedSlot.objects.create(
        organisation=physio.trust,
        slot=visit.slot,
        seat=1,
        appointment=visit,
        starts_at=visit.starts_at,
        **ended,
    )
    FreedSlot.objects.create(
        organisation=physio.trust,
        slot=later,
        seat=1,
        appointment=other,
        after=first,
        starts_at=MARCH + DAY,
        **ended,
    )
    SlotOffer.objects.create(
        organisation=physio.trust,
        freed=first,
        entry=visit.entry,
        patient=patient,
        place=1,
        channel="phone",
        made_at=MARCH,
        made_by="opc",
        expires_at=MARCH + DAY,
        state=state,
        ended_at=MARCH + DAY,
    )


def a_risk(physio: Department, patient: Patient) -> None:
    """The risk that was given of the one visit there was."""
    model = AttendanceModel.objects.create(
        organisation=physio.trust,
        version=1,
        trained_at=MARCH,
        trained_by="leader",
        since=MARCH - DAY,
        until=MARCH,
        tested_until=MARCH,
        parameters={},
        report={},
    )
    AttendanceScore.objects.create(
        organisation=physio.trust,
        appointment=Appointment.objects.get(patient=patient),
        model=model,
        risk=0.2,
        scored_at=MARCH - DAY,
        looked_at=MARCH + DAY,
    )


def a_telling(physio: Department, patient: Patient) -> None:
    """What another system was told of the one visit there was."""
    source = Source.objects.create(
        organisation=physio.trust, name="pas", kind="hl7", expected_interval_seconds=3600
    )
    row = outgoing(physio.trust, "hl7")
    visit = Appointment.objects.get(patient=patient)
    Telling.objects.create(
        source=source, outgoing=row, subject=f"appointment:{visit.pk}", number=1, said={}, body=b"MSH"
    )


def a_counterpart(physio: Department, patient: Patient) -> None:
    """What another system calls the one visit there was."""
    source = Source.objects.create(
        organisation=physio.trust, name="pas", kind="hl7", expected_interval_seconds=3600
    )
    visit, told = Appointment.objects.get(patient=patient), {"told_at": MARCH + DAY, "key": "1"}
    Counterpart.objects.create(source=source, kind="appointment", theirs="F1", ours=visit.pk, **told)


KINDS: dict[str, tuple[Callable[[Department, Patient], object], tuple[type[Model], ...]]] = {
    "given_files": (a_given_file, (GivenFile,)),
    "disclosure_packs": (a_pack, (DisclosurePack,)),
    "documents": (a_document, (Document, Filing)),
    "documents_aside": (a_document_aside, (Document, Filing)),
    "letters": (a_letter, (Letter, Outgoing)),
    "contacts": (a_contact, (Contact,)),
    "conversations": (a_conversation, (Conversation, Message, Answer, Outgoing)),
    "emails": (an_email, (Message, Outgoing)),
    "sent_reports": (a_sent_report, (SentReport, Outgoing)),
    "freed_slots": (a_freed_slot, (FreedSlot, SlotOffer)),
    "attendance_scores": (a_risk, (AttendanceScore,)),
    "tellings": (a_telling, (Telling, Outgoing)),
    "counterparts": (a_counterpart, (Counterpart,)),
}
OF_A_RECORD = ("documents", "letters", "contacts", "conversations", "emails", "counterparts")


def due(at: datetime) -> dict[str, tuple[int, int]]:
    """Kind -> how many would go, and how many a hold keeps."""
    return {each.of: (each.rows, each.held) for each in retention.due(at) if each.rows or each.held}


def went() -> dict[str, int]:
    rows = Action.objects.filter(verb="retention.forget")
    return {row.subject.removeprefix("retention:"): row.detail["rows"] for row in rows}


def test_every_shelf_of_the_desk_has_its_period_in_the_pack() -> None:
    assert {shelf.of for shelf in SHELVES} == set(KINDS) and set(KINDS) <= set(PERIODS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_office_kept_goes_with_its_period_and_not_a_day_before(
    kind: str, physio: Department, seen: Patient
) -> None:
    make, tables = KINDS[kind]
    make(physio, seen)
    over = MARCH + DAY + PERIODS[kind] * DAY

    retention.forget_all(over - DAY / 2, by=BY)
    assert due(over - DAY / 2) == {} and all(table._default_manager.exists() for table in tables)
    assert due(over + DAY / 2) == {kind: (1, 0)}
    retention.forget_all(over + DAY / 2, by=BY)

    assert went() == {kind: 1}
    assert not any(table._default_manager.exists() for table in tables)
    assert Patient.objects.filter(pk=seen.pk).exists()


@pytest.mark.promise("S10")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "sent_reports"])
def test_a_hold_on_the_patient_keeps_it_until_it_is_released(
    kind: str, physio: Department, seen: Patient
) -> None:
    make, tables = KINDS[kind]
    make(physio, seen)
    at = MARCH + 4000 * DAY
    hold = keeping.place_hold(seen.pk, "Claim", organisation_id=physio.trust.pk, by=BY, at=at)

    retention.forget_all(at, by=BY)
    assert due(at) == {kind: (0, 1)} and all(table._default_manager.exists() for table in tables)

    keeping.release_hold(hold.pk, by=BY, at=at)
    retention.forget_all(at, by=BY)
    assert not any(table._default_manager.exists() for table in tables)


@pytest.mark.promise("S10")
@pytest.mark.parametrize("kind", KINDS)
def test_a_hold_of_the_trust_keeps_what_any_day_of_it_touches(
    kind: str, physio: Department, seen: Patient
) -> None:
    make, tables = KINDS[kind]
    make(physio, seen)
    at = MARCH + 4000 * DAY
    hold = core.place_hold(physio.trust, "Inquiry", MARCH + 0.9 * DAY, MARCH + 2 * DAY, by=BY, at=at)

    retention.forget_all(at, by=BY)
    assert due(at) == {kind: (0, 1)} and all(table._default_manager.exists() for table in tables)

    core.release_hold(hold.pk, by=BY, at=at)
    retention.forget_all(at, by=BY)
    assert not any(table._default_manager.exists() for table in tables)


def a_hold_on_the_merged_record(physio: Department, seen: Patient) -> None:
    other = physio.patient(registered_at=MARCH)
    Patient.objects.filter(pk=seen.pk).update(merged_into=other)
    scope: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": BY, "at": MARCH}
    keeping.place_hold(other.pk, "Claim", **scope)


def an_open_enquiry(physio: Department, seen: Patient) -> None:
    Enquiry.objects.create(
        organisation=physio.trust,
        came_at=MARCH,
        taken_by="opc",
        way="phone",
        caller="patient",
        patient=seen,
        about="other",
        words="?",
        urgency="routine",
        promised_by=MARCH,
    )


def an_open_request(physio: Department, seen: Patient) -> None:
    a_pack(physio, seen)
    RecordsRequest.objects.update(closed_at=None, closed_by="", closed_as="")


def something_of_the_merged_record(physio: Department, seen: Patient) -> None:
    other = physio.patient(registered_at=MARCH)
    Patient.objects.filter(pk=seen.pk).update(merged_into=other)
    an_open_enquiry(physio, other)


def a_place_on_the_list(physio: Department, seen: Patient) -> None:
    Entry.objects.update(state="waiting", ended_at=None)


def a_running_clock(physio: Department, seen: Patient) -> None:
    Pathway.objects.update(state="ticking")


def a_letter_that_has_not_left(physio: Department, seen: Patient) -> None:
    a_letter(physio, seen)
    Outgoing.objects.filter(pk=Outgoing.objects.latest("id").pk).update(state="ready")


def a_call_of_last_year(physio: Department, seen: Patient) -> None:
    a_contact(physio, seen)
    Contact.objects.filter(pk=Contact.objects.latest("id").pk).update(at=MARCH + 3900 * DAY)


def a_child(physio: Department, seen: Patient) -> None:
    """Not yet 25 today, whatever the instant that is asked about."""
    Patient.objects.filter(pk=seen.pk).update(born_on=date(2005, 1, 1))


@pytest.mark.parametrize(
    "needs",
    [
        a_hold_on_the_merged_record,
        an_open_enquiry,
        an_open_request,
        something_of_the_merged_record,
        a_place_on_the_list,
        a_running_clock,
        a_letter_that_has_not_left,
        a_call_of_last_year,
        a_child,
    ],
)
def test_a_record_stays_whole_while_anything_of_the_person_is_open_or_young(
    needs: Callable[[Department, Patient], None], physio: Department, seen: Patient
) -> None:
    for kind in OF_A_RECORD:
        KINDS[kind][0](physio, seen)
    needs(physio, seen)
    before = [model._default_manager.count() for model in (Letter, Contact, Document, Counterpart)]

    retention.forget_all(MARCH + 4000 * DAY, by=BY)

    assert [model._default_manager.count() for model in (Letter, Contact, Document, Counterpart)] == before


def test_who_was_asked_about_a_seat_is_kept_while_they_wait(physio: Department, seen: Patient) -> None:
    a_freed_slot(physio, seen)
    Entry.objects.update(state="waiting", ended_at=None)

    retention.forget_all(MARCH + 4000 * DAY, by=BY)

    assert (FreedSlot.objects.count(), SlotOffer.objects.count()) == (2, 1)


def test_a_contact_that_shows_notice_of_a_missed_visit_stays_with_it(
    physio: Department, seen: Patient
) -> None:
    a_contact(physio, seen)
    Miss.objects.create(
        organisation=physio.trust,
        appointment=seen.appointments.get(),
        kind="missed",
        notice=Contact.objects.get(),
        opened_at=MARCH,
        decision="reoffer",
        clinician="Robin Hale",
        decided_at=MARCH,
    )

    retention.forget_all(MARCH + 4000 * DAY, by=BY)

    assert Contact.objects.exists()


@pytest.mark.promise("S7")
@pytest.mark.parametrize("kind", KINDS)
def test_the_database_lets_nothing_go_that_is_younger_than_a_year_or_by_another_way(
    kind: str, physio: Department, seen: Patient
) -> None:
    make, tables = KINDS[kind]
    make(physio, seen)
    table = tables[0]._meta.db_table

    for statement in (
        f"SELECT clearway_forget_{kind}({physio.trust.pk}, now(), 10)",
        f"DELETE FROM {table}",
    ):
        with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert "too young" in str(refused.value) or "kept" in str(refused.value)
    assert tables[0]._default_manager.exists()


@pytest.mark.promise("S7")
@pytest.mark.parametrize("kind", KINDS)
def test_the_workers_have_the_removers_and_neither_delete_nor_holds(kind: str, db: None) -> None:
    migrate.grant_rights()
    table = KINDS[kind][1][0]._meta.db_table
    forget = f"SELECT clearway_forget_{kind}(1, '2012-01-01', 10)"

    assert not lacks_right(postgres.WEB, forget) and lacks_right(postgres.INGEST, forget)
    assert lacks_right(postgres.WEB, f"SET LOCAL clearway.forgetting = 'outpatients'; DELETE FROM {table}")
    assert lacks_right(postgres.WEB, "UPDATE outpatients_patient_hold SET released_at = now()")


def lacks_right(role: str, statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
            cursor.execute(statement)
            cursor.execute("RESET ROLE")
    except Exception as problem:
        assert isinstance(problem.__cause__, psycopg.errors.InsufficientPrivilege), problem
        return True
    return False


def test_a_hold_on_a_patient_is_placed_listed_and_released_from_the_command_line(
    physio: Department, seen: Patient, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["hold", "place", "--organisation", "worcestershire", "--reason", "Claim 4711"]
    assert main([*place, "--patient", "nobody"]) == 2
    assert main(place) == 2
    assert main([*place, "--patient", seen.number, "--from", "2010-01-01"]) == 2
    assert main([*place, "--patient", seen.number]) == 0
    capsys.readouterr()

    assert main(["hold", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["patient"], row["reason"]) == (seen.number, "Claim 4711")
    assert main(["hold", "list"]) == 0 and seen.number in capsys.readouterr().out

    assert main(["hold", "release", "what"]) == 2
    assert main(["hold", "release", row["hold"]]) == 0
    verbs = Action.objects.filter(subject=f"patient:{seen.pk}").values_list("verb", flat=True)
    assert sorted(verbs) == ["retention.hold", "retention.release"]
    with pytest.raises(NotAllowed):
        keeping.release_hold(int(row["hold"][1:]), by=BY, at=MARCH)
