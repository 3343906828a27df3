"""Print the schema of native messages, or of regional figures, as JSON Schema (2020-12).

For a supplier to check messages with before they are sent, and for whoever reads /api/v1/regional. The
same is kept in docs/reference (native-events, native-positions and regional-figures.schema.json); events in
words are docs/reference/events.md. What no schema can say of a whole file, `clearway feed check` does.

Examples:
  clearway feed schema > native-events.schema.json
  clearway feed schema --kind positions --json
  clearway feed schema --kind regional
"""

import argparse
import json

PAGES = {
    "events": "native-events.schema.json",
    "positions": "native-positions.schema.json",
    "regional": "regional-figures.schema.json",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", choices=list(PAGES), default="events", help="of what; default: events")
    parser.add_argument("--json", action="store_true", help="on one line, for a program")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import reference

    text = reference.PAGES[PAGES[arguments.kind]]()
    print(json.dumps(json.loads(text)) if arguments.json else text, end="\n" if arguments.json else "")
    return 0
