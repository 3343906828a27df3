"""HL7 v2 of another system becomes the desk's own actions: once, in any order, and nothing is lost."""

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from django.db import transaction

from clearway import cli
from clearway.cli import ground
from clearway.core.audit.models import Action
from clearway.core.feeds import actions as feeds
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.feeds.queries import accounts
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.exchange.models import Counterpart
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals.models import Referral
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.gateway import hl7 as gateway
from clearway.gateway import inbox, mllp
from clearway.interchange.hl7 import reading
from tests.beside import DESK, MAPPING, MONDAY, all_taken, code, deliver, known, slots_of
from tests.filled import filled
from tests.pas import ADA, LONDON, adt, ref, siu, stamp
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def department(trust: Organisation) -> Department:
    return a_department(trust)


@pytest.fixture
def source(trust: Organisation, department: Department) -> Source:
    made = Source.objects.create(organisation=trust, name="pas", kind="hl7", expected_interval_seconds=3600)
    exchange.load_mapping(made, MAPPING, "the first", by=DESK, at=NINE)
    return made


@pytest.fixture
def clinic(department: Department) -> list[Slot]:
    """Four slots of clinic "back" on Monday."""
    return slots_of(department, MONDAY)


# Patients


def test_a_patient_that_is_told_of_is_registered_once_and_then_brought_up_to_date(source: Source) -> None:
    moved = ADA.replace("1 High Street", "2 Low Road")

    first = deliver(source, adt("A28", NINE - timedelta(hours=2)))
    again = deliver(source, adt("A31", NINE - timedelta(hours=1), pid=moved))

    patient = Patient.objects.get()
    assert (code(first), code(again)) == ("AA", "AA")
    assert (patient.number, patient.nhs_number, patient.address) == (
        "M1",
        "9990548609",
        "2 Low Road, Worcester",
    )
    assert patient.confirmed_on is None  # nobody has confirmed it with the patient
    assert Action.objects.filter(verb="patients.change", actor="feed:pas").exists()


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        (("090000.2", ""), ("090000.1", ""), "1 High Street"),  # by the fraction of the second
        (("090000", "12"), ("090000", "11"), "1 High Street"),  # by the sender's count
        (("090000", "11"), ("090000", "12"), "2 Low Road"),
        (("090000.1", "12"), ("090000.2", "11"), "2 Low Road"),  # the time counts first
        (("090000", ""), ("090000", "11"), "2 Low Road"),  # by arrival, where one of them says neither
        (("090000", "12"), ("090000", "0"), "2 Low Road"),  # 0 asks for a count, and is none
    ],
)
def test_messages_of_one_second_stand_in_the_order_that_their_sender_says(
    source: Source, first: tuple[str, str], second: tuple[str, str], stands: str
) -> None:
    for (time, count), pid in ((first, ADA), (second, ADA.replace("1 High Street", "2 Low Road"))):
        raw = adt("A28", NINE, pid=pid).replace(b"20261120090000+0000||", f"20261120{time}||".encode())
        assert code(deliver(source, raw.replace(b"|P|2.4", f"|P|2.4|{count}".encode()))) == "AA"

    assert Patient.objects.get().address == f"{stands}, Worcester"


def test_an_address_that_is_too_long_is_refused_with_its_place_and_not_cut(source: Source) -> None:
    answer = deliver(source, adt("A28", NINE, pid=ADA.replace("1 High Street", "1 High Street " * 22)))

    row = Quarantined.objects.get()
    assert code(answer) == "AE" and (row.place, row.why) == (
        "line 1, PID-11",
        "It is longer than 300 characters.",
    )
    assert "Shorten it" in row.fix and not Patient.objects.exists()


def test_an_older_update_that_comes_late_changes_nothing(source: Source) -> None:
    deliver(source, adt("A28", NINE - timedelta(hours=3)))
    deliver(source, adt("A31", NINE - timedelta(hours=1), pid=ADA.replace("1 High Street", "2 Low Road")))

    deliver(source, adt("A31", NINE - timedelta(hours=2), pid=ADA.replace("1 High Street", "9 Old Lane")))

    assert Patient.objects.get().address == "2 Low Road, Worcester"


