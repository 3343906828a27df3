"""Ask the rules of data quality that need positions, other jobs or whole days about a past period.

What facts alone show is kept as they come; this looks at what is left of the rest, for days before the rules
were there or after a limit was changed, and brings the queue in line. Days are local.

Example: clearway quality check --organisation south-west --from 2026-10-01 --to 2026-10-31 --json
"""

import argparse
import json
from datetime import timedelta

from clearway.cli import a_day


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organisation", required=True, help="slug of the organisation")
    parser.add_argument("--from", dest="begin", type=a_day, required=True, metavar="DAY", help="first day")
    parser.add_argument("--to", dest="end", type=a_day, required=True, metavar="DAY", help="last day")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun, ground

    if arguments.end < arguments.begin:
        raise CannotRun(f"{arguments.end} is before {arguments.begin}: give the first day, then the last.")
    ground.prepare("owner")
    from clearway.core.organisation.models import Organisation
    from clearway.desks.ambulance.quality import casework, queries, watching

    organisation = Organisation.objects.filter(slug=arguments.organisation).first()
    if organisation is None:
        raise CannotRun(f"There is no organisation {arguments.organisation!r}.")
    at, jobs, changed = datetime.now(UTC), 0, 0
    day = arguments.begin
    while day <= arguments.end:
        span = queries.midnight(day), queries.midnight(day + timedelta(days=1))
        done = watching.look_back(organisation.pk, *span, at=at)
        jobs, changed, day = jobs + done.jobs, changed + done.changed, day + timedelta(days=1)
    new = casework.follow(organisation.pk, at=at)
    counts = queries.by_rule(organisation.pk, None)
    if arguments.json:
        print(json.dumps({"jobs": jobs, "changed": changed, "new": new, "findings": counts}))
    else:
        print(f"{jobs:,} jobs asked about, {changed:,} changed, {new:,} new in the queue. Findings now:")
        for code, count in counts.items():
            print(f"  {code}: {count}")
    return 0
