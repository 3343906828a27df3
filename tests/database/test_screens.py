"""Screens on walls: put up by a code, one board of one place, read only, taken off within the minute."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.live import viewers
from clearway.core.live.stream import CHECK_SECONDS, Viewer
from clearway.core.organisation.models import Area, Organisation, Site
from clearway.core.screens.models import Screen
from tests.trust import a_screen, a_trust, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S4")]
ALL = frozenset({"wall", "feeds", "notices", "handovers", "resources", "tasks", "diary"})
DAY = 24 * 60


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the one clock of the requests to so many minutes into the test's day."""
    monkeypatch.setattr(viewers, "close_old_connections", lambda: None)

    def set_to(minutes: float) -> None:
        stop_the_clock(monkeypatch, at(minutes))

    set_to(100)
    return set_to


@pytest.fixture
def desk(valley: Organisation) -> Client:
    return signed_in(somebody("petra", "patient_flow_coordinator", valley))


def code_on(wall: Client) -> str:
    found = re.search(r'class="code"[^>]*>([^<]+)<', wall.get("/screen/").content.decode())
    assert found is not None
    return found[1]


def entered(desk: Client, code: str, **given: str) -> Any:
    usual = {"name": "North wall", "board": "handovers", "place": "all", "theme": "dark"}
    return desk.post("/screens/new/", {"code": code, **usual, **given})


def watching(wall: Client, path: str = "/screen/live/") -> Viewer | None:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in wall.cookies.items())
    return viewers.authenticate({"path": path, "headers": [(b"cookie", cookies.encode())]}, ALL)


def state(wall: Client) -> str:
    return str(wall.get("/screen/state/").json()["state"])


def test_a_screen_is_put_up_by_the_code_that_it_shows_and_nothing_is_typed_on_it(
    desk: Client, cad: Source, clock: Callable[[float], None]
) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"))
    wall = Client()
    code = code_on(wall)
    assert state(wall) == "asking" and code_on(wall) == code  # the same until its time is over

    assert entered(desk, code.lower())["Location"] == "/screens/"
    assert (
        f"Waits for the screen that shows <strong>{code}</strong>" in desk.get("/screens/").content.decode()
    )
    assert state(wall) == "ready"
    page = wall.get("/screen/", follow=True).content.decode()

    assert 'id="wall-TVH01"' in page and 'data-theme="dark"' in page
    assert "<form" not in page and "/handovers/" not in page and "petra" not in page
    assert "On, seen less than a minute ago" in desk.get("/screens/").content.decode()
    verbs = Action.objects.filter(verb__startswith="screens.").order_by("pk")
    assert [(each.verb, each.actor) for each in verbs] == [
        ("screens.put_up", "petra"),
        ("screens.answer", f"screen:{Screen.objects.get().pk}"),
    ]


def test_its_key_is_kept_as_a_hash_and_sent_to_its_own_addresses_alone(
    valley: Organisation, settings: Any
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    wall = a_screen(valley)

    kept = wall.cookies["clearway_screen"]
    row = Screen.objects.get()
    assert kept["httponly"] and kept["secure"]
    assert (kept["samesite"], kept["path"]) == ("Strict", "/screen/")
    assert kept["max-age"] > 365 * 86_400  # a television that was off comes back by itself
    assert kept.value not in {str(value) for value in vars(row).values()}


def test_a_code_is_good_once_and_for_ten_minutes(desk: Client, clock: Callable[[float], None]) -> None:
    late, wall = Client(), Client()
    old, code = code_on(late), code_on(wall)
    entered(desk, code)
    assert "It was entered already" in entered(desk, code, name="Other").content.decode()
    thief = Client()
    thief.cookies.load({"clearway_screen_asks": wall.cookies["clearway_screen_asks"].value})
    assert wall.get("/screen/").status_code == 302
    assert thief.get("/screen/").status_code == 200 and state(thief) == "asking"

    clock(111)
    assert state(late) == "new" and code_on(late) != old
    entered(desk, old, name="South wall")  # too late: the screen shows another code by now
    assert state(late) == "asking"
    clock(122)
    assert "No screen answered" in desk.get("/screens/").content.decode()
    assert entered(desk, code_on(late), name="South wall").status_code == 302  # the name is free again
    assert state(late) == "ready"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"code": "KM4 P7X"}, "Enter all nine letters"),
        ({"code": ""}, "Enter the code that the screen shows"),
        ({"name": ""}, "Say where it hangs"),
        ({"name": "North wall"}, "A screen called North wall hangs already"),
        ({"board": "patients"}, "Choose a board from the list"),
        ({"place": "site:RA901"}, "Choose a place from the list"),
    ],
)
def test_what_cannot_be_put_up_says_why_and_keeps_what_was_typed(
    desk: Client, valley: Organisation, given: dict[str, str], says: str
) -> None:
    a_screen(valley)
    typed = {"code": code_on(Client()), "name": "South wall", **given}

    answer = entered(desk, typed.pop("code"), **typed)

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not typed["name"] or typed["name"] in answer.content.decode()
    assert Screen.objects.count() == 1


