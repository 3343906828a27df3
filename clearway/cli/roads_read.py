"""Take the road disruptions of a DATEX II file: closures, flooding, events, weather and abnormal traffic.

They are on every board at once and end by themselves. Reading the same file again changes nothing; a record
that the file calls over ends its disruption. Records further than 60 km from every hospital are passed over.

Example: clearway roads read situations.xml --region south-west
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="situation publication, XML, at most 20 MB")
    parser.add_argument("--region", required=True, help="slug of the region, for instance south-west")
    parser.add_argument("--json", action="store_true", help="print what it changed as JSON")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django
    from clearway.domain.shared.errors import CannotParse
    from clearway.interchange import datex2

    try:
        publication = datex2.parse(arguments.file.read_bytes())
    except OSError as problem:
        raise CannotRun(f"{arguments.file} cannot be opened: {problem.strerror}.") from None
    except CannotParse as problem:
        raise CannotRun(f"{arguments.file}: {problem}") from None
    with database_at_hand():
        load_django("owner")
        from clearway.core.audit.actions import Actor
        from clearway.core.organisation.models import Organisation
        from clearway.desks.ambulance.travel import actions, presenters

        organisation = Organisation.objects.filter(slug=arguments.region).first()
        if organisation is None:
            raise CannotRun(f"No region {arguments.region!r} is loaded. Run: clearway region load <slug>")
        result = actions.take(
            publication.records,
            organisation_id=organisation.pk,
            by=Actor("command:roads read"),
            at=datetime.now(UTC),
        )
        passed_over = publication.passed_over
        if arguments.json:
            print(json.dumps({**asdict(result), "passed_over": dict(passed_over)}))
        else:
            print(presenters.taken(result, passed_over))
    return 0
