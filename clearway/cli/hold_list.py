"""List the legal holds that are in force.

Example: clearway hold list --json
"""

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.core.retention.models import LegalHold
    from clearway.desks.outpatients.keeping.models import PatientHold


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.retention import queries
    from clearway.desks.outpatients.keeping import queries as keeping

    rows = [_row(hold) for hold in queries.holds().select_related("organisation")]
    rows += [_patient_row(hold) for hold in keeping.holds().select_related("patient__organisation")]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        span = row.get("patient") or f"{row['from']} to {row['until'] or 'no end'}"
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


def _patient_row(hold: "PatientHold") -> dict[str, object]:
    return {
        "hold": f"P{hold.pk}",
        "organisation": hold.patient.organisation.slug,
        "patient": hold.patient.number,
        "reason": hold.reason,
        "placed_at": hold.placed_at.isoformat(),
        "placed_by": hold.placed_by,
    }
