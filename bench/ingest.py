"""Messages a second from stored bytes to boards, beside a bare batched upsert and a bare COPY.

Ours: read, deduplicate, append facts, fold, write projections, audit, announce; one worker. The baselines
only write rows on the same server in the same run. Flushing to disk is on, as in production.

With --http the batches are posted by eight clients to a real ingest process, at 1, 10, 100 and 1,000 lines a
batch, and a real worker reads them; "stored" is the rate of acknowledgement, "read" that to the last fact.

  python -m bench.ingest [--events 40000] [--positions 200000] [--batch 500] [--http]
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import region

STEPS = ("allocated", "mobile", "at_scene", "left_scene", "at_hospital", "handover", "clear")
START = datetime(2026, 11, 20, tzinfo=UTC)


def statuses(count: int) -> Iterator[dict[str, object]]:
    """Statuses of many crews in the order in which a control room would send them."""
    jobs = count // len(STEPS) + 1
    timeline = sorted(
        (START + timedelta(seconds=3 * number + 600 * place), number, step)
        for number in range(jobs)
        for place, step in enumerate(STEPS)
    )
    for at, number, step in timeline[:count]:
        yield {
            "type": "job",
            "message_id": f"{number}-{step}",
            "occurred_at": at.isoformat(),
            "incident": str(number),
            "call_sign": f"C{number % 4000}",
            "status": step,
            "destination": "RK950",
            "category": "C2",
            "kind": "DCA",
        }


def positions(count: int) -> Iterator[dict[str, object]]:
    """Positions of 5,000 vehicles, each every ten seconds."""
    for number in range(count):
        yield {
            "call_sign": f"C{number % 5000}",
            "occurred_at": (START + timedelta(seconds=10 * (number // 5000))).isoformat(),
            "latitude": 50.2 + (number * 7 % 1700) / 1000,
            "longitude": -5.0 + (number * 13 % 3200) / 1000,
            "speed_kmh": 40.0,
        }


def batches(rows: Iterator[dict[str, object]], size: int) -> Iterator[bytes]:
    lines = [json.dumps(row).encode() for row in rows]
    for start in range(0, len(lines), size):
        yield b"\n".join(lines[start : start + size])


def rate(count: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def ours(source: Any, bodies: list[bytes]) -> Callable[[], None]:
    from clearway.core.feeds.actions import store
    from clearway.gateway import inbox

    def work() -> None:
        for body in bodies:
            store(source, body, at=datetime.now(UTC))
        while inbox.process(lambda: datetime.now(UTC)):
            pass

    return work


def bare_upsert(count: int, size: int) -> Callable[[], None]:
    from django.db import connection

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bare (key text PRIMARY KEY, at timestamptz, a float8, b float8)")
            for start in range(0, count, size):
                keys = [f"C{number % 5000}" for number in range(start, min(start + size, count))]
                cursor.execute(
                    "INSERT INTO bare SELECT unnest(%s::text[]), %s, 1, 2"
                    " ON CONFLICT (key) DO UPDATE SET at = excluded.at, a = excluded.a, b = excluded.b",
                    [list(dict.fromkeys(keys)), START],
                )
            cursor.execute("DROP TABLE bare")

    return work


def bare_copy(rows: list[dict[str, object]], size: int) -> Callable[[], None]:
    from django.db import connection

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bare (at timestamptz, key text, body text)")
            for start in range(0, len(rows), size):
                with cursor.copy("COPY bare FROM STDIN") as copy:
                    for row in rows[start : start + size]:
                        copy.write_row((row["occurred_at"], row["call_sign"], "x" * 120))
            cursor.execute("DROP TABLE bare")

    return work


def over_http() -> None:
    """The same messages through the front door."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    from bench import england
    from tests.faults.house import KEY, a_house, wait_for

    with a_house(england.PREPARE) as house:
        address = house.serve("ingest")
        house.work("worker-inbox", "inbox")
        client = httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
        for region, size in enumerate((1, 10, 100, 1000)):
            for kind, rows in (("cad", statuses), ("positions", positions)):
                count = min(2_000 * size, 40_000 if kind == "cad" else 200_000)
                bodies = list(batches(rows(count), size))
                to = f"{address}/feeds/{kind}/{kind}-{region}"
                begun = time.perf_counter()
                with ThreadPoolExecutor(8) as pool:
                    for answer in pool.map(lambda body, to=to: client.post(to, content=body), bodies):
                        answer.raise_for_status()
                stored = time.perf_counter() - begun
                wait_for(lambda: not england.waiting(house), seconds=120, what="the inbox to be empty")
                read = time.perf_counter() - begun
                print(
                    f"{kind:<10} {size:>5} a batch   stored {count / stored:>9,.0f}/s"
                    f" ({len(bodies) / stored:,.0f} batches/s)   read {count / read:>9,.0f}/s"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--positions", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--http", action="store_true")
    wanted = parser.parse_args()
    if wanted.http:
        over_http()
        return
    with region.fresh() as organisation:
        for kind, count, rows in (
            ("cad", wanted.events, statuses(wanted.events)),
            ("positions", wanted.positions, positions(wanted.positions)),
        ):
            source = organisation.sources.get(kind=kind)
            listed = list(rows)
            mine = rate(count, ours(source, list(batches(iter(listed), wanted.batch))))
            upsert = rate(count, bare_upsert(count, wanted.batch))
            copy = rate(count, bare_copy(listed, wanted.batch))
            print(
                f"{kind:<10} ours {mine:>9,.0f}/s   upsert {upsert:>9,.0f}/s ({mine / upsert:.1%})"
                f"   COPY {copy:>9,.0f}/s ({mine / copy:.1%})"
            )


if __name__ == "__main__":
    main()
