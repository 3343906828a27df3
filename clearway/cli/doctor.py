"""Check this machine and deployment, and name the fix for each fault.

Nothing is changed. A fault keeps Clearway from working or from keeping its promises; a warning is worth
knowing. Exit code 1 when there is a fault.

Examples:
  clearway doctor
  clearway doctor --json
"""

import argparse
import ctypes
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

OK, WARNING, FAULT = "ok", "warning", "fault"
MARKS = {OK: "  ok     ", WARNING: "  warning", FAULT: "  FAULT  "}
PORTS = (8000, 8001)
LEAST_SPACE, SCARCE_SPACE = 500e6, 5e9  # bytes
OLDEST_SERVER = 150000  # PostgreSQL 15, as server_version_num tells it
LARGEST_SKEW = 60  # seconds between this machine's clock and the database's
TIME_ERROR = 5  # of adjtimex(2): the clock is not synchronised
SHORTEST_KEY = 50  # characters
LEAST_FOLDERS = 2  # for downtime packs: one fails with its machine
LEAST_FOR_RECOVERY = 2  # accounts: one person may be on leave
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}

# What the server must not be weaker in: a write that was acknowledged is on the disk.
DURABLE = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "remote_apply"},
    "data_checksums": {"on"},
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `fix` is what to do, empty when all is well."""

    about: str
    state: str
    found: str
    fix: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to tell."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Look at everything and tell."""
    findings = list(look())
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{MARKS[finding.state]}  {finding.about}: {finding.found}")
            if finding.fix:
                print(f"             fix: {finding.fix}")
        print(summary(findings))
    return 1 if any(finding.state == FAULT for finding in findings) else 0


def summary(findings: list[Finding]) -> str:
    """One line for the whole."""
    faults = sum(finding.state == FAULT for finding in findings)
    warnings = sum(finding.state == WARNING for finding in findings)
    if not faults and not warnings:
        return "All is well."
    return f"{faults} fault{'s' * (faults != 1)}, {warnings} warning{'s' * (warnings != 1)}."


def look() -> Iterator[Finding]:
    """Every finding, from the ground up."""
    yield python()
    yield from variables()
    yield from machine()
    yield from downtime_packs()
    yield from deployment()
    yield audit_places()
    yield from sign_in()
    yield from database_server()


def python() -> Finding:
    """The interpreter; pip has refused any that is too old."""
    return Finding("Python", OK, ".".join(map(str, sys.version_info[:3])))


def variables() -> Iterator[Finding]:
    """Misspelt settings, which would otherwise be silently without effect."""
    from clearway.config import environment

    for name, near in environment.unknown().items():
        fix = f"Did you mean {near}?" if near else "Remove it; `clearway config` lists what there is."
        yield Finding("Settings", FAULT, f"{name} means nothing to Clearway.", fix)


def machine() -> Iterator[Finding]:
    """Disk, ports, clock, and the files of the pages."""
    from clearway.cli import ground
    from clearway.config import database

    yield disk(database.home())
    for port in PORTS:
        if ground.is_free("127.0.0.1", port):
            yield Finding(f"Port {port}", OK, "Free.")
        else:
            yield Finding(f"Port {port}", WARNING, "In use, perhaps by Clearway itself.", "Else: --port.")
    yield clock()
    yield from page_files(Path(__file__).resolve().parents[1] / "static" / "vendor")
    yield drive_times(
        Path(
            os.environ.get("CLEARWAY_DRIVE_TIMES")
            or Path(__file__).resolve().parents[1] / "_vendor" / "drive_times.npz"
        )
    )
    if (database.REPOSITORY / "tests").is_dir():
        yield from test_tools()


