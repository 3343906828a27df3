"""Who gets which push of the live stream, and how soon a screen hears that it is over."""

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import Error as DatabaseError

from clearway.core.live.stream import ENDED, RESET, Pushed, Stream, Viewer

HALO = Viewer(
    1,
    frozenset({(topic, frozenset({"A"})) for topic in ("tasks", "feeds", "notices", "handovers")}),
)
JUNIOR = Viewer(1, frozenset({("tasks", None), ("feeds", None)}))


@pytest.mark.promise("S1")
@pytest.mark.parametrize(
    ("topic", "site", "for_halo", "for_junior"),
    [
        ("tasks", "A", True, True),
        ("tasks", "B", False, True),
        ("tasks", None, False, True),  # a task of no site, and the number of all tasks
        ("handovers", "A", True, False),
        ("handovers", "B", False, False),
        ("feeds", None, True, True),
        ("notices", None, True, False),
        ("resources", None, False, False),
    ],
)
def test_a_push_goes_to_whom_its_topic_and_its_site_are_open(
    topic: str, site: str | None, for_halo: bool, for_junior: bool
) -> None:
    push = Pushed(1, 1, topic, site, b"")

    assert (push.is_for(HALO), push.is_for(JUNIOR)) == (for_halo, for_junior)
    assert not Pushed(1, 2, topic, site, b"").is_for(JUNIOR)


class SilentLink:
    """A connection to a database in which nothing happens."""

    async def __aenter__(self) -> "SilentLink":
        return self

    async def __aexit__(self, *problem: object) -> None: ...

    async def execute(self, statement: str, values: object = None) -> "SilentLink":
        return self

    async def fetchall(self) -> list[Any]:
        return []

    async def notifies(self, **named: object) -> AsyncIterator[Any]:
        await asyncio.sleep(60)
        yield None


@dataclass
class BeatingLink(SilentLink):
    """One that tells of a beat again and again."""

    message: dict[str, object]

    async def notifies(self, **named: object) -> AsyncIterator[Any]:
        await asyncio.sleep(0.01)
        yield SimpleNamespace(payload=json.dumps(self.message))


def heard(
    *answers: Viewer | Exception | None,
    query: bytes = b"topics=tasks",
    link: SilentLink | None = None,
    check_seconds: float = 0.01,
) -> tuple[int, bytes]:
    """Status and body of a stream whose viewer is asked for again and again, until it closes."""
    coming = iter(answers)
    sent: list[MutableMapping[str, Any]] = []

    def authenticate(scope: object, topics: object) -> Viewer | None:
        answer = next(coming)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def connect() -> Any:
        return link or SilentLink()

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def follow() -> None:
        stream = Stream(connect, authenticate, check_seconds)
        scope = {"query_string": query, "headers": []}
        await asyncio.wait_for(stream(scope, receive, send), timeout=10)

    # In a thread of its own: the browser tests leave their loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, follow()).result()
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


@pytest.mark.promise("S1")
def test_a_screen_whose_person_signed_out_is_told_so_and_closed() -> None:
    status, body = heard(HALO, HALO, None)

    assert status == 200
    assert body.endswith(ENDED)


def test_a_screen_whose_person_sees_other_things_now_loads_its_page_anew() -> None:
    assert heard(JUNIOR, HALO)[1].endswith(RESET)
    assert heard(JUNIOR, KeyError("a fault"))[1].endswith(RESET)


def test_a_database_that_is_away_signs_nobody_out() -> None:
    assert heard(HALO, DatabaseError(), HALO, None)[1].endswith(ENDED)


def test_a_script_can_ask_why_its_stream_was_refused() -> None:
    assert heard(HALO, query=b"topics=tasks&probe=1") == (204, b"")
    assert heard(None, query=b"topics=tasks&probe=1")[0] == 403


def test_only_screens_of_a_trust_whose_boards_may_be_wrong_get_no_beat() -> None:
    at = "2026-11-20T08:00:00Z"

    assert (
        b"event: beat" in heard(HALO, None, link=BeatingLink({"beat": at, "but": [2]}), check_seconds=0.2)[1]
    )
    assert (
        b"event: beat"
        not in heard(HALO, None, link=BeatingLink({"beat": at, "but": [1]}), check_seconds=0.2)[1]
    )


@pytest.mark.promise("S4")
def test_a_stream_ends_at_once_when_its_organisation_is_to_be_looked_at_again() -> None:
    link = BeatingLink({"look_again": 1})

    assert heard(HALO, None, link=link, check_seconds=3600)[1].endswith(ENDED)
