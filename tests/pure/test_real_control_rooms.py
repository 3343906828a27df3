"""The adapters over the whole published files of two control rooms, where these are at hand.

The files are not part of the project. They are looked for beside the repository, or in the folder that
CLEARWAY_REAL_DATA names. What is expected is counted here anew, from the raw text and without the adapters.
"""

import csv
import gzip
import io
import os
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.domain.ambulance import quality, transitions
from clearway.domain.ambulance.events import Event, HospitalEvent, JobEvent
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.findings import Finding
from clearway.interchange.adapters import ADAPTERS
from clearway.interchange.adapters.adapter import Line, read

J = JobStatus
BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("CLEARWAY_REAL_DATA", BESIDE))
KNOWN_AT = datetime(2026, 1, 1, tzinfo=UTC)
JOB_TIMES = ["Dispatch DtTm", "Response DtTm", "On Scene DtTm", "Transport DtTm", "Hospital DtTm"]
LISTS = ["Dispatch", "Enroute", "Arrive", "At_Patient", "Enroute_To_Hospital", "Arrive_At_Hospital", "Clear"]
Results = list[tuple[Line, list[Event] | CannotParse]]


def body(path: str) -> bytes:
    if not (DATA / path).is_file():
        pytest.skip(f"The published file {path} is not beside the repository; see CLEARWAY_REAL_DATA.")
    return gzip.decompress((DATA / path).read_bytes())


def rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode())))


def assignments(results: Results) -> dict[str, tuple[Assignment, list[Finding]]]:
    """Every assignment of a file, folded and inspected."""
    streams: dict[str, list[Fact[JobEvent]]] = defaultdict(list)
    for _, result in results:
        for event in [] if isinstance(result, CannotParse) else result:
            if isinstance(event, JobEvent):
                streams[event.assignment_key].append(Fact(event, "cad", KNOWN_AT))
    folded = {}
    for key, facts in streams.items():
        assignment, findings = transitions.fold(facts)
        inspected = quality.inspect(assignment, KNOWN_AT, quality.Limits(), knows_handover=False)
        folded[key] = assignment, [*findings, *inspected]
    return folded


@pytest.fixture(scope="module")
def san_francisco() -> tuple[list[dict[str, str]], Results]:
    text = body("sf_cad/sf_cad_2020-04-07_15.csv.gz")
    return rows(text), list(read(ADAPTERS["san_francisco"], text))


@pytest.fixture(scope="module")
def lancaster() -> tuple[list[dict[str, str]], Results]:
    text = body("lancaster_cad/lancaster_cad_2010_2016.csv.gz")
    return rows(text), list(read(ADAPTERS["lancaster"], text))


def test_every_unit_row_of_san_francisco_is_accounted_for(
    san_francisco: tuple[list[dict[str, str]], Results],
) -> None:
    source, results = san_francisco
    applied = [result for _, result in results if not isinstance(result, CannotParse)]

    quarantined = len(results) - len(applied)
    assert len(source) == len(results) == len(applied) + quarantined
    assert quarantined == 0
    assert len(assignments(results)) == len({row["RowID"] for row in source})


def test_every_time_of_san_francisco_is_a_stamp(san_francisco: tuple[list[dict[str, str]], Results]) -> None:
    source, results = san_francisco
    said = sum(bool(row[column]) for row in source for column in [*JOB_TIMES, "Available DtTm"])

    kept = [assignment.stamps for assignment, _ in assignments(results).values()]

    assert sum(len(stamps) for stamps in kept) == said


def test_the_contradictions_of_san_francisco_are_all_found(
    san_francisco: tuple[list[dict[str, str]], Results],
) -> None:
    source, results = san_francisco
    transport_after_hospital, available_before_hospital = set(), set()
    for row in source:
        transport, hospital, available = (
            _local(row[name]) if row[name] else None
            for name in ("Transport DtTm", "Hospital DtTm", "Available DtTm")
        )
        key = f"{row['Incident Number']}/{row['Unit ID']}"
        if transport and hospital and transport > hospital:
            transport_after_hospital.add(key)
        if available and hospital and available < hospital:
            available_before_hospital.add(key)

    found = assignments(results)

    with_hq01 = {key for key, (_, findings) in found.items() if "HQ01" in {each.code for each in findings}}
    cleared_before_hospital = {
        key
        for key, (_, findings) in found.items()
        for each in findings
        if each.code == "JC01" and re.match(r"clear .* before at_hospital", each.evidence)
    }
    assert with_hq01 == transport_after_hospital and len(with_hq01) == 7
    assert cleared_before_hospital == available_before_hospital and len(cleared_before_hospital) == 2


def test_few_rows_of_san_francisco_are_doubted(san_francisco: tuple[list[dict[str, str]], Results]) -> None:
    """An honest feed without a handover stamp must not drown the desk in findings."""
    found = assignments(san_francisco[1])

    doubted = [key for key, (_, findings) in found.items() if findings]

    assert len(doubted) < 0.01 * len(found)


