"""What the key of a form costs (docs/adr/0115): bookings over HTTP with it and without, in turns in one run.

The real web process with the rights of the desks, one client that waits for each answer; processor time is
that of the web process alone. A second sending is answered from the key's row. Prints medians and ratios.

  python -m bench.forms [--bookings 200]
"""

import argparse
import json
import os
import statistics
import time

import httpx

from bench import processes
from bench.booking import PREPARE, ours
from tests.faults.house import House, a_house

BLOCK = 10  # bookings of one kind before the other has its turn
WARM = 20


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--bookings", type=int, default=200, help="how many of each kind")
    count: int = asked.parse_args().bookings
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))
    with a_house(PREPARE.replace("prepare()", f"prepare({2 * count + WARM}, 1)")) as house:
        run(house, count)
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))


def run(house: House, count: int) -> None:
    made = json.loads(house.ask("SELECT values::text FROM bench_prepared"))
    jobs = list(zip(made["slots"], made["entries"], strict=False))
    web = house.serve("web")
    pid = house.processes["web"].pid
    ways = {"with": ours(house.cookie, web), "without": ours(house.cookie, web, is_keyed=False)}
    waits: dict[str, list[float]] = {name: [] for name in ways}
    spent = dict.fromkeys(ways, 0.0)
    with httpx.Client(base_url=web, timeout=60) as http:
        for place in range(WARM):
            ways[("with", "without")[place % 2]](http, *jobs.pop())
        for _ in range(count // BLOCK):
            for name, send in ways.items():
                cpu = processes.cpu_seconds(pid)
                for _ in range(BLOCK):
                    began = time.perf_counter()
                    if not send(http, *jobs.pop()):
                        raise SystemExit("A free slot was not booked.")
                    waits[name].append(1000 * (time.perf_counter() - began))
                spent[name] += processes.cpu_seconds(pid) - cpu
    for name, taken in waits.items():
        print(
            f"{name:<8} median {statistics.median(taken):6.1f} ms   processor"
            f" {1000 * spent[name] / len(taken):6.2f} ms each"
        )
    medians = [statistics.median(waits[name]) for name in ways]
    print(f"ratio    median {medians[0] / medians[1]:.2f}   processor {spent['with'] / spent['without']:.2f}")


if __name__ == "__main__":
    main()
