"""Make an account and give it a role: the first administrator of a new trust, or anybody after.

The password is asked for twice, or read from the first line of a file that only you can read. An account
that exists already only gets the role.

Example: clearway user add jo.osei --role patient_flow_coordinator --organisation south-west
"""

import argparse
import getpass
from datetime import UTC, datetime
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the user name, as it will be typed at sign-in")
    parser.add_argument("--role", required=True, help="code of the role, for example administrator")
    parser.add_argument(
        "--organisation", required=True, metavar="SLUG", help="the trust, as in its region pack"
    )
    parser.add_argument("--display-name", help="the name others see; default: the user name")
    parser.add_argument("--site", metavar="CODE", help="for a role held at one hospital: its ODS code")
    parser.add_argument("--area", metavar="CODE", help="for a commander: the area")
    parser.add_argument("--password-file", type=Path, help="read the password from this file's first line")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.people import actions
    from clearway.core.people.models import User

    at, by = datetime.now(UTC), Actor(f"command:{getpass.getuser()}")
    organisation, site, area = _places(arguments)
    user = User.objects.filter(username=arguments.name).first()
    candidate = user or User(username=arguments.name)
    grant = actions.Grant(candidate, arguments.role, organisation, at, site=site, area=area)
    actions.check_grant(grant, at)
    if user is None:
        shown = arguments.display_name or arguments.name
        user = actions.add_user(
            arguments.name, shown, _password(arguments), organisation_id=organisation.pk, by=by, at=at
        )
    row = actions.grant_role(
        actions.Grant(user, arguments.role, organisation, at, site=site, area=area), reach=None, by=by, at=at
    )
    print(f"{user.username} is {row.role} at {site or area or organisation}.")
    return 0


def _places(arguments: argparse.Namespace):  # type: ignore[no-untyped-def]
    from clearway.core.organisation.models import Organisation

    from . import CannotRun

    organisation = Organisation.objects.filter(slug=arguments.organisation).first()
    if organisation is None:
        known = (
            ", ".join(Organisation.objects.values_list("slug", flat=True)) or "none; run clearway region load"
        )
        raise CannotRun(f"There is no organisation {arguments.organisation!r}. Known: {known}.")
    site = organisation.sites.filter(code=arguments.site).first() if arguments.site else None
    area = organisation.areas.filter(code=arguments.area).first() if arguments.area else None
    for kind, asked, found in (("site", arguments.site, site), ("area", arguments.area, area)):
        if asked and found is None:
            raise CannotRun(f"{organisation} has no {kind} {asked!r}.")
    return organisation, site, area


def _password(arguments: argparse.Namespace) -> str:
    from . import CannotRun

    if arguments.password_file:
        return str(arguments.password_file.read_text().splitlines()[0])
    password = getpass.getpass("Password (at least 12 characters): ")
    if getpass.getpass("Again: ") != password:
        raise CannotRun("The two were not the same. Nothing was made.")
    return password
