"""Files of control rooms and of hospitals: every row becomes events or a reason, and nothing is made up."""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance import quality, transitions
from clearway.domain.ambulance.events import CallEvent, Event, HospitalEvent, JobEvent
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import CallStatus, HospitalMeasure, JobState, JobStatus, ResourceKind
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.findings import Finding
from clearway.interchange import native
from clearway.interchange.adapters import ADAPTERS
from clearway.interchange.adapters.adapter import MAX_ROW_BYTES, Adapter, Row, parse, read, split

J = JobStatus
FIXTURES = Path(__file__).parent.parent / "fixtures"
SAN_FRANCISCO, LANCASTER = ADAPTERS["san_francisco"], ADAPTERS["lancaster"]
WINTER_SITREP = ADAPTERS["winter_sitrep"]
KNOWN_AT = datetime(2026, 1, 1, tzinfo=UTC)
Result = list[Event] | CannotParse


def fixture(adapter: Adapter) -> bytes:
    return (FIXTURES / f"{adapter.NAME}.csv").read_bytes()


def results(adapter: Adapter) -> list[Result]:
    return [result for _, result in read(adapter, fixture(adapter))]


def events(result: Result) -> list[Event]:
    assert not isinstance(result, CannotParse), str(result)
    return result


def refusal(result: Result) -> CannotParse:
    assert isinstance(result, CannotParse)
    return result


def jobs(result: Result) -> list[JobEvent]:
    return [event for event in events(result) if isinstance(event, JobEvent)]


def assignments(result: Result) -> Iterator[tuple[Assignment, tuple[Finding, ...]]]:
    """Each assignment of a row with all that is found in it."""
    for key in dict.fromkeys(event.assignment_key for event in jobs(result)):
        facts = [Fact(event, "cad", KNOWN_AT) for event in jobs(result) if event.assignment_key == key]
        assignment, findings = transitions.fold(facts)
        inspected = quality.inspect(assignment, KNOWN_AT, quality.Limits(), knows_handover=False)
        yield assignment, findings + inspected


def codes(result: Result) -> set[str]:
    return {finding.code for _, findings in assignments(result) for finding in findings}


def at(event: Event) -> str:
    return event.occurred_at.isoformat(sep=" ").removesuffix("+00:00")


# Every adapter


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
def test_every_column_is_carried_or_left_out_for_a_reason(adapter: Adapter) -> None:
    asked: set[str] = set()

    class Listener(dict[str, str]):
        def __getitem__(self, column: str) -> str:
            asked.add(column)
            return super().__getitem__(column)

    for line in split(fixture(adapter)):
        header, values = (next(csv.reader(io.StringIO(raw.decode()))) for raw in (line.header, line.raw))
        with suppress(CannotParse):
            adapter.parse_row(Row(Listener(zip(header, values, strict=True))))
    left_out = {column for columns in adapter.LEFT_OUT.values() for column in columns}

    assert asked | left_out == set(header)
    assert not asked & left_out


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
def test_reading_a_file_twice_gives_the_same_message_ids(adapter: Adapter) -> None:
    assert results(adapter) == results(adapter)


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
def test_a_stored_message_is_parsed_again_with_nothing_but_the_adapters_name(adapter: Adapter) -> None:
    for line, result in read(adapter, fixture(adapter)):
        if isinstance(result, CannotParse):
            with pytest.raises(CannotParse) as again:
                parse(ADAPTERS[adapter.NAME], line.message)
            assert f"line {line.number}, {again.value}" == str(result)
        else:
            assert parse(ADAPTERS[adapter.NAME], line.message) == result


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
def test_the_form_of_the_file_does_not_matter(adapter: Adapter) -> None:
    plain = fixture(adapter)
    forms = [
        gzip.compress(plain),
        plain.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + plain,
        plain + b"\n\n",
        plain.rstrip(b"\n"),
    ]

    for form in forms:
        again = [result for _, result in read(adapter, form)]
        assert [_ids(result) for result in again] == [_ids(result) for result in results(adapter)]


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
def test_the_events_are_native_events(adapter: Adapter) -> None:
    for result in results(adapter):
        if not isinstance(result, CannotParse):
            assert [native.parse_event(line) for _, line in native.lines(native.dump(result))] == result


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
def test_nothing_is_said_that_the_feed_cannot_know(adapter: Adapter) -> None:
    for result in results(adapter):
        for event in [] if isinstance(result, CannotParse) else result:
            said = event.counts if isinstance(event, HospitalEvent) else [event.status]
            assert set(said) <= adapter.KNOWS
            for field in ("category", "destination", "kind"):
                assert getattr(event, field, None) is None or field in adapter.KNOWS


