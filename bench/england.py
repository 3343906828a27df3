"""All of England's ambulances on one machine: ten regions on one server, real processes, a day's load.

26,000 incidents a day (AACE: 8.8 million a year, and a busy day) make about 3 job events a second with peaks
of 6; 5,000 vehicles report where they are every 10 seconds. Each of the ten regions has the South West's
sites, a tenth of the vehicles and a tenth of the incidents.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults.house import House

REGIONS = 10
VEHICLES = 500  # of each region
OPEN_JOBS = 220  # of each region at once: 2,600 incidents a day, 1.25 vehicles each, about 100 minutes
STEPS = ("allocated", "mobile", "at_scene", "left_scene", "at_hospital", "handover", "clear")
HOSPITALS = (
    *("RA430", "RA701", "RA723", "RA7C2", "RA901", "RBA11", "RBD01", "RBZ12", "RD130"),
    *("RD304", "RDZ20", "REF12", "RH801", "RK950", "RN325", "RNZ02", "RTE01", "RVJ01"),
)

PREPARE = f"""
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from dataclasses import replace
from datetime import UTC, datetime
from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import key_hash
from clearway.core.feeds.models import Source
from clearway.core.organisation.actions import load_region
from clearway.desks.ambulance import housekeeping
from clearway.interchange.region_pack import parse
from tests.faults.house import KEY
from tests.trust import signed_in, somebody
pack, cookies = parse(find("south-west")), []
for number in range({REGIONS}):
    sources = tuple(replace(each, name=f"{{each.kind}}-{{number}}") for each in pack.sources)
    region = replace(pack, slug=f"region-{{number}}", organisation_code=f"R{{number}}", sources=sources)
    organisation = load_region(region, by=Actor("bench"), at=datetime.now(UTC))
    person = somebody(f"pfc-{{number}}", "patient_flow_coordinator", organisation)
    cookies.append(signed_in(person).cookies["sessionid"].value)
Source.objects.update(key_hash=key_hash(KEY))
housekeeping.make_partitions(datetime.now(UTC))
print(json.dumps({{"cookies": cookies}}))
"""


def call_sign(vehicle: int) -> str:
    return f"A{vehicle:03}"


def encoded(rows: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


class Region:
    """What happens in one region: vehicles on shift, jobs in every state, and what comes next."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.number = number
        self.chance = chance
        self.jobs: list[tuple[int, int, int]] = []  # number of the job, vehicle, next step
        self.count = 0
        self.here = [(chance.uniform(50.2, 51.9), chance.uniform(-5.0, -1.8)) for _ in range(VEHICLES)]

    def beginning(self, at: datetime) -> list[dict[str, Any]]:
        """Every vehicle on shift, and the open jobs with what happened to them so far."""
        events = [
            {
                "type": "availability",
                "message_id": f"shift-{name}",
                "occurred_at": (at - timedelta(hours=2)).isoformat(),
                "call_sign": name,
                "status": "available",
                "kind": "DCA",
                "shift_end": (at + timedelta(hours=8)).isoformat(),
            }
            for name in [*map(call_sign, range(VEHICLES)), f"MARK{self.number}"]
        ]
        for vehicle in range(OPEN_JOBS):
            job, reached = self._begin(vehicle), self.chance.randrange(1, len(STEPS) - 1)
            began = at - timedelta(minutes=12 * reached + self.chance.uniform(0, 10))
            for step in range(reached):
                events.append(self._event(job, vehicle, step, began + timedelta(minutes=12 * step)))
            self.jobs.append((job, vehicle, reached))
        return events

    def next_event(self, at: datetime) -> dict[str, Any]:
        """The next status of some job; a finished one makes room for another."""
        place = self.chance.randrange(len(self.jobs))
        job, vehicle, step = self.jobs[place]
        if step == len(STEPS):
            job, step = self._begin(vehicle), 0
        self.jobs[place] = (job, vehicle, step + 1)
        return self._event(job, vehicle, step, at)

    def positions(self, vehicles: range, at: datetime) -> list[dict[str, Any]]:
        """Where these vehicles are now, some 70 metres from where they were."""
        rows = []
        for vehicle in vehicles:
            latitude, longitude = self.here[vehicle]
            moved = (latitude + self.chance.gauss(0, 0.0005), longitude + self.chance.gauss(0, 0.0005))
            self.here[vehicle] = moved
            rows.append(
                {
                    "call_sign": call_sign(vehicle),
                    "occurred_at": at.isoformat(),
                    "latitude": moved[0],
                    "longitude": moved[1],
                }
            )
        return rows

    def _begin(self, vehicle: int) -> int:
        self.count += 1
        return self.count

    def _event(self, job: int, vehicle: int, step: int, at: datetime) -> dict[str, Any]:
        return {
            "type": "job",
            "message_id": f"{job}-{STEPS[step]}",
            "occurred_at": at.isoformat(),
            "incident": str(job),
            "call_sign": call_sign(vehicle),
            "status": STEPS[step],
            "destination": HOSPITALS[vehicle % len(HOSPITALS)],
            "category": "C2",
            "kind": "DCA",
        }


def marker(region: int, number: int, at: datetime) -> dict[str, Any]:
    """A status of a vehicle of its own, whose row therefore changes for this reason alone."""
    job, step = divmod(number, len(STEPS))
    return {
        "type": "job",
        "message_id": f"marker-{number}",
        "occurred_at": at.isoformat(),
        "incident": f"marker-{job}",
        "call_sign": f"MARK{region}",
        "status": STEPS[step],
        "kind": "DCA",
    }


def now() -> datetime:
    return datetime.now(UTC)


def regions(seed: int) -> Iterator[Region]:
    for number in range(REGIONS):
        yield Region(number, random.Random(seed * 100 + number))


def waiting(house: House) -> int:
    return int(house.ask("SELECT count(*) FROM core_batch WHERE done_at IS NULL"))
