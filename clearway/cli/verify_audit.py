"""Recompute the chain over the audit and name the first row that does not agree with it.

A chain alone cannot show that its newest part was cut off. Keep the printed head digest in another place
and give it again with --head: then a cut, or a chain computed anew, shows too.

Example: clearway verify audit --head 3f9c…
"""

import argparse
import json
from dataclasses import asdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--head", metavar="DIGEST", help="a head digest that was kept outside the database")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.audit.seal import verify

    report = verify(arguments.head)
    if arguments.json:
        print(json.dumps(asdict(report)))
    elif report.fault:
        row = "" if report.fault.row is None else f" Action {report.fault.row}:"
        print(f"NOT IN ORDER.{row} {report.fault.what} (seal {report.fault.seal}).")
    else:
        print(f"In order: {report.sealed} actions sealed, {report.unsealed} not sealed yet.")
        print(f"Head digest, to keep outside: {report.head}")
    return 1 if report.fault else 0
