"""Letting go of what is past its period, in bounded parts, each on record; and keeping what is held."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from clearway.domain.shared.errors import NotAllowed

from ..audit.actions import Actor, Entry
from ..audit.actions import record as audit
from ..feeds.models import Source
from ..organisation.models import Organisation
from . import queries
from .models import LegalHold
from .shelves import BATCHES, MESSAGE_KEYS, POSITION_BATCHES, Shelf

VERB = "retention.forget"
ROWS_AT_ONCE = 5000


@transaction.atomic
def forget(
    organisation: Organisation, shelf: Shelf, *, by: Actor, at: datetime, most: int = ROWS_AT_ONCE
) -> int:
    """Remove up to `most` rows of a shelf that are past their period and not held. Returns how many."""
    before = queries.cutoff(organisation.pk, shelf.of, at)
    if before is None:
        return 0
    _say_from_when(organisation, shelf, before)
    values: dict[str, int | datetime] = {
        "organisation": organisation.pk,
        "before": queries.last_to_go(shelf, before),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_removal(shelf), values)
        gone = int(cursor.fetchone()[0]) if shelf.remover else int(cursor.rowcount)
    if gone:
        record(organisation.pk, shelf.of, {"rows": gone, "before": before.isoformat()}, by=by, at=at)
    return gone


def _removal(shelf: Shelf) -> str:
    if shelf.remover:
        return f"SELECT {shelf.remover}(%(organisation)s, %(before)s, %(most)s)"
    return (
        f"DELETE FROM {shelf.table} WHERE ctid = ANY (ARRAY("
        f"SELECT t.ctid FROM {queries.past(shelf)} LIMIT %(most)s FOR UPDATE SKIP LOCKED))"
    )


def record(organisation_id: int, of: str, detail: dict[str, object], *, by: Actor, at: datetime) -> None:
    """Put on record what went: its kind, how much, and of before when. In the caller's transaction."""
    audit([Entry(VERB, f"retention:{of}", detail)], organisation_id=organisation_id, by=by, at=at)


def refuse_before(sources: Q, instant: datetime) -> None:
    """From now on these sources may not say what happened before an instant.

    Whether it was said before can no longer be told, because what told it is about to go.
    """
    earlier = Q(keys_since__isnull=True) | Q(keys_since__lt=instant)
    Source.objects.filter(sources & earlier).update(keys_since=instant)


def _say_from_when(organisation: Organisation, shelf: Shelf, before: datetime) -> None:
    """What can no longer be told, or counted, is said at the source before anything goes."""
    of_the_trust = Q(organisation=organisation)
    if shelf is MESSAGE_KEYS:
        refuse_before(of_the_trust & ~Q(kind="positions"), before)
    if shelf in (BATCHES, POSITION_BATCHES):
        kind = Q(kind="positions") if shelf is POSITION_BATCHES else ~Q(kind="positions")
        has_some = Q(batch__received_at__lt=before)
        sources = Source.objects.filter(of_the_trust & kind & has_some).values("pk")
        Source.objects.filter(pk__in=sources).update(counts_since=before)


@transaction.atomic
def place_hold(
    organisation: Organisation,
    reason: str,
    known_from: datetime,
    known_until: datetime | None,
    *,
    by: Actor,
    at: datetime,
) -> LegalHold:
    """Keep everything that became known in a span of time. Raises NotAllowed when the span is empty."""
    if known_until is not None and known_until <= known_from:
        raise NotAllowed("empty", "Placing this hold", "It ends before it begins. Give a later end.")
    hold = LegalHold.objects.create(
        organisation=organisation,
        reason=reason,
        known_from=known_from,
        known_until=known_until,
        placed_at=at,
        placed_by=by.name,
    )
    span = {"from": known_from.isoformat(), "until": known_until and known_until.isoformat()}
    entry = Entry("retention.hold", f"hold:{hold.pk}", {**span, "reason": reason})
    audit([entry], organisation_id=organisation.pk, by=by, at=at)
    return hold


@transaction.atomic
def release_hold(hold_id: int, *, by: Actor, at: datetime) -> LegalHold:
    """End a hold. Raises NotAllowed when there is none of this number, or it was released already."""
    hold = LegalHold.objects.select_for_update().filter(pk=hold_id, released_at__isnull=True).first()
    if hold is None:
        raise NotAllowed("not held", "Releasing this hold", f"There is no hold {hold_id} that is in force.")
    hold.released_at, hold.released_by = at, by.name
    hold.save(update_fields=["released_at", "released_by"])
    audit(
        [Entry("retention.release", f"hold:{hold.pk}", {})],
        organisation_id=hold.organisation_id,
        by=by,
        at=at,
    )
    return hold
