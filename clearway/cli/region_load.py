"""Load a region pack into the database: its trust, areas, sites, policies and sources, and the services,
clinicians, rooms, clinics and letters of an outpatient pack.

Loading the same pack again changes nothing; a policy whose values changed becomes a new version.
A policy that could not be read is refused, and nothing is loaded.

Examples:
  clearway region load south-west
  clearway region load worcestershire
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slug", help="name of the pack, for instance south-west")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django
    from clearway.config.regions import find
    from clearway.interchange import department_pack, letter_pack, region_pack

    try:
        pack = find(arguments.slug)
        region = region_pack.parse(pack)
        department = department_pack.parse(pack, region)
        letters = None if department is None else letter_pack.parse(pack, department)
    except LookupError as problem:
        raise CannotRun(str(problem)) from None
    with database_at_hand():
        load_django("owner")
        from clearway.core.audit.actions import Actor
        from clearway.core.organisation.actions import load_region
        from clearway.desks.ambulance import whole
        from clearway.desks.outpatients.clinics.loading import load_department
        from clearway.desks.outpatients.letters.loading import load_letters

        whole.check(region.policies)
        by, at = Actor("command:region load"), datetime.now(UTC)
        organisation = load_region(region, by=by, at=at)
        print(f"{organisation.name}: {len(region.sites)} sites, {len(region.policies)} policies.")
        if department is not None:
            load_department(department, organisation_id=organisation.pk, by=by, at=at)
            print(f"{len(department.services)} services, {len(department.clinics)} weekly clinics.")
        if letters is not None:
            made = load_letters(letters, organisation_id=organisation.pk, by=by, at=at)
            print(f"{len(letters.texts)} texts of letters, {made} of them new versions.")
    return 0
