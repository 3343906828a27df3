"""All of England live: from an event's occurrence to the changed row on a screen, under a day's load.

Real ingest, workers and web; 100 screens on the resource board's topics and one headless Chromium. A marker
is a status posted on its own; its latency runs from the moment it is made to the moment a screen has the push
that shows it, and in Chromium to the frame after the row was replaced.

  python -m bench.live [--seconds 60] [--rate 3] [--seed 1]
"""

import argparse
import asyncio
import json
import re
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from bench import england, processes
from tests.faults.house import KEY, House, a_house, wait_for

SCREENS = 100
TOPICS = "resources%20feeds%20tasks"
PARTS = ("ingest", "worker-inbox", "worker-boards", "worker-rules", "web")
POSITION_EVERY = 10  # seconds
ENOUGH_FOR_P95 = 100  # of fewer it would rest on the few longest
CHROMIUM = Path("/usr/bin/chromium")
WATCH = """
(row) => {
  window.seen = [];
  window.last = document.getElementById(row).outerHTML;
  new MutationObserver(() => {
    const html = document.getElementById(row)?.outerHTML;
    if (html === window.last) return;
    window.last = html;
    requestAnimationFrame(() => window.seen.push((performance.timeOrigin + performance.now()) / 1000));
  }).observe(document.body, { subtree: true, childList: true });
}
"""


@dataclass
class Screens:
    """Many open streams in one thread. `heard` holds (moment, push id, key) of each screen."""

    house: House
    port: int
    heard: list[list[tuple[float, int, str]]] = field(default_factory=list)
    connected: int = 0
    resets: int = 0

    def open(self) -> None:
        threading.Thread(target=lambda: asyncio.run(self._open_all()), daemon=True).start()
        wait_for(lambda: self.connected == SCREENS, seconds=60, what="the screens")

    async def _open_all(self) -> None:
        self.heard = [[] for _ in range(SCREENS)]
        await asyncio.gather(*(self._follow(number) for number in range(SCREENS)))

    async def _follow(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        cookie = self.house.cookies[number % england.REGIONS]
        writer.write(
            f"GET /live/?topics={TOPICS} HTTP/1.1\r\nHost: localhost\r\n"
            f"Cookie: sessionid={cookie}\r\n\r\n".encode()
        )
        answer = await reader.readline()
        self.connected += b"200 OK" in answer
        push = 0
        while line := await reader.readline():
            if line.startswith(b"id: "):
                push = int(line[4:])
            elif push and line.startswith(b"data: "):
                key = re.search(rb'"key": "([^"]*)"', line)
                self.heard[number].append((time.time(), push, key[1].decode() if key else ""))
                push = 0
            elif line.startswith(b"event: reset"):
                self.resets += 1


@dataclass
class Load:
    """Positions and statuses as all of England sends them, until told to stop."""

    address: str
    regions: list[england.Region]
    rate: float
    stop: threading.Event = field(default_factory=threading.Event)
    statuses: int = 0
    positions: int = 0
    answers: list[float] = field(default_factory=list)

    def begin(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=work, daemon=True) for work in (self._statuses, self._positions)]
        for thread in threads:
            thread.start()
        return threads

    def post(self, client: httpx.Client, kind: str, region: int, rows: list[dict[str, Any]]) -> None:
        began = time.perf_counter()
        address = f"{self.address}/feeds/{kind}/{kind}-{region}"
        client.post(address, content=england.encoded(rows)).raise_for_status()
        self.answers.append(time.perf_counter() - began)

    def _statuses(self) -> None:
        with client() as link:
            due = time.monotonic()
            while not self.stop.is_set():
                region = self.regions[self.statuses % england.REGIONS]
                self.post(link, "cad", region.number, [region.next_event(england.now())])
                self.statuses += 1
                due += 1 / self.rate
                self.stop.wait(max(0.0, due - time.monotonic()))

    def _positions(self) -> None:
        # Each region's vehicles in ten groups, one group a second.
        group, size = 0, england.VEHICLES // POSITION_EVERY
        with client() as link:
            due = time.monotonic()
            while not self.stop.is_set():
                region = self.regions[group % england.REGIONS]
                first = size * (group // england.REGIONS % POSITION_EVERY)
                rows = region.positions(range(first, first + size), england.now())
                self.post(link, "positions", region.number, rows)
                self.positions += len(rows)
                group += 1
                due += 1 / england.REGIONS
                self.stop.wait(max(0.0, due - time.monotonic()))


def client() -> httpx.Client:
    return httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, timeout=20)


@contextmanager
def chromium(house: House, web: str) -> Iterator[Any]:
    """A page on the resource board of region 0; None where there is no Chromium."""
    if not CHROMIUM.exists():
        yield None
        return
    from playwright.sync_api import sync_playwright

    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": house.cookie, "url": web}])
        page = context.new_page()
        page.goto(f"{web}/resources/")
        yield page
        browser.close()


def fill(house: House, load: Load) -> int:
    """The beginning of every region, read before the clock runs. Returns how many messages that was."""
    count = 0
    with client() as link:
        for region in load.regions:
            rows = region.beginning(england.now())
            first = england.marker(region.number, 0, england.now() - timedelta(minutes=1))
            load.post(link, "cad", region.number, [*rows, first])
            count += len(rows) + 1
            here = region.positions(range(england.VEHICLES), england.now())
            load.post(link, "positions", region.number, here)
            load.positions += len(here)
    wait_for(lambda: not england.waiting(house), seconds=120, what="the beginning to be read")
    return count


