"""The damaged files of tests/corpus/outpatients: each refused with place, field and fix, nothing half-saved.

What each file must be answered stands beside them in expected.toml: either `whole`, for a file that is none,
or the rows that are `refused` and the lines that are `registered` all the same.
"""

import csv
import io
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from clearway.cli import main
from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import issue_key
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clocks.models import ClockEvent
from clearway.desks.outpatients.intake import actions
from clearway.desks.outpatients.intake.models import GivenFile, TakenReferral
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals.models import Referral
from clearway.interchange import referral_file, sheets
from tests.filled import filled
from tests.outpatients import NOW, a_service, scope
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "outpatients"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((CORPUS / "expected.toml").read_text())
FILES, MESSAGES, CLOCKS = EXPECTED["referrals"], EXPECTED["messages"], EXPECTED["clocks"]
GIVE = "/outpatients/referrals/file/"
PLACES = ("line", "field", "why", "fix")

Answer = tuple[list[dict[str, Any]], list[int]]
Way = Callable[[Organisation, str, bytes], Answer]


class RefusedWhole(Exception):
    """A page said that it cannot be read. page  what it said"""


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Organisation:
    stop_the_clock(monkeypatch, NOW)
    trust = a_trust()
    a_service(trust)
    return trust


def counts() -> tuple[int, ...]:
    return tuple(table.objects.count() for table in (Patient, Referral, TakenReferral, ClockEvent))


def text(answer: Any) -> str:
    return str(answer.content.decode()).replace("&#x27;", "'")


def by_file(trust: Organisation, name: str, raw: bytes) -> Answer:
    return _given(trust, {"file": SimpleUploadedFile(name, raw)})


def by_paste(trust: Organisation, name: str, raw: bytes) -> Answer:
    return _given(trust, {"rows": raw.decode()})


def _given(trust: Organisation, sent: dict[str, Any]) -> Answer:
    """What the pages answer, from the file to what became of its rows."""
    desk = signed_in(somebody("coordinator", "outpatient_coordinator", trust))
    before = counts()
    answer = desk.post(GIVE, {"sender": "Hill Surgery", **sent})
    if answer.status_code == 422:
        assert not GivenFile.objects.exists(), "too large to be kept"
        raise RefusedWhole(text(answer))
    row = GivenFile.objects.get()
    if row.state == "unread":
        raise RefusedWhole(text(desk.get(answer["Location"])))
    heading = sheets.read(bytes(row.body)).heading
    mapping = {f"field-{name}": said for name, said in referral_file.guessed(heading).items()}
    mapping["seen"] = filled(desk.get(f"{GIVE}{row.pk}/columns/"))["seen"]
    answer = desk.post(f"{GIVE}{row.pk}/columns/", mapping)
    if answer.status_code == 422:
        raise RefusedWhole(text(answer))
    found = actions.preview(row.pk, **scope(trust))
    assert counts() == before, "a look saves nothing"
    desk.post(f"{GIVE}{row.pk}/", {"digest": found.digest})
    row.refresh_from_db()
    refused = [each for each in row.results if each["verdict"] == "refused"]
    _given_back(desk, row, refused)
    told = [{**each, "field": each["where"]} for each in refused]
    return told, [each["line"] for each in row.results if each["verdict"] == "registered"]


def _given_back(desk: Client, row: GivenFile, refused: list[dict[str, Any]]) -> None:
    """Refused rows come back with why and how, and with nothing that a spreadsheet would work out."""
    if not refused:
        return
    back = desk.get(f"{GIVE}{row.pk}/refused.csv").content.decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(back)))
    assert [line[-1] for line in cells[1:]] == [each["fix"] for each in refused]
    assert not [cell for line in cells for cell in line if cell[:1] in ("=", "+", "-", "@")]


