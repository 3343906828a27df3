"""List the legal holds that are in force.

Example: clearway hold list --json
"""

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.core.retention.models import LegalHold


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.retention import queries

    rows = [_row(hold) for hold in queries.holds().select_related("organisation")]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        span = f"{row['from']} to {row['until'] or 'no end'}"
        print(f"{row['hold']}  {row['organisation']}  {span}  {row['reason']}")
    if not rows:
        print("No hold is in force.")
    return 0


def _row(hold: "LegalHold") -> dict[str, object]:
    return {
        "hold": hold.pk,
        "organisation": hold.organisation.slug,
        "from": f"{hold.known_from:%Y-%m-%d}",
        "until": f"{hold.known_until:%Y-%m-%d}" if hold.known_until else None,
        "reason": hold.reason,
        "placed_at": hold.placed_at.isoformat(),
        "placed_by": hold.placed_by,
    }
