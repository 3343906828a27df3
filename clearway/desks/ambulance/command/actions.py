"""Making situation reports and adding to them; giving and accepting a shift."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import LONDON, clock
from clearway.core.live.actions import announce
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.ambulance.command import is_same_change, report_due
from clearway.domain.shared import figures as shared
from clearway.domain.shared.errors import NotAllowed

from . import figures, queries, sheets
from .models import ShiftAcceptance, ShiftSheet, ShiftWord, Sitrep, SitrepAddendum
from .policy import command_policy

BY_HAND = "By hand"


def make_sitrep(
    because: str, *, organisation_id: int, by: Actor, at: datetime, for_at: datetime | None = None
) -> Sitrep:
    """Make a report of this instant and keep it. One that is made for a time is made once: asked again, it is
    given back."""
    # A report takes a while: nothing is locked meanwhile, or a major incident could not be declared.
    seen = figures.see(organisation_id, at)
    parts = {code: figures.titled(code, seen) for code in figures.PARTS}
    return _keep(because, parts, organisation_id=organisation_id, by=by, at=at, for_at=for_at)


@transaction.atomic
def _keep(
    because: str,
    parts: Mapping[str, shared.Figures],
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    for_at: datetime | None,
) -> Sitrep:
    lock(organisation_id)
    made = Sitrep.objects.filter(organisation_id=organisation_id)
    if for_at is not None and (same := made.filter(for_at=for_at).first()) is not None:
        return same
    row = Sitrep.objects.create(
        organisation_id=organisation_id,
        number=(made.aggregate(Max("number"))["number__max"] or 0) + 1,
        at=at,
        for_at=for_at,
        because=because[:200],
        by=by.name,
        figures={code: shared.kept([part])[0] for code, part in parts.items()},
    )
    entry = Entry("sitreps.make", f"sitrep:{row.number}", {"because": row.because})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    announce("sitrep", [str(row.number)], organisation_id=organisation_id, at=at)
    return row


def follow(organisation_id: int, *, by: Actor, at: datetime) -> Sitrep | None:
    """Make the report that is due, by its time or by what has happened since the newest. None: nothing is."""
    policy = command_policy(organisation_id, at)
    due = report_due(policy, at, LONDON)
    if not Sitrep.objects.filter(organisation_id=organisation_id, for_at=due).exists():
        because = f"For {clock(due)}"
        return make_sitrep(because, organisation_id=organisation_id, by=by, at=at, for_at=due)
    newest = queries.newest(organisation_id)
    if newest is None:
        return None
    found = queries.occasions(organisation_id, newest.at, at, policy.on)
    if not found:
        return None
    return make_sitrep("; ".join(found.values()), organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def add(number: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> SitrepAddendum:
    """Add to a report, or say what was wrong in it. Raises SitrepNotThere, NotAllowed."""
    if by.user_id is None:
        raise NotAllowed("nobody", "Adding to a report", "Only a person adds to one.")
    row = queries.sitrep(organisation_id, number)
    added = SitrepAddendum.objects.create(of=row, at=at, by=by.name, words=words)
    entry = Entry("sitreps.add", f"sitrep:{number}", {"words": words})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    announce("sitrep", [str(number)], organisation_id=organisation_id, at=at)
    return added


@transaction.atomic
def give_shift(notes: str, *, organisation_id: int, by: Actor, at: datetime) -> ShiftSheet:
    """Give the shift to whoever comes next, with all that is open now: once for a change of shift,
    while nobody has accepted it. One that stayed unaccepted at an earlier change keeps nobody.

    Raises NotAllowed.
    """
    event = "Giving the shift"
    lock(organisation_id)
    last = queries.sheets(organisation_id).first()
    mine = queries.given_by(organisation_id, by.user_id, by.role)
    if mine is not None and getattr(mine, "acceptance", None) is None:
        policy = command_policy(organisation_id, at)
        if is_same_change(policy, mine.at, at, LONDON):
            why = f"You gave it at {clock(mine.at)}, and nobody has accepted it. Add a note to that sheet."
            raise NotAllowed("given", event, why)
    row = ShiftSheet.objects.create(
        organisation_id=organisation_id,
        number=(last.number if last else 0) + 1,
        at=at,
        by=by.name,
        by_user_id=_person(by, event),
        role=by.role,
        notes=notes,
        figures=_open_now(organisation_id, at),
    )
    _tell("shift.give", row, {"notes": notes}, by, at)
    return row


@transaction.atomic
def accept_shift(number: int, *, organisation_id: int, by: Actor, at: datetime) -> ShiftAcceptance:
    """The next person has it; what is open at that instant is kept. Raises SheetNotThere, NotAllowed."""
    event = "Accepting the shift"
    lock(organisation_id)
    row = queries.sheet(organisation_id, number)
    if (accepted := getattr(row, "acceptance", None)) is not None:
        raise NotAllowed("accepted", event, f"{accepted.by} accepted it at {clock(accepted.at)}.")
    if row.by_user_id == by.user_id:
        raise NotAllowed("your own", event, "Somebody else accepts what you gave.")
    made = ShiftAcceptance.objects.create(
        of=row,
        at=at,
        by=by.name,
        by_user_id=_person(by, event),
        role=by.role,
        figures=_open_now(organisation_id, at),
    )
    _tell("shift.accept", row, {}, by, at)
    return made


@transaction.atomic
def say_of_shift(number: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> ShiftWord:
    """Ask or note something about a sheet. Raises SheetNotThere."""
    row = queries.sheet(organisation_id, number)
    said = ShiftWord.objects.create(of=row, at=at, by=by.name, words=words)
    _tell("shift.say", row, {"words": words}, by, at)
    return said


def _open_now(organisation_id: int, at: datetime) -> dict[str, Any]:
    seen = figures.see(organisation_id, at)
    return {code: shared.kept([figures.told(code, sheets.PARTS, seen)])[0] for code in sheets.PARTS}


def _person(by: Actor, event: str) -> int:
    if by.user_id is None:
        raise NotAllowed("nobody", event, "Only a person does this.")
    return by.user_id


def _tell(verb: str, row: ShiftSheet, detail: Mapping[str, Any], by: Actor, at: datetime) -> None:
    audit([Entry(verb, f"shift:{row.number}", detail)], organisation_id=row.organisation_id, by=by, at=at)
    announce("shift", [str(row.number)], organisation_id=row.organisation_id, at=at)


def lock(organisation_id: int) -> None:
    """Be the only writer until the transaction ends."""
    one_at_a_time(Lock.COMMAND, organisation_id)
