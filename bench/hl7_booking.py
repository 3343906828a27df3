"""Bookings by HL7 v2 over MLLP, beside two other parsers of what is sent and the plain action of the desk.

One run on one machine. MLLP: the real listener, senders with a connection each that wait for every answer, as
the protocol wants; messages of one sender are taken one after the other, so four senders share eight
connections. Processor time is that of the listener alone, PostgreSQL and the senders left out.
Reading: what python-hl7 and hl7apy take to take one message apart, and what ours takes to know what it tells;
in this process, on one core. The action: booking.book in this process, without messages.

  python -m bench.hl7_booking [--bookings 150]
"""

import argparse
import itertools
import json
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any
from zoneinfo import ZoneInfo

from bench import processes
from bench.booking import Measured
from bench.fhir_booking import ACTION, parsing
from bench.hl7_department import MAPPING, SENDERS
from tests.faults.house import House, a_house, free_port, listens, wait_for
from tests.pas import ADA, siu

CONNECTIONS = (1, 8)
KNOWN = "M1^^^RWP^MR~9990548609^^^NHS^NH||Brown^Ada^Jane||19700301"
PREPARE = """
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from bench.hl7_department import prepare
print(json.dumps(prepare({count})))
"""
NUMBERS = itertools.count(1)


def message(slot: dict[str, Any], facility: str) -> bytes:
    """What a sender sends to book: SIU S12."""
    number, born_on = slot["nhs_number"], slot["born_on"].replace("-", "")
    name = f"{slot['family_name']}^{slot['given_names']}"
    person = f"X{number}^^^RWP^MR~{number}^^^NHS^NH||{name}||{born_on}"
    starts_at = datetime.fromisoformat(slot["start"])
    raw = siu(
        "S12",
        datetime.fromisoformat(slot["told_at"]),
        filler=f"A{next(NUMBERS)}",
        starts_at=starts_at,
        pid=ADA.replace(KNOWN, person),
    )
    return raw.replace(b"|PAS|RWP|", f"|PAS|{facility}|".encode(), 1)


class Connection:
    """One connection of a sender. Every block is waited for; anything but AA ends the bench."""

    def __init__(self, port: int, facility: str) -> None:
        self.link = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.facility = facility

    def send(self, slot: dict[str, Any]) -> None:
        self.link.sendall(b"\x0b" + message(slot, self.facility) + b"\x1c\r")
        said = b""
        while not said.endswith(b"\x1c\r"):
            part = self.link.recv(65536)
            if not part:
                raise SystemExit("The listener closed the connection.")
            said += part
        if b"MSA|AA|" not in said:
            raise SystemExit(f"A booking was answered: {said.decode()}")


def drive(slots: Sequence[dict[str, Any]], connections: int, port: int, pid: int) -> Measured:
    """Send a booking of every slot once, by so many connections."""
    waiting: SimpleQueue[dict[str, Any]] = SimpleQueue()
    for slot in slots:
        waiting.put(slot)
    times: list[float] = []

    def run(number: int) -> None:
        link = Connection(port, f"F{number % SENDERS}")
        while True:
            try:
                slot = waiting.get_nowait()
            except Empty:
                return
            asked = time.perf_counter()
            link.send(slot)
            times.append(time.perf_counter() - asked)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(connections)]
    cpu, began = processes.cpu_seconds(pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - began, processes.cpu_seconds(pid) - cpu
    return Measured(
        len(times), seconds, 1000 * statistics.quantiles(times, n=20)[18], 1000 * cpu / len(slots)
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--bookings", type=int, default=150, help="how many at each number of connections")
    count: int = asked.parse_args().bookings
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))
    with a_house(PREPARE.format(count=count * (len(CONNECTIONS) + 1))) as house:
        run(house, count)
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))


def run(house: House, count: int) -> None:
    slots = json.loads(house.ask("SELECT values::text FROM bench_hl7"))
    read(message(slots[0], "F0"))
    done = house.run(
        "-c", ACTION.replace("bench_fhir", "bench_hl7").replace('made["slots"]', "made"), "0", str(count)
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    wall, cpu = json.loads(done.stdout.splitlines()[-1])
    print(f"{'the action of the desk, no message':<44} {1000 / wall:7.1f} /s   processor {cpu:6.2f} ms each")
    port = free_port()
    listener = house.begin("mllp", "-m", "clearway", "mllp", "--port", str(port))
    wait_for(lambda: listens(port), seconds=20, what="the listener")
    for place, connections in enumerate(CONNECTIONS, start=1):
        mine = slots[place * count : (place + 1) * count]
        print(f"{f'by HL7, {connections} connections':<40} {drive(mine, connections, port, listener.pid)}")
    made = house.ask("SELECT count(*) FROM outpatients_appointment WHERE state = 'booked'")
    print(f"{made} of {count * (len(CONNECTIONS) + 1)} stand in the diary")


def read(raw: bytes) -> None:
    """What reading alone takes."""
    import hl7
    from hl7apy.parser import parse_message

    from clearway.interchange.hl7 import kinds, mapping, reading

    senders, zone = mapping.parse(MAPPING.format(number=0)), ZoneInfo("Europe/London")
    told = kinds.translate(reading.parse(raw, zone=zone), senders).told
    assert told is not None, "the bench would measure a refusal"
    readers: dict[str, Callable[[bytes], Any]] = {
        "python-hl7, taken apart": lambda said: hl7.parse(said.decode()),
        "hl7apy, taken apart": lambda said: parse_message(said.decode(), find_groups=False),
        "ours, with mapping, codes and times": lambda said: kinds.translate(
            reading.parse(said, zone=zone), senders
        ),
    }
    for name, reader in readers.items():
        spent = parsing(raw, reader, times=300)
        print(f"{f'reading alone, {name}':<52} processor {spent:6.3f} ms each")


if __name__ == "__main__":
    main()
