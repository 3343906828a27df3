"""Moves to standby points: proposed, answered once, followed by what the facts say, and what they gained."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.retention import actions as keeping
from clearway.desks.ambulance import live, retention, situation
from clearway.desks.ambulance.advice import actions as advice
from clearway.desks.ambulance.breaks import actions as breaks
from clearway.desks.ambulance.coverage import actions, placing
from clearway.desks.ambulance.coverage.models import CoverMove
from clearway.desks.ambulance.coverage.policy import cover, standby
from clearway.desks.ambulance.incidents.models import Incident
from clearway.domain.ambulance.events import AvailabilityEvent, Event, Position
from clearway.domain.ambulance.words import Availability, ResourceKind
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import duties
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, deliver, job

pytestmark = pytest.mark.django_db
A = Availability
CREWS = ("A1", "A2", "A3", "A4")


def says(call_sign: str, status: Availability, minutes: float, **more: Any) -> Event:
    name = f"{call_sign}/{status}/{minutes}"
    return AvailabilityEvent(name, at(minutes), call_sign, status, kind=ResourceKind.DCA, **more)


def home() -> Site:
    return Site.objects.get(code="TVS01")


@pytest.fixture
def gathered(valley: Organisation, cad: Source, avl: Source) -> Organisation:
    """Four crews that came on an hour ago stand at one station; nobody is anywhere else."""
    shift = {"shift_start": at(-60), "shift_end": at(660), "station": home().code}
    told = [
        event
        for name in CREWS
        for event in (says(name, A.BOOKING_ON, -60, **shift), says(name, A.AVAILABLE, -50))
    ]
    deliver(cad, told, known=0)
    deliver(avl, [Position(name, at(0), home().latitude, home().longitude) for name in CREWS], known=0)
    return valley


def scope(trust: Organisation, minutes: float) -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": Actor("pfc"), "at": at(minutes)}


def proposals(trust: Organisation, minutes: float) -> list[placing.Proposed]:
    reading, now = situation.reading(trust.pk, at(minutes)), at(minutes)
    policies = cover(trust.pk, now), standby(trust.pk, now)
    return placing.proposals(placing.field(trust.pk, reading, *policies, now))


def rates(trust: Organisation, minutes: float) -> dict[str, float]:
    """Calls an hour that are expected around each station."""
    reading, now = situation.reading(trust.pk, at(minutes)), at(minutes)
    seen = placing.field(trust.pk, reading, cover(trust.pk, now), standby(trust.pk, now), now)
    return {
        code: each.per_hour
        for each in seen.calls
        for code, site in seen.sites.items()
        if (site.latitude, site.longitude) == (each.latitude, each.longitude)
    }


def follow(trust: Organisation, minutes: float) -> CoverMove:
    actions.follow(trust.pk, by=Actor("duty:cover"), at=at(minutes))
    return CoverMove.objects.latest("pk")


def accepted(trust: Organisation, minutes: float = 2) -> CoverMove:
    best = proposals(trust, minutes)[0]
    return actions.accept(best.move.call_sign, best.place.code, **scope(trust, minutes))


def stand(avl: Source, row: CoverMove, minutes: float) -> None:
    where = Position(row.call_sign, at(minutes), row.place.latitude, row.place.longitude)
    deliver(avl, [where], known=minutes)


def test_a_free_crew_is_proposed_to_where_nobody_is_with_its_reasons(gathered: Organisation) -> None:
    found = proposals(gathered, 2)

    assert found and all(each.place.code != home().code for each in found)
    assert len({each.place.code for each in found}) == len(found) < len(CREWS)
    best = found[0]
    assert best.move.gain >= standby(gathered.pk, at(2)).least_gain
    said = "; ".join(best.reasons)
    assert "calls more reached within 18 min there" in said and "its position is 2 min old" in said
    assert "shift ends 19:00" in said and "0 located calls of 28 days" in said
    assert "nobody knows whether it is owed a break" in said
    breaks.follow(gathered.pk, by=Actor("duty:breaks"), at=at(2.5))
    assert "break from 11:00" in "; ".join(proposals(gathered, 3)[0].reasons)


def test_where_past_calls_were_says_where_the_next_will_be(gathered: Organisation) -> None:
    weir = Site.objects.get(code="TVS02")
    before = rates(gathered, 2)
    Incident.objects.bulk_create(
        Incident(
            organisation=gathered,
            key=f"I{each}",
            category="C2",
            call_connect_at=at(-60 - each),
            latitude=weir.latitude,
            longitude=weir.longitude,
        )
        for each in range(20)
    )
    after = rates(gathered, 20)
    # Of 40 calls that are taken as known and 20 that were, two thirds; the area has no more than before.
    assert after["TVS02"] / (after["TVS01"] + after["TVS02"]) == pytest.approx(2 / 3)
    assert sum(after.values()) == pytest.approx(sum(before.values()))


def test_nobody_is_moved_who_eats_may_eat_goes_home_or_is_not_free(
    gathered: Organisation, cad: Source
) -> None:
    told = [
        says("A1", A.ON_BREAK, 1),
        says("A2", A.UNAVAILABLE, 1, reason="fuel"),
        says("A3", A.AVAILABLE, 1, shift_start=at(-660), shift_end=at(50)),
        job("allocated", 1, call_sign="A4"),
    ]
    deliver(cad, told, known=1)
    assert proposals(gathered, 2) == []
    for name in CREWS:
        with pytest.raises(NotAllowed, match=name):
            actions.accept(name, "TVS02", **scope(gathered, 2))


def test_what_is_accepted_stands_on_the_board_and_the_crews_page_until_the_crew_is_sent(
    gathered: Organisation, cad: Source, avl: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(2))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", gathered))
    dispatch = signed_in(somebody("dispatch", "dispatcher", gathered))
    best = proposals(gathered, 2)[0]
    name, place = best.move.call_sign, best.place
    assert "Accept the first move" in pfc.get("/cover/").content.decode()
    assert "Accept the first move" not in dispatch.get("/cover/").content.decode()
    assert dispatch.post("/cover/moves/accept/", {"call_sign": name, "place": place.code}).status_code == 403

    answer = pfc.post("/cover/moves/accept/", {"call_sign": name, "place": place.code})

    assert answer["Location"] == "/cover/"
    assert f"To standby {place.name} until" in dispatch.get("/resources/").content.decode()
    assert "On its way, to be there by" in dispatch.get("/cover/").content.decode()
    token = advice.link_crew(name, hours=8, **scope(gathered, 2))
    assert f"Standby: please go to {place.name}" in Client().get(f"/crew/{token}/").content.decode()
    row = CoverMove.objects.get()
    assert Action.objects.get(verb="cover.move").detail["place"] == place.code and row.reasons
    assert all(each.move.call_sign != name for each in proposals(gathered, 3))

    stand(avl, row, 20)
    assert follow(gathered, 20.5).state == "there"
    stop_the_clock(monkeypatch, at(20.5))
    assert f"At standby {place.name}" in dispatch.get("/resources/").content.decode()
    Incident.objects.create(
        organisation=gathered,
        key="near",
        category="C2",
        call_connect_at=at(21),
        latitude=place.latitude,
        longitude=place.longitude,
    )
    deliver(cad, [job("allocated", 25, call_sign=name)], known=25)
    ended = follow(gathered, 25.5)
    assert (ended.state, ended.how, ended.cause) == ("ended", "job", "Incident 1")
    assert ended.came is not None and ended.came["calls"] == ended.came["from_there"] == 1
    stop_the_clock(monkeypatch, at(26))
    assert "standby" not in dispatch.get("/resources/").content.decode().lower().partition("<table")[2]
    assert "1 calls while it stood there: 1 in reach from there" in pfc.get("/cover/").content.decode()


def test_a_move_ends_when_its_time_is_over_or_nobody_arrived_or_the_crew_cannot_be_sent(
    gathered: Organisation, cad: Source, avl: Source
) -> None:
    late = accepted(gathered)
    minutes = late.drive + 15
    deliver(cad, [], known=minutes)
    assert follow(gathered, 2 + minutes - 1).state == "going"
    assert follow(gathered, 2 + minutes + 1).how == "late"

    deliver(cad, [], known=59)
    stays = accepted(gathered, 60)
    stand(avl, stays, 70)
    follow(gathered, 70)
    until = (stays.stays_until - at(0)).total_seconds() / 60
    deliver(cad, [], known=until)
    assert follow(gathered, until + 0.5).how == "stayed"

    back = Position(stays.call_sign, at(until + 0.6), home().latitude, home().longitude)
    deliver(avl, [back], known=until + 0.6)
    away = accepted(gathered, until + 1)
    deliver(cad, [says(away.call_sign, A.UNAVAILABLE, until + 2, reason="fuel")], known=until + 2)
    ended = follow(gathered, until + 3)
    assert (ended.how, ended.cause) == ("away", "Its status is unavailable")
    assert ended.came == {"calls": 0, "from_there": 0, "from_before": 0}


def test_a_refusal_is_kept_with_its_reason_and_the_move_is_not_proposed_again_for_a_while(
    gathered: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(2))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", gathered))
    best = proposals(gathered, 2)[0]
    name, place = best.move.call_sign, best.place.code
    address = f"/cover/moves/{name}/{place}/refuse/"

    assert pfc.post(address, {"why": " "}).status_code == 422
    assert pfc.post(address, {"why": "Its tyres are worn"}).status_code == 302

    assert CoverMove.objects.get().why == "Its tyres are worn"
    assert (name, place) not in [(e.move.call_sign, e.place.code) for e in proposals(gathered, 3)]
    assert "Refused: Its tyres are worn" in pfc.get("/cover/").content.decode()
    assert Action.objects.get(verb="cover.refuse").detail["why"] == "Its tyres are worn"


def test_a_move_is_taken_back_with_a_reason_and_only_once(
    gathered: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = accepted(gathered)
    stop_the_clock(monkeypatch, at(3))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", gathered))
    address = f"/cover/moves/{row.pk}/withdraw/"
    assert "Asked" in pfc.get(address).content.decode()
    assert pfc.post(address, {"why": ""}).status_code == 422
    assert pfc.post(address, {"why": "Needed here"}).status_code == 302
    row.refresh_from_db()
    assert (row.how, row.cause) == ("withdrawn", "Needed here")
    assert "stands no more" in pfc.post(address, {"why": "Again"}).content.decode()


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({}, "cannot be read"),
        ({"call_sign": "A1"}, "cannot be read"),
        ({"call_sign": "A9", "place": "TVS02"}, "A9 is not free"),
        ({"call_sign": "A1", "place": "NOWHERE"}, "no place where a crew may stand"),
        ({"call_sign": "A1", "place": "TVS01"}, "is there"),
    ],
)
def test_a_move_that_cannot_be_is_refused_with_its_reason(
    gathered: Organisation, monkeypatch: pytest.MonkeyPatch, sent: dict[str, str], why: str
) -> None:
    stop_the_clock(monkeypatch, at(2))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", gathered))
    answer = pfc.post("/cover/moves/accept/", sent)
    assert answer.status_code in (409, 422) and why in answer.content.decode()
    assert not CoverMove.objects.exists()


def test_nobody_is_moved_while_the_control_room_is_silent(gathered: Organisation) -> None:
    best = proposals(gathered, 2)[0]
    with pytest.raises(NotAllowed, match="not fresh enough"):
        actions.accept(best.move.call_sign, best.place.code, **scope(gathered, 60))


def test_an_answer_is_written_once_and_an_ended_move_stays_as_it_ended(gathered: Organisation) -> None:
    row = accepted(gathered)
    changes = (
        lambda: CoverMove.objects.update(gives=9),
        lambda: CoverMove.objects.update(decided_by="somebody else"),
        lambda: CoverMove.objects.all().delete(),
    )
    for change in changes:
        with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic():
            change()
    actions.withdraw(row.pk, "Needed here", **scope(gathered, 3))
    with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic():
        CoverMove.objects.update(cause="x")
    shelf = retention.COVER_MOVES
    keeping.forget(gathered, shelf, by=Actor("duty"), at=at(5))
    assert CoverMove.objects.exists()


def test_two_people_who_move_one_crew_at_once_move_it_once(gathered: Organisation) -> None:
    row = accepted(gathered)
    twin = {
        each.attname: getattr(row, each.attname)
        for each in CoverMove._meta.concrete_fields
        if each.name != "id"
    }
    with pytest.raises(IntegrityError, match="one_standing_move_per_crew"), transaction.atomic():
        CoverMove.objects.create(**twin)


def test_screens_get_the_gap_the_moves_and_the_barriers_as_they_change(
    gathered: Organisation, cad: Source
) -> None:
    row = accepted(gathered)
    ticked = {(each.topic, each.key): each.html for each in live.all_cover(gathered.pk, frozenset(), at(3))}
    assert "Made 08:03" in ticked["cover", "summary"] and "08:33" in ticked["cover", "steps"]
    assert ("cover", "all-together") in ticked and ticked["lates", "A1"] == ""
    (shown,) = live.move_rows(gathered.pk, frozenset({str(row.pk)}), at(3))
    assert "On its way" in shown.html and shown.topic == "moves"
    actions.withdraw(row.pk, "Needed here", **scope(gathered, 4))
    (gone,) = live.move_rows(gathered.pk, frozenset({str(row.pk)}), at(4))
    assert gone.html == ""
    assert live.all_cover(gathered.pk, frozenset(), at(60)) == []  # the source is silent


def test_two_crews_are_never_moved_to_one_place_and_their_duty_follows_them(gathered: Organisation) -> None:
    row = accepted(gathered)
    twin = {
        each.attname: getattr(row, each.attname)
        for each in CoverMove._meta.concrete_fields
        if each.name != "id"
    }
    with pytest.raises(IntegrityError, match="one_standing_move_per_place"), transaction.atomic():
        CoverMove.objects.create(**twin | {"call_sign": "B1"})

    (cover_,) = [each for group in duties.groups().values() for each in group() if each.name == "cover"]
    cover_.work(row.stays_until)
    row.refresh_from_db()
    assert row.state == "ended"
