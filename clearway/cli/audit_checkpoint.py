"""Seal the audit and tell every place of CLEARWAY_AUDIT_PLACES of it now; print the line to keep on paper.

A worker does the same by itself, within a minute or a thousand rows.
Exit code 1 when a place took nothing.

Example: clearway audit checkpoint
"""

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print how each place stands as JSON")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import ground

    ground.prepare("worker")
    from clearway.core.audit import checkpoints, queries, seal

    at = datetime.now(UTC)
    seal.seal_all(at)
    while checkpoints.tell(at):
        pass
    places = [{"place": row.place, "seal": row.seal, "problem": row.problem} for row in queries.places_told()]
    newest = queries.head()
    line = checkpoints.paper_line(checkpoints.checkpoint(newest, checkpoints.private_key())) if newest else ""
    if arguments.json:
        print(json.dumps({"line": line, "places": places}))
    else:
        print(line or "There is nothing to seal yet.")
        for place in places:
            told = f"told up to seal {place['seal']}"
            print(f"{place['place']}: {place['problem'] or told}")
    return 1 if any(place["problem"] for place in places) else 0
