"""Set up a system that sends HL7 v2 over MLLP, or a regional dashboard that reads figures.

It may deliver, or read, at once. Sources of other kinds come with the region pack. Setting one up twice
changes nothing but its interval.

Examples:
  clearway source add trust-pas --organisation worcestershire
  clearway source add region-board --organisation south-west --kind dashboard
"""

import argparse
import getpass
from datetime import UTC, datetime

HOUR = 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it is called and whose it is."""
    parser.add_argument("name", help="name of the source; with client certificates, their common name")
    parser.add_argument("--organisation", metavar="SLUG", required=True, help="the trust, as in its pack")
    parser.add_argument(
        "--kind", choices=("hl7", "dashboard"), default="hl7", help="what it is (default: %(default)s)"
    )
    parser.add_argument(
        "--every", type=int, default=HOUR, metavar="SECONDS", help="expected interval (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Make it, or say that it is there."""
    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds import actions
    from clearway.core.feeds.models import READER
    from clearway.core.organisation.models import Organisation
    from clearway.gateway.hl7 import KIND

    organisation = Organisation.objects.filter(slug=arguments.organisation).first()
    if organisation is None:
        known = ", ".join(Organisation.objects.values_list("slug", flat=True)) or "none is loaded"
        raise CannotRun(f"There is no organisation {arguments.organisation!r}. Known: {known}.")
    if not 0 < arguments.every <= 7 * 24 * HOUR:
        raise CannotRun("--every is 1 second to a week.")
    at, by = datetime.now(UTC), Actor(f"command:{getpass.getuser()}")
    kind = KIND if arguments.kind == "hl7" else READER
    opening = actions.Opening(arguments.name, kind, "native", arguments.every, frozenset())
    source = actions.open_source(organisation, opening, by=by, at=at)
    actions.switch(source, True, by=by, at=at)
    if kind == READER:
        print(f"{source.name} may read /api/v1/regional. Give it a key: clearway source key {source.name}")
        return 0
    print(f"{source.name} may send HL7 v2.")
    print(f"Say how it writes: clearway mapping load {source.name} FILE --why ...")
    return 0
