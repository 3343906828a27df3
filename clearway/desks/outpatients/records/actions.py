"""Taking a request for records, checking who asks, gathering, reviewing and sending."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients import records as rules
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.records import Kind
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import disclosure

from .. import policy
from . import queries, steps
from .models import DisclosurePack, RecordsRequest


@dataclass(frozen=True, slots=True)
class New:
    """A request as it came. asks_identity: proof of identity has been asked for."""

    patient_id: int
    kind: Kind
    requester: str
    asks: str
    received_on: date
    reference: str = ""
    wanted_on: date | None = None
    asks_identity: bool = False


@transaction.atomic
def take(new: New, *, organisation_id: int, by: Actor, at: datetime) -> RecordsRequest:
    """Enter a request; its day is found. Raises NotAllowed."""
    steps.check_taken(new.patient_id, new.received_on, organisation_id, at)
    row = RecordsRequest(
        organisation_id=organisation_id,
        patient_id=new.patient_id,
        kind=new.kind.value,
        requester=new.requester,
        reference=new.reference,
        asks=new.asks,
        received_on=new.received_on,
        taken_by=by.name,
        wanted_on=new.wanted_on if new.kind is not Kind.SUBJECT else None,
        identity_asked_at=at if new.asks_identity else None,
    )
    return _saved(row, "records.take", {"kind": row.kind}, by, at)


@transaction.atomic
def identify(key: int, how: str, *, organisation_id: int, by: Actor, at: datetime) -> RecordsRequest:
    """Who asks was checked, and that they may. Where proof was asked for, the month runs from now on."""
    row = steps.identify(_open(key, organisation_id, "Checking who asks"), how, by=by, at=at)
    return _saved(row, "records.identify", {}, by, at)


@transaction.atomic
def extend(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> RecordsRequest:
    """Two further months, of which the person is told with the reason. Raises NotAllowed."""
    row = _open(key, organisation_id, "Extending it")
    rules.check_extend(queries.stands(row), local(at).date())
    row.extended_at, row.extended_why = at, why
    return _saved(row, "records.extend", {}, by, at)


@transaction.atomic
def gather(key: int, *, organisation_id: int, by: Actor, at: datetime) -> DisclosurePack:
    """Make the pack of what is held now; an earlier one counts no longer. Raises NotAllowed."""
    row = _open(key, organisation_id, "Gathering the records")
    files = queries.held_of(row.patient_id)
    bundle = disclosure.pack(files, local(at))
    made = DisclosurePack.objects.create(
        request=row,
        made_at=at,
        made_by=by.name,
        maker_id=by.user_id,
        bundle=bundle,
        sha256=hashlib.sha256(bundle).hexdigest(),
        files=sorted(files),
    )
    _saved(row, "records.gather", {"pack": made.pk, "files": len(files), "sha256": made.sha256}, by, at)
    return made


@transaction.atomic
def review(
    key: int, words: str, left_out: Collection[str] = (), *, organisation_id: int, by: Actor, at: datetime
) -> DisclosurePack:
    """Somebody else looked through the newest pack; what must not be disclosed is taken out of it.

    Raises NotAllowed for who gathered it, where there is none, and for files that it has not.
    """
    row = _open(key, organisation_id, "Reviewing it")
    made = row.packs.select_for_update().first()
    if made is None or made.reviewed_at is not None:
        why = "It was reviewed already." if made else "Gather the records first."
        raise NotAllowed("as it stands", "Reviewing it", why)
    if by.user_id is not None and by.user_id == made.maker_id:
        raise NotAllowed("gathered by you", "Reviewing it", "Somebody else reviews what you gathered.")
    if not set(left_out) <= set(made.files):
        raise NotAllowed("as it stands", "Reviewing it", "Choose from the files of this pack.")
    if left_out:
        made.left_out = sorted(left_out)
        made.bundle = disclosure.without(bytes(made.bundle), made.left_out, local(at))
        made.sha256 = hashlib.sha256(made.bundle).hexdigest()
    made.reviewed_at, made.reviewed_by, made.reviewer_id, made.review = at, by.name, by.user_id, words
    made.save()
    detail = {"pack": made.pk, "left_out": len(left_out), "sha256": made.sha256}
    _saved(row, "records.review", detail, by, at)
    return made


@transaction.atomic
def send(key: int, to: str, how: str, *, organisation_id: int, by: Actor, at: datetime) -> RecordsRequest:
    """The reviewed pack went to whoever asked. Raises NotAllowed, with what to do first."""
    row = _open(key, organisation_id, "Sending it")
    rules.check_send(queries.stands(row))
    row.sent_to, row.sent_how, row.closed_as = to, how, "sent"
    row.closed_at, row.closed_by = at, by.name
    return _saved(row, "records.send", {"pack": queries.packs(row)[0].pk}, by, at)


@transaction.atomic
def withdraw(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> RecordsRequest:
    """Whoever asked no longer wants it. Raises NotAllowed."""
    row = _open(key, organisation_id, "Withdrawing it")
    row.closed_as, row.sent_how, row.closed_at, row.closed_by = "withdrawn", why, at, by.name
    return _saved(row, "records.withdraw", {}, by, at)


@transaction.atomic
def downloaded(made: DisclosurePack, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody took a copy of a pack."""
    entry = Entry("records.download", f"records_request:{made.request_id}", {"pack": made.pk})
    audit([entry], organisation_id=organisation_id, by=by, at=at)


def _open(key: int, organisation_id: int, event: str) -> RecordsRequest:
    row = RecordsRequest.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.closed_at is not None:
        raise NotAllowed("closed", event, f"{row.closed_by} closed it. Look at it again.")
    return row


def _saved(
    row: RecordsRequest, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime
) -> RecordsRequest:
    proved = row.identified_at if row.identity_asked_at else None
    row.due_on = rules.due_on(
        Kind(row.kind),
        row.received_on,
        policy.records(row.organisation_id, at),
        identified_on=local(proved).date() if proved else None,
        wanted_on=row.wanted_on,
        is_extended=row.extended_at is not None,
        holidays=BANK_HOLIDAYS,
    )
    row.save()
    entry = Entry(verb, f"records_request:{row.pk}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    return row
