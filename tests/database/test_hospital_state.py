"""What hospitals say of themselves: from the door of the gateway into the situation."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import issue_key
from clearway.core.feeds.models import Quarantined, Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance import situation
from clearway.desks.ambulance.liaison import queries
from clearway.desks.ambulance.quality.models import Finding
from clearway.domain.ambulance.words import HospitalMeasure as M
from clearway.gateway import inbox

from .conftest import at, deliver, job, report

pytestmark = pytest.mark.django_db


@pytest.mark.urls("clearway.gateway.urls")
def test_a_hospital_delivers_over_http_and_its_figures_stand_in_the_situation(
    client: Client, hospitals: Source, valley: Organisation
) -> None:
    key = issue_key(hospitals, by=Actor("test"), at=at(0))
    said = {
        "type": "hospital",
        "message_id": "1",
        "occurred_at": "2026-11-20T08:10:00Z",
        "site": "TVH01",
        "counts": {"boarding": 7, "pressure_level": 3},
    }

    answer = client.post(
        "/feeds/hospital/valley-hospitals",
        json.dumps(said),
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {key}"},
    )
    inbox.process(lambda: at(11))

    assert answer.status_code == 202
    seen = situation.read(valley.pk, at(12))
    row = seen.sites.code.index("TVH01")
    assert seen.reports.measure(M.BOARDING)[row] == 7
    assert seen.reports.measured_at(M.PRESSURE_LEVEL)[row] == at(10).timestamp()
    assert "hospital" in seen.feeds.kind


def test_a_late_report_changes_nothing_that_was_said_since(hospitals: Source, valley: Organisation) -> None:
    deliver(hospitals, [report("TVH01", 30, boarding=9)], known=31)
    deliver(hospitals, [report("TVH01", 15, boarding=2, beds_free=1)], known=32)

    (standing,) = queries.standings(valley.pk)

    assert standing.figures[M.BOARDING].value == 9
    assert standing.figures[M.BEDS_FREE].value == 1


@pytest.mark.parametrize(
    ("line", "place", "fix"),
    [
        (report("NOWHERE", 1, boarding=1), "field site", "region pack"),
        (report("TVH01", 200, boarding=1), "field occurred_at", "clock"),
        (report("TVH01", 1, pressure_level=5), "field counts.pressure_level", "level"),
        (report("TVH01", 1), "field counts", "at least one figure"),
        (job("allocated", 1), "field type", "own kind"),
    ],
)
def test_what_no_hospital_can_mean_waits_in_quarantine_with_its_fix(
    hospitals: Source, line: object, place: str, fix: str
) -> None:
    batch = deliver(hospitals, [line, report("TVH01", 2, boarding=1)])  # type: ignore[list-item]

    row = Quarantined.objects.get()
    assert (batch.applied, batch.quarantined) == (1, 1)
    assert row.place == f"line 1, {place}"
    assert fix in row.fix


def test_a_site_that_is_added_later_can_be_replayed(hospitals: Source, valley: Organisation) -> None:
    deliver(hospitals, [report("NEW01", 1, boarding=3)])
    first = valley.sites.get(code="TVH01")
    first.pk, first.code, first.key, first.former_codes = None, "NEW01", "NEW", []
    first.save()

    inbox.replay(Quarantined.objects.get().pk, by=Actor("test"), at=at(120))

    seen = situation.read(valley.pk, at(121))
    assert seen.reports.measure(M.BOARDING)[seen.sites.code.index("NEW01")] == 3


def test_more_patients_than_places_are_a_finding_until_the_figures_agree(hospitals: Source) -> None:
    deliver(hospitals, [report("TVH01", 1, majors_taken=12, majors_places=10)], known=2)

    found = Finding.objects.get(stream="hospital:TVH01")
    assert (found.code, found.what, found.evidence) == ("HS01", "majors_taken", "12 in 10 places")

    deliver(hospitals, [report("TVH01", 20, majors_taken=9)], known=21)
    assert not Finding.objects.exists()


def test_a_report_by_way_of_the_control_room_is_taken_too(cad: Source, valley: Organisation) -> None:
    deliver(cad, [report("TVA77", 1, boarding=3)])

    seen = situation.read(valley.pk, at(100) + timedelta(minutes=1))

    assert seen.reports.measure(M.BOARDING)[seen.sites.code.index("TVH02")] == 3
