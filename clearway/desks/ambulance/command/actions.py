"""Making situation reports, and adding to them."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import LONDON, clock
from clearway.core.live.actions import announce
from clearway.domain.ambulance.command import report_due
from clearway.domain.shared import figures as shared
from clearway.domain.shared.errors import NotAllowed

from . import figures, queries
from .models import Sitrep, SitrepAddendum
from .policy import command_policy

LOCK = 4131  # advisory lock class: one writer of what a trust's command keeps
BY_HAND = "By hand"


@transaction.atomic
def make_sitrep(
    because: str, *, organisation_id: int, by: Actor, at: datetime, for_at: datetime | None = None
) -> Sitrep:
    """Make a report of this instant and keep it. One that is made for a time is made once: asked again, it is
    given back."""
    lock(organisation_id)
    made = Sitrep.objects.filter(organisation_id=organisation_id)
    if for_at is not None and (same := made.filter(for_at=for_at).first()) is not None:
        return same
    seen = figures.see(organisation_id, at)
    parts = {code: read(seen) for code, (_, read) in figures.PARTS.items()}
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


def lock(organisation_id: int) -> None:
    """Be the only writer until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, organisation_id])
