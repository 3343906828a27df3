"""End a legal hold: what it alone kept goes with the next round of retention.

Examples:
  clearway hold release 3
  clearway hold release P2
"""

import argparse
import getpass
from datetime import UTC, datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("hold", help="its number, as clearway hold list shows it; P2 is on a patient")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.layout.numbers import whole_number
    from clearway.core.retention import actions
    from clearway.desks.outpatients.keeping import actions as keeping

    number = arguments.hold.removeprefix("P")
    if whole_number(number) is None:
        raise CannotRun(f"{arguments.hold!r} is no hold. Write it as clearway hold list does, like 3 or P2.")
    release = actions.release_hold if number == arguments.hold else keeping.release_hold
    release(int(number), by=Actor(f"command:{getpass.getuser()}"), at=datetime.now(UTC))
    print(f"Hold {arguments.hold} is released.")
    return 0
