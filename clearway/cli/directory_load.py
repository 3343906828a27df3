"""Load a file of the national directory of organisations: practices, trusts, and who succeeded whom.

Read are the CSV files of the Organisation Data Service as they are published, without a heading (epraccur and
its like with 27 columns, succ and succarc with 5), the JSON of its reference data interface, and FHIR
Organization resources. Each organisation that differs from what is here gets a new version. Codes in our
records stay as they were given, and stand for the successor from the day on which it took over. Rows that
cannot be taken are named with place, field and fix, and the others are taken. The same file again changes
nothing.

Exit code 1 when a row was refused.

Example: clearway directory load epraccur.csv --dry-run
"""

import argparse
import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SHOWN = 20  # changes that are printed one by one; --json has them all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, whose directory it is, and whether to write."""
    parser.add_argument("file", help="CSV or JSON as the Organisation Data Service publishes it")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument("--organisation", metavar="SLUG", help="the trust; default: the only outpatient one")
    parser.add_argument("--json", action="store_true", help="print what changes as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Load it. Raises CannotRun where the file cannot be read as a whole."""
    from clearway.cli import CannotRun, ground

    path = Path(arguments.file)
    raw = ground.read_file(path)
    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.desks.outpatients.directory import actions
    from clearway.domain.shared.errors import CannotParse

    trust = ground.the_trust(arguments.organisation)
    by, at = Actor(f"command:{getpass.getuser()}"), datetime.now(UTC)
    try:
        if arguments.dry_run:
            made = actions.plan(raw, organisation_id=trust.pk)
        else:
            made, _ = actions.load(raw, path.name, organisation_id=trust.pk, by=by, at=at)
    except CannotParse as problem:
        raise CannotRun(f"{path}: {problem}") from None
    if arguments.json:
        print(json.dumps(_as_json(made, written=not arguments.dry_run), default=str))
    else:
        _say(made, arguments.dry_run)
    return 1 if made.refused else 0


def _as_json(made: Any, *, written: bool) -> dict[str, Any]:
    return {
        "written": written,
        "form": made.form,
        "new": len(made.new),
        "changed": len(made.altered),
        "closed": len(made.closed),
        "successions": len(made.successions),
        "same": made.same,
        "patients_of_closed": sum(each.patients for each in made.closed),
        "changes": [
            {"code": each.now.code, "name": each.now.name, "fields": each.fields, "patients": each.patients}
            for each in made.altered
        ],
        "refused": [{"where": each.where, "why": each.why, "fix": each.fix} for each in made.refused],
    }


def _say(made: Any, is_dry: bool) -> None:
    would = "would be " if is_dry else ""
    print(
        f"{made.form}: {len(made.new):,} {would}new, {len(made.altered):,} {would}changed,"
        f" {len(made.successions):,} successions {would}added or changed, {made.same:,} the same,"
        f" {len(made.refused):,} refused."
    )
    order = sorted(made.altered, key=lambda each: (-each.patients, each.now.code))
    for each in order[:SHOWN]:
        of = f", {each.patients} of our patients" if each.patients else ""
        print(f"  {each.now.code} {each.now.name}: {', '.join(each.fields)}{of}")
    if len(order) > SHOWN:
        print(f"  and {len(order) - SHOWN:,} more: --json names them all")
    for refusal in made.refused[:SHOWN]:
        print(f"  refused: {refusal}")
    if len(made.refused) > SHOWN:
        print(f"  and {len(made.refused) - SHOWN:,} more refused: --json names them all")