@pytest.mark.parametrize(
    ("adapter", "old", "new"),
    [
        (SAN_FRANCISCO, b"09:42:00", b"09:43:00"),
        (LANCASTER, b"14:48:00", b"14:49:00"),
        (WINTER_SITREP, b"2021-01-04", b"2021-01-05"),
    ],
    ids=ADAPTERS.keys(),
)
def test_a_changed_row_is_a_new_fact_beside_the_old(adapter: Adapter, old: bytes, new: bytes) -> None:
    line = next(iter(split(fixture(adapter))))

    before = parse(adapter, line.message)
    after = parse(adapter, line.message.replace(old, new))

    changed = [(was, now) for was, now in zip(before, after, strict=True) if was.message_id != now.message_id]
    ((was, now),) = changed
    assert was.stream == now.stream
    assert getattr(was, "status", None) == getattr(now, "status", None)
    assert was.occurred_at < now.occurred_at


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
@given(data=st.data())
def test_a_damaged_file_is_refused_and_never_crashes(adapter: Adapter, data: st.DataObject) -> None:
    body = bytearray(fixture(adapter))
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    for _, result in read(adapter, bytes(body)):
        assert isinstance(result, CannotParse) or result


# The joint: files into rows


def test_a_row_knows_the_line_on_which_it_begins() -> None:
    body = b'a,b\n1,"two\nlines"\n\n3,4\n'

    assert [(line.number, line.raw) for line in split(body)] == [(2, b'1,"two\nlines"'), (5, b"3,4")]


def test_a_quote_that_is_never_closed_costs_one_row_only() -> None:
    body = b'a,b\n1,"x\n2,y\n3,z\n4,"x\n5,y\n'

    assert [line.number for line in split(body)] == [2, 3, 4, 5, 6]


def test_an_endless_row_is_refused_by_its_size() -> None:
    body = b"a,b\n1," + b"x" * MAX_ROW_BYTES + b"\n"

    (result,) = (result for _, result in read(SAN_FRANCISCO, body))

    assert "bytes" in refusal(result).why


def test_a_gzip_file_cut_short_is_refused_as_a_whole() -> None:
    with pytest.raises(CannotParse) as refused:
        list(split(gzip.compress(fixture(LANCASTER))[:-20]))

    assert refused.value.where == "file"


def test_a_file_without_a_needed_column_names_the_column() -> None:
    (result,) = (result for _, result in read(LANCASTER, b"incident_num\n1\n"))

    assert refusal(result).where == "line 2, header, column test_or_file_only"


def test_a_row_with_a_field_too_many_names_its_line() -> None:
    body = fixture(LANCASTER).splitlines()[0] + b"\n1,2,3\n"

    (result,) = (result for _, result in read(LANCASTER, body))

    assert refusal(result).where == "line 2, row"
    assert "3 fields; the header names 20" in refusal(result).why


# San Francisco


def test_neither_control_room_can_know_a_destination_or_a_handover() -> None:
    for adapter in (SAN_FRANCISCO, LANCASTER):
        assert not {"destination", "handover", "category"} & adapter.KNOWS


def test_a_conveyed_job_carries_all_stamps_in_utc() -> None:
    first = events(results(SAN_FRANCISCO)[0])

    assert [(event.status, at(event)) for event in first] == [
        (CallStatus.CALL_CONNECT, "2021-06-01 16:00:00"),  # 09:00 in San Francisco, seven hours behind
        (CallStatus.NATURE_OF_CALL, "2021-06-01 16:01:30"),
        (J.ALLOCATED, "2021-06-01 16:02:00"),
        (J.MOBILE, "2021-06-01 16:02:45"),
        (J.AT_SCENE, "2021-06-01 16:09:00"),
        (J.LEFT_SCENE, "2021-06-01 16:31:00"),
        (J.AT_HOSPITAL, "2021-06-01 16:42:00"),
        (J.CLEAR, "2021-06-01 17:20:00"),
    ]
    call, job = first[0], first[-1]
    assert isinstance(call, CallEvent) and isinstance(job, JobEvent)
    assert (call.incident, call.nature) == ("70001", "Medical Incident")
    assert (call.latitude, call.longitude) == (37.7701, -122.4302)
    assert (job.call_sign, job.kind) == ("M90", ResourceKind.DCA)


