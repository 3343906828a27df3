"""Ten times the normal load for a while: nothing is lost, pages answer, and all is read soon afterwards."""

import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bench.processes import memory_mb
from tests.faults.house import House, lines, wait_for

NORMAL = 50  # positions a second: a region of 500 vehicles, each every ten seconds
BURST_SECONDS = 5


def positions(number: int, count: int) -> bytes:
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(milliseconds=number)
    return lines(
        [
            {"call_sign": f"B{each}", "occurred_at": at.isoformat(), "latitude": 52.0, "longitude": -1.5}
            for each in range(count)
        ]
    )


@pytest.mark.promise("R7")
def test_a_burst_of_ten_times_the_load_leaves_pages_answering_and_loses_nothing(house: House) -> None:
    web, ingest = house.serve("web"), house.serve("ingest")
    house.work("worker-inbox", "inbox")
    house.work("worker-boards", "boards")
    house.work("worker-rules", "rules")
    headers = house.add_source("burst-avl", "positions")
    address = f"{ingest}/feeds/positions/burst-avl"
    httpx.post(address, content=positions(0, 10), headers=headers).raise_for_status()
    ask_pages(web, house.cookie, until=time.monotonic() + 1)  # both processes have done everything once
    before = memory_mb(house.processes["ingest"].pid)
    sent = 10

    def burst() -> None:
        nonlocal sent
        with httpx.Client(headers=headers, timeout=20) as client:
            for number in range(1, 10 * BURST_SECONDS + 1):
                due = began + number / 10
                time.sleep(max(0.0, due - time.monotonic()))
                client.post(address, content=positions(number, NORMAL)).raise_for_status()
                sent += NORMAL

    began = time.monotonic()
    sender = threading.Thread(target=burst)
    sender.start()
    waits = ask_pages(web, house.cookie, until=began + BURST_SECONDS)
    sender.join()

    assert sent == 10 + 10 * NORMAL * BURST_SECONDS
    assert sorted(waits)[int(0.95 * len(waits))] < 1
    assert memory_mb(house.processes["ingest"].pid) < 1.5 * before
    wait_for(
        lambda: house.ask("SELECT count(*) FROM ambulance_position WHERE source = 'burst-avl'") == sent,
        seconds=20,
        what="every position to be read",
    )


def ask_pages(web: str, cookie: str, until: float) -> list[float]:
    """Ask for the resource board again and again; seconds of each answer."""
    waits = []
    with httpx.Client(cookies={"sessionid": cookie}, timeout=20) as client:
        while time.monotonic() < until:
            asked = time.monotonic()
            client.get(f"{web}/resources/").raise_for_status()
            waits.append(time.monotonic() - asked)
            time.sleep(0.1)
    return waits
