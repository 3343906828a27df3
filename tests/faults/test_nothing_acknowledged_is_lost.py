"""Processes are killed at random moments under load; every acknowledged message takes effect exactly once."""

import itertools
import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests import sizes
from tests.faults.house import House, lines, wait_for

STEPS = ("allocated", "mobile", "at_scene", "left_scene", "at_hospital", "handover", "clear")
KILLS = sizes.of("R1", "kills while messages come")
VICTIMS = ("worker", "ingest", "postgres")


def statuses(crew: str, chance: random.Random) -> Iterator[list[dict[str, object]]]:
    """Batches of one crew's jobs without end, 1 to 12 messages each, every tenth one damaged."""
    began = datetime.now(UTC) - timedelta(days=1)
    for number in itertools.count():
        job: list[dict[str, object]] = [
            {
                "type": "job",
                "message_id": f"{crew}-{number}-{step}",
                "occurred_at": (began + timedelta(seconds=60 * number + 5 * place)).isoformat(),
                "incident": f"{crew}-{number}",
                "call_sign": crew,
                "status": step,
                "destination": "TVH01",
            }
            for place, step in enumerate(STEPS)
        ]
        if chance.random() < 0.1:
            job.append({"type": "job", "message_id": f"{crew}-{number}-damaged"})
        chance.shuffle(job)
        cut = chance.randrange(1, len(job))
        yield job[:cut]
        yield job[cut:]


def positions(crews: list[str], chance: random.Random) -> Iterator[list[dict[str, object]]]:
    """Batches of positions without end: one of every crew, a second later each time."""
    began = datetime.now(UTC) - timedelta(days=1)
    for number in itertools.count():
        yield [
            {
                "call_sign": crew,
                "occurred_at": (began + timedelta(seconds=number)).isoformat(),
                "latitude": 51 + chance.random(),
                "longitude": -2 + chance.random(),
            }
            for crew in crews
        ]


@dataclass
class Sender:
    """A source that sends each batch again until it is acknowledged, and some again, and keeps a journal."""

    address: str
    headers: httpx.Headers
    batches: Iterator[list[dict[str, object]]]
    chance: random.Random
    acknowledged: list[list[dict[str, object]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    unanswered: int = 0

    def send_until(self, stop: threading.Event) -> None:
        with httpx.Client(headers=self.headers, timeout=5) as client:
            for batch in itertools.takewhile(lambda _: not stop.is_set(), self.batches):
                self._deliver(client, batch)
                self.acknowledged.append(batch)
                if self.chance.random() < 0.1:
                    self._deliver(client, self.chance.choice(self.acknowledged))
                time.sleep(0.01)

    def _deliver(self, client: httpx.Client, batch: list[dict[str, object]]) -> None:
        while True:
            try:
                answer = client.post(self.address, content=lines(batch))
            except httpx.HTTPError:
                self.unanswered += 1
            else:
                self.answers.append(answer.status_code)
                if answer.status_code == 202:
                    return
            time.sleep(0.05)

    def messages(self) -> set[str]:
        """The key of every acknowledged message that can be read."""
        return {
            str(message["message_id"])
            for batch in self.acknowledged
            for message in batch
            if "damaged" not in str(message["message_id"])
        }


@pytest.mark.promise("R1")
@pytest.mark.promise("R5")
@pytest.mark.promise("R6")
def test_every_acknowledged_message_takes_effect_once_whatever_is_killed(
    house: House, chance: random.Random
) -> None:
    address = house.serve("ingest")
    house.work("worker-1", "inbox")
    house.work("worker-2", "inbox")
    as_cad, as_avl = house.add_source("kills-cad", "cad"), house.add_source("kills-avl", "positions")
    crews = ["K1", "K2", "K3"]
    senders = [
        Sender(f"{address}/feeds/cad/kills-cad", as_cad, statuses(crew, seeded), seeded)
        for crew in crews
        for seeded in [random.Random(chance.random())]
    ]
    seeded = random.Random(chance.random())
    avl = Sender(f"{address}/feeds/positions/kills-avl", as_avl, positions(crews, seeded), seeded)
    stop = threading.Event()
    threads = [
        threading.Thread(target=sender.send_until, args=(stop,), daemon=True) for sender in [*senders, avl]
    ]
    for thread in threads:
        thread.start()

    kill_at_random(house, chance)
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()
    wait_for(lambda: house.ask(WAITING) == 0, seconds=40, what="the inbox to be empty")

    sent = set().union(*(sender.messages() for sender in senders))
    print(f"{len(sent)} messages; {sum(sender.unanswered for sender in senders)} requests without an answer")
    assert len(sent) > 100
    assert facts(house) == sorted(sent)
    assert house.ask(ACCOUNT, "kills-cad") == 0
    assert house.ask(APPLIED, "kills-cad") == house.ask(AUDITED, "source:kills-cad") == len(sent)
    seen = {(each["call_sign"], each["occurred_at"]) for batch in avl.acknowledged for each in batch}
    assert house.ask("SELECT count(*) FROM ambulance_position WHERE source = 'kills-avl'") == len(seen)
    assert house.ask(APPLIED, "kills-avl") == len(seen)
    verified = house.run("-m", "clearway", "verify", "facts", "--json")
    assert json.loads(verified.stdout)["differences"] == []
    assert "deadlock detected" not in house.server.log.read_text()


WAITING = "SELECT count(*) FROM core_batch WHERE done_at IS NULL"
ACCOUNT = (
    "SELECT sum(lines) - sum(applied) - sum(duplicate) - sum(quarantined)"
    " FROM core_batch JOIN core_source s ON s.id = source_id WHERE s.name = %s"
)
APPLIED = "SELECT sum(applied) FROM core_batch JOIN core_source s ON s.id = source_id WHERE s.name = %s"
AUDITED = (
    "SELECT sum((detail->>'applied')::int) FROM core_action WHERE verb = 'facts.record' AND subject = %s"
)


def kill_at_random(house: House, chance: random.Random) -> None:
    """Kill a worker, the ingest process or PostgreSQL, each several times, and start it again."""
    victims = [VICTIMS[place % len(VICTIMS)] for place in range(KILLS)]
    chance.shuffle(victims)
    for victim in victims:
        time.sleep(chance.uniform(0.1, 0.9))
        if victim == "postgres":
            house.kill_database()
        elif victim == "ingest":
            house.kill("ingest")
            house.serve("ingest")
        else:
            name = chance.choice(["worker-1", "worker-2"])
            house.kill(name)
            house.work(name, "inbox")


def facts(house: House) -> list[str]:
    with house.connect() as link:
        rows = link.execute("SELECT message_id FROM ambulance_fact WHERE source = 'kills-cad' ORDER BY 1")
        return sorted(row[0] for row in rows)
