"""Booking over HTTP against the real web process, beside the least that Django does, and slot search.

Rates are of bookings that were answered as made, by clients that wait for each answer; processor time is
that of the web process alone, PostgreSQL and the clients left out. To measure a peer in the same way: one web
process with eight workers on the same machine, one signed-in session, free slots, an entry or patient of its
own for each attempt, one POST each, 1, 8 and 32 clients; then 20 races of 32 clients on one slot each,
counted in the peer's own table afterwards.

  python -m bench.booking [--bookings 300]
"""

import argparse
import json
import os
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import httpx

from bench import processes
from clearway.config import postgres
from tests.faults.house import House, a_house, free_port, listens, wait_for

PREPARE = """
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from bench.booking_department import prepare
print(json.dumps(prepare()))
"""
SEARCH = """
import django
django.setup()
from bench.booking_department import search
search()
"""
CLIENTS = (1, 8, 32)
RACES, RACERS = 20, 32
Send = Callable[[httpx.Client, int, int], bool]


@dataclass(frozen=True, slots=True)
class Measured:
    made: int
    seconds: float
    p95_ms: float
    cpu_ms: float

    def __str__(self) -> str:
        rate, per_cpu = self.made / self.seconds, 1000 / self.cpu_ms if self.cpu_ms else 0
        return (
            f"{rate:7.1f} /s   p95 {self.p95_ms:6.1f} ms   processor {self.cpu_ms:5.2f} ms each"
            f"   {per_cpu:6.1f} per processor second"
        )


def drive(jobs: Sequence[tuple[int, int]], clients: int, address: str, send: Send, pid: int) -> Measured:
    """Send every job once by so many clients, each of which waits for its answer."""
    waiting: SimpleQueue[tuple[int, int]] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    times: list[float] = []
    made: list[bool] = []

    def client() -> None:
        with httpx.Client(base_url=address, timeout=60) as http:
            while True:
                try:
                    job = waiting.get_nowait()
                except Empty:
                    return
                asked = time.perf_counter()
                made.append(send(http, *job))
                times.append(time.perf_counter() - asked)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    cpu, began = processes.cpu_seconds(pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    cpu = processes.cpu_seconds(pid) - cpu
    p95 = statistics.quantiles(times, n=20)[18] if len(times) > 1 else times[0]
    return Measured(sum(made), seconds, 1000 * p95, 1000 * cpu / len(jobs))


def ours(cookie: str, web: str, is_keyed: bool = True) -> Send:
    """Booking as a browser does it, through the form of the booking page, which brings a key of its own."""
    with httpx.Client(base_url=web, cookies={"sessionid": cookie}, timeout=60) as http:
        http.get("/outpatients/clinics/new/").raise_for_status()
        token = http.cookies["csrftoken"]
    headers = {"Cookie": f"sessionid={cookie}; csrftoken={token}", "X-CSRFToken": token}

    def send(http: httpx.Client, slot: int, entry: int) -> bool:
        typed = {"slot": slot, "what": "book"} | ({"form_key": str(uuid.uuid4())} if is_keyed else {})
        answer = http.post(f"/outpatients/list/{entry}/book/", data=typed, headers=headers)
        if answer.status_code not in (302, 422):
            raise SystemExit(f"A booking was answered with {answer.status_code}")
        return answer.status_code == 302

    return send


def plain(path: str) -> Send:
    def send(http: httpx.Client, slot: int, entry: int) -> bool:
        return http.post(path, data={"slot": slot, "entry": entry}).status_code == 201

    return send


def race(slots: Sequence[int], entries: Sequence[int], address: str, send: Send, pid: int) -> None:
    for place, slot in enumerate(slots):
        mine = entries[place * RACERS : (place + 1) * RACERS]
        drive([(slot, entry) for entry in mine], RACERS, address, send, pid)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--bookings", type=int, default=300, help="how many at each number of clients")
    count: int = asked.parse_args().bookings
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))
    with a_house(PREPARE.replace("prepare()", f"prepare({count * len(CLIENTS)}, {RACES * RACERS})")) as house:
        run(house, count)


def run(house: House, count: int) -> None:
    made: dict[str, Any] = json.loads(house.ask("SELECT values::text FROM bench_prepared"))
    slots, entries = made["slots"], made["entries"]
    web = house.serve("web")
    bare = serve_bare(house)
    pids = {web: house.processes["web"].pid, bare: house.processes["bare"].pid}
    ways: list[tuple[str, str, Send]] = [
        ("ours", web, ours(house.cookie, web)),
        ("bare Django view, one insert", bare, plain("/bare/")),
        ("none: select, then insert", bare, plain("/none/")),
    ]
    for place, clients in enumerate(CLIENTS):
        part = slice(place * count, (place + 1) * count)
        jobs = list(zip(slots[part], entries[part], strict=True))
        for name, address, send in ways:
            print(f"{name:<30} {clients:>2} clients {drive(jobs, clients, address, send, pids[address])}")
    used = count * len(CLIENTS)
    for name, address, send in ways:
        race(slots[used : used + RACES], entries[used:], address, send, pids[address])
        print(f"{name:<30} races with two in one slot: {doubles(house, name)} of {RACES}")
    print(house.run("-c", SEARCH).stdout)
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))


DOUBLES = {
    "ours": "SELECT slot_id FROM outpatients_appointment WHERE state = 'booked'",
    "bare Django view, one insert": "SELECT slot FROM bench_bare",
    "none: select, then insert": "SELECT slot FROM bench_none",
}


def doubles(house: House, name: str) -> int:
    found = f"SELECT 1 FROM ({DOUBLES[name]}) taken (slot) GROUP BY slot HAVING count(*) > 1"
    number: int = house.ask(f"SELECT count(*) FROM ({found}) twice")
    return number


def serve_bare(house: House) -> str:
    """The address of the bare view, in a process of its own."""
    from bench import bare_booking

    with house.connect() as link:
        link.execute(bare_booking.TABLES)
    port = free_port()
    os.environ |= {"BENCH_SOCKETS": str(house.server.sockets), "BENCH_USER": postgres.OWNER}
    serve = ["-m", "uvicorn", "bench.bare_booking:application", "--port", str(port)]
    house.begin("bare", *serve, "--log-level", "warning")
    wait_for(lambda: listens(port), seconds=20, what="the bare view to listen")
    return f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    main()
