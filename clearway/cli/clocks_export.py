"""Write the clock events of an organisation's pathways as the file that `clearway clocks` reads.

For the monthly and weekly returns of the department itself, and for whoever checks its clocks with something
else. A pathway is named by its issuer and identifier; nobody is. Every event is written, corrections too, in
the order in which they count. That it was done is in the audit.

Examples:
  clearway clocks export --organisation worcestershire --out events.csv
  clearway clocks events.csv --as-of 2026-10-31 --out clocks.csv --returns monthly
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.interchange.clock_file import Kept

BATCH = 2000  # pathways read at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organisation", required=True, help="slug of the organisation")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="a new file, .csv or .parquet"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun, ground

    out: Path = arguments.out
    if out.exists() or not out.absolute().parent.is_dir():
        raise CannotRun(f"{out} is there already, or its folder is not. Name a new file in a folder.")
    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.organisation.models import Organisation
    from clearway.desks.outpatients.clocks import actions
    from clearway.interchange import clock_file

    organisation = Organisation.objects.filter(slug=arguments.organisation).first()
    if organisation is None:
        raise CannotRun(f"There is no organisation {arguments.organisation!r}.")
    rows = list(_kept(organisation.pk))
    clock_file.write(out, clock_file.columns_of(rows))
    pathways = len({each.pathway for each in rows})
    scope = {"organisation_id": organisation.pk, "by": Actor("clocks export"), "at": datetime.now(UTC)}
    actions.exported(pathways, len(rows), **scope)  # type: ignore[arg-type]
    if arguments.json:
        print(json.dumps({"pathways": pathways, "events": len(rows), "file": str(out)}))
    else:
        print(f"{len(rows):,} events of {pathways:,} pathways in {out}.")
    return 0


def _kept(organisation_id: int) -> Iterator["Kept"]:
    from clearway.desks.outpatients.clocks import queries
    from clearway.desks.outpatients.clocks.models import Pathway
    from clearway.interchange.clock_file import Kept

    rows = Pathway.objects.filter(organisation_id=organisation_id).order_by("pk")
    known = list(rows.values_list("pk", "issuer", "ppid", "measurement"))
    for start in range(0, len(known), BATCH):
        of_batch = {
            key: (f"{issuer}-{ppid}", measurement)
            for key, issuer, ppid, measurement in known[start : start + BATCH]
        }
        for event in queries.events_of(of_batch):
            yield Kept(*of_batch[event.pathway_id], queries.value_of(event))