def test_who_is_not_known_here_is_registered_by_no_update(source: Source) -> None:
    assert code(deliver(source, adt("A08", NINE))) == "AA"

    assert not Patient.objects.exists()
    (account,) = accounts(source.organisation_id)
    assert (account.aside, account.adds_up) == (1, True)


def test_two_records_are_merged_and_later_messages_of_either_find_the_person(source: Source) -> None:
    double = ADA.replace("M1^^^RWP^MR~9990548609^^^NHS^NH", "M2^^^RWP^MR").replace("Ada", "Mary")
    deliver(source, adt("A28", NINE - timedelta(hours=4)))
    deliver(source, adt("A28", NINE - timedelta(hours=3), pid=double.replace("Brown", "Whitfield")))

    merged = deliver(source, adt("A40", NINE - timedelta(hours=2), more=("MRG|M2^^^RWP^MR",)))
    again = deliver(source, adt("A40", NINE - timedelta(hours=1), more=("MRG|M2^^^RWP^MR",)))

    one, two = Patient.objects.order_by("number")
    assert (code(merged), code(again)) == ("AA", "AA")
    assert two.merged_into == one


def test_a_death_is_recorded_and_its_day_corrected_when_it_is_told(source: Source) -> None:
    deliver(source, adt("A28", NINE - timedelta(hours=4)))
    dead = ADA + "|" * 19 + "Y"

    deliver(source, adt("A31", NINE - timedelta(hours=3), pid=dead))
    on_the_day_of_the_message = Patient.objects.get().died_on
    deliver(source, adt("A31", NINE - timedelta(hours=2), pid=ADA + "|" * 18 + "20261115|Y"))

    assert on_the_day_of_the_message == date(2026, 11, 20)
    assert Patient.objects.get().died_on == date(2026, 11, 15)


def test_a_number_that_is_another_persons_here_waits_for_a_person(
    source: Source, department: Department
) -> None:
    department.patient(born_on=date(1999, 9, 9), nhs_number="9990548609")

    answer = deliver(source, adt("A28", NINE))

    row = Quarantined.objects.get()
    assert code(answer) == "AE" and str(answer.segment("ERR")(2)) == "PID^1^7"
    assert "another birth date" in row.why and "Compare" in row.fix
    assert Patient.objects.count() == 1


# Appointments


def test_a_code_that_no_clinic_here_has_is_refused_as_that(source: Source, department: Department) -> None:
    known(department)
    text = MAPPING.replace('"back"', '"front"')
    exchange.load_mapping(source, text, "a slip", by=DESK, at=NINE)

    answer = deliver(source, siu("S12", NINE, starts_at=MONDAY))

    row = Quarantined.objects.get()
    assert (code(answer), row.place, row.why) == ("AE", "line 1, AIL-3", "No clinic here has the code front.")


