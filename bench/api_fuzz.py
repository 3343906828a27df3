"""The interfaces asked by their own descriptions, as everybody who might ask.

Schemathesis makes requests from /fhir/R4/openapi.json and /api/v1/openapi.json, right ones and wrong ones,
against real processes: without a key, with a wrong one, with that of every kind of source, of one that is
switched off, of another trust, and with the session of somebody who may see advice and of somebody who may
not. No answer is a server error or has a status, type or shape that the description does not name; nobody is
let in who may not ask; nothing wrong is taken. Needs the packages of the tests.

  python -m bench.api_fuzz [--examples 300] [--seed 1] [--coverage] [--only native]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass

from bench.api_hooks import CHECKS, unread
from clearway.interchange.api import DESCRIPTION, INGEST, OPERATIONS, WEB
from clearway.interchange.api_description import scheme_of
from tests.faults.house import House, a_house, wait_for

PREPARE = """
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from bench.fhir_department import prepare
made = prepare(28)
from bench.api_department import prepare
made["roles"] = prepare()
from django.db import connection
with connection.cursor() as cursor:
    more = json.dumps({"roles": made["roles"]})
    cursor.execute("UPDATE bench_fhir SET values = values || %s::jsonb", [more])
print(json.dumps(made))
"""
A_SECOND = 45  # requests: one source of FHIR may ask 50 times a second
FHIR, NATIVE = "fhir", "native"


@dataclass(frozen=True)
class Asker:
    """Somebody who asks. has  the security schemes of a description that they have; headers  what shows it"""

    name: str
    has: str
    headers: tuple[str, ...]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--examples", type=int, default=30, help="of each operation by who may ask")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument(
        "--coverage", action="store_true", help="each limit of each element of FHIR: thousands"
    )
    asked.add_argument("--only", choices=(FHIR, NATIVE))
    given = asked.parse_args()
    with a_house(PREPARE) as house:
        failed = 0
        if given.only != NATIVE:
            failed += run_fhir(house, given.examples, given.seed, given.coverage)
        if given.only != FHIR:
            failed += run_native(house, given.examples, given.seed)
    sys.exit(1 if failed else 0)


def run_fhir(house: House, examples: int, seed: int, coverage: bool) -> int:
    """Ask FHIR as everybody; how many askers met a fault, and whether the account does not add up."""
    address, failed = house.serve("web"), 0
    slots = json.loads(house.ask("SELECT (values -> 'slots')::text FROM bench_fhir"))
    os.environ["FUZZ_BOOKINGS"] = json.dumps([(each["id"], each["patient"]) for each in slots])
    for each in askers(house):
        may = each.name in ("fhir", "another trust")
        has = Asker(each.name, "key" if may else "", each.headers)
        phases = "examples,coverage,fuzzing" if coverage and may else "examples,fuzzing"
        many = examples if may else max(1, examples // 10)
        options = ["--max-examples", str(many), "--phases", phases, "--rate-limit", f"{A_SECOND}/s"]
        failed += told(FHIR, has, f"{address}/fhir/R4/openapi.json", seed, options)
    return failed + account(house, [FHIR])


def run_native(house: House, examples: int, seed: int) -> int:
    """The same of all others, and whether anything was read that the description does not allow."""
    addresses, failed = {WEB: house.serve("web"), INGEST: house.serve("ingest")}, 0
    house.work("worker", "inbox")
    document = f"{addresses[WEB]}{DESCRIPTION.path}"
    for each in askers(house):
        for (may, process), names in chosen(each).items():
            many = examples if may else max(1, examples // 10)
            phases = "examples,coverage,fuzzing" if may else "examples,fuzzing"
            options = ["--max-examples", str(many), "--phases", phases, "--url", addresses[process]]
            for name in names:
                options += ["--include-operation-id", name]
            failed += told("may" if may else "may not", each, document, seed, options)
    return failed + account(house, ["cad", "hospital", "positions", "referrals", "notify"]) + kept(house)


def chosen(asker: Asker) -> dict[tuple[bool, str], list[str]]:
    """(whether the asker may ask, which process answers) -> operations."""
    found: dict[tuple[bool, str], list[str]] = {}
    for each in OPERATIONS:
        schemes = {scheme_of(kind) for kind in each.kinds} | ({"session"} if each.permission else set())
        may = not schemes or bool(schemes & set(asker.has.split()))
        if each is not DESCRIPTION:  # a tool never asks for the description that it has
            found.setdefault((may, each.process), []).append(each.name)
    return found


def askers(house: House) -> list[Asker]:
    """Everybody who might ask, those who may ask nothing first."""
    made = json.loads(house.ask("SELECT values::text FROM bench_fhir"))
    keys = {"wrong": ("", "wrong"), **made["roles"]["keys"], "fhir": ("", made["key"])}
    found = [Asker("nobody", "", ())]
    found += [Asker(name, has, (f"Authorization: Bearer {key}",)) for name, (has, key) in keys.items()]
    token = "t" * 32
    for role, (has, session) in made["roles"]["sessions"].items():
        cookies = f"Cookie: sessionid={session}; csrftoken={token}"
        found.append(Asker(role, has, (cookies, f"X-CSRFToken: {token}")))
    return found


def told(what: str, asker: Asker, document: str, seed: int, options: list[str]) -> int:
    """One run of Schemathesis, told in a line; 1 where it found a fault."""
    began = time.perf_counter()
    done = asked_as(asker, document, seed, options)
    generated = re.search(r"(\d+) generated", done.stdout)
    cases = generated.group(1) if generated else "?"
    word = "no fault" if done.returncode == 0 else "FAULTS"
    spent = time.perf_counter() - began
    print(f"{what:<8} {asker.name:<26} {cases:>6} cases  {spent:6.1f} s  {word}", flush=True)
    if done.returncode:
        print(done.stdout[-8000:], done.stderr[-1000:])
    return int(done.returncode != 0)


def asked_as(
    asker: Asker, document: str, seed: int, options: list[str]
) -> "subprocess.CompletedProcess[str]":
    """One run of Schemathesis."""
    options = [*options, "--seed", str(seed), "--checks", ",".join(CHECKS), "--no-color"]
    options += ["--generation-database", "none"]
    for header in asker.headers:
        options += ["--header", header]
    program = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "bench.api_hooks", "FUZZ_ASKER": asker.has}
    environment["FUZZ_SOURCE"] = f"of-{asker.name}".replace(" ", "-")
    command = [*program, "run", document, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def account(house: House, kinds: list[str]) -> int:
    """What was sent is applied, a duplicate or kept with its bytes: 1 where that does not add up."""
    waiting = "SELECT count(*) FROM core_batch JOIN core_source s ON s.id = source_id WHERE s.kind = ANY(%s)"
    wait_for(
        lambda: not house.ask(f"{waiting} AND done_at IS NULL", kinds), seconds=300, what="all to be read"
    )
    sums = "sum(lines), sum(applied), sum(duplicate), sum(aside), sum(quarantined)"
    of = "FROM core_batch b JOIN core_source s ON s.id = b.source_id WHERE s.kind = ANY(%s)"
    with house.connect() as link:
        row = link.execute(f"SELECT count(*), {sums} {of}", [kinds]).fetchone()
    assert row is not None
    stored, lines, applied, duplicate, aside, quarantined = (int(each or 0) for each in row)
    print(
        f"stored {stored} of {', '.join(kinds)}: lines {lines} = applied {applied} + duplicate {duplicate}"
        f" + aside {aside} + kept and explained {quarantined}"
    )
    return int(not stored or lines != applied + duplicate + aside + quarantined)


def kept(house: House) -> int:
    """No line of a feed that the description does not allow was taken: how many batches say otherwise."""
    query = (
        "SELECT s.kind, b.body, b.quarantined, b.id FROM core_batch b"
        " JOIN core_source s ON s.id = b.source_id WHERE s.kind IN ('cad', 'hospital', 'positions')"
    )
    with house.connect() as link:
        rows = link.execute(query).fetchall()
    wrong = [(key, bytes(body)) for kind, body, least, key in rows if unread(kind, bytes(body)) > least]
    for key, body in wrong[:5]:
        print(
            f"batch {key} has lines that the description does not allow and that were taken: {body[:2000]!r}"
        )
    return len(wrong)


if __name__ == "__main__":
    main()
