"""What each board weighs and costs: bytes plain and packed, time to answer, CPU of the web process.

A region of the size of the South West at a busy hour: 500 vehicles, 220 open jobs.

  python -m bench.pages
"""

import gzip
import statistics
import time

import httpx

from bench import england, live, processes
from tests.faults.house import House, a_house

PAGES = ("/", "/handovers/", "/wallboard/", "/resources/", "/map/", "/quality/", "/feeds/")
TIMES = 15


def weigh(client: httpx.Client, page: str, pid: int) -> str:
    answer = client.get(page)
    if answer.status_code != 200:
        return f"{page:<14} answers {answer.status_code}"
    waits, before = [], processes.cpu_seconds(pid)
    for _ in range(TIMES):
        asked = time.perf_counter()
        client.get(page)
        waits.append(time.perf_counter() - asked)
    cpu = (processes.cpu_seconds(pid) - before) / TIMES
    plain, packed = len(answer.content), len(gzip.compress(answer.content, 6))
    sent = answer.headers.get("content-encoding", "as it is")
    return (
        f"{page:<14} {plain / 1000:8.1f} kB, {packed / 1000:6.1f} kB gzip (sent {sent})"
        f"   median {1000 * statistics.median(waits):6.1f} ms   CPU {1000 * cpu:6.1f} ms"
    )


def main() -> None:
    with a_house(england.PREPARE) as house:
        load = live.Load(house.serve("ingest"), list(england.regions(1)), 3)
        house.work("worker-inbox", "inbox")
        live.fill(house, load)
        house.work("worker-boards", "boards")
        house.work("worker-rules", "rules")
        web = house.serve("web")
        report(house, web)


def report(house: House, web: str) -> None:
    pid = house.processes["web"].pid
    with httpx.Client(base_url=web, cookies={"sessionid": house.cookie}, timeout=30) as client:
        for page in PAGES:
            print(weigh(client, page, pid))
    for name, process in house.processes.items():
        print(f"memory of {name:<14} {processes.memory_mb(process.pid):5.0f} MB")


if __name__ == "__main__":
    main()