def by_message(trust: Organisation, name: str, raw: bytes) -> Answer:
    sheet = sheets.read(raw)
    names = {heading: field for field, heading in referral_file.guessed(sheet.heading).items()}
    said = [
        {names[heading]: cell for heading, cell in zip(sheet.heading, cells, strict=True) if heading in names}
        for _, cells in sheet.rows
    ]
    rows = _sent(trust, json.dumps(said).encode())
    lines = [line for line, _ in sheet.rows]
    labels = {field: each.label for field, each in referral_file.FIELDS.items()}
    told = [
        {**each, "line": lines[each["row"] - 1], "field": labels[each["field"]]}
        for each in rows
        if each["state"] == "refused"
    ]
    return told, [lines[each["row"] - 1] for each in rows if each["state"] == "registered"]


def _sent(trust: Organisation, body: bytes) -> list[dict[str, Any]]:
    source = Source.objects.create(
        organisation=trust, name="hill", kind="referrals", expected_interval_seconds=86400
    )
    key = issue_key(source, by=Actor("test"), at=NOW)
    named = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    answer = Client().post("/api/v1/referrals", body, content_type="application/json", **named)  # type: ignore[arg-type]
    rows: list[dict[str, Any]] = answer.json()["rows"]
    refused = [each for each in rows if each["state"] == "refused"]
    assert bytes(Batch.objects.get().body) == body, "kept as it came"
    assert Quarantined.objects.count() == len(refused)
    return rows


WAYS: dict[str, Way] = {"file": by_file, "paste": by_paste, "message": by_message}
CASES = [
    (name, way)
    for name, expected in FILES.items()
    for way in WAYS
    if way == "file" or way in expected.get("also_by", ())
]


def test_every_file_of_the_corpus_has_its_answer_beside_it() -> None:
    for folder, expected in EXPECTED.items():
        assert {path.name for path in (CORPUS / folder).iterdir()} == set(expected)
    assert {way for _, way in CASES} == set(WAYS)


@pytest.mark.parametrize(("name", "way"), CASES)
def test_a_damaged_list_of_referrals_is_refused_by_its_places(
    name: str, way: str, trust: Organisation
) -> None:
    expected, raw, before = FILES[name], (CORPUS / "referrals" / name).read_bytes(), counts()

    if "whole" in expected:
        with pytest.raises(RefusedWhole) as said:
            WAYS[way](trust, name, raw)
        assert all(expected["whole"][part] in str(said.value) for part in ("where", "why", "fix"))
        assert counts() == before
        return
    refused, registered = WAYS[way](trust, name, raw)

    assert [{part: each[part] for part in PLACES} for each in refused] == expected["refused"]
    assert registered == expected["registered"]
    assert counts()[1] == before[1] + len(registered)
    assert Patient.objects.count() == len(registered)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_damaged_message_is_kept_and_refused_by_its_places(name: str, trust: Organisation) -> None:
    expected = MESSAGES[name]

    rows = _sent(trust, (CORPUS / "messages" / name).read_bytes())

    refused = [each for each in rows if each["state"] == "refused"]
    parts = ("row", "field", "why", "fix")
    assert [{part: each.get(part, "") for part in parts} for each in refused] == expected["refused"]
    assert Referral.objects.count() == Patient.objects.count() == expected["registered"]
    assert "Larch" not in json.dumps(refused)


@pytest.mark.parametrize("name", CLOCKS)
def test_a_damaged_file_of_clock_events_is_refused_by_its_places(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected, out = CLOCKS[name], tmp_path / "clocks.csv"

    code = main(
        ["clocks", str(CORPUS / "clocks" / name), "--as-of", "2025-06-30", "--out", str(out), "--json"]
    )

    said = capsys.readouterr()
    if "whole" in expected:
        assert code != 0 and not list(tmp_path.iterdir()), "no file of half the clocks"
        assert all(expected["whole"][part] in said.err for part in ("where", "why", "fix"))
        return
    with (tmp_path / "clocks.rejects.csv").open(newline="", encoding="utf-8") as lines:
        rejects = [
            {"row": int(each["row"]), **{part: each[part] for part in ("field", "why", "fix")}}
            for each in csv.DictReader(lines)
        ]
    assert (code, rejects) == (1, expected["refused"])
    assert json.loads(said.out)["used"] == expected["used"]
