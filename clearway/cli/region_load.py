"""Load a region pack into the database: its trust, areas, sites, policies and sources.

Loading the same pack again changes nothing; a policy whose values changed becomes a new version.

Example: clearway region load south-west
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slug", help="name of the pack, for instance south-west")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django
    from clearway.config.regions import find
    from clearway.interchange.region_pack import parse

    try:
        region = parse(find(arguments.slug))
    except LookupError as problem:
        raise CannotRun(str(problem)) from None
    with database_at_hand():
        load_django("owner")
        from clearway.core.audit.actions import Actor
        from clearway.core.organisation.actions import load_region

        organisation = load_region(region, by=Actor("command:region load"), at=datetime.now(UTC))
        print(f"{organisation.name}: {len(region.sites)} sites, {len(region.policies)} policies.")
    return 0
