"""Whatever leaves the desk with figures of a source says how far it could be trusted: export by export."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from clearway.cli import ground, main
from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Source
from clearway.core.layout.context import rests_on
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.command import actions as command
from clearway.desks.ambulance.command import packs, presenters, regional
from clearway.desks.ambulance.downtime import pack
from clearway.desks.outpatients.reports import making
from clearway.domain.ambulance.meeting import Unit
from clearway.domain.shared.figures import Figures
from clearway.domain.shared.freshness import Freshness
from clearway.interchange import regional_figures
from tests.therapies import NINE, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

from .conftest import T0, at, conveyance, deliver

pytestmark = [pytest.mark.django_db, pytest.mark.promise("R11")]
BY = Actor("test")
# The valley's control room should speak every 2 minutes: late after 3 intervals, stale after 6.
MINUTES = {Freshness.FRESH: 101, Freshness.LATE: 107, Freshness.STALE: 113, Freshness.LOST: 200}
Export = Callable[[Organisation, datetime], str]


def sitrep(trust: Organisation, now: datetime) -> str:
    row = command.make_sitrep("Asked for", organisation_id=trust.pk, by=BY, at=now)
    return presenters.sitrep_text(row) + words_of(presenters.sitrep_pdf(row))


def meeting_pack(trust: Organisation, now: datetime) -> str:
    row = packs.make(Unit.WEEK, T0.date(), organisation_id=trust.pk, by=BY, at=now)
    return presenters.pack_text(row)


def meeting_pack_as_csv(trust: Organisation, now: datetime) -> str:
    row = packs.make(Unit.WEEK, T0.date(), organisation_id=trust.pk, by=BY, at=now)
    return presenters.pack_csv(row).decode()


def regional_csv(trust: Organisation, now: datetime) -> str:
    body = regional_figures.as_csv(now, regional.read(trust.pk, now))
    rows = [row for row in csv.DictReader(io.StringIO(body)) if row["measure"] == "queuing"]
    assert rows
    (state,) = {row["state"] for row in rows}
    return state


def regional_json(trust: Organisation, now: datetime) -> str:
    rows = regional_figures.as_json(trust.code, now, regional.read(trust.pk, now))["figures"]
    (state,) = {row["state"] for row in rows if row["measure"].startswith("crews_")}
    return str(state)


def downtime_pack(trust: Organisation, now: datetime) -> str:
    return pack.page(trust, [], now)


EXPORTS: dict[str, Export] = {
    each.__name__: each
    for each in (sitrep, meeting_pack, meeting_pack_as_csv, regional_csv, regional_json, downtime_pack)
}


def words_of(pdf: bytes) -> str:
    return "" if pdf.startswith(b"%PDF") else "no PDF"


@pytest.mark.parametrize("name", EXPORTS)
def test_what_rests_on_a_control_room_says_how_late_it_is(
    name: str, knowing: Organisation, cad: Source
) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=100)

    for state, minutes in MINUTES.items():
        told = EXPORTS[name](knowing, at(minutes)).casefold().split(cad.name, 1)[-1]
        said = re.search(r"\b(fresh|late|stale|lost)\b", told)
        assert said and said[1] == state.value, told[:200]


def test_a_board_is_printed_with_its_strip_of_sources() -> None:
    css = (Path(__file__).resolve().parents[2] / "clearway" / "static" / "css" / "print.css").read_text()
    (hidden,) = re.findall(r"\n([^\n]*)\{ display: none !important; \}", css)

    assert ".no-print" in hidden and ".strip" not in hidden and "#feeds" not in hidden


def test_a_data_set_says_how_far_its_sources_go(
    knowing: Organisation,
    cad: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(ground, "prepare", lambda role: None)
    deliver(cad, conveyance("TVH01"), known=100)
    days = ("--from", T0.date().isoformat(), "--to", T0.date().isoformat())
    where = ("--organisation", knowing.slug, "--out", str(tmp_path / "out"))

    assert main(["ads", "export", *where, *days, "--json"]) == 0

    manifest = json.loads(capsys.readouterr().out)
    said = {each["source"]: each["state"] for each in manifest["sources"]}
    assert said[cad.name] == "lost"  # by the clock of the machine
    assert manifest["sources_as_of"] == manifest["as_known_at"] > T0.date().isoformat()


def test_what_comes_as_it_is_sent_is_named_too_and_only_without_a_source_is_it_entered_here() -> None:
    trust = a_trust()
    assert rests_on(trust.pk, NINE) == "Rests on: what is entered here, at once."
    for kind, heard in (("fhir", NINE), ("referrals", None), ("dashboard", None)):
        Source.objects.create(
            organisation=trust,
            name=f"of-{kind}",
            kind=kind,
            expected_interval_seconds=60,
            received_at=heard,
        )

    said = rests_on(trust.pk, NINE)

    assert re.fullmatch(
        r"Rests on: of-fhir as it comes, heard [^;]+; of-referrals as it comes, never heard\.", said
    )


@pytest.mark.parametrize("state", Freshness)
def test_what_rests_on_a_patient_system_says_how_late_it_is(
    state: Freshness, monkeypatch: pytest.MonkeyPatch
) -> None:
    physio = a_department(a_trust())
    silent = {Freshness.FRESH: 1, Freshness.LATE: 3, Freshness.STALE: 5, Freshness.LOST: 30}[state]
    Source.objects.create(
        organisation=physio.trust,
        name="pas",
        kind="hl7",
        expected_interval_seconds=60,
        received_at=NINE - timedelta(minutes=silent),
    )
    stop_the_clock(monkeypatch, NINE)
    lead = signed_in(somebody("lena", "outpatient_team_leader", physio.trust))
    found = Figures("One.", ("Indicator",), (("Seen",),))

    rests = rests_on(physio.trust.pk, NINE)
    kept = making.as_csv(found, rests, NINE)
    told: dict[str, Any] = {
        "figures.csv": lead.get("/outpatients/performance/figures.csv").content.decode("utf-8-sig"),
        "figures.xlsx": cells_of(lead.get("/outpatients/performance/figures.xlsx").content),
        "report.csv": kept.decode("utf-8-sig"),
        "report.xlsx": cells_of(making.as_workbook(kept, "Report")),
    }
    assert {name: f"pas {state.value}, heard" in said for name, said in told.items()} == dict.fromkeys(
        told, True
    )


def cells_of(book: bytes) -> str:
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
