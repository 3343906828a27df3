"""Clients that book over FHIR until they are answered, with journals that outlive them; and a bad network."""

import json
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.faults.house import House

# A department with free slots, somebody waiting for each, and one key for each client.
PREPARE = """
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from bench.fhir_department import prepare
print(json.dumps(prepare({count}, {clients})))
"""
NOT_YET = (202, 429, 500, 502, 503, 504)  # stored and not done, too fast, or somebody is away: ask again


def made(house: House) -> dict[str, Any]:
    """Slots and keys of the department."""
    found: dict[str, Any] = json.loads(house.ask("SELECT values::text FROM bench_fhir"))
    return found


def body(slot: dict[str, Any]) -> dict[str, Any]:
    actor = {"reference": f"Patient/{slot['patient']}", "type": "Patient"}
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "slot": [{"reference": f"Slot/{slot['id']}"}],
        "participant": [{"actor": actor, "status": "accepted"}],
    }


@dataclass
class Booker:
    """Books each slot for who waits for it, asks again until it is answered, and writes down what was said.

    journal  one line for each acknowledgement, on the disk before the next request leaves
    tries    requests that left; unanswered, those of them that nobody answered
    """

    address: str
    key: str
    jobs: list[dict[str, Any]]
    journal: Path
    chance: random.Random
    timeout: float = 10
    pause: float = 0.0
    tries: int = 0
    unanswered: int = 0
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        with self.journal.open("ab") as journal:
            for job in self.jobs:
                request = str(uuid.UUID(int=self.chance.getrandbits(128)))
                answer = self.until_answered(body(job), request)
                if answer.status_code != 201:
                    self.wrong.append(f"{answer.status_code}: {answer.text[:300]}")
                    continue
                said = {"slot": int(job["id"]), "entry": job["entry"], "id": answer.json()["id"]}
                journal.write(json.dumps({**said, "request": request}).encode() + b"\n")
                journal.flush()
                os.fsync(journal.fileno())
                time.sleep(self.pause)

    def until_answered(self, sent: dict[str, Any], request: str) -> httpx.Response:
        """Ask under one key until there is a final answer."""
        end = time.monotonic() + 180
        while True:
            self.tries += 1
            try:
                answer = self.ask(sent, request)
            except httpx.HTTPError:
                self.unanswered += 1
            else:
                if answer.status_code not in NOT_YET:
                    return answer
            assert time.monotonic() < end, f"no answer in three minutes to {request}"
            time.sleep(self.chance.uniform(0.02, 0.2))

    def ask(self, sent: dict[str, Any], request: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", "X-Request-Id": request}
        headers["Content-Type"] = "application/fhir+json"
        where = f"{self.address}/fhir/R4/Appointment"
        return httpx.post(where, content=json.dumps(sent), headers=headers, timeout=self.timeout)


def bookers(
    house: House, address: str, jobs: list[dict[str, Any]], folder: Path, chance: random.Random, **more: Any
) -> list[Booker]:
    """One client for each key; every slot is booked by one of them."""
    keys = made(house)["keys"]
    return [
        Booker(
            address,
            key,
            jobs[place :: len(keys)],
            folder / f"journal-{place}",
            random.Random(chance.random()),
            **more,
        )
        for place, key in enumerate(keys)
    ]


@contextmanager
def running(clients: list[Booker]) -> Iterator[list[threading.Thread]]:
    threads = [threading.Thread(target=each.run, daemon=True) for each in clients]
    for each in threads:
        each.start()
    yield threads
    for each in threads:
        each.join(600)
        assert not each.is_alive(), "a client never came to its end"


def journals(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in folder.glob("journal-*") for line in file.read_text().splitlines()]


STANDING = "SELECT id, slot_id, entry_id FROM outpatients_appointment WHERE state = 'booked'"
# What every booking that stands must have beside it, and nothing that does not stand may have.
CHECKS = {
    "seats given twice": """
        SELECT count(*) FROM (SELECT 1 FROM outpatients_appointment WHERE state = 'booked'
        GROUP BY slot_id, seat HAVING count(*) > 1) AS twice""",
    "entries booked twice": """
        SELECT count(*) FROM (SELECT 1 FROM outpatients_appointment WHERE state = 'booked'
        GROUP BY entry_id HAVING count(*) > 1) AS twice""",
    "bookings without exactly one row of the audit": """
        SELECT count(*) FROM outpatients_appointment AS a WHERE state = 'booked' AND 1 <>
        (SELECT count(*) FROM core_action AS c
        WHERE verb = 'booking.book' AND c.subject = 'appointment:' || a.id)""",
    "rows of the audit without a booking": """
        SELECT count(*) FROM core_action AS c WHERE verb = 'booking.book' AND NOT EXISTS
        (SELECT 1 FROM outpatients_appointment AS a WHERE c.subject = 'appointment:' || a.id)""",
    "bookings whose entry still waits": """
        SELECT count(*) FROM outpatients_appointment AS a JOIN outpatients_entry AS e ON e.id = a.entry_id
        WHERE a.state = 'booked' AND e.state <> 'booked'""",
    "entries booked without a booking": """
        SELECT count(*) FROM outpatients_entry AS e WHERE state = 'booked' AND NOT EXISTS
        (SELECT 1 FROM outpatients_appointment AS a WHERE a.entry_id = e.id AND a.state = 'booked')""",
    "bookings without an offer": """
        SELECT count(*) FROM outpatients_appointment AS a WHERE state = 'booked' AND NOT EXISTS
        (SELECT 1 FROM outpatients_offer AS o WHERE o.entry_id = a.entry_id)""",
    "requests that were stored and not done": "SELECT count(*) FROM core_batch WHERE done_at IS NULL",
    "requests whose account does not add up": """
        SELECT count(*) FROM core_batch WHERE lines <> applied + duplicate + quarantined""",
}


def check(house: House, folder: Path) -> int:
    """Compare journals with the tables; how many bookings stand."""
    for what, query in CHECKS.items():
        assert house.ask(query) == 0, what
    with house.connect() as link:
        rows = link.execute(
            "SELECT id, slot_id, entry_id FROM outpatients_appointment WHERE state = 'booked'"
        )
        standing = {(str(key), slot, entry) for key, slot, entry in rows}
    said = {(str(each["id"]), each["slot"], each["entry"]) for each in journals(folder)}
    assert said <= standing, f"{len(said - standing)} acknowledged bookings are lost"
    return len(standing)


class BadNetwork:
    """A link on 127.0.0.1 that delays, and cuts: before a request arrives, or before its answer does.

    most  seconds of delay, at most; loss, share of the connections that are cut at either place
    """

    def __init__(self, port: int, chance: random.Random, most: float, loss: float) -> None:
        self.port, self.most, self.loss = port, most, loss
        self.chance, self.cut, self.down = chance, 0, threading.Event()
        self.here = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.here.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        self.here.close()

    def _listen(self) -> None:
        while True:
            try:
                link, _ = self.here.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(link,), daemon=True).start()

    def _carry(self, link: socket.socket) -> None:
        delay, fate = self.chance.uniform(0, self.most), self.chance.random()
        with link:
            time.sleep(delay)
            if self.down.is_set() or fate < self.loss / 2:
                self.cut += 1
                return
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=30) as there:
                    self._through(link, there, loses_answer=fate < self.loss)
            except OSError:
                self.cut += 1

    def _through(self, link: socket.socket, there: socket.socket, *, loses_answer: bool) -> None:
        """One request and its answer; the connection is closed after it."""
        there.sendall(_request(link))
        answer = b""
        while data := there.recv(65536):
            answer += data
        if loses_answer or self.down.is_set():
            self.cut += 1  # it was done there, and nobody here hears of it
            return
        link.sendall(answer)


def _request(link: socket.socket) -> bytes:
    """A whole request, asking to close the connection after its answer."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += _some(link)
    head, _, rest = raw.partition(b"\r\n\r\n")
    lines = [each for each in head.split(b"\r\n") if not each.lower().startswith(b"connection:")]
    length = next(int(each.split(b":")[1]) for each in lines if each.lower().startswith(b"content-length:"))
    while len(rest) < length:
        rest += _some(link)
    return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + rest


def _some(link: socket.socket) -> bytes:
    data = link.recv(65536)
    if not data:
        raise ConnectionResetError("the client went away")
    return data
