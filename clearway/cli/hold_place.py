"""Keep what a trust knew in a span of time, or all about one patient: a legal hold.

Periods that are over count for none of it: nothing goes by itself until the hold is released.
A hold on a patient keeps what is stored under their name; messages as they came are kept by a span of time.

Examples:
  clearway hold place --organisation south-west --from 2026-10-01 --reason "Public inquiry"
  clearway hold place --organisation south-west --from 2026-10-01 --until 2026-10-15 --reason Inquest
  clearway hold place --organisation worcestershire --patient C0000012 --reason "Claim 4711"
"""

import argparse
import getpass
from datetime import UTC, datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organisation", required=True, metavar="SLUG", help="the trust")
    parser.add_argument(
        "--from", dest="known_from", metavar="DAY", help="first day that is held; not with --patient"
    )
    parser.add_argument("--until", metavar="DAY", help="first day no longer held; default: no end")
    parser.add_argument("--patient", metavar="NUMBER", help="hospital number: all about this patient")
    parser.add_argument("--reason", required=True, help="why, for whoever reads it in years; no identity")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.organisation.models import Organisation
    from clearway.core.retention import actions

    if (arguments.patient is None) == (arguments.known_from is None):
        raise CannotRun("Give either --from DAY, for a span of time, or --patient NUMBER.")
    organisation = Organisation.objects.filter(slug=arguments.organisation).first()
    if organisation is None:
        raise CannotRun(f"There is no organisation {arguments.organisation!r}.")
    if arguments.patient is not None:
        return _place_on_patient(organisation.pk, arguments)
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


def _place_on_patient(organisation_id: int, arguments: argparse.Namespace) -> int:
    """Raises CannotRun where nobody has the number."""
    from clearway.cli import CannotRun
    from clearway.core.audit.actions import Actor
    from clearway.desks.outpatients.keeping import actions
    from clearway.desks.outpatients.patients import queries as patients

    key = patients.of_number(organisation_id, arguments.patient)
    if key is None:
        raise CannotRun(f"There is no patient {arguments.patient!r}.")
    hold = actions.place_hold(
        key,
        arguments.reason,
        organisation_id=organisation_id,
        by=Actor(f"command:{getpass.getuser()}"),
        at=datetime.now(UTC),
    )
    print(f"Hold P{hold.pk} is in force.")
    return 0


def _midnight(day: str) -> datetime:
    """The local midnight at which a day begins. Raises CannotRun."""
    from clearway.cli import CannotRun
    from clearway.core.layout.times import LONDON

    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=LONDON)
    except ValueError:
        raise CannotRun(f"{day!r} is not a day. Write it like 2026-10-01.") from None