def disk(home: Path) -> Finding:
    """Space where the data lie."""
    folder = next(place for place in (home, *home.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free at {folder}."
    if free < LEAST_SPACE:
        return Finding("Disk", FAULT, found, "Make room: PostgreSQL stops on a full disk.")
    return Finding("Disk", *((WARNING, found, "Make room soon.") if free < SCARCE_SPACE else (OK, found)))


def clock() -> Finding:
    """Whether the kernel's clock is kept right by somebody; waits are only as true as the clock."""
    asked = ctypes.create_string_buffer(512)  # struct timex, all zero: only asks
    state = ctypes.CDLL(None).adjtimex(asked)
    if state == TIME_ERROR:
        return Finding("Clock", WARNING, "Not known to be synchronised.", "Run chrony or systemd-timesyncd.")
    return Finding("Clock", OK, "Synchronised." if state >= 0 else "Cannot be asked here.")


def page_files(vendor: Path) -> Iterator[Finding]:
    """The front-end files that set-up fetches."""
    missing = [name for name in ("nhsuk.css", "nhsuk.mjs", "coast.json") if not (vendor / name).is_file()]
    if missing:
        found = f"Missing: {', '.join(missing)}."
        yield Finding("Page files", FAULT, found, "Run: python3 tools/setup.py run")
    else:
        yield Finding("Page files", OK, "Present.")


def drive_times(file: Path) -> Finding:
    """The table of drive times, without which travel is estimated by distance."""
    from clearway.config import database
    from clearway.interchange import drive_times

    fix = _fix_of_drive_times(database.REPOSITORY / "tools" / "drive_times.py")
    if not file.is_file():
        return Finding("Drive times", WARNING, "None: travel is estimated by straight-line distance.", fix)
    try:
        times = drive_times.read(file.read_bytes())
    except drive_times.CannotRead as problem:
        return Finding("Drive times", FAULT, str(problem), fix)
    as_of = datetime.fromtimestamp(times.as_of, UTC)
    areas, hospitals = times.minutes.shape
    found = f"{areas:,} small areas, {hospitals} hospitals, as of {as_of:%d %B %Y}.".replace(" 0", " ")
    return Finding("Drive times", OK, found)


def _fix_of_drive_times(program: Path) -> str:
    """The program that makes the table stands in the repository; an installed package is without it."""
    if program.is_file():
        return "Run: .venv/bin/python tools/drive_times.py"
    return (
        "Make the file with tools/drive_times.py of the repository, and name it in CLEARWAY_DRIVE_TIMES "
        "wherever Clearway runs."
    )


def test_tools() -> Iterator[Finding]:
    """What only the tests and the set-up need."""
    browsers = ("chromium", "chromium-browser", "google-chrome")
    if any(shutil.which(name) for name in browsers):
        yield Finding("Browser for tests", OK, "Present.")
    else:
        fix = "apt-get install chromium"
        yield Finding("Browser for tests", WARNING, "None: browser tests are skipped.", fix)


def downtime_packs() -> Iterator[Finding]:
    """The sealed pictures for an outage: where they go, and whether they can be sealed."""
    from clearway.interchange.sealed import SHORTEST_PASSPHRASE

    folders = [each for each in os.environ.get("CLEARWAY_DOWNTIME_FOLDERS", "").split(",") if each]
    if not folders:
        fix = "Name two folders off this machine in CLEARWAY_DOWNTIME_FOLDERS, and a passphrase file."
        yield Finding("Downtime packs", WARNING, "None are written: an outage leaves no picture.", fix)
        return
    file = os.environ.get("CLEARWAY_DOWNTIME_PASSPHRASE_FILE", "")
    words = os.environ.get("CLEARWAY_DOWNTIME_PASSPHRASE", "")
    if file:
        words = Path(file).read_text().strip() if os.access(file, os.R_OK) else ""
    if len(words) < SHORTEST_PASSPHRASE:
        found = f"The passphrase has {len(words)} characters." if words else "There is no passphrase."
        fix = f"Write {SHORTEST_PASSPHRASE} characters or more to CLEARWAY_DOWNTIME_PASSPHRASE_FILE."
        yield Finding("Downtime packs", FAULT, f"{found} No pack is written.", fix)
    for folder in folders:
        if not os.access(folder, os.W_OK):
            fix = "Make it, mount it, or give the worker the right to write there."
            yield Finding("Downtime packs", FAULT, f"{folder} cannot be written.", fix)
    if len(folders) < LEAST_FOLDERS:
        fix = "Add a second folder on another machine to CLEARWAY_DOWNTIME_FOLDERS."
        yield Finding("Downtime packs", WARNING, "One folder alone can fail with this machine.", fix)
    elif len(words) >= SHORTEST_PASSPHRASE and all(os.access(each, os.W_OK) for each in folders):
        yield Finding("Downtime packs", OK, f"{len(folders)} folders, with a passphrase.")


def deployment() -> Iterator[Finding]:
    """What must be right before anybody but this machine can reach the desks."""
    hosts = set(filter(None, os.environ.get("CLEARWAY_ALLOWED_HOSTS", "").split(",")))
    if "*" in hosts:
        fix = "Name the hosts, with commas between."
        yield Finding("Allowed hosts", FAULT, "Any name is accepted.", fix)
    if not hosts - LOCAL_HOSTS:
        return
    yield secret_key()
    if os.environ.get("CLEARWAY_HTTPS") == "1":
        yield Finding("https", OK, "Cookies travel by https only.")
    else:
        fix = "Serve by https and set CLEARWAY_HTTPS=1."
        yield Finding("https", FAULT, "Cookies would travel in the clear.", fix)


def audit_places() -> Finding:
    """Whether checkpoints of the audit go anywhere that somebody with every right here cannot reach."""
    about = "Checkpoints of the audit"
    places = [each for each in os.environ.get("CLEARWAY_AUDIT_PLACES", "").split(",") if each]
    if places:
        return Finding(about, OK, f"To {', '.join(places)}.")
    fix = "Name places in CLEARWAY_AUDIT_PLACES: docs/how-to/check-the-audit.md."
    return Finding(about, WARNING, "They go nowhere: an audit that was computed anew shows nowhere.", fix)


def sign_in() -> Iterator[Finding]:
    """The provider through which people sign in: whether it is set up whole, and whether it answers."""
    from clearway.config.environment import openid
    from clearway.domain.shared.errors import CannotParse
    from clearway.gateway.openid import client, configuration

    values = openid(os.environ)
    about = "Sign-in"
    if not any(values[name] for name in ("issuer", "client_id", "key_file", "access_file", "address")):
        yield Finding(about, OK, "With local accounts; no provider is set up.")
        return
    try:
        ours = configuration.read(values)
    except CannotParse as problem:
        yield Finding(about, FAULT, f"{problem.where}: {problem.why}", problem.fix)
        return
    if not ours.access.order:
        fix = "Name acr values in [strength] of the access file, if the provider tells of them."
        yield Finding(about, WARNING, "However weakly somebody signed in there, it will do.", fix)
    try:
        at = datetime.now(UTC)
        found, keys = client.provider(ours.issuer, at), client.keys(ours.issuer, at)
    except client.Away as problem:
        fix = "Try the issuer in a browser of this machine, and see whether a proxy or firewall is between."
        yield Finding(about, FAULT, f"{ours.issuer}: {problem}", fix)
        return
    if not found.end_session:
        fix = "Nothing to do here; who signs out stays known to the provider, and is asked anew next time."
        yield Finding(about, WARNING, "The provider has no address for signing out.", fix)
    given = f"{len(ours.access.gifts)} entries of access, {len(keys)} keys of the provider"
    yield Finding(about, OK, f"Through {ours.issuer}: {given}, our key is {ours.keys[0].kid}.")


def secret_key() -> Finding:
    """The key that signs sessions."""
    from clearway.config import database

    file = Path(os.environ.get("CLEARWAY_SECRET_KEY_FILE") or database.home() / "secret-key")
    key = os.environ.get("CLEARWAY_SECRET_KEY") or (file.read_text().strip() if file.is_file() else "")
    if len(key) >= SHORTEST_KEY:
        return Finding("Secret key", OK, "Long enough.")
    found = f"{len(key)} characters; {SHORTEST_KEY} are needed." if key else "None."
    fix = "Write 50 random characters to a file and name it in CLEARWAY_SECRET_KEY_FILE."
    return Finding("Secret key", FAULT, found, fix)


def database_server() -> Iterator[Finding]:
    """The database: reachable, durable, with its roles and at this version."""
    from clearway.config import database, postgres

    if database.is_embedded():
        try:
            yield Finding("PostgreSQL programs", OK, f"{postgres.binaries()}.")
        except postgres.CannotStart as problem:
            yield Finding("PostgreSQL programs", FAULT, "None.", str(problem))
            return
        if not postgres.is_answering(database.home() / "postgres"):
            yield Finding("Database", OK, "Embedded, not running now. `clearway demo` starts it.")
            return
    yield from answering_server()


def answering_server() -> Iterator[Finding]:
    """What the server itself says."""
    import psycopg

    from clearway.config import database

    try:
        link = psycopg.connect(**database.address(), connect_timeout=5, autocommit=True)
    except psycopg.Error as problem:
        fix = "Start PostgreSQL, and check DATABASE_URL, the network and the password."
        yield Finding("Database", FAULT, f"Not reachable: {str(problem).splitlines()[0]}", fix)
        return
    with link:
        yield server_version(link.info.server_version)
        yield from durability(dict(link.execute("SELECT name, setting FROM pg_settings").fetchall()))
        yield skew(link)
        yield from roles(link)
        tables = migrations(link)
        yield tables
        if tables.state == OK:
            yield from second_factors()


def second_factors() -> Iterator[Finding]:
    """Who could sign in with a password alone, and whether what apps share with us can be opened."""
    from datetime import UTC, datetime

    from django.conf import settings

    from clearway.core.factors import queries, sealing

    without = queries.without(datetime.now(UTC))
    yield passwords_alone(settings.SECOND_FACTOR, without["all"], without["privileged"])
    if settings.OPENID["issuer"]:
        yield way_in(queries.for_recovery(datetime.now(UTC)))
    if lost := queries.cannot_be_opened():
        fix = "Put the former key below the new one in CLEARWAY_FACTOR_KEY_FILE, or reset these people."
        yield Finding("Key of second factors", FAULT, f"It opens {lost} of the apps no more.", fix)
    elif sealing.keys():
        yield Finding("Key of second factors", OK, "Present.")
    else:
        fix = f"Write {sealing.SHORTEST_KEY} random characters or more to CLEARWAY_FACTOR_KEY_FILE."
        yield Finding("Key of second factors", FAULT, "None: no authenticator app can be added.", fix)


def passwords_alone(asked: str, people: int, privileged: int) -> Finding:
    """Accounts without a second factor: how many, and how many of them administer people or see the audit."""
    about, wanted = "Second factor", ("none", "privileged", "everybody")
    if asked not in wanted:
        fix = f"Set CLEARWAY_SECOND_FACTOR to one of {', '.join(wanted)}."
        return Finding(about, FAULT, f"{asked!r} is taken for everybody.", fix)
    hosts = set(filter(None, os.environ.get("CLEARWAY_ALLOWED_HOSTS", "").split(","))) - LOCAL_HOSTS
    who = f"{people} account{'s' * (people != 1)} without one, {privileged} of them privileged"
    told = f"{who}; asked of {asked}."
    if asked == "none":
        fix = "Set CLEARWAY_SECOND_FACTOR=privileged or everybody; only a look around is without."
        return Finding(about, FAULT if hosts else WARNING, told, fix)
    if privileged or (asked == "everybody" and people):
        fix = "They are asked for one when they sign in: docs/how-to/second-factor.md."
        return Finding(about, WARNING, told, fix)
    return Finding(about, OK, told)


def way_in(able: int) -> Finding:
    """Whether somebody could come in while the provider is away: accounts for it, with a second factor."""
    about = "Accounts for recovery"
    told = f"{able} with a second factor, for when the provider is away."
    if able >= LEAST_FOR_RECOVERY:
        return Finding(about, OK, told)
    fix = "`clearway user recovery NAME`; then that person signs in and adds a second factor."
    return Finding(about, FAULT, f"{told} {LEAST_FOR_RECOVERY} are needed.", fix)


def server_version(number: int) -> Finding:
    """The version of PostgreSQL, as a whole number: 180006 is 18.6."""
    found = f"PostgreSQL {number // 10000}.{number % 10000}"
    if number >= OLDEST_SERVER:
        return Finding("Database", OK, found)
    return Finding("Database", FAULT, found, "Use PostgreSQL 15 or newer.")


def durability(settings: dict[str, str]) -> Iterator[Finding]:
    """Settings without which an acknowledged write can be lost or damaged unseen."""
    for name, strong in DURABLE.items():
        value = settings.get(name, "unknown")
        if value in strong:
            yield Finding(name, OK, value)
        elif name == "data_checksums":
            fix = "Stop the server and run: pg_checksums --enable -D DATA"
            yield Finding(name, FAULT, value, fix)
        else:
            fix = f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"
            yield Finding(name, FAULT, f"{value}: acknowledged writes can be lost.", fix)


def skew(link: Any) -> Finding:
    """How far the two clocks are apart."""
    from datetime import UTC, datetime

    (there,) = link.execute("SELECT clock_timestamp()").fetchone()
    apart = abs((datetime.now(UTC) - there).total_seconds())
    if apart <= LARGEST_SKEW:
        return Finding("Clock of the database", OK, f"{apart:.1f} s apart.")
    found = f"{apart:.0f} s from this machine's."
    return Finding("Clock of the database", FAULT, found, "Synchronise both machines (chrony).")


def roles(link: Any) -> Iterator[Finding]:
    """The roles of web and ingest exist and are not almighty."""
    from clearway.config import postgres

    rows = link.execute("SELECT rolname, rolsuper FROM pg_roles WHERE rolname LIKE 'clearway%'")
    found = dict(rows.fetchall())
    for role in (postgres.WEB, postgres.INGEST):
        if role not in found:
            fix = f"CREATE ROLE {role} LOGIN; then: clearway migrate"
            yield Finding(f"Role {role}", WARNING, "Missing: every process has the owner's rights.", fix)
        elif found[role]:
            yield Finding(f"Role {role}", FAULT, "Is a superuser.", f"ALTER ROLE {role} NOSUPERUSER;")
        else:
            yield Finding(f"Role {role}", OK, "Present, with ordinary rights.")


def migrations(link: Any) -> Finding:
    """Whether the tables are those of this version."""
    from clearway.cli import ground
    from clearway.config import health

    ground.load_django("owner")
    (made,) = link.execute("SELECT to_regclass('django_migrations') IS NOT NULL").fetchone()
    applied = set(link.execute("SELECT app, name FROM django_migrations").fetchall()) if made else set()
    missing = health.expected_migrations() - applied
    if not missing:
        return Finding("Migrations", OK, "All applied.")
    return Finding("Migrations", FAULT, f"{len(missing)} to run.", "clearway migrate")