def test_a_job_without_a_known_handover_is_clear_and_not_blamed() -> None:
    ((assignment, findings),) = assignments(results(SAN_FRANCISCO)[0])

    assert assignment.state is JobState.CLEAR and not assignment.is_open
    assert findings == ()


def test_the_units_of_one_call_say_its_times_once() -> None:
    ambulance, engine = (events(result) for result in results(SAN_FRANCISCO)[:2])

    assert [event.message_id for event in ambulance[:2]] == [event.message_id for event in engine[:2]]


def test_a_unit_freed_before_the_scene_was_stood_down() -> None:
    ((assignment, findings),) = assignments(results(SAN_FRANCISCO)[1])

    assert assignment.state is JobState.STOOD_DOWN
    assert assignment.kind is ResourceKind.OTHER
    assert findings == ()


def test_transport_after_hospital_survives_and_is_found() -> None:
    result = results(SAN_FRANCISCO)[2]

    stamps = {event.status: at(event) for event in jobs(result)}
    assert stamps[J.LEFT_SCENE] == "2021-06-02 07:20:00"
    assert stamps[J.AT_HOSPITAL] == "2021-06-02 07:15:00"
    assert "HQ01" in codes(result)


def test_available_before_hospital_survives_and_is_found() -> None:
    result = results(SAN_FRANCISCO)[3]

    assert {J.CLEAR, J.AT_HOSPITAL} <= {event.status for event in jobs(result)}
    assert {"JC01", "JC04"} <= codes(result)


def test_a_job_still_running_is_open() -> None:
    ((assignment, findings),) = assignments(results(SAN_FRANCISCO)[4])

    assert assignment.state is JobState.ALLOCATED and assignment.is_open
    assert assignment.kind is ResourceKind.OFFICER
    assert findings == ()


def test_an_unlisted_kind_of_unit_stays_unknown() -> None:
    assert {event.kind for event in jobs(results(SAN_FRANCISCO)[5])} == {None}


def test_a_time_that_cannot_be_read_quarantines_the_row_and_is_not_repeated() -> None:
    refused = refusal(results(SAN_FRANCISCO)[6])

    assert refused.where == "line 9, field Dispatch DtTm"  # line 6 holds a line break
    assert "25:02" not in str(refused)


