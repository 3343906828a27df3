"""Screens see every push once, in order, whatever is killed; and no screen looks calm when it is not."""

import itertools
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from clearway.core.locks import Lock
from tests.faults.house import House, wait_for
from tests.faults.viewing import Screen

NUMBERS = itertools.count(1)


@pytest.fixture
def announce(house: House) -> Iterator[Callable[..., list[str]]]:
    """Say that so many things changed; returns their keys."""

    def say(count: int, topic: str = "marker") -> list[str]:
        keys = [str(next(NUMBERS)) for _ in range(count)]
        with house.connect() as link:
            link.execute(
                "INSERT INTO core_change (organisation_id, topic, key, at)"
                " SELECT id, %s, unnest(%s::text[]), now() FROM core_organisation",
                [topic, keys],
            )
        return keys

    yield say
    with house.connect() as link:
        link.execute("DELETE FROM core_change")


Announce = Callable[..., list[str]]


def tail(house: House, name: str, filling: int = 0) -> None:
    house.begin(name, "-m", "tests.faults.marker_worker", str(filling))


def holder_of_the_seat(house: House) -> str | None:
    """The name of the process that is the tailer."""
    return house.ask(
        "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)"
        " WHERE locktype = 'advisory' AND objid = %s AND granted",
        Lock.TAILER.value,
    )


def stop_between_rounds(house: House, name: str) -> None:
    """Stop a tailer outside a transaction; inside one it would take 30 seconds to lose its seat.

    What it sent before it was stopped may reach the server later, so the server must stay idle for a while.
    """
    for _ in range(200):
        house.processes[name].send_signal(signal.SIGSTOP)
        before = holders_state(house)
        time.sleep(0.5)
        if before[0] == "idle" and before == holders_state(house):
            return
        house.processes[name].send_signal(signal.SIGCONT)
        time.sleep(0.02)
    pytest.fail(f"{name} was never found between two rounds")


def holders_state(house: House) -> tuple[str, float]:
    """What the session with the seat does, and since when."""
    with house.connect() as link:
        found = link.execute(
            "SELECT state, extract(epoch FROM state_change)::float FROM pg_stat_activity"
            " JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND objid = %s AND granted",
            [Lock.TAILER.value],
        ).fetchone()
    return found or ("away", 0.0)


def begin_watching(house: House, screens: int = 1) -> list[Screen]:
    """Web, a tailer with the seat, and screens that have heard it."""
    address = house.serve("web")
    tail(house, "tailer-1")
    watching = [Screen(address, house.cookie).open() for _ in range(screens)]
    wait_for(lambda: all(each.beats for each in watching), seconds=20, what="the first beat")
    return watching


@pytest.mark.promise("R12")
def test_a_screen_that_comes_back_has_missed_nothing_and_sees_nothing_twice(
    house: House, announce: Announce, chance: random.Random
) -> None:
    screens = begin_watching(house, screens=20)
    said: list[str] = []
    for _ in range(2):
        for _ in range(10):
            said += announce(chance.randrange(1, 20))
            time.sleep(chance.uniform(0, 0.1))
        house.kill("web")
        said += announce(30)
        house.serve("web")
        said += announce(5)

    wait_for(lambda: all(len(each.pushes) >= len(said) for each in screens), seconds=20, what="every push")

    time.sleep(0.3)
    for screen in screens:
        assert screen.connections == 3
        assert sorted(screen.keys, key=int) == said
        ids = [id_ for id_, _ in screen.pushes]
        assert ids == sorted(set(ids))
        assert not screen.resets
        screen.close()


def test_a_screen_too_slow_to_follow_is_told_to_load_its_page_anew(house: House, announce: Announce) -> None:
    begin_watching(house)[0].close()
    house.kill("tailer-1")
    tail(house, "tailer-1", filling=10_000)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        slow.connect(("127.0.0.1", house.ports["web"]))
        slow.settimeout(10)
        slow.sendall(
            b"GET /live/?topics=feeds HTTP/1.1\r\nHost: localhost\r\n"
            b"Cookie: sessionid=" + house.cookie.encode() + b"\r\n\r\n"
        )
        assert b"200 OK" in slow.recv(100)
        newest = house.ask("SELECT max(id) FROM core_push")
        announce(4000)
        wait_for(
            lambda: house.ask("SELECT count(*) FROM core_push WHERE id > %s", newest) == 4000,
            seconds=20,
            what="the pushes",
        )
        time.sleep(0.5)

        got = b"".join(iter(lambda: slow.recv(1_000_000), b""))

    assert got.endswith(b"event: reset\ndata: {}\n\n\r\n0\r\n\r\n")
    assert got.count(b"event: push") < 2500