def test_a_booking_a_move_and_a_cancellation_are_the_desks_own(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    entry = known(department)
    first, second = clinic[0].starts_at, clinic[1].starts_at

    told = [
        siu("S12", NINE - timedelta(minutes=9), starts_at=first),
        siu("S13", NINE - timedelta(minutes=8), starts_at=second),
        siu("S15", NINE - timedelta(minutes=7), starts_at=second, reason="ILL"),
    ]
    assert all_taken(source, told) == ["AA"] * 3

    was, now = Appointment.objects.order_by("pk")
    entry.refresh_from_db()
    assert (was.state, was.moved_to, now.starts_at, now.state) == ("cancelled", now, second, "cancelled")
    assert (now.cancelled_by, now.cancel_reason, entry.state) == ("patient", "patient_ill", "waiting")
    assert Action.objects.filter(verb="booking.book", actor="feed:pas").count() == 2


def test_the_same_messages_in_any_order_and_twice_end_in_the_same_state(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    known(department)
    times = [NINE - timedelta(minutes=9 - place) for place in range(3)]
    told = [
        siu("S12", times[0], starts_at=clinic[0].starts_at, key="A"),
        siu("S13", times[1], starts_at=clinic[1].starts_at, key="B"),
        siu("S13", times[2], starts_at=clinic[2].starts_at, key="C"),
    ]
    for order in permutations(told):
        with transaction.atomic():
            all_taken(source, [*order, *order])
            standing = Appointment.objects.exclude(state="cancelled").get()
            assert standing.starts_at == clinic[2].starts_at
            transaction.set_rollback(True)


SUMMER, WINTER = datetime(2026, 7, 13, 8, 30, tzinfo=UTC), datetime(2026, 10, 26, 9, 30, tzinfo=UTC)


@pytest.mark.promise("R9")
@pytest.mark.parametrize(
    ("starts_at", "said"),
    [
        (SUMMER, "20260713093000"),
        (SUMMER, "20260713093000+0100"),
        (SUMMER, "20260713083000+0000"),
        (WINTER, "20261026093000"),  # told before the clocks change, for the day after
        (WINTER, "20261026103000+0100"),
    ],
)
def test_a_time_of_summer_or_beyond_the_change_is_the_same_time_here(
    source: Source, department: Department, starts_at: datetime, said: str
) -> None:
    at = starts_at - timedelta(days=3)
    known(department)
    slots = slots_of(department, starts_at)
    booked = siu("S12", at, starts_at=starts_at)
    raw = booked.replace(stamp(starts_at).encode(), said.encode())
    if len(said) == 14:  # a sender that writes no offset writes none in its header either
        raw = raw.replace(stamp(at).encode(), stamp(at).encode()[:14])

    assert code(deliver(source, raw, at)) == "AA"

    row, (theirs,) = Appointment.objects.get(), Counterpart.objects.filter(kind="appointment")
    assert (row.slot, row.starts_at, theirs.starts_at, theirs.told_at) == (slots[0], starts_at, starts_at, at)


def test_a_cancellation_that_overtook_its_booking_leaves_the_slot_free(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    known(department)
    booked = siu("S12", NINE - timedelta(minutes=9), starts_at=clinic[0].starts_at)
    cancelled = siu("S15", NINE - timedelta(minutes=8), reason="ILL")

    assert all_taken(source, [cancelled, booked]) == ["AA", "AA"]

    assert not Appointment.objects.exists()


def test_a_booking_before_its_patient_is_taken_by_itself_once_they_come(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    early = deliver(
        source, siu("S12", NINE - timedelta(minutes=9), starts_at=clinic[0].starts_at, referral="R1")
    )
    waiting = Quarantined.objects.get()

    deliver(source, ref("I12", NINE - timedelta(minutes=8)))
    referral = Referral.objects.get()
    still = Quarantined.objects.get()
    department.entry(referral, minutes=30)
    Referral.objects.filter(pk=referral.pk).update(state="waiting")
    inbox.replay(still.pk, by=DESK, at=NINE)

    assert code(early) == "AE" and waiting.waits_for == "patient:M1"
    assert still.waits_for == "patient:M1"  # asked again when the patient came, and no place on the list yet
    assert Appointment.objects.get().referral == referral
    (account,) = accounts(source.organisation_id)
    assert (account.applied, account.quarantined, account.adds_up) == (2, 0, True)


def test_a_seat_that_is_given_is_given_to_nobody_else(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    known(department)
    department.booked(clinic[0])

    answer = deliver(source, siu("S12", NINE, starts_at=clinic[0].starts_at))

    assert code(answer) == "AE"
    assert "Somebody else has this slot" in Quarantined.objects.get().why
    assert Appointment.objects.count() == 1


def test_a_line_that_a_person_reads_again_says_why_it_waits_now(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    deliver(source, siu("S12", NINE, starts_at=clinic[0].starts_at, clinic="NEW"))
    row = Quarantined.objects.get()
    exchange.load_mapping(source, MAPPING.replace("BACK-MON", "NEW"), "their new code", by=DESK, at=NINE)

    with pytest.raises(CannotParse):
        inbox.replay(row.pk, by=DESK, at=NINE)

    row.refresh_from_db()
    assert (row.state, row.waits_for) == ("waiting", "patient:M1") and "not known here" in row.why


@pytest.mark.promise("R6")
def test_an_unknown_clinic_waits_and_is_taken_when_the_mapping_is_mended(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    known(department)
    answer = deliver(source, siu("S12", NINE, starts_at=clinic[0].starts_at, clinic="NEW"))
    row = Quarantined.objects.get()
    exchange.load_mapping(source, MAPPING.replace("BACK-MON", "NEW"), "their new code", by=DESK, at=NINE)

    inbox.replay(row.pk, by=DESK, at=NINE)

    assert code(answer) == "AE" and "AIL-3.1" in row.place and "[codes.clinic]" in row.fix
    assert Appointment.objects.get().slot == clinic[0]


def test_who_comes_and_who_misses_is_told_by_the_door(source: Source, department: Department) -> None:
    entry = known(department)
    today = slots_of(department, NINE + timedelta(hours=1))
    row = department.booked(today[0], entry)
    visit = ("PV1|1|O" + "|" * 17 + "V1",)
    at = NINE + timedelta(minutes=50)

    came = deliver(source, adt("A04", at, more=visit), at)
    row.refresh_from_db()
    arrived = row.state
    taken_back = deliver(source, adt("A11", at, more=visit), at)
    late = at + timedelta(hours=1)
    deliver(source, siu("S14", late, placer=str(row.pk), status="Noshow"), late)

    row.refresh_from_db()
    assert (code(came), arrived, code(taken_back), row.state) == ("AA", "arrived", "AA", "missed")


def test_a_cancelled_discharge_asks_a_person_who_says_what_was_done(
    source: Source, department: Department
) -> None:
    known(department)
    answer = deliver(source, adt("A13", NINE, more=("PV1|1|O" + "|" * 17 + "V1",)))
    row = Quarantined.objects.get()

    with pytest.raises(NotAllowed, match="Say what was done"):
        feeds.put_right(row.pk, " ", organisation_id=source.organisation_id, by=DESK, at=NINE)
    feeds.put_right(row.pk, "Outcome taken back.", organisation_id=source.organisation_id, by=DESK, at=NINE)

    assert code(answer) == "AE"
    with pytest.raises(NotAllowed, match="settled already"):
        inbox.replay(row.pk, by=DESK, at=NINE)
    (account,) = accounts(source.organisation_id)
    assert (account.aside, account.quarantined, account.adds_up) == (1, 0, True)


# Referrals


def test_a_referral_is_registered_completed_and_removed(source: Source, department: Department) -> None:
    first = deliver(source, ref("I12", NINE - timedelta(minutes=9)))
    more = ref("I13", NINE - timedelta(minutes=8)).replace(b"Low back pain", b"Low back pain, worse")
    completed = deliver(source, more)
    withdrawn = deliver(source, ref("I14", NINE - timedelta(minutes=7)))

    row = Referral.objects.get()
    assert [code(each) for each in (first, completed, withdrawn)] == ["AA", "AA", "AE"]
    assert (row.condition, row.patient.nhs_number, row.sender) == (
        "Low back pain, worse",
        "9990548609",
        "Hale",
    )

    exchange.load_mapping(
        source, MAPPING.replace("set_aside", 'withdrawn = "error"\nset_aside'), "agreed", by=DESK, at=NINE
    )
    inbox.replay(Quarantined.objects.get().pk, by=DESK, at=NINE)
    row.refresh_from_db()
    assert row.state not in ("received", "waiting")


# What comes in


def test_a_key_that_comes_again_is_a_repeat_and_with_other_bytes_a_contradiction(source: Source) -> None:
    once = adt("A28", NINE, key="SAME")

    said = all_taken(source, [once, once, adt("A31", NINE, key="SAME")])

    (account,) = accounts(source.organisation_id)
    assert said == ["AA", "AA", "AR"]
    assert (account.applied, account.duplicate, account.quarantined) == (1, 1, 1)


@pytest.mark.parametrize(
    ("raw", "place", "answer"),
    [
        (b"", "MSH", "AR"),
        (b"hello", "MSH", "AR"),
        (b"MSH|^~\\&|PAS|RWP|||20261120||SIU^S12||P|2.4\r", "MSH-10", "AR"),
        (adt("A01", NINE), "MSH-9", "AR"),
        (adt("A28", NINE + timedelta(hours=1)), "MSH-7", "AR"),
        (adt("A28", NINE, pid="PID|1"), "PID-3", "AE"),
        (adt("A28", NINE, pid=ADA.replace("9990548609", "9990548600")), "PID-3", "AE"),
        (adt("A28", NINE, pid=ADA.replace("19700301", "19700231")), "PID-7", "AE"),
        (adt("A28", NINE, pid=f"{ADA}||07700 900123 ask for her sister^PRN^CP"), "PID-13", "AE"),
        (siu("S12", NINE), "SCH-11.4", "AE"),
    ],
)
def test_what_cannot_be_read_is_kept_with_its_place_and_explained(
    source: Source, raw: bytes, place: str, answer: str
) -> None:
    said = deliver(source, raw)

    row = Quarantined.objects.get()
    assert code(said) == answer
    assert f"line 1, {place}" in row.place and row.why and row.fix and bytes(row.body) == raw


def test_what_the_mapping_sets_aside_is_acknowledged_and_counted(source: Source) -> None:
    assert code(deliver(source, adt("A28", NINE).replace(b"ADT^A28", b"ORU^R01"))) == "AA"

    (account,) = accounts(source.organisation_id)
    assert (account.aside, account.quarantined) == (1, 0)


def test_a_message_that_was_stored_and_not_read_is_read_by_the_workers(source: Source) -> None:
    feeds.store(source, adt("A28", NINE), at=NINE)

    inbox.process(lambda: NINE)

    assert Patient.objects.get().number == "M1"
    assert Batch.objects.get().applied == 1


def test_the_doctor_says_what_would_happen_and_changes_nothing(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    known(department)

    found = gateway.examine(source, siu("S12", NINE, starts_at=clinic[0].starts_at), at=NINE)

    assert found.found.taken is not None and found.found.taken.words.startswith("Booked:")
    means = {step.name: step.means for step in found.trail}
    assert (means["clinic"], means["starts_at"]) == ("back", "Mon 23 Nov 2026, 09:00:00 GMT")
    assert not Appointment.objects.exists() and not Batch.objects.exists()


def test_a_mapping_is_refused_with_its_place_and_says_why(source: Source) -> None:
    with pytest.raises(CannotParse, match=r"codes\.sex\.M"):
        exchange.load_mapping(source, '[codes.sex]\n"M" = "7"', "new", by=DESK, at=NINE)
    with pytest.raises(NotAllowed, match="what the new version mends"):
        exchange.load_mapping(source, MAPPING, "", by=DESK, at=NINE)


# What was found wrong once


def test_ids_longer_than_any_are_refused_and_stop_nobody_behind_them(source: Source) -> None:
    feeds.store(source, siu("S12", NINE, filler="9" * 140, starts_at=MONDAY), at=NINE)
    feeds.store(source, adt("A28", NINE, pid=ADA.replace("M1^", "7" * 140 + "^")), at=NINE)
    feeds.store(source, adt("A28", NINE), at=NINE)

    inbox.process(lambda: NINE)

    assert Patient.objects.get().number == "M1"
    assert {row.place for row in Quarantined.objects.all()} == {"line 1, SCH-2.1", "line 1, PID-3"}


def test_a_number_of_another_systems_counting_is_nobody_here(source: Source, department: Department) -> None:
    stranger = department.patient(family_name="Stone")
    Patient.objects.filter(pk=stranger.pk).update(number="M1")

    deliver(source, adt("A31", NINE, pid="PID|1||M1^^^RWP^MR||Brown^Ada||||||2 Low Road"))
    deliver(source, adt("A40", NINE, more=("MRG|M1^^^RWP^MR",), pid=ADA.replace("M1^", "M9^")))

    stranger.refresh_from_db()
    assert (stranger.address, stranger.merged_into) == ("", None)


def test_the_same_message_sent_again_and_again_waits_once(source: Source, department: Department) -> None:
    told = siu("S12", NINE, starts_at=MONDAY)

    said = all_taken(source, [told] * 4)

    (account,) = accounts(source.organisation_id)
    assert said == ["AE"] * 4
    assert (account.quarantined, account.duplicate, account.adds_up) == (1, 3, True)


def test_a_death_that_overtook_its_patient_is_known_once_they_are(source: Source) -> None:
    dead = ADA + "|" * 18 + "20261115|Y"

    all_taken(
        source, [adt("A31", NINE - timedelta(hours=1), pid=dead), adt("A28", NINE - timedelta(hours=2))]
    )

    assert Patient.objects.get().died_on == date(2026, 11, 15)


def test_a_departure_that_overtook_its_arrival_leaves_nobody_arrived(
    source: Source, department: Department
) -> None:
    row = department.booked(slots_of(department, NINE + timedelta(hours=1))[0], known(department))
    visit = ("PV1|1|O" + "|" * 17 + "V1",)

    all_taken(
        source,
        [
            adt("A11", NINE - timedelta(minutes=1), more=visit),
            adt("A04", NINE - timedelta(minutes=5), more=visit),
        ],
    )

    row.refresh_from_db()
    assert row.state == "booked"


def test_what_was_told_while_the_link_was_cut_keeps_its_times(source: Source, department: Department) -> None:
    came = department.booked(slots_of(department, NINE)[0], known(department))
    later = NINE + timedelta(hours=20)  # past midnight
    visit = ("PV1|1|O" + "|" * 17 + "V1",)

    deliver(source, adt("A04", NINE - timedelta(minutes=5), more=visit), later)

    came.refresh_from_db()
    assert (came.state, came.arrived_at) == ("arrived", NINE - timedelta(minutes=5))


def test_a_cancellation_that_came_after_the_start_counts_from_when_it_was_told(
    source: Source, department: Department
) -> None:
    row = department.booked(slots_of(department, NINE)[0], known(department))
    told_at = NINE - timedelta(hours=3)

    answer = deliver(source, siu("S15", told_at, placer=str(row.pk), reason="ILL"), NINE + timedelta(hours=2))

    row.refresh_from_db()
    assert (code(answer), row.state, row.cancelled_by) == ("AA", "cancelled", "patient")
    assert row.cancelled_at == told_at


def test_a_message_read_again_says_why_it_waits_now(source: Source, department: Department) -> None:
    visit = ("PV1|1|O" + "|" * 17 + "F1",)
    today = slots_of(department, NINE + timedelta(hours=1))
    deliver(source, adt("A04", NINE, more=visit))
    known(department)  # registered by hand, as the sender has her
    deliver(source, adt("A31", NINE - timedelta(minutes=9)))
    waits_for = Quarantined.objects.get().waits_for
    deliver(source, siu("S12", NINE - timedelta(minutes=8), starts_at=today[0].starts_at))

    assert waits_for == "appointment:F1"
    assert Appointment.objects.get().state == "arrived"
    assert not Quarantined.objects.filter(state="waiting").exists()


@pytest.mark.parametrize("sent", ["00010101000000+0100", "99991231235959-0100", "20261123"])
def test_a_header_with_a_time_that_cannot_be_is_kept_and_answered(source: Source, sent: str) -> None:
    other = Source.objects.create(
        organisation=source.organisation, name="other", kind="hl7", expected_interval_seconds=60
    )
    raw = adt("A28", NINE, key="K-1").replace(adt("A28", NINE).split(b"|")[6], sent.encode(), 1)

    found = mllp._sender(reading.header_of(raw, LONDON), None)
    answer = deliver(source, raw)

    assert found == source != other
    assert (code(answer), str(answer.segment("MSA")(2))) == ("AR", "K-1")
    assert bytes(Quarantined.objects.get().body) == raw


def test_no_line_that_waits_names_a_patient_or_a_number(source: Source, department: Department) -> None:
    department.patient(family_name="Brown", given_names="Ada", born_on=date(1970, 3, 1))

    deliver(source, adt("A28", NINE, pid=ADA.replace("~9990548609^^^NHS^NH", "")))

    row = Quarantined.objects.get()
    assert "may be the same person" in row.why
    assert not any(each in row.why + row.fix for each in ("P0000", "Brown", "Ada"))


def test_a_source_is_set_up_and_its_mapping_loaded_and_shown_by_commands(
    trust: Organisation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(ground, "prepare", lambda process: None)
    monkeypatch.setattr(ground, "load_django", lambda process: None)
    monkeypatch.setattr(ground, "database_at_hand", nullcontext)
    file = tmp_path / "annexe.toml"

    assert cli.main(["source", "add", "annexe", "--organisation", trust.slug]) == 0
    file.write_text('[codes.sex]\n"M" = "7"\n')
    assert cli.main(["mapping", "load", "annexe", str(file), "--why", "the first"]) == 2
    assert "codes.sex.M" in capsys.readouterr().err
    file.write_text(MAPPING)
    assert cli.main(["mapping", "load", "annexe", str(file), "--why", "the first"]) == 0
    capsys.readouterr()
    assert cli.main(["mapping", "show", "annexe"]) == 0
    assert capsys.readouterr().out == MAPPING
    assert cli.main(["mapping", "show", "annexe", "--version", "2"]) == 2
    assert cli.main(["source", "add", "annexe", "--organisation", "nowhere"]) == 2

    assert code(deliver(Source.objects.get(name="annexe"), adt("A28", NINE))) == "AA"


def test_a_code_that_was_unknown_goes_from_the_doctor_by_a_new_mapping_into_the_diary(
    source: Source, department: Department, clinic: list[Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    known(department)
    raw = siu("S12", NINE, starts_at=clinic[0].starts_at, clinic="NEW")
    deliver(source, raw)
    lead = signed_in(somebody("lena", "outpatient_team_leader", department.trust))
    row = Quarantined.objects.get()

    looked = lead.post("/feeds/pas/doctor/", {"row": row.pk}).content.decode()
    mended = MAPPING.replace("[codes.service]", '"NEW" = "back"\n[codes.service]')
    form = {**filled(lead.get("/feeds/pas/mapping/")), "text": mended, "why": "their new clinic"}
    told = lead.post("/feeds/pas/mapping/", form, follow=True).content.decode()

    assert "[codes.clinic]" in looked and "1 could be read now and 0 wait on" in told
    assert Appointment.objects.get().slot == clinic[0]
    day = f"{clinic[0].starts_at:%Y-%m-%d}"
    assert "BROWN" in lead.get(f"/outpatients/diary/?on={day}").content.decode().upper()


def test_a_seat_that_is_held_for_the_patient_is_booked_when_the_booking_comes(
    source: Source, department: Department, clinic: list[Slot]
) -> None:
    held = booking.hold(
        clinic[0].pk, known(department).pk, organisation_id=source.organisation_id, by=DESK, at=NINE
    )

    assert code(deliver(source, siu("S12", NINE, starts_at=clinic[0].starts_at))) == "AA"

    held.refresh_from_db()
    assert held.state == "booked"


def test_a_newer_telling_that_cannot_be_taken_waits_and_undoes_no_registration(source: Source) -> None:
    lives = adt("A31", NINE - timedelta(hours=1), pid=ADA + "|" * 19 + "N")

    said = all_taken(source, [lives, adt("A28", NINE - timedelta(hours=2), pid=ADA + "|" * 19 + "Y")])

    waiting = Quarantined.objects.get()
    (account,) = accounts(source.organisation_id)
    assert said == ["AA", "AA"]
    assert Patient.objects.get().number == "M1"
    assert bytes(waiting.body) == lives
    assert (account.applied, account.aside, account.quarantined, account.adds_up) == (1, 0, 1, True)
    with pytest.raises(CannotParse, match="patient lives"):  # read again in earnest, not taken for a repeat
        inbox.replay(waiting.pk, by=DESK, at=NINE + timedelta(minutes=1))
