"""Print the schema of native messages as JSON Schema (2020-12), for a supplier to check messages with.

The same is kept in docs/reference/native-events.schema.json and native-positions.schema.json; in words it is
docs/reference/events.md. What no schema can say of a whole file, `clearway feed check` does.

Examples:
  clearway feed schema > native-events.schema.json
  clearway feed schema --kind positions --json
"""

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind", choices=["events", "positions"], default="events", help="of what; default: events"
    )
    parser.add_argument("--json", action="store_true", help="on one line, for a program")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import reference

    text = reference.PAGES[f"native-{arguments.kind}.schema.json"]()
    print(json.dumps(json.loads(text)) if arguments.json else text, end="\n" if arguments.json else "")
    return 0
