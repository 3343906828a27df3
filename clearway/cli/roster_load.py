"""Load a roster: which crew is to work when, so that planned and actual hours can be compared.

The file is CSV or XLSX with the columns call sign, station, kind, skill, start and end. Times are ISO with an
offset, or local time. Good rows are taken; each bad one is named with its line, its field and what to write.
Loading a file twice changes nothing; a later roster replaces the shifts that it names and that have not
begun. Exit code 1 when a row was bad.

Example: clearway roster load november.csv --organisation south-west
"""

import argparse
import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SHOWN = 50  # bad rows that are printed; all of them with --json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and whose it is."""
    parser.add_argument("file", help="CSV or XLSX, one row for each shift")
    parser.add_argument("--organisation", metavar="SLUG", help="the trust; default: the only ambulance one")
    parser.add_argument("--look", action="store_true", help="only say what it would change")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Take the good rows. Raises CannotRun where the file as a whole cannot be read."""
    from clearway.cli import CannotRun, ground

    path = Path(arguments.file)
    raw = ground.read_file(path)
    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.desks.ambulance.rosters import actions
    from clearway.domain.shared.errors import CannotParse
    from clearway.domain.shared.region import Desk

    trust, at = ground.the_trust(arguments.organisation, Desk.AMBULANCE), datetime.now(UTC)
    try:
        if arguments.look:
            looked = actions.look(raw, organisation_id=trust.pk, at=at)
        else:
            by = Actor(f"command:{getpass.getuser()}")
            looked = actions.load(path.name, raw, organisation_id=trust.pk, by=by, at=at)
    except CannotParse as problem:
        raise CannotRun(f"{path}: {problem}") from None
    _say(looked, arguments)
    return 1 if looked.bad else 0


def _say(looked: Any, arguments: argparse.Namespace) -> None:
    counts = {
        "added": len(looked.change.added),
        "same": looked.change.same,
        "replaced": len(looked.change.replaced),
        "bad": len(looked.bad),
    }
    if arguments.json:
        bad = [{"line": row.line, "field": row.field, "why": row.why, "fix": row.fix} for row in looked.bad]
        print(json.dumps({**counts, "rows": bad}))
        return
    would = "would be " if arguments.look else ""
    print(
        f"{counts['added']} shifts {would}added, {counts['replaced']} {would}replaced,"
        f" {counts['same']} stand already, {counts['bad']} rows are bad."
    )
    for row in looked.bad[:SHOWN]:
        print(f"  {row}")
    if len(looked.bad) > SHOWN:
        print(f"  and {len(looked.bad) - SHOWN} more; --json names all.")
