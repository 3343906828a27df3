"""Advice over HTTP from a running Clearway: how long POST /api/v1/advice takes, one request after the other.

    python -m bench.advice_http http://127.0.0.1:8000 KEY [--seed 1] [--requests 300]

KEY is a source's bearer key (clearway source key NAME). Every request reads the whole situation, makes the
forecast, ranks, explains and writes its audit row.
"""

import argparse
import json
import random
import time
import urllib.request


def ask(address: str, key: str, body: dict[str, object]) -> tuple[float, dict[str, object]]:
    """Milliseconds of one request, and what it answered."""
    request = urllib.request.Request(
        f"{address}/api/v1/advice",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as answer:
        said = json.loads(answer.read())
    return (time.perf_counter() - began) * 1000, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("key")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=300)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    took, verdicts = [], {}
    for _ in range(given.requests + 10):
        body: dict[str, object] = {
            "latitude": chance.uniform(50.3, 51.6),
            "longitude": chance.uniform(-4.5, -2),
            "age": chance.randrange(95),
            "news2": chance.randrange(9),
        }
        milliseconds, said = ask(given.address, given.key, body)
        took.append(milliseconds)
        verdicts[said["verdict"]] = verdicts.get(said["verdict"], 0) + 1
    took = sorted(took[10:])
    print(f"{len(took)} requests, seed {given.seed}, verdicts {verdicts}")
    print(
        f"p50 {took[len(took) // 2]:.1f} ms, p95 {took[int(len(took) * 0.95)]:.1f} ms,"
        f" p99 {took[int(len(took) * 0.99)]:.1f} ms"
    )


if __name__ == "__main__":
    main()
