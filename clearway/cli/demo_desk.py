"""Let the people of the demo's control room say and write a few things, once its boards are filled.

`clearway demo` does this by itself at its first start, through the actions that people use.

Example: clearway demo desk --region south-west
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where."""
    parser.add_argument(
        "--region", default="south-west", help="name of the region pack (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Enter what has not been entered; again, nothing."""
    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django

    with database_at_hand():
        load_django("owner")
        from clearway.core.organisation.models import Organisation
        from clearway.desks.ambulance import invented_shift
        from clearway.gateway.feeder import utc_now

        trust = Organisation.objects.filter(slug=arguments.region).first()
        if trust is None:
            raise CannotRun(f"Load the region first: clearway region load {arguments.region}")
        entered = invented_shift.begin(organisation_id=trust.pk, at=utc_now())
    print("Entered." if entered else "It stands already, or nobody works here.", flush=True)
    return 0