@pytest.mark.parametrize(
    ("sound", "damaged"),
    [
        (b"37.7701", b"nan"),
        (b"37.7701", b"97.7701"),
        (b"37.7701", b"inf"),
        (b"(37.7701, -122.4302)", b"Main Street 7"),
        (b",M90,", b",,"),
        (b",M90,", b"," + b"M" * 90 + b","),
        (b",M90,", b",M90,"),
        (b"06/01/2021 10:20:00 AM", b"12/31/9999 11:20:00 PM"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_line(sound: bytes, damaged: bytes) -> None:
    body = fixture(SAN_FRANCISCO)
    assert sound in body.splitlines()[1]

    result = next(result for _, result in read(SAN_FRANCISCO, body.replace(sound, damaged)))

    assert refusal(result).where.startswith("line 2")
    assert refusal(result).why and refusal(result).fix


def test_a_unit_without_any_time_is_quarantined() -> None:
    assert "no time at all" in refusal(results(SAN_FRANCISCO)[7]).why


# Lancaster


def test_a_list_of_units_becomes_one_stream_for_each() -> None:
    result = results(LANCASTER)[0]

    stamps = {(event.call_sign, event.status): at(event) for event in jobs(result)}
    assert stamps["OAKV12", J.AT_HOSPITAL] == "2018-03-06 20:48:00"  # 14:48 in Nebraska, six hours behind
    assert stamps["OAKV1", J.CLEAR] == "2018-03-06 20:05:00"
    assert len(stamps) == 10
    kinds = {event.call_sign: event.kind for event in jobs(result)}
    assert kinds == {"OAKV1": None, "OAKV12": ResourceKind.DCA}
    assert codes(result) == set()


def test_midnight_is_found_inside_a_list_and_between_lists() -> None:
    stamps = {(event.call_sign, event.status): at(event) for event in jobs(results(LANCASTER)[1])}

    assert stamps["M99", J.AT_SCENE] == "2018-03-07 05:52:00"  # 23:52 on the 6th
    assert stamps["M99", J.LEFT_SCENE] == "2018-03-07 06:10:00"  # 00:10 on the 7th
    assert stamps["OAKV1", J.CLEAR] == "2018-03-07 05:50:00"  # before it in the same list
    assert stamps["M99", J.CLEAR] == "2018-03-07 07:05:00"  # after it


def test_a_unit_sent_again_after_its_clear_has_a_second_assignment() -> None:
    result = results(LANCASTER)[2]

    states = {assignment.key: assignment.state for assignment, _ in assignments(result)}
    assert states == {
        "18000003/ELMT10": JobState.STOOD_DOWN,
        "18000003/ELMT10/2": JobState.CLEAR,
    }
    assert codes(result) == set()


def test_the_same_pair_twice_is_one_event() -> None:
    said = [(event.status, at(event)) for event in jobs(results(LANCASTER)[2])]

    assert len(said) == len(set(said)) == 7


def test_another_time_without_a_clear_between_is_a_finding() -> None:
    result = results(LANCASTER)[3]

    assert {event.assignment_key for event in jobs(result)} == {"18000004/M98"}
    assert "JC03" in codes(result)


def test_a_small_step_back_is_a_contradiction_and_a_large_one_is_midnight() -> None:
    result = results(LANCASTER)[4]

    stamps = {event.status: at(event) for event in jobs(result)}
    assert stamps[J.MOBILE] == "2018-03-09 00:58:00"  # 18:58 on the 8th, before the dispatch at 19:00
    assert stamps[J.CLEAR] == "2018-03-09 17:30:00"  # 11:30 on the 9th, sixteen and a half hours later
    assert "JC01" in codes(result)


def test_an_incident_without_a_unit_has_no_time_and_is_quarantined() -> None:
    assert "no time is known" in refusal(results(LANCASTER)[5]).why


def test_a_test_row_is_quarantined_as_such() -> None:
    assert refusal(results(LANCASTER)[6]).where == "line 8, field test_or_file_only"


def test_a_duplicate_incident_is_carried_with_a_note() -> None:
    notes = {event.note for event in jobs(results(LANCASTER)[7])}

    assert notes == {"the control room marked this incident as a duplicate"}


def test_a_pair_that_cannot_be_read_quarantines_the_row() -> None:
    refused = refusal(results(LANCASTER)[8])

    assert refused.where == "line 10, field Unit_Dispatch_Times"
    assert "12:61" not in str(refused)


def test_a_time_in_the_hour_that_autumn_repeats_is_the_first_and_says_so() -> None:
    stamps = {event.status: (at(event), event.note) for event in jobs(results(LANCASTER)[9])}

    note = "clock time in the hour of the clock change, sent without offset"
    assert stamps[J.ALLOCATED] == ("2018-11-04 06:30:00", note)  # 01:30 daylight time, five hours behind
    assert stamps[J.CLEAR] == ("2018-11-04 09:00:00", None)  # 03:00 standard time, six hours behind


def _ids(result: Result) -> list[str] | CannotParse:
    return result if isinstance(result, CannotParse) else [event.message_id for event in result]


# The winter situation reports


def test_free_beds_are_what_is_open_less_what_is_taken_as_at_eight() -> None:
    (report,) = events(results(WINTER_SITREP)[0])

    assert isinstance(report, HospitalEvent)
    assert (report.site, report.counts) == ("RZ1", {HospitalMeasure.BEDS_FREE: 22})
    assert at(report) == "2021-01-04 08:00:00"


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (2, "line 4, field org_code"),
        (3, "line 5, field ga_beds_open"),
        (4, "line 6, field ga_beds_occupied"),
        (5, "line 7, field ga_beds_open"),
        (6, "line 8, field date"),
    ],
)
def test_a_row_that_says_no_beds_of_a_hospital_is_refused(place: int, where: str) -> None:
    refused = refusal(results(WINTER_SITREP)[place])

    assert refused.where == where
    assert refused.fix
