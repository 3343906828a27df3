"""Looking at a roster and taking it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import LONDON, clock, day, local
from clearway.core.locks import Lock, one_at_a_time
from clearway.core.organisation.queries import area_names
from clearway.domain.ambulance.rosters import Difference, difference
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import roster_file
from clearway.interchange.roster_file import BadRow, RosterFile

from . import queries
from .models import PlannedShift, Roster

FIX = "Change its times, or leave the shift as it stands."


@dataclass(frozen=True, slots=True)
class Looked:
    """A file with what it would change now. `bad` every row that cannot be used, by line."""

    file: RosterFile
    change: Difference
    bad: tuple[BadRow, ...]


def look(raw: bytes, *, organisation_id: int, at: datetime) -> Looked:
    """What a file says and would change; nothing is written. Raises CannotParse. Two queries."""
    file = roster_file.parse(raw, queries.called(organisation_id), LONDON)
    return _looked(organisation_id, file, at)


def _looked(organisation_id: int, file: RosterFile, at: datetime) -> Looked:
    standing = queries.around(organisation_id, file.shifts)
    change = difference(
        file.shifts,
        standing,
        at,
        lambda instant: local(instant).date(),
        lambda instant: f"{clock(instant)} on {day(instant)}",
    )
    refused = [BadRow(file.lines[place], "start", f"{why}.", FIX) for place, why in change.refused.items()]
    return Looked(file, change, tuple(sorted((*file.bad, *refused), key=lambda row: row.line)))


@transaction.atomic
def keep(name: str, raw: bytes, *, organisation_id: int, by: Actor, at: datetime) -> Roster:
    """Keep a file as it came, to be looked at. The same file that is not taken yet is kept once."""
    digest = hashlib.sha256(raw).hexdigest()
    waits = Roster.objects.filter(organisation_id=organisation_id, digest=digest, taken_at=None).first()
    if waits is not None:
        return waits
    row = Roster.objects.create(
        organisation_id=organisation_id,
        name=name.strip()[:200] or "roster.csv",
        raw=raw,
        digest=digest,
        came_at=at,
        came_by=by.name,
    )
    entry = Entry("roster.keep", f"roster:{row.pk}", {"name": row.name, "digest": digest})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


@transaction.atomic
def take(key: int, *, organisation_id: int, by: Actor, at: datetime) -> tuple[Roster, Looked]:
    """Put the good shifts of a kept file in force. Raises NotAllowed where it was taken already, is gone, or
    changes nothing; CannotParse where it cannot be read."""
    what = "Taking this roster"
    one_at_a_time(Lock.ROSTERS, organisation_id)
    row = Roster.objects.select_for_update().filter(organisation_id=organisation_id, pk=key).first()
    if row is None:
        raise NotAllowed("gone", what, "There is no such roster. Give the file again.")
    if row.taken_at is not None:
        raise NotAllowed(
            "taken", what, f"{row.taken_by} took it {clock(row.taken_at)}. Look at it as it is now."
        )
    looked = look(bytes(row.raw), organisation_id=organisation_id, at=at)
    if not looked.change.changes:
        raise NotAllowed(
            "the same", what, "It changes nothing: every shift in it stands already, or cannot be used."
        )
    _write(row, looked, by, at)
    return row, looked


def load(name: str, raw: bytes, *, organisation_id: int, by: Actor, at: datetime) -> Looked:
    """Keep a file and take it in one step; writes nothing where it changes nothing. Raises CannotParse."""
    looked = look(raw, organisation_id=organisation_id, at=at)
    if not looked.change.changes:
        return looked
    with transaction.atomic():
        row = keep(name, raw, organisation_id=organisation_id, by=by, at=at)
        return take(row.pk, organisation_id=organisation_id, by=by, at=at)[1]


def _write(row: Roster, looked: Looked, by: Actor, at: datetime) -> None:
    change, shifts = looked.change, looked.file.shifts
    areas = area_names(row.organisation_id)
    PlannedShift.objects.filter(pk__in=change.replaced).update(replaced_by=row, replaced_at=at)
    PlannedShift.objects.bulk_create(
        [
            PlannedShift(
                organisation_id=row.organisation_id,
                roster=row,
                call_sign=each.call_sign,
                kind=each.kind.value,
                skill=each.skill,
                station=each.station,
                area=areas.get(each.station, ""),
                starts_at=each.starts_at,
                ends_at=each.ends_at,
            )
            for each in (shifts[place] for place in change.added)
        ],
        batch_size=2000,
    )
    row.taken_at, row.taken_by = at, by.name
    row.added, row.same = len(change.added), change.same
    row.replaced, row.refused = len(change.replaced), len(looked.bad)
    row.save(update_fields=["taken_at", "taken_by", "added", "same", "replaced", "refused"])
    detail = {"name": row.name, "added": row.added, "replaced": row.replaced, "refused": row.refused}
    entry = Entry("roster.take", f"roster:{row.pk}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
