"""The export in the shape of the Ambulance Data Set: the desk's own figures come out of it again."""

import hashlib
import json
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from clearway.cli import ground, main
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.desks.ambulance.incidents import exporting, queries
from clearway.desks.ambulance.incidents.models import Assignment
from clearway.domain.ambulance.events import CallEvent, Event, Patient
from clearway.domain.ambulance.words import CallStatus, Category
from clearway.interchange.ads_export import CONTACT, TABLES, read, write
from tests.database.conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
SECRET = ("Ada Brown", "9990548609", "1970-03-01")


def a_day() -> list[Event]:
    """Twelve conveyances of one day, the handover later and later, and one job that reached nobody."""
    events: list[Event] = []
    for number in range(12):
        incident, minutes = f"I-{number}", 20.0 * number
        patient = Patient(
            age=83 if number else 97, sex="female", name=SECRET[0], nhs_number=SECRET[1], born_on=SECRET[2]
        )
        for status in (CallStatus.CALL_CONNECT, CallStatus.CLOCK_START):
            said: dict[str, Any] = {"category": Category.C2, "patient": patient}
            events.append(CallEvent(f"{incident}/{status}", at(minutes - 2), incident, status, **said))
        job = conveyance("RVJ01", start=minutes, incident=incident, call_sign=f"A{number}")
        late = timedelta(minutes=7 * number)
        events += [each if each.status not in ("handover", "clear") else _moved(each, late) for each in job]
    events.append(CallEvent("I-99/start", at(30), "I-99", CallStatus.CLOCK_START, category=Category.C3))
    return events


def _moved(event: Any, late: timedelta) -> Any:
    import msgspec

    return msgspec.structs.replace(event, occurred_at=event.occurred_at + late)


@pytest.fixture
def exported(
    cad: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    monkeypatch.setattr(ground, "prepare", lambda role: None)
    deliver(cad, a_day(), known=540)
    slug = cad.organisation.slug

    def export(name: str, *more: str) -> tuple[Path, dict[str, Any]]:
        out = tmp_path / name
        days = ("--from", DAY.isoformat(), "--to", DAY.isoformat())
        command = ("ads", "export", "--organisation", slug, *days, "--out", str(out), "--json")
        assert main([*command, *more]) == 0
        return out, json.loads(capsys.readouterr().out)

    return export


def test_figures_counted_from_the_export_are_the_desks_own_of_the_day(exported: Any, cad: Source) -> None:
    out, manifest = exported("one")

    took = [int(row["Handover Seconds"]) for row in read(out / "response.csv") if row["Handover Seconds"]]
    begin, end = at(-8 * 60), at(16 * 60)
    desk = queries.handovers_by_day(cad.organisation_id, begin, end)
    assert len(took) == 12
    assert desk == {DAY: (len(took), sum(took), sum(each > 1800 for each in took))}

    minutes: dict[str, list[float]] = defaultdict(list)
    for row in read(out / "call.csv"):
        waited = _seconds(row["Time First Response At Scene"]) - _seconds(row["Time Clock Started"])
        minutes[row["ADS20 Reporting Response Category"]].append(waited / 60)
    reached = [each for each in minutes["C2"] if each >= 0]
    responses = queries.responses_by_day(cad.organisation_id, begin, end)
    assert responses[DAY, Category.C2] == (len(reached), pytest.approx(sum(reached)), len(minutes["C2"]))
    assert manifest["tables"]["call"]["rows"] == 13


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp() if text else float("-inf")


def test_nobody_is_named_and_pseudonyms_join_the_tables_and_change_with_the_key(
    exported: Any, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_bytes(bytes(range(32)))
    (one, _), (two, _), (same, _) = (
        exported("one"),
        exported("two", "--key", str(key)),
        exported("3", "--key", str(key)),
    )

    everything = "".join(path.read_text() for path in one.iterdir())
    assert not any(each in everything for each in (*SECRET, "I-1", "A11"))
    calls = {row["ADS3 Call Identifier"] for row in read(one / "call.csv")}
    assert {row["Call Identifier"] for row in read(one / "response.csv")} < calls
    assert {row["Age"] for row in read(one / "patient_contact.csv")} == {"80-84", "90+"}
    assert (one / "call.csv").read_bytes() != (two / "call.csv").read_bytes()
    assert (two / "call.csv").read_bytes() == (same / "call.csv").read_bytes()


def test_the_manifest_has_digests_definitions_and_why_a_column_is_empty_and_the_audit_has_the_export(
    exported: Any,
) -> None:
    out, manifest = exported("one", "--format", "json")

    assert json.loads((out / "manifest.json").read_text()) == manifest
    for table, said in manifest["tables"].items():
        body = (out / said["file"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == said["sha256"]
        rows = list(read(out / said["file"]))
        assert len(rows) == said["rows"] > 0
        for field in TABLES[table]:
            assert field.source and field.definition
            if field.why_empty:
                assert {row[field.item] for row in rows} == {""}
    detail = Action.objects.get(verb="incidents.export").detail
    assert detail["tables"]["call"]["sha256"] == manifest["tables"]["call"]["sha256"]
    assert detail["pseudonymised"] is True


def test_an_export_that_breaks_off_is_in_the_audit_and_what_was_written_is_not_called_done(
    exported: Any, tmp_path: Path
) -> None:
    Assignment.objects.update(stamps={"left_scene": "never"})

    with pytest.raises(ValueError, match="never"):
        exported("one")

    assert (tmp_path / "one" / "call.csv").exists()
    verbs = Action.objects.filter(verb__startswith="incidents.export").values_list("verb", "detail")
    assert list(verbs) == [
        ("incidents.export_begun", {"from": str(DAY), "to": str(DAY), "pseudonymised": True})
    ]


@pytest.mark.django_db(transaction=True)
def test_the_tables_of_an_export_are_read_at_one_instant_and_nothing_else_is() -> None:
    def stands() -> tuple[str, str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
            )
            return cursor.fetchone()

    with exporting.one_picture():
        assert stands() == ("repeatable read", "on")
    assert stands() == ("read committed", "off")


def test_numbers_are_as_they_are_only_when_asked_for_and_a_folder_is_never_written_over(
    exported: Any, cad: Source
) -> None:
    out, manifest = exported("one", "--identified")

    assert manifest["pseudonymised"] is False
    assert {row["Call Sign"] for row in read(out / "response.csv")} >= {"A0", "A11"}
    assert SECRET[0] not in "".join(path.read_text() for path in out.iterdir())
    days = ("--from", DAY.isoformat(), "--to", DAY.isoformat(), "--out", str(out))
    assert main(["ads", "export", "--organisation", cad.organisation.slug, *days]) == 2


def test_no_cell_of_a_table_is_worked_out_by_a_spreadsheet(tmp_path: Path) -> None:
    row = ["=1+1", "@SUM(A1)", *[""] * (len(TABLES[CONTACT]) - 2)]

    write(tmp_path / "one.csv", CONTACT, [row], "csv")

    assert (tmp_path / "one.csv").read_text().splitlines()[1].startswith("'=1+1,'@SUM(A1)")
