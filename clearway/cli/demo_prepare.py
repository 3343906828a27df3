"""Make the database ready for the demo, without starting anything: tables, region, accounts, feed keys.

`clearway demo` does this by itself at each start; what is there already is kept.

Example: clearway demo prepare --region south-west
"""

import argparse
import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEPARTMENT = "worcestershire"  # the pack of the outpatient desk
SIMULATED_KINDS = ("cad", "hospital", "positions")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which region."""
    parser.add_argument(
        "--region", default="south-west", help="name of the region pack (default: %(default)s)"
    )
    parser.add_argument("--regime", default="typical", help="how busy it is (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Migrate, and load the region and the accounts when they are not as this version has them."""
    from clearway.cli.ground import bring_up_to_date, database_at_hand, load_django
    from clearway.config import database
    from clearway.config.regions import find

    notes = Notes(database.home() / "demo.json")
    with database_at_hand():
        load_django("owner")
        bring_up_to_date()
        try:
            pack = find(arguments.region)
        except LookupError as problem:
            from clearway.cli import CannotRun

            raise CannotRun(str(problem)) from None
        wanted = _fingerprint(pack)
        department = find(DEPARTMENT)
        wanted += _fingerprint(department)
        if notes.read().get("prepared") != wanted:
            _load(pack, notes)
            _load_department(department, notes)
            notes.add(prepared=wanted)
        _load_roster(pack, arguments.regime)
    return 0