def test_a_screen_shows_and_follows_its_own_board_at_its_own_place(valley: Organisation, cad: Source) -> None:
    for code in ("TVH01", "TVH02"):
        deliver(cad, conveyance(code, until="at_hospital", call_sign=f"A{code}", incident=code))
    first = Site.objects.get(organisation=valley, code="TVH01")
    own = {code: each for each in Area.objects.filter(organisation=valley) for code in [each.code]}
    walls = {
        "all": (a_screen(valley, name="1"), {"TVH01", "TVH02"}),
        "site": (a_screen(valley, name="2", site=first), {"TVH01"}),
        "area": (a_screen(valley, name="3", area=first.area), {"TVH01"}),
    }
    assert own and first.area is not None
    for name, (wall, codes) in walls.items():
        page, viewer = wall.get("/screen/").content.decode(), watching(wall)
        assert {code for code in ("TVH01", "TVH02") if f'id="wall-{code}"' in page} == codes, name
        assert viewer is not None and viewer.organisation_id == valley.pk
        assert {topic for topic, _ in viewer.scopes} == {"wall", "feeds"}
        assert {code for code in ("TVH01", "TVH02") if viewer.sees("wall", code)} == codes, name
        assert "ATVH" not in page  # no call sign and no incident: counts and waits alone
        assert watching(wall, "/live/") is None


def test_nothing_can_be_sent_from_a_screen(valley: Organisation) -> None:
    wall = a_screen(valley)
    for method in ("post", "put", "patch", "delete"):
        for address in ("/screen/", "/screen/state/"):
            assert getattr(wall, method)(address).status_code == 405


def test_the_session_of_a_person_is_not_taken_for_a_screen_nor_touched_by_one(
    valley: Organisation, desk: Client
) -> None:
    wall = a_screen(valley)
    assert watching(desk) is None
    desk.cookies["clearway_screen"] = wall.cookies["clearway_screen"].value
    assert "petra" not in desk.get("/screen/").content.decode().lower()
    assert desk.get("/handovers/").status_code == 200


def test_who_was_taken_off_is_told_so_and_its_stream_ends_within_the_minute(
    desk: Client, valley: Organisation
) -> None:
    wall = a_screen(valley)
    assert watching(wall) is not None and CHECK_SECONDS < 60

    with told_to_streams() as told:
        said = desk.post(f"/screens/{Screen.objects.get().pk}/take-off/", follow=True).content.decode()

    # test_live_stream: who is told this asks at once.
    assert told == [json.dumps({"look_again": valley.pk})]
    assert "North wall was taken off. If it is on, it says so within a minute." in said
    assert state(wall) == "off" and watching(wall) is None
    page = wall.get("/screen/").content.decode()
    assert "This screen was taken off" in page and 'id="wall-' not in page and "petra" not in page
    assert "Taken off by petra" in desk.get("/screens/").content.decode()
    code = code_on_again(wall)
    entered(desk, code)  # its name is free, and the same television may come back
    assert 'id="wall-' in wall.get("/screen/", follow=True).content.decode()


