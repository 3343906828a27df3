"""End a legal hold: what it alone kept goes with the next round of retention.

Example: clearway hold release 3
"""

import argparse
import getpass
from datetime import UTC, datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("hold", type=int, help="its number, as clearway hold list shows it")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.retention import actions

    by = Actor(f"command:{getpass.getuser()}")
    hold = actions.release_hold(arguments.hold, by=by, at=datetime.now(UTC))
    print(f"Hold {hold.pk} is released.")
    return 0
