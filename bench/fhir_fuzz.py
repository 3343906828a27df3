"""The FHIR interface asked by its own description, as everybody who might ask.

Schemathesis makes requests from /fhir/R4/openapi.json, right ones and wrong ones, against a real web process:
without a key, with a wrong one, with that of another kind of source, of a source that is switched off, of
another trust, and with the right one. No answer is a server error or has a status, type or shape that the
description does not name. Needs the packages of the tests.

  python -m bench.fhir_fuzz [--examples 300] [--seed 1] [--coverage]
"""

import argparse
import json
import re
import subprocess
import sys
import time

from tests.faults.house import House, a_house

PREPARE = """
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from bench.fhir_department import prepare
made = prepare(28)
from datetime import UTC, datetime
from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import issue_key
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from django.db import connection
from tests.trust import a_trust
def key(name, trust, kind="fhir", **more):
    source = Source.objects.create(
        organisation=trust, name=name, kind=kind, expected_interval_seconds=86400, **more
    )
    return issue_key(source, by=Actor("bench"), at=datetime.now(UTC))
own = Organisation.objects.get(slug="bench")
keys = {
    "another kind of source": key("other-kind", own, "referrals"),
    "switched off": key("off", own, enabled=False),
    "another trust": key("other-trust", a_trust("elsewhere")),
}
with connection.cursor() as cursor:
    cursor.execute("UPDATE bench_fhir SET values = values || %s::jsonb", [json.dumps({"roles": keys})])
print(json.dumps(made))
"""
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
)
A_SECOND = 45  # requests: one source may ask 50 times a second


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--examples", type=int, default=30, help="of each operation with the right key")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--coverage", action="store_true", help="each limit of each element too: thousands")
    given = asked.parse_args()
    with a_house(PREPARE) as house:
        failed = run(house, given.examples, given.seed, given.coverage)
    sys.exit(1 if failed else 0)


def run(house: House, examples: int, seed: int, coverage: bool) -> int:
    """Ask as everybody; how many roles met a fault."""
    made = json.loads(house.ask("SELECT values::text FROM bench_fhir"))
    roles = {"no key": "", "a wrong key": "wrong", **made["roles"], "the right key": made["key"]}
    address, failed = house.serve("web"), 0
    for name, key in roles.items():
        many = examples if key in (made["key"], made["roles"]["another trust"]) else max(1, examples // 10)
        began = time.perf_counter()
        phases = "examples,coverage,fuzzing" if coverage and key == made["key"] else "examples,fuzzing"
        done = asked_as(address, key, many, seed, phases)
        failed += done.returncode != 0
        told = re.search(r"(\d+) generated", done.stdout)
        cases = told.group(1) if told else "?"
        word = "no fault" if done.returncode == 0 else "FAULTS"
        print(f"{name:<24} {cases:>6} cases  {time.perf_counter() - began:6.1f} s  {word}", flush=True)
        if done.returncode:
            print(done.stdout[-6000:], done.stderr[-1000:])
    return failed + account(house)


def asked_as(
    address: str, key: str, examples: int, seed: int, phases: str
) -> "subprocess.CompletedProcess[str]":
    """One run of Schemathesis."""
    options = ["--max-examples", str(examples), "--seed", str(seed), "--checks", ",".join(CHECKS)]
    options += ["--rate-limit", f"{A_SECOND}/s", "--no-color", "--phases", phases]
    options += ["--generation-database", "none"]
    options += ["--header", f"Authorization: Bearer {key}"] if key else []
    program = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command = [*program, "run", f"{address}/fhir/R4/openapi.json", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def account(house: House) -> int:
    """What was sent is applied, a duplicate or kept with its bytes: 1 where that does not add up."""
    sums = "sum(lines), sum(applied), sum(duplicate), sum(quarantined)"
    with house.connect() as link:
        row = link.execute(f"SELECT count(*), count(done_at), {sums} FROM core_batch").fetchone()
    assert row is not None
    stored, done, lines, applied, duplicate, kept = (int(each or 0) for each in row)
    print(
        f"stored {stored}, read {done}: applied {applied}, duplicate {duplicate}, kept and explained {kept}"
    )
    return int(not stored == done == lines == applied + duplicate + kept)


if __name__ == "__main__":
    main()
