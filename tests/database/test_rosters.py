"""Rosters at the desk: a file is looked at, taken once, replaced by a later one, and set beside who came."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from clearway.cli import main
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.retention import actions as keeping
from clearway.desks.ambulance import retention
from clearway.desks.ambulance.rosters import actions, queries
from clearway.desks.ambulance.rosters.models import PlannedShift, Roster
from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.errors import NotAllowed
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, deliver

pytestmark = pytest.mark.django_db
A = Availability
HEAD = "call sign,station,kind,skill,start,end\n"


def row(call_sign: str, start: float, end: float, station: str = "") -> str:
    code = station or Site.objects.filter(kind="station").order_by("code")[0].code
    return f"{call_sign},{code},DCA,paramedic,{at(start).isoformat()},{at(end).isoformat()}\n"


def scope(trust: Organisation, minutes: float = 0) -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": Actor("pfc"), "at": at(minutes)}


def load(trust: Organisation, *rows: str, minutes: float = 0) -> actions.Looked:
    return actions.load("r.csv", (HEAD + "".join(rows)).encode(), **scope(trust, minutes))


def in_force(trust: Organisation) -> list[tuple[str, float]]:
    found = queries.in_force(trust.pk).order_by("call_sign", "starts_at")
    return [(each.call_sign, (each.starts_at - at(0)).total_seconds() / 60) for each in found]


def test_good_rows_are_taken_and_a_bad_one_is_named_with_row_field_and_remedy(valley: Organisation) -> None:
    looked = load(valley, row("A1", -60, 600), row("A2", 60, 600, "NOWHERE"), row("A3", 60, 600))

    assert in_force(valley) == [("A1", -60), ("A3", 60)]
    (bad,) = looked.bad
    assert (bad.line, bad.field) == (3, "station") and "NOWHERE" in bad.why and bad.fix
    assert Roster.objects.get().refused == 1


def test_loading_twice_writes_nothing_the_second_time(valley: Organisation) -> None:
    load(valley, row("A1", -60, 600))
    before = Roster.objects.count(), PlannedShift.objects.count(), Action.objects.count()
    again = load(valley, row("A1", -60, 600), minutes=5)
    assert again.change.same == 1 and not again.change.changes
    assert (Roster.objects.count(), PlannedShift.objects.count(), Action.objects.count()) == before


def test_a_later_roster_replaces_future_shifts_and_keeps_what_they_were(valley: Organisation) -> None:
    load(valley, row("A1", -60, 600), row("A2", 60, 600), row("A3", 60, 600))
    looked = load(valley, row("A2", 120, 660), row("A1", -30, 600), minutes=1)

    assert in_force(valley) == [("A1", -60), ("A2", 120), ("A3", 60)]
    assert "has begun" in looked.bad[0].why
    old = PlannedShift.objects.get(call_sign="A2", starts_at=at(60))
    assert old.replaced_by == Roster.objects.latest("pk") and old.replaced_at == at(1)
    said = Action.objects.filter(verb="roster.take").latest("pk")
    assert said.detail["replaced"] == 1 and said.detail["added"] == 1


def test_a_crew_cannot_be_planned_twice_at_once_and_a_file_is_taken_once(valley: Organisation) -> None:
    load(valley, row("A1", 60, 600))
    stands = PlannedShift.objects.get()
    stands.pk = None
    stands.starts_at = at(100)
    with pytest.raises(IntegrityError, match="a_crew_works_one_shift_at_a_time"), transaction.atomic():
        stands.save()
    kept = actions.keep("b.csv", (HEAD + row("A9", 60, 600)).encode(), **scope(valley))
    actions.take(kept.pk, **scope(valley, 1))
    with pytest.raises(NotAllowed, match="pfc took it"):
        actions.take(kept.pk, **scope(valley, 2))


def test_the_page_keeps_the_file_shows_each_bad_row_and_takes_the_good_ones(
    valley: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(0))
    client = signed_in(somebody("pfc", "patient_flow_coordinator", valley))
    assert client.post("/cover/rosters/", {"file": upload(b"nothing")}).status_code == 422
    assert not Roster.objects.exists()

    text = HEAD + row("A1", 60, 600) + "A2,NOWHERE,DCA,,x,y\n"
    sent = client.post("/cover/rosters/", {"file": upload(text.encode())})
    page = client.get(sent["Location"]).content.decode()
    assert "is no station of this trust" in page and "Take the 1 new shifts" in page
    assert in_force(valley) == []

    assert client.post(sent["Location"]).status_code == 302
    assert in_force(valley) == [("A1", 60)]
    assert client.post(sent["Location"]).status_code == 422


def upload(raw: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("r.csv", raw, "text/csv")


def test_who_did_not_book_on_is_named_and_hours_are_counted(
    valley: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Site.objects.filter(kind="station").order_by("code")[0].code
    load(valley, row("A1", -60, 600), row("A2", -30, 600), row("A3", -120, 600), minutes=-200)
    told = [
        AvailabilityEvent("1", at(-60), "A1", A.BOOKING_ON, station=station),
        AvailabilityEvent("2", at(-50), "A1", A.AVAILABLE),
        AvailabilityEvent("3", at(-20), "X9", A.BOOKING_ON, station=station),
    ]
    deliver(cad, told, known=0)
    stop_the_clock(monkeypatch, at(0.5))
    client = signed_in(somebody("pfc", "patient_flow_coordinator", valley))

    page = client.get("/cover/hours/").content.decode()

    missing = page.split('id="missing"')[1].split('id="by-area"')[0]
    assert "Late, not booked on: 30 min after the start" in missing  # A2
    assert "Did not come: 2 h 00 min after the start" in missing  # A3
    assert ">A1<" not in missing and "X9" in missing.split("without a planned shift")[1]


def test_nobody_is_called_absent_while_the_source_is_silent(
    valley: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(valley, row("A2", -30, 600), minutes=-200)
    deliver(cad, [AvailabilityEvent("1", at(-60), "A1", A.BOOKING_ON)], known=-60)
    stop_the_clock(monkeypatch, at(0))
    client = signed_in(somebody("pfc", "patient_flow_coordinator", valley))
    page = client.get("/cover/hours/").content.decode()
    assert "cannot be said" in page and ">A2<" not in page


def test_the_command_says_what_it_did_and_leaves_with_one_for_a_bad_row(
    valley: Organisation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.csv"
    path.write_text(HEAD + row("A1", 10**6, 10**6 + 600) + row("A2", 60, 50))
    words = ["roster", "load", str(path), "--organisation", valley.slug, "--json"]
    assert main(words) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["added"], said["bad"]) == (1, 1) and said["rows"][0]["field"] == "end"


def test_shifts_and_their_files_go_after_their_period(valley: Organisation) -> None:
    load(valley, row("A1", -60, 600))
    later = 1097 * 24 * 60
    for shelf in [each for each in retention.SHELVES if each.of == "rosters"]:
        keeping.forget(valley, shelf, by=Actor("duty"), at=at(later))
    assert not PlannedShift.objects.exists() and not Roster.objects.exists()
