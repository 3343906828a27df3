"""Bookings while processes are killed and the network cuts: what was acknowledged stands, once and whole."""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import sizes
from tests.faults.bookers import PREPARE, BadNetwork, Booker, body, bookers, check, journals, made, running
from tests.faults.house import House, a_house, wait_for

CLIENTS = 4
FEW = 200  # from here on the bad network keeps its full delay
KILLED, RETRIED = sizes.of("R1", "bookings"), sizes.of("R18", "requests")
VICTIMS = ("web", "worker", "postgres")
PARTITION = sizes.of("R18", "seconds of partition")


@pytest.fixture(scope="module")
def _department() -> Iterator[House]:
    with a_house(PREPARE.format(count=KILLED + RETRIED, clients=CLIENTS)) as house:
        yield house


@pytest.fixture
def department(_department: House) -> Iterator[House]:
    yield _department
    _department.end_all()
    _department.tell()


@pytest.mark.promise("R1")
def test_every_acknowledged_booking_stands_whole_whatever_is_killed(
    department: House, tmp_path: Path, chance: random.Random
) -> None:
    house, address = department, department.serve("web")
    house.work("worker")
    kills = sizes.of("R1", "kills while bookings come")
    clients = bookers(house, address, made(house)["slots"][:KILLED], tmp_path, chance)
    victims = [VICTIMS[place % len(VICTIMS)] for place in range(kills)]
    chance.shuffle(victims)

    with running(clients):
        for number, victim in enumerate(victims):
            # Spread over the bookings, each at a random moment of its share.
            share = KILLED * number // kills
            wait_for(lambda share=share: len(journals(tmp_path)) >= share, seconds=180, what="bookings")
            time.sleep(chance.uniform(0, 0.3))
            if victim == "postgres":
                house.kill_database()
            else:
                house.kill(victim)
                house.serve("web") if victim == "web" else house.work("worker")

    assert [wrong for each in clients for wrong in each.wrong] == []
    print(f"{kills} kills, {sum(each.unanswered for each in clients)} requests without an answer")
    wait_for(
        lambda: house.ask("SELECT count(*) FROM core_batch WHERE done_at IS NULL") == 0,
        seconds=60,
        what="stored requests to be done",
    )
    assert len(journals(tmp_path)) == KILLED
    assert check(house, tmp_path) == KILLED
    verified = house.run("-m", "clearway", "verify", "audit", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.promise("R18")
def test_requests_that_are_cut_delayed_and_sent_again_have_one_effect(
    department: House, tmp_path: Path, chance: random.Random
) -> None:
    house = department
    house.serve("web")
    house.work("worker")
    before = house.ask("SELECT count(*) FROM outpatients_appointment WHERE state = 'booked'")
    delay = 0.5 if RETRIED >= FEW else 0.05
    network = BadNetwork(house.ports["web"], random.Random(chance.random()), delay, loss=0.05)
    jobs = made(house)["slots"][KILLED : KILLED + RETRIED]
    clients = bookers(house, network.address, jobs, tmp_path, chance)
    cut_off = threading.Timer(1, network.down.set)
    healed = threading.Timer(1 + PARTITION, network.down.clear)

    try:
        cut_off.start(), healed.start()
        with running(clients):
            pass
    finally:
        network.stop()

    tries = sum(each.tries for each in clients)
    print(f"{tries} requests for {RETRIED} bookings, {network.cut} cut")
    assert [wrong for each in clients for wrong in each.wrong] == []
    assert tries > RETRIED and network.cut > 0
    assert check(house, tmp_path) == before + RETRIED
    straight = f"http://127.0.0.1:{house.ports['web']}"
    _the_same_again_hears_the_same(clients, straight, tmp_path, jobs, chance)
    assert check(house, tmp_path) == before + RETRIED


def _the_same_again_hears_the_same(
    clients: list[Booker], address: str, folder: Path, jobs: list[dict[str, object]], chance: random.Random
) -> None:
    """In another order than before: under its own key the same answer, with another body a refusal."""
    slots = {int(str(job["id"])): job for job in jobs}
    for place, client in enumerate(clients):
        client.address = address
        said = [each for each in journals(folder) if each["slot"] in {int(job["id"]) for job in client.jobs}]
        for each in chance.sample(said, min(len(said), 5 + RETRIED // 20)):
            same = client.until_answered(body(slots[each["slot"]]), each["request"])
            assert (same.status_code, same.json()["id"]) == (201, each["id"])
            other = {**body(slots[each["slot"]]), "comment": f"another {place}"}
            refused = client.until_answered(other, each["request"])
            assert refused.status_code == 409, refused.text
