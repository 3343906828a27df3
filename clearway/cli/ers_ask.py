"""Ask the e-Referral Service for the worklists of services, and take them into referrals and clocks.

FILE is TOML: address, token_address, client_id and key_file of the trust's application at e-RS, and a table
[services] of our codes with their ids there. Each answer is kept and goes the way of `clearway ers load`.
e-RS answers twice a day for each service: that is counted before it is asked, also over two machines, and
with the answers that were given by hand. By default both worklists of every service are asked for, which
uses up the day. Exit code 1 when a row was refused, or a worklist was not had.

Example: clearway ers ask /etc/clearway/ers.toml --service MSK --list APPOINTMENT_SLOT_ISSUES
"""

import argparse
import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LISTS = ("REFERRALS_FOR_REVIEW", "APPOINTMENT_SLOT_ISSUES")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose account, and what to ask for."""
    parser.add_argument("file", metavar="FILE", help="the account at e-RS and its services, as TOML")
    parser.add_argument("--service", metavar="CODE", help="one service of the file; default: each")
    parser.add_argument("--list", choices=LISTS, help="one worklist; default: both")
    parser.add_argument("--organisation", metavar="SLUG", help="the trust; default: the only outpatient one")
    parser.add_argument("--json", action="store_true", help="print what became of each worklist as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Ask for each worklist and take it. Raises CannotRun where the file cannot be used."""
    from clearway.cli import CannotRun, ground

    path = Path(arguments.file)
    ground.prepare("owner")
    from clearway.domain.shared.errors import CannotParse
    from clearway.gateway import ers

    try:
        account = ers.account_of(path)
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotRun(f"{path} or its key file cannot be read: {type(problem).__name__}.") from None
    except CannotParse as problem:
        raise CannotRun(f"{path}: {problem}") from None
    trust = ground.the_trust(arguments.organisation)
    known = _known(trust.pk)
    codes = [arguments.service] if arguments.service else sorted(account.services)
    for code in codes:
        if code not in account.services or code not in known:
            raise CannotRun(f"{code} is no service of {path} that is known here as one.")
    lists = [arguments.list] if arguments.list else LISTS
    rows = [_ask(account, (known[code], code), which, trust.pk) for code in codes for which in lists]
    _say(rows, is_json=arguments.json)
    return 1 if any(row["why"] or row["refused"] for row in rows) else 0


def _known(organisation_id: int) -> dict[str, int]:
    from clearway.desks.outpatients.referrals import queries

    return {each.code: int(each.pk) for each in queries.services(organisation_id)}


def _ask(account: Any, service: tuple[int, str], which: str, organisation_id: int) -> dict[str, Any]:
    from clearway.core.audit.actions import Actor
    from clearway.domain.shared.errors import NotAllowed
    from clearway.gateway import ers

    by, row = Actor(f"command:{getpass.getuser()}"), {"service": service[1], "list": which, "why": ""}
    counts = dict.fromkeys(("registered", "repeat", "refused"), 0)
    try:
        came = ers.ask(
            account, service, which, organisation_id=organisation_id, by=by, clock=lambda: datetime.now(UTC)
        )
        row["why"] = came.why
        verdicts = [each["verdict"] for each in came.file.results] if came.file else []
        counts = {name: verdicts.count(name) for name in counts}
    except NotAllowed as refusal:
        row["why"] = refusal.why
    except (ers.NotReached, ers.NotGiven) as problem:
        row["why"] = str(problem)
    return {**row, **counts}


def _say(rows: list[dict[str, Any]], *, is_json: bool) -> None:
    if is_json:
        print(json.dumps({"worklists": rows}))
        return
    for row in rows:
        counted = f"{row['registered']} registered, {row['repeat']} here already, {row['refused']} refused"
        print(f"{row['service']}, {row['list']}: {row['why'] or counted}.".replace("..", "."))
