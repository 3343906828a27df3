"""Print how a system beside ours writes: the version in force, or another.

Examples:
  clearway mapping show trust-pas > trust-pas.toml
  clearway mapping show trust-pas --json
"""

import argparse
import json
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which source, and which version."""
    parser.add_argument("name", help="name of the source")
    parser.add_argument("--version", type=int, help="default: the newest, which is in force")
    parser.add_argument("--json", action="store_true", help="print every version as JSON, newest first")


def run(arguments: argparse.Namespace) -> int:
    """Print it; nothing where the source has none, because then everything is as usual."""
    from clearway.cli import CannotRun, sources

    with sources.named(arguments.name) as (source, _, _):
        from clearway.desks.outpatients.exchange.queries import versions

        rows = versions(source)
        if arguments.json:
            print(json.dumps([_told(each) for each in rows]))
            return 0
        wanted = arguments.version
        row = next((each for each in rows if wanted in (None, each.version)), None)
        if row is None and wanted is not None:
            raise CannotRun(f"{source.name} has no version {wanted}; it has {len(rows)}.")
        print(row.text if row else "", end="")
    return 0


def _told(row: Any) -> dict[str, Any]:
    return {
        "version": row.version,
        "loaded_at": row.loaded_at.isoformat(),
        "loaded_by": row.loaded_by,
        "why": row.why,
        "text": row.text,
    }
