"""Bookings by FHIR over HTTP, beside the bare parsing of what is sent and the plain action of the desk.

One run on one machine. HTTP: the real web process, clients that wait for each answer, forty keys in turn,
since one source may ask 50 times a second; processor time is that of the web process alone, PostgreSQL and
the clients left out.
Parsing: what fhir.resources takes to read one Appointment from JSON, where it is installed, and what json and
our own check take; in this process, on one core. The action: booking.book in this process, without HTTP.

  python -m bench.fhir_booking [--bookings 150]
"""

import argparse
import json
import os
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from bench.booking import drive
from tests.faults.house import House, a_house

CLIENTS = (1, 8)
RACES, RACERS = 10, 16
PREPARE = """
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from bench.fhir_department import prepare
print(json.dumps(prepare({count}, {sources})))
"""
ACTION = """
import json, sys, time
import django
django.setup()
from datetime import UTC, datetime
from django.db import connection
from clearway.core.audit.actions import Actor
from clearway.desks.outpatients.booking import actions
with connection.cursor() as cursor:
    cursor.execute("SELECT values FROM bench_fhir")
    made = cursor.fetchone()[0]
made = json.loads(made) if isinstance(made, str) else made
from clearway.core.organisation.models import Organisation
trust = Organisation.objects.get(slug="bench")
jobs = made["slots"][int(sys.argv[1]):int(sys.argv[2])]
wall, cpu = time.perf_counter(), time.process_time()
for each in jobs:
    actions.book(int(each["id"]), each["entry"], organisation_id=trust.pk, by=Actor("bench"),
        at=datetime.now(UTC))
spent = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps([1000 * each / len(jobs) for each in spent]))
"""


def body(slot: dict[str, Any]) -> dict[str, Any]:
    """What a sender sends to book."""
    actor = {"reference": f"Patient/{slot['patient']}", "type": "Patient"}
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "start": slot["start"],
        "end": slot["end"],
        "slot": [{"reference": f"Slot/{slot['id']}"}],
        "participant": [{"actor": actor, "status": "accepted"}],
    }


def parsing(raw: bytes, read: Callable[[bytes], Any], times: int = 2000) -> float:
    """Milliseconds of processor for reading one."""
    read(raw)
    began = time.process_time()
    for _ in range(times):
        read(raw)
    return 1000 * (time.process_time() - began) / times


def sender(slots: Sequence[dict[str, Any]], keys: Sequence[str]) -> Callable[[httpx.Client, int, int], bool]:
    """Books slot number so and so for the patient of slot number so and so."""

    def send(http: httpx.Client, slot: int, patient: int) -> bool:
        said = body({**slots[slot], "patient": slots[patient]["patient"]})
        headers = {
            "Authorization": f"Bearer {keys[patient % len(keys)]}",
            "Content-Type": "application/fhir+json",
            "X-Request-Id": str(uuid.uuid4()),
        }
        answer = http.post("/fhir/R4/Appointment", content=json.dumps(said).encode(), headers=headers)
        if answer.status_code not in (201, 409):
            raise SystemExit(f"A booking was answered with {answer.status_code}: {answer.text[:300]}")
        return answer.status_code == 201

    return send


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--bookings", type=int, default=150, help="how many at each number of clients")
    count: int = asked.parse_args().bookings
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))
    whole = count * (len(CLIENTS) + 1) + RACES * RACERS
    with a_house(PREPARE.format(count=whole, sources=40)) as house:
        run(house, count)
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))


def run(house: House, count: int) -> None:
    made = json.loads(house.ask("SELECT values::text FROM bench_fhir"))
    slots = made["slots"]
    parse(json.dumps(body(slots[0])).encode())
    done = house.run("-c", ACTION, "0", str(count))
    if done.returncode:
        raise SystemExit(done.stderr)
    wall, cpu = json.loads(done.stdout.splitlines()[-1])
    print(f"{'the action of the desk, no HTTP':<44} {1000 / wall:7.1f} /s   processor {cpu:6.2f} ms each")
    web, send = house.serve("web"), sender(slots, made["keys"])
    pid = house.processes["web"].pid
    for place, clients in enumerate(CLIENTS, start=1):
        jobs = [(number, number) for number in range(place * count, (place + 1) * count)]
        print(f"{f'by FHIR, {clients} clients':<40} {drive(jobs, clients, web, send, pid)}")
    first = count * (len(CLIENTS) + 1)
    won = 0
    for race in range(RACES):
        mine = [(first + race, first + race * RACERS + each) for each in range(RACERS)]
        won += drive(mine, RACERS, web, send, pid).made
    twice = (
        "SELECT slot_id FROM outpatients_appointment WHERE state = 'booked' GROUP BY 1 HAVING count(*) > 1"
    )
    doubles = house.ask(f"SELECT count(*) FROM ({twice}) twice")
    print(f"{RACES} slots, {RACERS} at once for each: {won} booked, {doubles} twice")


def parse(raw: bytes) -> None:
    """What reading alone takes."""
    from clearway.interchange.fhir import appointment, checking

    ours = parsing(raw, lambda said: appointment.read(checking.check(checking.parse(said), "Appointment")))
    print(f"{'reading alone, json':<44} {'':>10}   processor {parsing(raw, json.loads):6.3f} ms each")
    print(f"{'reading alone, ours with every check':<44} {'':>10}   processor {ours:6.3f} ms each")
    try:
        from fhir.resources.R4B.appointment import Appointment
    except ImportError:
        print("fhir.resources is not installed")
        return
    theirs = parsing(raw, Appointment.model_validate_json)
    print(f"{'reading alone, fhir.resources':<44} {'':>10}   processor {theirs:6.3f} ms each")


if __name__ == "__main__":
    main()
