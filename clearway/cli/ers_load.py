"""Take a worklist of the e-Referral Service, referrals for review or appointment slot issues, into referrals.

The file is an answer of its interface (A008, FHIR STU3 List as JSON) or an export of the worklist as CSV or
XLSX with the columns UBRN, review reason, NHS number and received. Nothing is asked of e-RS itself. Each
booking reference becomes one referral with its clock; loading it again changes nothing. Rows that cannot be
taken are named with their place and what mends them. Answers of one service are taken only as often a day as
the policy referral_intake says. Exit code 1 when a row was refused.

Example: clearway ers load slot-issues.json --service MSK
"""

import argparse
import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SENDER = "e-RS"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and whose it is."""
    parser.add_argument("file", help="JSON as e-RS answers, or the worklist as CSV or XLSX")
    parser.add_argument("--service", metavar="CODE", required=True, help="the service whose worklist it is")
    parser.add_argument("--organisation", metavar="SLUG", help="the trust; default: the only outpatient one")
    parser.add_argument("--json", action="store_true", help="print what became of each row as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Take the good rows. Raises CannotRun where the file cannot be read, or may not be taken now."""
    from clearway.cli import CannotRun, ground

    path = Path(arguments.file)
    raw = ground.read_file(path)
    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.desks.outpatients.intake import actions
    from clearway.domain.shared.errors import CannotParse, NotAllowed

    trust = ground.the_trust(arguments.organisation)
    scope: dict[str, Any] = {
        "organisation_id": trust.pk,
        "by": Actor(f"command:{getpass.getuser()}"),
        "at": datetime.now(UTC),
    }
    service_id = _service(trust.pk, arguments.service)
    try:
        taken = actions.load(raw, path.name[:200], SENDER, service_id, **scope)
    except CannotParse as problem:
        raise CannotRun(f"{path}: {problem}") from None
    except NotAllowed as refusal:
        raise CannotRun(f"{path}: {refusal.why}") from None
    if taken.state == taken.State.UNREAD:
        raise CannotRun(f"{path}: {taken.place}: {taken.why} {taken.fix} It is kept, to be read again.")
    return _say(taken.results, arguments)


def _service(organisation_id: int, code: str) -> int:
    from clearway.cli import CannotRun
    from clearway.desks.outpatients.referrals import queries

    known = {each.code: each.pk for each in queries.services(organisation_id)}
    if code not in known:
        raise CannotRun(f"No service has the code {code}. Name one of: {', '.join(sorted(known))}.")
    return int(known[code])


def _say(results: Any, arguments: argparse.Namespace) -> int:
    verdicts = [each["verdict"] for each in results]
    counts = {name: verdicts.count(name) for name in ("registered", "repeat", "refused")}
    if arguments.json:
        named = ("line", "verdict", "number", "where", "why", "fix")
        print(json.dumps({**counts, "rows": [{name: each[name] for name in named} for each in results]}))
    else:
        here = f"{counts['repeat']} here already"
        print(f"{counts['registered']} registered, {here}, {counts['refused']} refused.")
        for each in results:
            if each["verdict"] == "refused":
                place = f"row {each['line']}" + (f", {each['where']}" if each["where"] else "")
                print(f"  {place}: {each['why']} {each['fix']}")
    return 1 if counts["refused"] else 0