class Notes:
    """What the demo remembers between starts, in a file that only this user can read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """Everything noted so far."""
        return dict(json.loads(self.path.read_text())) if self.path.is_file() else {}

    def add(self, **notes: Any) -> None:
        """Note more, whole or not at all."""
        from clearway.cli.ground import write_private

        write_private(self.path, json.dumps({**self.read(), **notes}, indent=2))


def _fingerprint(pack: Mapping[str, bytes]) -> str:
    from clearway import __version__

    whole = hashlib.sha256(__version__.encode())
    for name in sorted(pack):
        whole.update(name.encode() + pack[name])
    return whole.hexdigest()


def _load(pack: Mapping[str, bytes], notes: Notes) -> None:
    from datetime import UTC, datetime

    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.actions import issue_key
    from clearway.core.organisation.actions import load_region
    from clearway.core.people.demo import ensure_accounts
    from clearway.interchange.region_pack import parse

    by, at = Actor("demo"), datetime.now(UTC)
    organisation = load_region(parse(pack), by=by, at=at)
    password = notes.read().get("password") or f"demo-{secrets.token_hex(5)}"
    names = ensure_accounts(organisation, password, at)
    sources = organisation.sources.filter(kind__in=SIMULATED_KINDS)
    keys = {source.name: issue_key(source, by=by, at=at) for source in sources}
    _set_levels(organisation.pk, at)
    notes.add(password=password, accounts=names)
    Notes(notes.path.with_name("feed-keys.json")).add(**keys)


def _load_department(pack: Mapping[str, bytes], notes: Notes) -> None:
    from datetime import UTC, datetime

    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.actions import issue_key
    from clearway.core.organisation.actions import load_region
    from clearway.core.people.demo import ensure_outpatient_accounts
    from clearway.core.people.queries import may_be_asked
    from clearway.desks.outpatients.clinics.loading import link_by_name, load_department
    from clearway.desks.outpatients.letters.loading import load_letters
    from clearway.interchange import department_pack, letter_pack, region_pack

    by, at = Actor("demo"), datetime.now(UTC)
    region = region_pack.parse(pack)
    organisation = load_region(region, by=by, at=at)
    department = department_pack.parse(pack, region)
    if department is not None:
        load_department(department, organisation_id=organisation.pk, by=by, at=at)
        if (letters := letter_pack.parse(pack, department)) is not None:
            load_letters(letters, organisation_id=organisation.pk, by=by, at=at)
    for source in organisation.sources.filter(kind="notify"):
        notes.add(callback_key=issue_key(source, by=by, at=at))
    names = ensure_outpatient_accounts(organisation, notes.read()["password"], at)
    _enter_reports(organisation.pk, by, at)
    people = {each.display_name: each.pk for each in may_be_asked(organisation.pk, at)}
    link_by_name(people, organisation_id=organisation.pk, by=by, at=at)
    notes.add(outpatient_accounts=names)


ROSTER_DAYS = range(-1, 8)  # from yesterday, whose nights go on, for a week
VACANT_ONE_IN = 40  # shifts of the simulated rota, beside each of which the roster has one that nobody fills


def _load_roster(pack: Mapping[str, bytes], regime: str) -> None:
    """Load the rota by which the simulated crews book on, through the import that a trust uses. What stands
    already stays. Some shifts are vacant, as on every real roster."""
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta

    from clearway.core.audit.actions import Actor
    from clearway.core.layout.times import local
    from clearway.core.organisation.models import Organisation
    from clearway.desks.ambulance.rosters import actions
    from clearway.domain.ambulance.rosters import RosterShift
    from clearway.interchange import region_pack, roster_file
    from clearway.simulation.ambulance import parameters as packs
    from clearway.simulation.ambulance.shifts import planned

    at, region = datetime.now(UTC), region_pack.parse(pack)
    parameters = packs.read(region)
    if regime not in parameters.regimes:  # the feed will say so; there is no rota to load
        return
    days = [local(at).date() + timedelta(days=day) for day in ROSTER_DAYS]
    shifts = [
        RosterShift(each.call_sign, each.starts_at, each.ends_at, each.station, each.kind, "paramedic")
        for day in days
        for each in planned(region, parameters, parameters.regime(regime), day)
    ]
    vacant = [replace(each, call_sign=f"{each.call_sign}V") for each in shifts[::VACANT_ONE_IN]]
    file = roster_file.write((*shifts, *vacant))
    trust = Organisation.objects.get(slug=region.slug)
    name = f"rota-{days[0]}.csv"
    actions.load(name, file, organisation_id=trust.pk, by=Actor("demo"), at=at)


# Invented figures of the first hospitals, from one that is well to one that is not; the others say nothing.
PRESSED = (
    {"four_hours": 71, "attendances": 6, "treatment": 105, "over_12h": 4.2, "beds": 94.1, "no_criteria": 12},
    {
        "four_hours": 58,
        "attendances": 14,
        "treatment": 212,
        "over_12h": 11.5,
        "beds": 99.2,
        "escalation_beds": 6.4,
        "no_criteria": 19.3,
    },
    {"four_hours": 66, "treatment": 150, "beds": 97.5, "escalation_beds": 3.1},
)


def _set_levels(organisation_id: int, at: Any) -> None:
    """The incident manager sets REAP and the safety plan, and the coordinator writes down what some hospitals
    say, unless somebody has set a level."""
    from datetime import timedelta

    from clearway.core.audit.actions import Actor
    from clearway.core.organisation.queries import receiving_sites
    from clearway.core.people.models import User
    from clearway.desks.ambulance.pressure import actions, queries
    from clearway.domain.ambulance.pressure import Ladder

    if queries.newest(organisation_id):
        return
    tim = Actor("tim", User.objects.get(username="tim").pk, "trust_incident_manager")
    pfc = Actor("pfc", User.objects.get(username="pfc").pk, "patient_flow_coordinator")
    for wanted in (
        actions.Wanted(
            *(Ladder.REAP, 3, "Demand above plan, and hospitals hold crews", at + timedelta(days=6), 0),
            outlook=(3, 3, 3, 3, 2, 2, 2),
        ),
        actions.Wanted(Ladder.CSP, 2, "Crews wait at several hospitals", at + timedelta(hours=4), 0),
    ):
        actions.declare(wanted, organisation_id=organisation_id, by=tim, at=at)
    for site, figures in zip(receiving_sites(organisation_id), PRESSED, strict=False):
        said = actions.Report(site.code, figures, at, told_by="site manager")
        actions.report(said, organisation_id=organisation_id, by=pfc, at=at)


def _enter_reports(organisation_id: int, by: Any, at: Any) -> None:
    """The team leader gets waiting times each week and long waits each month, unless reports are entered."""
    from clearway.core.people.models import User
    from clearway.desks.outpatients.reports import actions, queries
    from clearway.domain.outpatients.reports import Cadence, Unit, What

    if queries.register(organisation_id):
        return
    leader = User.objects.get(username="leader").pk
    for what, cadence in (
        (What.CAPACITY, Cadence(Unit.WEEKDAY, 1)),
        (What.UNOUTCOMED, Cadence(Unit.WEEKDAY, 1)),
        (What.LONG_WAITS, Cadence(Unit.WORKING_DAY, 2)),
    ):
        new = actions.New(what, leader, cadence)
        actions.enter(new, organisation_id=organisation_id, by=by, at=at)