def test_the_turnaround_of_san_francisco_is_as_published(
    san_francisco: tuple[list[dict[str, str]], Results],
) -> None:
    source, results = san_francisco
    published = Counter(
        round((_local(row["Available DtTm"]) - _local(row["Hospital DtTm"])) / timedelta(seconds=1))
        for row in source
        if row["Hospital DtTm"] and row["Available DtTm"]
    )

    stamps = [assignment.stamps for assignment, _ in assignments(results).values()]
    ours = Counter(
        round((each[J.CLEAR] - each[J.AT_HOSPITAL]) / timedelta(seconds=1))
        for each in stamps
        if J.CLEAR in each and J.AT_HOSPITAL in each
    )

    assert ours == published


def test_every_row_of_lancaster_is_accounted_for(lancaster: tuple[list[dict[str, str]], Results]) -> None:
    source, results = lancaster
    without_units = sum(not _units(row) and row["test_or_file_only"] != "1" for row in source)
    tests = sum(row["test_or_file_only"] == "1" for row in source)

    reasons = Counter(result.where.split(", ")[1] for _, result in results if isinstance(result, CannotParse))

    assert len(source) == len(results)
    assert reasons == {"field Unit_Dispatch_Times": without_units, "field test_or_file_only": tests}


def test_every_unit_of_lancaster_has_an_assignment(lancaster: tuple[list[dict[str, str]], Results]) -> None:
    source, results = lancaster
    expected = {
        f"{row['incident_num']}/{unit}"
        for row in source
        if row["test_or_file_only"] != "1"
        for unit in _units(row)
    }

    keys = {"/".join(key.split("/")[:2]) for key in assignments(results)}

    assert keys == expected


def test_the_seven_repeated_incidents_of_lancaster_say_nothing_new(
    lancaster: tuple[list[dict[str, str]], Results],
) -> None:
    source, results = lancaster
    count = Counter(row["incident_num"] for row in source)
    ids: dict[str, list[list[str]]] = defaultdict(list)
    for row, (_, result) in zip(source, results, strict=True):
        if count[row["incident_num"]] > 1 and not isinstance(result, CannotParse):
            ids[row["incident_num"]].append([event.message_id for event in result])

    assert sum(number > 1 for number in count.values()) == 7
    assert all(first == second for first, second in ids.values())


def test_midnight_in_lancaster_agrees_with_the_time_in_service(
    lancaster: tuple[list[dict[str, str]], Results],
) -> None:
    """Where first dispatch, last clear and service time fit to the second, they must fit to the day too."""
    source, results = lancaster
    fits = wrong_day = 0
    for row, (_, result) in zip(source, results, strict=True):
        if isinstance(result, CannotParse):
            continue
        for unit, service in re.findall(r"([^=, ]+)=(\d+:\d\d:\d\d)", row["Time_In_Service"]):
            times: dict[str, list[datetime]] = defaultdict(list)
            for event in result:
                if isinstance(event, JobEvent) and event.call_sign == unit:
                    times[event.status].append(event.occurred_at)
            if J.ALLOCATED not in times or J.CLEAR not in times:
                continue
            off = max(times[J.CLEAR]) - min(times[J.ALLOCATED]) - _duration(service)
            fits += not off
            wrong_day += bool(off) and not off % timedelta(days=1)

    assert wrong_day == 0
    assert fits > 25_000


def _local(text: str) -> datetime:
    """For differences within the file only, so the zone does not matter."""
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)


def _duration(text: str) -> timedelta:
    hours, minutes, seconds = map(int, text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _units(row: dict[str, str]) -> set[str]:
    return {unit for name in LISTS for unit in re.findall(r"([^=, ]+)=", row[f"Unit_{name}_Times"])}


def test_winter_reports_become_free_beds_or_a_reason_as_counted_by_other_means() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = "nhs_winter_sitrep/winter_sitrep_2015_2021.parquet"
    if not (DATA / path).is_file():
        pytest.skip(f"The published file {path} is not beside the repository; see CLEARWAY_REAL_DATA.")
    table = parquet.read_table(DATA / path).slice(0, 4000)
    said = table.to_pylist()
    text = io.StringIO()
    writer = csv.DictWriter(text, table.column_names)
    writer.writeheader()
    writer.writerows(said)

    results = [result for _, result in read(ADAPTERS["winter_sitrep"], text.getvalue().encode())]

    free = [
        row["ga_beds_open"] - row["ga_beds_occupied"]
        for row in said
        if row["org_code"] != "-" and row["ga_beds_open"] is not None and row["ga_beds_occupied"] is not None
    ]
    reports = [event for result in results if not isinstance(result, CannotParse) for event in result]
    assert len(results) == len(said)
    assert [sum(event.counts.values()) for event in reports if isinstance(event, HospitalEvent)] == [
        each for each in free if each >= 0
    ]
