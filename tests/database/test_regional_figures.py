"""Figures for a regional dashboard: those of a situation report at the same instant, with their ages."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory

from clearway.cli import ground, main
from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import issue_key, switch
from clearway.core.feeds.models import READER, Quarantined, Source
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.desks.ambulance.command import actions, presenters, regional
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.pressure import actions as pressure
from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.pressure import Ladder
from clearway.domain.ambulance.words import Availability, HospitalMeasure
from clearway.gateway import views
from clearway.interchange import native, regional_figures
from tests.pure.test_native_schema import accepts
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver, report
from .test_sitreps import call

pytestmark = pytest.mark.django_db
NOW = 62
Key = tuple[str, str, float | None]


@pytest.fixture
def busy(knowing: Organisation, cad: Source, hospitals: Source) -> Organisation:
    """One waits, one was handed over, one comes; three calls; a level declared and one that is set."""
    deliver(
        cad,
        [
            *conveyance("TVH01", until="at_hospital"),
            *conveyance("TVH01", start=-60, incident="2", call_sign="A2", until="handover"),
            *conveyance("TVH02", start=10, incident="3", call_sign="A3", until="left_scene"),
            *(call(30, each) for each in ("9", "10", "11")),
            AvailabilityEvent("free", at(5), "A4", Availability.AVAILABLE),
        ],
        known=60,
    )
    deliver(hospitals, [report("TVH01", 50, **{HospitalMeasure.PRESSURE_LEVEL.value: 3})], known=60)
    who = acting(somebody("tim", "trust_incident_manager", knowing), "trust_incident_manager")
    wanted = pressure.Wanted(Ladder.CSP, 3, "Calls wait", at(120), 0)
    pressure.declare(wanted, organisation_id=knowing.pk, by=who, at=at(55))
    return knowing


def dashboard(trust: Organisation) -> str:
    """A key that reads."""
    source = Source.objects.create(
        organisation=trust, name="region-board", kind=READER, expected_interval_seconds=900
    )
    return issue_key(source, by=Actor("test"), at=at(0))


def asked(key: str, monkeypatch: pytest.MonkeyPatch, query: str = "") -> Any:
    stop_the_clock(monkeypatch, at(NOW))
    return Client().get(f"/api/v1/regional{query}", headers={"Authorization": f"Bearer {key}"})


def by_measure(rows: list[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    return {(row["site"], row["measure"], row["limit_minutes"]): row for row in rows}


def test_every_number_is_that_of_the_situation_report_of_the_same_instant(
    busy: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = actions.make_sitrep("By hand", organisation_id=busy.pk, by=Actor("duty:sitreps"), at=at(NOW))
    said = {code: {line[0]: line[1:] for line in part.rows} for code, part in presenters.sitrep_parts(row)}

    found = by_measure(asked(dashboard(busy), monkeypatch).json()["figures"])

    inbound, queuing, cohort, longest, _, *beyond, lost, clearing, _ = said["hospitals"]["Millbrook Hospital"]
    of_site = {key[1:]: each["value"] for key, each in found.items() if key[0] == "TVH01"}
    counted = ("inbound", "queuing", "cohorted", "clearing")
    assert [str(of_site[name, None]) for name in counted] == [inbound, queuing, cohort, clearing]
    limits = [limit for name, limit in of_site if name == "waiting_beyond"]
    assert [str(of_site["waiting_beyond", limit]) for limit in limits] == beyond
    assert f"{of_site['lost_since_midnight', limits[0]] / 60:.1f} h" == lost
    assert f"{of_site['longest_wait', None]:.0f} min" == longest
    crews = [
        str(found["", name, None]["value"]) for name in ("crews_on_shift", "crews_free", "crews_on_a_job")
    ]
    assert crews == [said["crews"][name][0] for name in ("Crews on shift", "Free to be sent", "On a job")]
    assert found["", "calls_without_a_crew", None]["value"] == 3
    assert (found["TVH01", "opel_declared", None]["value"], found["", "csp", None]["value"]) == (3, 3)


def test_every_figure_has_its_age_and_keeps_to_the_published_schema_also_when_nothing_is_known(
    busy: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = dashboard(busy)
    known = asked(key, monkeypatch).json()
    Source.objects.exclude(kind=READER).update(received_at=None)
    unknown = asked(key, monkeypatch).json()

    schema = regional_figures.schema()
    for answer in (known, unknown):
        assert accepts(schema, answer, schema)
        assert all((row["as_of"] is None) == (row["age_seconds"] is None) for row in answer["figures"])
    found = by_measure(known["figures"])
    assert found["TVH01", "queuing", None]["age_seconds"] == 2 * 60
    assert found["TVH01", "opel_declared", None]["age_seconds"] == 12 * 60
    assert found["", "csp", None]["age_seconds"] == 7 * 60
    blind = by_measure(unknown["figures"])
    assert blind["TVH01", "queuing", None]["value"] is None
    assert blind["", "crews_free", None]["value"] is None


def test_a_part_that_cannot_be_made_has_no_values_and_says_why_and_the_others_stand(
    busy: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = dashboard(busy)
    before = asked(key, monkeypatch).json()["figures"]
    plan = PolicyVersion.objects.filter(organisation=busy, name="clinical_safety_plan")
    assert plan.update(values={"names": []})

    answer = asked(key, monkeypatch).json()

    schema = regional_figures.schema()
    assert accepts(schema, answer, schema)
    lost = [row for row in answer["figures"] if row["reason"]]
    of_levels, _ = regional.PARTS["levels"]
    assert [row["measure"] for row in lost] == list(of_levels)
    assert all(row["value"] is None and "could not be made" in row["reason"] for row in lost)
    stand = [row for row in answer["figures"] if not row["reason"]]
    assert stand == [row for row in before if row["measure"] not in of_levels]


def test_csv_has_the_same_figures_and_an_empty_cell_for_what_is_unknown(
    busy: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = dashboard(busy)
    rows = asked(key, monkeypatch).json()["figures"]

    answer = asked(key, monkeypatch, "?format=csv")

    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Type"].startswith("text/csv")
    assert lines == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in rows
    ]


def test_only_the_key_of_a_dashboard_reads_and_its_silence_is_nothing_amiss(
    busy: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, other = dashboard(busy), issue_key(cad, by=Actor("test"), at=at(0))

    assert asked(other, monkeypatch).status_code == 401
    assert asked("", monkeypatch).status_code == 401
    assert asked(key, monkeypatch, "?format=xml").status_code == 400
    assert Client().post("/api/v1/regional").status_code == 405
    assert (
        signed_in(somebody("flow", "patient_flow_coordinator", busy)).get("/api/v1/regional").status_code
        == 401
    )
    assert "region-board" not in {
        each for each, *_ in regional.figures.sources(regional.figures.see(busy.pk, at(NOW))).rows
    }
    switch(Source.objects.get(kind=READER), False, by=Actor("test"), at=at(NOW) + timedelta(minutes=1))
    assert asked(key, monkeypatch).status_code == 401


def test_the_key_of_a_dashboard_delivers_nothing(busy: Organisation, cad: Source) -> None:
    key, before = dashboard(busy), Fact.objects.count()
    source, body = Source.objects.get(kind=READER), native.dump(conveyance("TVH01"))
    for address in (
        f"{READER}/{source.name}",
        f"cad/{source.name}",
        f"{READER}/{cad.name}",
        f"cad/{cad.name}",
    ):
        headers = {"Authorization": f"Bearer {key}"}
        kind, name = address.split("/")
        request = RequestFactory().post("/", body, "application/x-ndjson", headers=headers)
        assert views.deliver(request, kind, name).status_code == 401

    batch = deliver(source, conveyance("TVH01"))  # as one that was let in before

    assert (batch.applied, batch.quarantined, Fact.objects.count()) == (0, 7, before)
    assert "tells no events" in Quarantined.objects.latest("pk").why


def test_the_schema_is_printed_and_a_dashboard_is_set_up_from_the_command_line(
    valley: Organisation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ground, "prepare", lambda role: None)

    assert main(["feed", "schema", "--kind", "regional", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == regional_figures.schema()
    assert main(["source", "add", "region-board", "--organisation", valley.slug, "--kind", "dashboard"]) == 0
    assert Source.objects.get(name="region-board").kind == READER
