"""Work out every waiting time clock anew from its events and compare with what the lists show.

Reads only. Exit code 0 when they agree, 1 when they differ; the first differences are named. With --mend the
differing pathways are written anew, with an audit row; the exit code still says that they differed.

Example: clearway verify clocks --json
"""

import argparse
import json

SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organisation", help="slug of one organisation; default: all with the desk")
    parser.add_argument("--mend", action="store_true", help="write anew what differs")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.organisation.models import Organisation
    from clearway.desks.outpatients.clocks import actions, queries

    chosen = Organisation.objects.all()
    if arguments.organisation:
        chosen = chosen.filter(slug=arguments.organisation)
        if not chosen:
            raise CannotRun(f"There is no organisation {arguments.organisation!r}.")
    at, pathways = datetime.now(UTC), 0
    found: list[queries.Difference] = []
    for organisation in chosen:
        compared = queries.compare(organisation.pk, at)
        pathways, found = pathways + compared.pathways, [*found, *compared.differences]
        if compared.differences and arguments.mend:
            actions.rebuild(organisation_id=organisation.pk, by=Actor("verify clocks"), at=at)
    if arguments.json:
        differences = [
            {"pathway": each.pathway_id, "column": each.column, "kept": each.kept, "rebuilt": each.rebuilt}
            for each in found
        ]
        print(json.dumps({"pathways": pathways, "differences": differences}))
    else:
        mended = " They were written anew." if found and arguments.mend else ""
        differ = len({each.pathway_id for each in found})
        print(f"{pathways} pathways rebuilt, {differ} differ.{mended}")
        for each in found[:SHOWN]:
            print(f"  {each}")
    return 1 if found else 0