def test_a_screen_that_was_away_too_long_is_told_to_load_its_page_anew(house: House) -> None:
    (watching,) = begin_watching(house)
    house.ask("SELECT setval('core_push_id_seq', nextval('core_push_id_seq') + 10)")
    with house.connect() as link:
        link.execute(
            "INSERT INTO core_push (organisation_id, topic, key, body, at)"
            " SELECT id, 'feeds', '0', '', now() FROM core_organisation"
        )
        link.execute("DELETE FROM core_push WHERE key <> '0'")
    house.kill("web")
    address = house.serve("web")

    away = Screen(address, house.cookie, after="1").open()
    from_another_database = Screen(address, house.cookie, after="900000000").open()

    wait_for(lambda: away.resets and from_another_database.resets, seconds=20, what="the resets")
    for screen in (watching, away, from_another_database):
        screen.close()


@pytest.mark.promise("R12")
def test_without_a_tailer_the_beat_stops_and_a_standby_takes_over(house: House, announce: Announce) -> None:
    (screen,) = begin_watching(house)
    said = announce(10)
    wait_for(lambda: len(screen.pushes) == 10, seconds=20, what="the pushes")
    house.kill("tailer-1")
    killed_at = time.monotonic()

    said += announce(10)
    time.sleep(2.5)
    assert not [beat for beat in screen.beats if beat > killed_at + 0.5]

    for name in ("tailer-2", "tailer-3"):
        tail(house, name)
    wait_for(lambda: len(screen.pushes) == 20, seconds=20, what="the pushes of the standby")
    wait_for(lambda: screen.beats[-1] > killed_at + 2.5, seconds=20, what="the beat of the standby")
    house.kill(str(holder_of_the_seat(house)))
    said += announce(10)
    wait_for(lambda: len(screen.pushes) == 30, seconds=20, what="the pushes of the next standby")

    assert sorted(screen.keys, key=int) == said
    screen.close()


@pytest.mark.promise("R12")
def test_a_tailer_that_hangs_loses_its_seat_to_the_standby(house: House, announce: Announce) -> None:
    (screen,) = begin_watching(house)
    tail(house, "tailer-2")
    connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tailer-2'"
    wait_for(lambda: house.ask(connected), seconds=20, what="the standby to be there")

    stop_between_rounds(house, "tailer-1")
    said = announce(10)
    wait_for(lambda: len(screen.pushes) == 10, seconds=20, what="the pushes of the standby")
    house.processes["tailer-1"].send_signal(signal.SIGCONT)
    for _ in range(10):
        said += announce(3)
        time.sleep(0.1)
    wait_for(lambda: len(screen.pushes) >= 40, seconds=20, what="the pushes afterwards")

    assert sorted(screen.keys, key=int) == said
    assert holder_of_the_seat(house) == "tailer-2"
    screen.close()


def test_screens_stay_connected_and_catch_up_when_the_database_is_killed(
    house: House, announce: Announce
) -> None:
    (screen,) = begin_watching(house)
    said = announce(10)

    house.kill_database()
    said += announce(10)

    wait_for(lambda: len(screen.pushes) >= 20, seconds=20, what="the pushes after the kill")
    assert sorted(screen.keys, key=int) == said
    assert (screen.connections, screen.resets) == (1, 0)
    screen.close()


@pytest.mark.promise("R12")
def test_what_cannot_be_rendered_holds_nothing_up_but_stops_the_beat(
    house: House, announce: Announce
) -> None:
    (screen,) = begin_watching(house)

    announce(1, topic="broken")
    said = announce(5)
    wait_for(lambda: screen.keys == said, seconds=20, what="the other pushes")
    announced_at = time.monotonic()
    time.sleep(3)

    assert not [beat for beat in screen.beats if beat > announced_at + 0.5]
    screen.close()
