"""Keep everything that a trust knew in a span of time, although its period is over: a legal hold.

Nothing of that time goes by itself until the hold is released: no message, fact, position, snapshot or task.

Examples:
  clearway hold place --organisation south-west --from 2026-10-01 --reason "Public inquiry"
  clearway hold place --organisation south-west --from 2026-10-01 --until 2026-10-15 --reason Inquest
"""

import argparse
import getpass
from datetime import UTC, datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organisation", required=True, metavar="SLUG", help="the trust")
    parser.add_argument(
        "--from", dest="known_from", required=True, metavar="DAY", help="first day that is held"
    )
    parser.add_argument("--until", metavar="DAY", help="first day no longer held; default: no end")
    parser.add_argument("--reason", required=True, help="why, for whoever reads it in years; no identity")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.organisation.models import Organisation
    from clearway.core.retention import actions

    organisation = Organisation.objects.filter(slug=arguments.organisation).first()
    if organisation is None:
        raise CannotRun(f"There is no organisation {arguments.organisation!r}.")
    hold = actions.place_hold(
        organisation,
        arguments.reason,
        _midnight(arguments.known_from),
        _midnight(arguments.until) if arguments.until else None,
        by=Actor(f"command:{getpass.getuser()}"),
        at=datetime.now(UTC),
    )
    print(f"Hold {hold.pk} is in force.")
    return 0


def _midnight(day: str) -> datetime:
    """The local midnight at which a day begins. Raises CannotRun."""
    from clearway.cli import CannotRun
    from clearway.core.layout.times import LONDON

    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=LONDON)
    except ValueError:
        raise CannotRun(f"{day!r} is not a day. Write it like 2026-10-01.") from None
