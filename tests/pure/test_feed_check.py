"""`clearway feed check`: what the gateway would refuse in a file, and what it would take and doubt."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clearway import cli
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import refusals
from clearway.interchange.adapters import ADAPTERS
from clearway.interchange.conformance import NEEDED, Kind, Report, check

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
FIXTURES = Path(__file__).parent.parent / "fixtures"


def job(key: str, status: str, at: str, **more: Any) -> dict[str, Any]:
    told = {"type": "job", "message_id": key, "occurred_at": f"2026-02-03T{at}Z", "status": status}
    return {**told, "incident": "I1", "call_sign": "A101", **more}


WHOLE = [
    job("1", "allocated", "10:00:00"),
    job("2", "mobile", "10:01:00", category="C2", kind="DCA", destination="RH801"),
    job("3", "at_scene", "10:10:00"),
    job("4", "left_scene", "10:30:00"),
    job("5", "at_hospital", "10:50:00"),
    job("6", "handover", "11:05:00"),
    job("7", "clear", "11:15:00"),
    {
        "type": "call",
        "message_id": "8",
        "occurred_at": "2026-02-03T09:59:00Z",
        "incident": "I1",
        "status": "located",
        "latitude": 50.7,
        "longitude": -3.5,
    },
]
POSITION = {"call_sign": "A101", "occurred_at": "2026-02-03T10:00:00Z", "latitude": 50.7, "longitude": -3.5}
HOSPITAL = {
    "type": "hospital",
    "message_id": "H1",
    "occurred_at": "2026-02-03T10:00:00Z",
    "site": "RH801",
    "counts": {"boarding": 4},
}


def checked(said: list[dict[str, Any]], kind: Kind = Kind.CAD) -> Report:
    return check("\n".join(map(json.dumps, said)).encode(), "native", kind, NOW)


def refused(report: Report) -> list[tuple[int, str]]:
    return [(each.line, each.error.where) for each in report.refused]


def test_a_file_that_says_all_the_desk_needs_conforms_without_a_remark() -> None:
    report = checked(WHOLE)

    assert report.conforms and report.taken == report.received == len(WHOLE)
    assert not (report.never_says or report.doubts or report.late or report.unlisted)
    assert report.kinds["job handover"] == 1 and report.kinds["incident located"] == 1
    assert report.sites == {"RH801": 1}


def test_the_same_file_packed_is_the_same() -> None:
    body = "\n".join(map(json.dumps, WHOLE)).encode()

    assert check(gzip.compress(body), "native", Kind.CAD, NOW) == checked(WHOLE)
    with pytest.raises(CannotParse) as damaged:
        check(gzip.compress(body)[:-9], "native", Kind.CAD, NOW)
    assert damaged.value.where == "file"


def test_a_line_that_does_not_fit_is_refused_with_its_line_and_the_rest_is_read() -> None:
    report = checked([WHOLE[0], {**WHOLE[1], "status": "flying"}, WHOLE[2]])

    assert refused(report) == [(2, "field status")]
    assert report.taken == 2 and not report.conforms


def test_the_same_line_again_is_a_repeat_and_the_same_key_for_another_is_refused() -> None:
    report = checked([WHOLE[0], WHOLE[0], {**WHOLE[1], "message_id": "1"}])

    assert (report.taken, report.repeated, refused(report)) == (1, 1, [(3, "message key")])
    assert "line 1" in report.refused[0].error.why
    assert report.received == report.taken + report.repeated + len(report.refused)


@pytest.mark.parametrize("word", NEEDED)
def test_what_the_desk_needs_and_the_feed_never_says_is_named(word: str) -> None:
    fields = {"destination", "category", "kind"}
    if word in fields:
        said = [{name: value for name, value in each.items() if name != word} for each in WHOLE]
    elif word == "place":
        said = WHOLE[:-1]
    else:
        said = [each for each in WHOLE if each["status"] != word]

    assert list(checked(said).never_says) == [word]


def test_a_feed_that_cannot_say_a_handover_is_not_blamed_for_each_missing_one() -> None:
    report = checked([each for each in WHOLE if each["status"] != JobStatus.HANDOVER])

    assert report.doubts == () and report.conforms


def test_a_line_out_of_order_is_named_and_taken() -> None:
    report = checked([WHOLE[2], WHOLE[0], WHOLE[1]])

    assert report.late == (2, 3) and report.conforms


def test_a_time_ahead_of_the_clock_does_not_conform_and_a_minute_is_skew() -> None:
    ahead, skew = job("9", "allocated", "12:01:01"), job("9", "allocated", "12:01:00")

    assert checked([ahead]).future == (1,) and not checked([ahead]).conforms
    assert checked([skew]).future == () and checked([skew]).conforms


def test_times_that_contradict_each_other_are_passed_on_and_named_by_their_rule() -> None:
    said = [*WHOLE[:4], job("5", "at_hospital", "10:29:00"), *WHOLE[5:]]

    report = checked(said)

    (doubt,) = (each for each in report.doubts if each.code == "HQ01")
    assert (doubt.count, doubt.lines) == (1, (1, 2, 3, 4, 5, 6, 7))
    assert report.conforms


def test_availability_and_hospitals_are_doubted_by_their_own_rules() -> None:
    change = {"type": "availability", "occurred_at": "2026-02-03T10:00:00Z", "call_sign": "A101"}
    skipped = [
        {**change, "message_id": "a", "status": "off"},
        {**change, "message_id": "b", "occurred_at": "2026-02-03T10:01:00Z", "status": "on_break"},
    ]
    overfull = {**HOSPITAL, "counts": {"majors_taken": 9, "majors_places": 5}}

    assert [each.code for each in checked([*skipped, overfull]).doubts] == ["AV01", "HS01"]


def test_a_source_of_hospitals_takes_only_their_reports_and_none_from_the_future() -> None:
    ahead = {**HOSPITAL, "message_id": "H2", "occurred_at": "2026-02-03T13:00:00Z"}

    report = checked([HOSPITAL, WHOLE[0], ahead], Kind.HOSPITAL)

    assert [each.error for each in report.refused] == [refusals.OF_ANOTHER_KIND, refusals.FUTURE]
    assert report.kinds == {"hospital boarding": 1}
    assert "boarding" not in report.never_says and "beds_free" in report.never_says


def test_positions_are_read_as_positions_and_known_by_call_sign_and_time() -> None:
    ahead = {**POSITION, "occurred_at": "2026-02-03T13:00:00Z"}

    report = checked([POSITION, {**POSITION, "latitude": 50.8}, WHOLE[0], ahead], Kind.POSITIONS)

    assert (report.taken, report.repeated) == (1, 1)
    assert [line for line, _ in refused(report)] == [3, 4]


def test_nothing_at_all_does_not_conform() -> None:
    assert not check(b"\n\n", "native", Kind.CAD, NOW).conforms


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_control_rooms_file_is_checked_row_by_row_and_its_adapter_keeps_its_word(name: str) -> None:
    kind = Kind.HOSPITAL if name == "winter_sitrep" else Kind.CAD
    report = check((FIXTURES / f"{name}.csv").read_bytes(), name, kind, NOW)

    assert report.taken and report.refused
    assert report.doubts or kind is Kind.HOSPITAL  # figures that stand alone contradict nothing
    assert report.unlisted == ()
    assert {"handover", "destination"} <= set(report.never_says) or kind is Kind.HOSPITAL
    assert report.received == report.taken + report.repeated + len(report.refused)


def test_an_adapter_that_says_more_than_it_lists_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = ADAPTERS["lancaster"]
    monkeypatch.setattr(adapter, "KNOWS", adapter.KNOWS - {"kind", JobStatus.CLEAR})

    report = check((FIXTURES / "lancaster.csv").read_bytes(), "lancaster", Kind.CAD, NOW)

    assert report.unlisted == ("clear", "kind") and not report.conforms


def test_two_rows_that_say_the_same_of_their_incident_say_it_once() -> None:
    rows = (FIXTURES / "san_francisco.csv").read_bytes().splitlines()[:3]

    report = check(b"\n".join(rows), "san_francisco", Kind.CAD, NOW)

    assert report.taken == 2 and report.kinds["incident call_connect"] == 1


def test_the_command_says_it_in_words_and_as_json_with_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "day.jsonl"
    file.write_text("\n".join(map(json.dumps, WHOLE)))
    assert cli.main(["feed", "check", str(file)]) == 0
    assert capsys.readouterr().out.endswith("\nIt conforms.\n")

    file.write_text(json.dumps({**WHOLE[0], "status": "flying"}))
    assert cli.main(["feed", "check", str(file)]) == 1
    told = capsys.readouterr().out
    assert "line 1, field status" in told and "flying" not in told
    assert "It does not conform: it holds nothing that can be taken, 1 would be refused." in told
    assert cli.main(["feed", "check", str(file), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["conforms"] is False and found["refused"][0]["line"] == 1

    assert cli.main(["feed", "check", str(file), "--format", "nobody"]) == 2
    assert cli.main(["feed", "check", str(tmp_path / "none")]) == 2
    assert cli.main(["feed", "check", str(file), "--format", "lancaster", "--kind", "positions"]) == 2
