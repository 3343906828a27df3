"""What the policies for rows cost (docs/adr/0109): pages over HTTP with them and without, in one run.

The real web process with the rights of the desks, on a waiting list of 20,000. Each page must be the same
with and without. Prints medians and their ratio.

  python -m bench.own_rows
"""

import os
import statistics
import time

import httpx
import psycopg

from bench import lists_over_http
from clearway.config import postgres
from clearway.config.database import DATABASE
from tests.faults.house import a_house

ENTRIES, TURNS, TIMES = 20_000, 5, 4
PREPARE = lists_over_http.PREPARE.replace("ENTRIES}", f"{ENTRIES}}}").replace("ENTRIES, FILL", "FILL")
PAGES = (
    "/outpatients/",
    "/outpatients/list/",
    "/outpatients/list/?page=200",
    "/outpatients/list/?need=interpreter",
    "/outpatients/list/?breached=on",
    "/outpatients/patients/?q=family1",
    "/outpatients/patients/1000/",
    "/outpatients/referrals/",
    "/outpatients/outbox/",
)


def main() -> None:
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))
    with a_house(PREPARE) as house:
        address = house.serve("web")
        link = {"host": str(house.server.sockets), "user": postgres.OWNER, "dbname": DATABASE}
        with (
            psycopg.connect(**link, autocommit=True) as owner,  # type: ignore[arg-type]
            httpx.Client(base_url=address, cookies={"sessionid": house.cookie}, timeout=60) as web,
        ):
            tables = fenced(owner)
            print(f"{len(tables)} tables with a policy, waiting list of {ENTRIES}")
            for page in PAGES:
                compare(owner, tables, web, page)
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))


def fenced(owner: "psycopg.Connection[tuple[str]]") -> list[str]:
    """The tables with a policy."""
    found = owner.execute("SELECT tablename FROM pg_policies WHERE policyname = 'own_rows'")
    return [table for (table,) in found]


def compare(owner: "psycopg.Connection[tuple[str]]", tables: list[str], web: httpx.Client, page: str) -> None:
    """Ask for a page in turns, with policies and without."""
    waits: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
    sizes = set()
    for _ in range(TURNS):
        for way, taken in waits.items():
            owner.execute(";".join(f"ALTER TABLE {each} {way} ROW LEVEL SECURITY" for each in tables))
            web.get(page).raise_for_status()
            for _ in range(TIMES):
                began = time.perf_counter()
                answer = web.get(page)
                taken.append(1000 * (time.perf_counter() - began))
                sizes.add(len(answer.text.splitlines()))
    owner.execute(";".join(f"ALTER TABLE {each} ENABLE ROW LEVEL SECURITY" for each in tables))
    fenced_ms, bare_ms = (statistics.median(waits[way]) for way in ("ENABLE", "DISABLE"))
    print(
        f"{page:<40} with {fenced_ms:7.1f} ms   without {bare_ms:7.1f} ms   ratio {fenced_ms / bare_ms:.2f}"
        f"   lines {' or '.join(map(str, sorted(sizes)))}"
    )


if __name__ == "__main__":
    main()
