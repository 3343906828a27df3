"""Show every setting: its value, where the value comes from, and what it means.

Secrets are never shown. A variable that begins with CLEARWAY_ and means nothing is reported with exit code 1.

Examples:
  clearway config
  clearway config --json
"""

import argparse
import json
import os
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to show them."""
    parser.add_argument("--json", action="store_true", help="print the settings as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Show the settings in force."""
    from clearway.config import environment

    rows = [_row(name, variable) for name, variable in environment.VARIABLES.items()]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            print(f"{row['name']} = {row['value']}  ({row['from']})\n    {row['what']}")
    unknown = environment.unknown()
    for name, near in unknown.items():
        hint = f" Did you mean {near}?" if near else ""
        print(f"{name} means nothing to Clearway.{hint}", file=sys.stderr)
    return 1 if unknown else 0


def _row(name: str, variable: "environment.Variable") -> dict[str, str]:  # type: ignore[name-defined]  # noqa: F821
    given = os.environ.get(name)
    shown = "(hidden)" if given and variable.secret else given
    return {
        "name": name,
        "value": shown or variable.default,
        "from": "environment" if given else "default",
        "what": variable.what,
    }
