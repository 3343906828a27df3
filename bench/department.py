"""How fast a simulated department lives: years of the whole pack a minute of processor time, by strategy.

python -m bench.department [--weeks 8]
"""

import argparse
import time
from datetime import UTC, datetime, timedelta

from clearway.config.regions import find
from clearway.interchange import department_pack, region_pack
from clearway.simulation.outpatients import parameters, policies
from clearway.simulation.outpatients.world import World

START, YEAR = datetime(2026, 3, 2, tzinfo=UTC), 52


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--weeks", type=int, default=8, help="that each department lives (default 8)")
    weeks: int = asked.parse_args().weeks
    pack = find("worcestershire")
    region = region_pack.parse(pack)
    department = department_pack.parse(pack, region)
    if department is None:
        raise SystemExit("The pack worcestershire has no outpatient desk.")
    behaves, plan = parameters.read(region.simulation, department), policies.plan_of(region)
    for name in (policies.NOBODY, policies.ONE, policies.ALL, policies.PLAN):
        began = time.process_time()
        world = World(department, behaves, policies.named(name, plan), 1, START)
        opened = time.process_time()
        world.advance(START + timedelta(weeks=weeks))
        seconds = time.process_time() - opened
        years = weeks / YEAR / (seconds / 60)
        print(
            f"{name:<14}{seconds:6.1f} s for {weeks} weeks, {years:5.2f} years a minute; begun in"
            f" {opened - began:.1f} s; {len(world.visits)} bookings, {len(world.freed)} freed"
        )


if __name__ == "__main__":
    main()
