"""Give a source a new key and show it, once; the old key stops working.

The key is what another system sends as "Authorization: Bearer KEY". Only a hash of it is kept.

Example: clearway source key swast-cad
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which source."""
    parser.add_argument("name", help="name of the source, as in its region pack")


def run(arguments: argparse.Namespace) -> int:
    """Issue and print the key."""
    import getpass
    from datetime import UTC, datetime

    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django

    with database_at_hand():
        load_django("owner")
        from clearway.core.audit.actions import Actor
        from clearway.core.feeds.actions import issue_key
        from clearway.core.feeds.models import Source

        source = Source.objects.filter(name=arguments.name).first()
        if source is None:
            known = ", ".join(Source.objects.values_list("name", flat=True)) or "none; load a region first"
            raise CannotRun(f"There is no source {arguments.name!r}. There are: {known}.")
        print(issue_key(source, by=Actor(f"command:{getpass.getuser()}"), at=datetime.now(UTC)))
    return 0
