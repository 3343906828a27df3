"""Keep a local account for recovery, or end that: it comes in although people sign in through a provider.

Each use of such an account is recorded, and the privacy officer gets a task. Keep two at least, with people
who do not share a shift, and try them twice a year.

Examples:
  clearway user recovery night.officer
  clearway user recovery night.officer --end
"""

import argparse
import getpass
import json
from datetime import UTC, datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the user name of a local account")
    parser.add_argument("--end", action="store_true", help="no longer")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Mark the account, or take the mark away."""
    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.people.models import User
    from clearway.core.people.provider.recovery import keep_for_recovery
    from clearway.core.people.reach import standing

    from . import CannotRun

    at, by = datetime.now(UTC), Actor(f"command:{getpass.getuser()}")
    user = User.objects.filter(username=arguments.name).first()
    if user is None:
        raise CannotRun(f"There is no account {arguments.name!r}. See: clearway user list")
    home = standing(user, at).organisation
    wanted = not arguments.end
    keep_for_recovery(user, wanted, organisation_id=home.pk if home else None, by=by, at=at)
    said = f"{user.username} is {'kept' if wanted else 'no longer kept'} for recovery."
    print(json.dumps({"name": user.username, "recovery": wanted}) if arguments.json else said)
    return 0
