"""Road disruptions: entered in one form, in effect at once, ended early or by themselves, or from a file."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from clearway.cli import main
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation, Site
from clearway.desks.ambulance import situation
from clearway.desks.ambulance.handovers import queries as handovers
from clearway.desks.ambulance.travel import actions, queries
from clearway.desks.ambulance.travel.models import RoadDisruption
from clearway.domain.ambulance.disruptions import DisruptionKind
from clearway.domain.ambulance.events import Position
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.geography import Point
from clearway.interchange import datex2
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db
FILE = (Path(__file__).parents[1] / "fixtures" / "roads.xml").read_bytes()
DESK = Actor("desk")
BRIDGE = Point(52.3, -1.6)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, at(100))


@pytest.fixture
def coordinator(valley: Organisation) -> Client:
    return signed_in(somebody("pfc", "patient_flow_coordinator", valley))


def closure(place: str = "the bridge", centre: Point = BRIDGE, **more: Any) -> actions.Entered:
    given = {"radius_km": 2.0, "extra_minutes": 20.0, "starts_at": at(100), "ends_at": at(160)}
    return actions.Entered(DisruptionKind.CLOSURE, place, centre, **{**given, **more})


def in_force(valley: Organisation, minutes: float) -> list[str]:
    return [each.words for each in situation.read(valley.pk, at(minutes)).disruptions]


def test_the_kind_and_the_place_are_enough(valley: Organisation, coordinator: Client) -> None:
    hospital = Site.objects.filter(organisation=valley, kind="emergency_department")[0]

    answer = coordinator.post("/roads/", {"kind": "flooding", "place": hospital.name.upper()})

    assert answer.status_code == 302
    row = RoadDisruption.objects.get()
    assert (row.latitude, row.longitude) == (hospital.latitude, hospital.longitude)
    assert (row.radius_km, row.extra_minutes, row.ends_at) == (3, 20, at(100) + timedelta(hours=12))
    audited = Action.objects.get(verb="travel.enter")
    assert (audited.subject, audited.actor) == (f"disruption:{row.pk}", "pfc")
    assert hospital.name.upper() in coordinator.get("/roads/").content.decode()


def test_a_point_is_a_place_too(coordinator: Client) -> None:
    coordinator.post("/roads/", {"kind": "closure", "place": "52.31, -1.58", "extra_minutes": "7"})

    row = RoadDisruption.objects.get()
    assert (row.latitude, row.longitude, row.extra_minutes) == (52.31, -1.58, 7)


def test_a_place_that_nobody_knows_is_said_to_be_so_and_what_was_typed_is_kept(coordinator: Client) -> None:
    answer = coordinator.post("/roads/", {"kind": "closure", "place": "Atlantis"})

    assert answer.status_code == 422
    assert "No place of that name is known" in answer.content.decode()
    assert 'value="Atlantis"' in answer.content.decode()


def test_the_expected_arrival_is_later_at_once_and_as_before_when_it_expires(
    valley: Organisation, cad: Any, avl: Any, coordinator: Client
) -> None:
    site = Site.objects.get(organisation=valley, code="TVH01")
    deliver(cad, conveyance("TVH01", start=60, until="left_scene"))
    where = Point(site.latitude + 0.2, site.longitude)
    deliver(avl, [Position("A1", at(99), where.latitude, where.longitude)])

    def expected() -> datetime:
        pictures = handovers.board(valley.pk, at(100)).pictures
        vehicle = next(each for picture in pictures for each in picture.vehicles)
        assert vehicle.expected is not None
        return vehicle.expected.at

    before = expected()
    row = actions.enter(
        closure(centre=Point(site.latitude + 0.1, site.longitude)),
        organisation_id=valley.pk,
        by=DESK,
        at=at(100),
    )
    after = expected()
    page = coordinator.get("/handovers/TVH01/").content.decode()
    actions.end(row.pk, organisation_id=valley.pk, by=DESK, at=at(100))

    assert (after - before).total_seconds() == pytest.approx(20 * 60, abs=1)
    assert expected() == before
    assert "20 min for roads, estimated" in page


def test_a_disruption_expires_by_itself(valley: Organisation) -> None:
    actions.enter(closure(), organisation_id=valley.pk, by=DESK, at=at(100))

    assert in_force(valley, 159) == ["the bridge"]
    assert in_force(valley, 160) == []


def test_ending_it_early_is_audited_and_a_past_picture_still_shows_it(
    valley: Organisation, coordinator: Client
) -> None:
    row = actions.enter(closure(), organisation_id=valley.pk, by=DESK, at=at(90))
    coordinator.post(f"/roads/{row.pk}/end/")

    assert in_force(valley, 100) == []
    assert Action.objects.filter(verb="travel.end", actor="pfc").count() == 1
    assert [each.words for each in situation.as_known(valley.pk, at(95)).disruptions] == ["the bridge"]
    assert situation.as_known(valley.pk, at(89)).disruptions == ()


def test_a_form_sent_twice_is_one_disruption(valley: Organisation) -> None:
    for seconds in (0, 5):
        actions.enter(closure(), organisation_id=valley.pk, by=DESK, at=at(100) + timedelta(seconds=seconds))

    assert RoadDisruption.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"ends_at": at(99)}, {"ends_at": at(60 * 24 * 40)}, {"radius_km": 500.0}])
def test_what_cannot_be_meant_is_refused(valley: Organisation, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        actions.enter(closure(**wrong), organisation_id=valley.pk, by=DESK, at=at(100))


def test_a_file_is_taken_once_however_often_it_is_sent(valley: Organisation, coordinator: Client) -> None:
    for _ in range(2):
        upload = SimpleUploadedFile("roads.xml", FILE, "application/xml")
        assert coordinator.post("/roads/file/", {"file": upload}).status_code == 302

    rows = {row.reference: row for row in RoadDisruption.objects.all()}
    assert set(rows) == {"R1", "R2"}
    assert (rows["R1"].extra_minutes, rows["R2"].extra_minutes) == (15, 20)  # the usual of a flooding
    assert rows["R2"].ends_at == at(100) + timedelta(hours=12)
    assert "2 as they were" in coordinator.get("/roads/").content.decode()


def test_a_record_that_changes_or_is_over_changes_or_ends_its_disruption(valley: Organisation) -> None:
    take = {"organisation_id": valley.pk, "by": DESK}
    actions.take(datex2.parse(FILE).records, **take, at=at(100))  # type: ignore[arg-type]
    longer = FILE.replace(b"T15:00:00Z", b"T18:00:00Z")
    over = longer.replace(
        b'id="R2" version="3">', b'id="R2" version="4"><management><end>true</end></management>'
    )

    changed = actions.take(datex2.parse(longer).records, **take, at=at(110))  # type: ignore[arg-type]
    ended = actions.take(datex2.parse(over).records, **take, at=at(120))  # type: ignore[arg-type]

    assert (changed.changed, changed.same) == (1, 1)
    assert (ended.ended, ended.same) == (1, 1)
    assert len(queries.disruptions(valley.pk, at(121))) == 1


def test_a_record_far_from_every_hospital_is_passed_over(valley: Organisation) -> None:
    far = FILE.replace(b"52.", b"57.")

    result = actions.take(datex2.parse(far).records, organisation_id=valley.pk, by=DESK, at=at(100))

    assert (result.entered, result.elsewhere) == (0, 2)


def test_a_file_that_cannot_be_read_says_where_and_changes_nothing(coordinator: Client) -> None:
    upload = SimpleUploadedFile("roads.xml", FILE.replace(b">52.25<", b">fifty<"), "application/xml")
    answer = coordinator.post("/roads/file/", {"file": upload})

    assert answer.status_code == 422
    assert "situation record 2 (R2), latitude" in answer.content.decode()
    assert not RoadDisruption.objects.exists()


def test_the_map_shows_what_is_in_force(valley: Organisation, coordinator: Client) -> None:
    actions.enter(closure(), organisation_id=valley.pk, by=DESK, at=at(100))

    assert "Closure at the bridge until" in coordinator.get("/map/").content.decode()


def test_journeys_are_given_as_json_nearest_first(
    valley: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["roads", "ask", "52.3", "-1.6", "--region", "test-valley", "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    minutes = [each["minutes"] for each in said["journeys"]]
    assert minutes == sorted(minutes) and {each["code"] for each in said["journeys"]} >= {"TVH01"}
    assert all(each["source"] and each["error"] > 0 for each in said["journeys"])
    assert datetime.fromisoformat(said["oldest_as_of"])


def test_what_a_file_changed_is_given_as_json(
    valley: Organisation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "roads.xml").write_bytes(FILE)

    assert main(["roads", "read", str(tmp_path / "roads.xml"), "--region", "test-valley", "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    counted = sum(said[name] for name in ("entered", "changed", "ended", "same", "elsewhere"))
    assert counted == len(datex2.parse(FILE).records)
    assert said["passed_over"] == dict(datex2.parse(FILE).passed_over)