def measure(house: House, load: Load, screens: Screens, page: Any, seconds: float) -> dict[str, list[float]]:
    """Post a marker to each region in turn; seconds from its making to every screen of the region."""
    latencies: dict[str, list[float]] = {"push": [], "pixel": []}
    if page is not None:
        page.evaluate(WATCH, "resources-MARK0")
    end, number = time.monotonic() + seconds, 0
    with client() as link:
        while time.monotonic() < end:
            region = number % england.REGIONS
            key = f"MARK{region}"
            step = number // england.REGIONS + 1
            frames = page.evaluate("window.seen.length") if page is not None and region == 0 else 0
            made = time.time()
            load.post(link, "cad", region, [england.marker(region, step, england.now())])
            mine = range(region, SCREENS, england.REGIONS)
            latencies["push"] += [arrival(screens, screen, key, made) for screen in mine]
            if page is not None and region == 0:
                latencies["pixel"].append(frame(page, frames) - made)
            number += 1
            time.sleep(0.05)
    load.statuses += number
    return latencies


def arrival(screens: Screens, screen: int, key: str, made: float) -> float:
    """Seconds until a screen had the push of a key that was made at a moment."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for moment, _, heard in reversed(screens.heard[screen]):
            if moment < made:
                break
            if heard == key:
                return moment - made
        time.sleep(0.005)
    raise AssertionError(f"screen {screen} did not get {key} in 20 s")


def frame(page: Any, number: int) -> float:
    """The moment of a frame that showed the marker's row anew."""
    wait_for(lambda: page.evaluate("window.seen.length") > number, seconds=20, what="the row in Chromium")
    return float(page.evaluate(f"window.seen[{number}]"))


def lost_pushes(house: House, screens: Screens) -> int:
    """Pushes since each screen's first that it should have got and did not."""
    lost = 0
    for number, heard in enumerate(screens.heard):
        ids = [push for _, push, _ in heard]
        with house.connect() as link:
            should = link.execute(
                "SELECT id FROM core_push WHERE organisation_id ="
                " (SELECT id FROM core_organisation WHERE slug = %s)"
                " AND topic IN ('resources', 'feeds', 'tasks') AND id BETWEEN %s AND %s",
                [f"region-{number % england.REGIONS}", ids[0], ids[-1]],
            )
            lost += len({row[0] for row in should} ^ set(ids)) + len(ids) - len(set(ids))
    return lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=3, help="job events a second (default 3)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    with ExitStack() as stack:
        house = stack.enter_context(a_house(england.PREPARE))
        load = Load(house.serve("ingest"), list(england.regions(wanted.seed)), wanted.rate)
        house.work("worker-inbox", "inbox")
        begun = fill(house, load)
        house.work("worker-boards", "boards")
        house.work("worker-rules", "rules")
        web = house.serve("web")
        screens = Screens(house, house.ports["web"])
        screens.open()
        page = stack.enter_context(chromium(house, web))
        load.answers.clear()
        threads = load.begin()
        time.sleep(8)  # the first look at everything is behind us
        before = {name: processes.cpu_seconds(pid) for name, pid in parts(house)}
        pushes = sum(map(len, screens.heard))
        clock = time.monotonic()
        latencies = measure(house, load, screens, page, wanted.seconds)
        took = time.monotonic() - clock
        used = {name: (processes.cpu_seconds(pid) - before[name]) / took for name, pid in parts(house)}
        delivered = sum(map(len, screens.heard)) - pushes
        memory = {name: processes.memory_mb(pid) for name, pid in parts(house)}
        load.stop.set()
        for thread in threads:
            thread.join()
        wait_for(lambda: not england.waiting(house), seconds=60, what="the inbox to be empty")
        time.sleep(1)
        facts = house.ask("SELECT count(*) FROM ambulance_fact")
        kept = house.ask("SELECT count(*) FROM ambulance_position")
        report = {
            "push ms": summary(latencies["push"]),
            "pixel ms": summary(latencies["pixel"]),
            "acknowledged ms": summary(load.answers),
            "cpu share of a core": {name: round(share, 3) for name, share in used.items()},
            "memory MB": {name: round(share) for name, share in memory.items()},
            "delivered a second": round(delivered / took),
            "lost statuses": begun + load.statuses - facts,
            "lost positions": load.positions - kept,
            "lost pushes": lost_pushes(house, screens),
            "resets": screens.resets,
            "waiting tail": england.waiting(house),
        }
        print(json.dumps(report) if wanted.json else "\n".join(f"{k:<22} {v}" for k, v in report.items()))


def parts(house: House) -> list[tuple[str, int]]:
    running = [(name, house.processes[name].pid) for name in PARTS]
    return [*running, ("postgres", house.server.process.pid)]


def summary(seconds: list[float]) -> dict[str, float] | str:
    """Milliseconds: median, p95 where there are enough for one, longest."""
    if not seconds:
        return "not measured"
    figures = {"n": len(seconds), "p50": round(1000 * statistics.median(seconds), 1)}
    if len(seconds) >= ENOUGH_FOR_P95:
        # Inclusive: read between the samples, never beyond the longest.
        figures["p95"] = round(1000 * statistics.quantiles(seconds, n=100, method="inclusive")[94], 1)
    return {**figures, "max": round(1000 * max(seconds), 1)}


if __name__ == "__main__":
    main()