@contextmanager
def told_to_streams() -> Iterator[list[str]]:
    """What the database is asked to tell the streams."""
    told: list[str] = []

    def heard(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if "pg_notify" in sql:
            told.append(values[1])
        return execute(sql, values, many, context)

    with connection.execute_wrapper(heard):
        yield told


def test_a_screen_that_was_taken_off_shows_a_code_again_by_itself(
    desk: Client, valley: Organisation, clock: Callable[[float], None]
) -> None:
    wall = a_screen(valley)
    desk.post(f"/screens/{Screen.objects.get().pk}/take-off/")
    clock(104)
    assert state(wall) == "off"
    clock(106)
    assert state(wall) == "new"  # so that its page loads anew
    assert entered(desk, code_on(wall)).status_code == 302
    assert 'id="wall-' in wall.get("/screen/", follow=True).content.decode()


def test_nothing_is_claimed_of_a_screen_before_it_has_answered(desk: Client) -> None:
    said = entered(desk, code_on(Client()))
    page = desk.get(said["Location"]).content.decode()
    assert "Waiting for North wall to answer" in page and "shows its board within seconds" not in page
    assert "No screen has answered for North wall" in page  # asked before it is taken off

    page = desk.post(f"/screens/{Screen.objects.get().pk}/take-off/", follow=True).content.decode()
    assert "North wall will not be put up" in page and "North wall was taken off" not in page


def test_a_screen_beside_a_person_reads_nothing_of_theirs_and_does_not_keep_them_signed_in(
    desk: Client, valley: Organisation, clock: Callable[[float], None]
) -> None:
    entered(desk, code_on(Client()), name="Other")  # leaves a message for petra
    before = desk.session["seen_at"]
    clock(110)
    for address in ("/screen/", "/screen/state/"):
        page = desk.get(address).content.decode()
        assert valley.name not in page and "Feeds" not in page and "Waiting for Other" not in page

    assert desk.session["seen_at"] == before
    assert "Waiting for Other" in desk.get("/screens/").content.decode()
    assert desk.session["seen_at"] > before


def test_a_screen_whose_board_is_no_more_says_so_and_can_be_put_up_anew(
    desk: Client, valley: Organisation
) -> None:
    wall = a_screen(valley)
    Screen.objects.update(board="gone")

    assert watching(wall) is None and state(wall) == "off"
    assert "This board is no more" in wall.get("/screen/").content.decode()
    assert "gone" in desk.get("/screens/").content.decode()
    entered(desk, code_on_again(wall), name="South wall")
    assert 'id="wall-' in wall.get("/screen/", follow=True).content.decode()


def code_on_again(wall: Client) -> str:
    found = re.search(r'class="code"[^>]*>([^<]+)<', wall.get("/screen/?again=1").content.decode())
    assert found is not None and wall.cookies["clearway_screen"].value == ""
    return found[1]


def test_the_key_is_replaced_each_day_and_the_former_counts_until_the_newer_came_back(
    valley: Organisation, clock: Callable[[float], None]
) -> None:
    wall = a_screen(valley, at=at(100))
    first = wall.cookies["clearway_screen"].value
    clock(100 + DAY + 1)
    wall.get("/screen/")
    second = wall.cookies["clearway_screen"].value
    assert second != first

    lost = Client()  # the answer was lost: the television comes back with the former key
    lost.cookies["clearway_screen"] = first
    assert state(lost) == "on"
    wall.get("/screen/")  # with the newer: from now on it alone counts
    assert state(lost) == "new" and state(wall) == "on"
    assert wall.cookies["clearway_screen"].value == second


def test_of_requests_that_come_together_one_gets_the_newer_key_and_no_order_of_answers_locks_a_screen_out(
    valley: Organisation, clock: Callable[[float], None]
) -> None:
    wall = a_screen(valley, at=at(100))
    first = wall.cookies["clearway_screen"].value
    together = []
    clock(100 + DAY + 1)
    for _ in range(2):  # neither has the answer of the other yet
        each = Client()
        each.cookies["clearway_screen"] = first
        each.get("/screen/")
        together.append(each.cookies["clearway_screen"].value)
    newer, same = together
    assert newer != first and same == first

    for kept in (same, newer):  # whichever answer came last
        wall.cookies["clearway_screen"] = kept
        assert 'id="wall-' in wall.get("/screen/").content.decode()
    late = Client()
    late.cookies["clearway_screen"] = first  # sent before, and looked at after the newer key came back
    late.get("/screen/")
    assert late.cookies["clearway_screen"].value == first  # so that it does not take the newer one away


def test_a_newer_key_that_never_came_back_is_sent_anew(
    valley: Organisation, clock: Callable[[float], None]
) -> None:
    wall = a_screen(valley, at=at(100))
    first = wall.cookies["clearway_screen"].value
    clock(100 + DAY + 1)
    wall.get("/screen/")
    lost, wall.cookies["clearway_screen"] = wall.cookies["clearway_screen"].value, first
    clock(100 + DAY + 7)
    wall.get("/screen/")
    assert wall.cookies["clearway_screen"].value not in (first, lost)


def test_a_screen_that_is_dark_is_listed_as_such(
    desk: Client, valley: Organisation, clock: Callable[[float], None]
) -> None:
    wall = a_screen(valley, at=at(100))
    clock(101)
    assert state(wall) == "on"
    assert Screen.objects.get().seen_at == at(101)
    clock(110)
    assert "Not seen," in desk.get("/screens/").content.decode()


def test_another_trusts_screens_are_neither_listed_nor_taken_off(desk: Client) -> None:
    other = a_trust("other")
    a_screen(other, name="Foreign wall")

    assert "Foreign wall" not in desk.get("/screens/").content.decode()
    assert desk.post(f"/screens/{Screen.objects.get().pk}/take-off/").status_code == 404


def test_the_database_keeps_a_screen_off_and_in_its_own_trust(valley: Organisation) -> None:
    a_screen(valley)
    row = Screen.objects.get()
    foreign = Site.objects.filter(organisation=a_trust("other"))[0]
    end = at(100) + timedelta(days=400)
    off: dict[str, Any] = {"taken_off_at": end, "taken_off_by": "petra"}
    for wrong in ({"site": foreign}, {"code": "A"}, {"token_hash": None}, {"taken_off_at": end}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Screen.objects.filter(pk=row.pk).update(**wrong)
    Screen.objects.filter(pk=row.pk).update(**off)
    with pytest.raises(IntegrityError), transaction.atomic():
        Screen.objects.filter(pk=row.pk).update(taken_off_at=None, taken_off_by="")
