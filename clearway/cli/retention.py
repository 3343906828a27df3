"""Show what is past the period of the policy "retention" and would go. Without --apply nothing is changed.

A worker does the same every hour by itself. Facts and positions go by whole partitions, which the trusts of a
database share; the rest by the row. What is under a legal hold stays. Decisions and the audit never go by
themselves: when their period is over, a person decides.

Examples:
  clearway retention
  clearway retention --json
  clearway retention --apply
"""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.core.retention.queries import Due


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--apply", action="store_true", help="let it go now; each part is put on record")
    parser.add_argument("--json", action="store_true", help="print what would go, or went, as JSON")


def run(arguments: argparse.Namespace) -> int:
    import getpass
    from datetime import UTC, datetime

    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.gateway import retention

    at = datetime.now(UTC)
    found = retention.due(at)
    if arguments.apply:
        retention.forget_all(at, by=Actor(f"command:{getpass.getuser()}"))
    if arguments.json:
        print(json.dumps([asdict(each) for each in found], default=str))
        return 0
    print("Gone:" if arguments.apply else "Past its period; this is a dry run, nothing changed:")
    for each in found:
        print(_line(each))
    return 0


def _line(due: "Due") -> str:
    from clearway.core.retention.queries import LEFT_TO_PEOPLE

    what = f"  {due.organisation:<14} {due.of:<17}"
    if due.before is None:
        return f"{what} no period is set: kept"
    if due.of in LEFT_TO_PEOPLE:
        return f"{what} before {due.before:%Y-%m-%d}: kept until a person decides"
    whole = f", partitions {', '.join(due.partitions)}" if due.partitions else ""
    held = f"; {due.held} more are held" if due.held else ""
    return f"{what} before {due.before:%Y-%m-%d}: {due.rows} rows{whole}{held}"
