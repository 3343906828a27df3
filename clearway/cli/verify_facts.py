"""Rebuild every assignment, resource and finding from the facts and compare with the tables.

Exit code 0 when they agree, 1 when they differ; the first differences are named.

Example: clearway verify facts --json
"""

import argparse
import json

SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organisation", help="slug of one organisation; default: all")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.core.organisation.models import Organisation
    from clearway.desks.ambulance.facts import verify

    chosen = Organisation.objects.all()
    if arguments.organisation:
        chosen = chosen.filter(slug=arguments.organisation)
        if not chosen:
            raise CannotRun(f"There is no organisation {arguments.organisation!r}.")
    results = [verify.compare(organisation.pk, at=datetime.now(UTC)) for organisation in chosen]
    differences = [difference for result in results for difference in result.differences]
    if arguments.json:
        print(json.dumps({"streams": sum(each.streams for each in results), "differences": differences}))
    else:
        print(f"{sum(each.streams for each in results)} streams rebuilt, {len(differences)} differ.")
        for difference in differences[:SHOWN]:
            print(f"  {difference}")
    return 1 if differences else 0
