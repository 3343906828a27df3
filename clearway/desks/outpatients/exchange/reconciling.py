"""Reconciling appointments with another system, and doing what follows from each difference."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.feeds.models import Source
from clearway.core.outbox import actions as outbox
from clearway.domain.outpatients.reconciling import Difference, Ours, Reconciled, Theirs, Todo, reconcile
from clearway.domain.outpatients.telling import What
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import State

from ..booking import actions as booking
from ..booking import queries as booked
from ..clinics import queries as clinics
from . import comparing, wanted
from .models import Reconciliation, Telling

BY_HAND = "Put right at the other system by hand."
TELLS = {
    "booked": What.BOOKED,
    "arrived": What.ARRIVED,
    "attended": What.ATTENDED,
    "missed": What.MISSED,
    "cancelled": What.CANCELLED,
}


@transaction.atomic
def compare(
    source: Source,
    theirs: Sequence[Theirs],
    days: tuple[date, date],
    *,
    file: str = "",
    aside: int = 0,
    by: Actor,
    at: datetime,
) -> tuple[Reconciliation, Reconciled]:
    """Compare, and keep what was found. days: the first and the last that are compared

    Raises NotAllowed for more days than comparing.MOST_DAYS.
    """
    since, until = days
    comparing.check_span(since, until)
    found = reconcile(comparing.here(source, theirs, since, until), theirs, comparing.waiting(source))
    row = Reconciliation.objects.create(
        source=source,
        at=at,
        by=by.name,
        file=file[:200],
        since=since,
        until=until,
        alike=found.alike,
        aside=aside,
        rows=[kept(each) for each in found.differences],
    )
    detail = {"alike": found.alike, "differing": len(found.differences), "file": row.file}
    entry = Entry("exchange.reconcile", f"source:{source.name}", detail)
    audit([entry], organisation_id=source.organisation_id, by=by, at=at)
    return row, found


def kept(each: Difference) -> dict[str, Any]:
    """A difference as it is kept and printed: ids, times and codes, nobody's name or number."""
    return {
        "kind": each.kind.value,
        "fields": list(each.fields),
        "todo": each.todo.value,
        "waiting": each.waiting,
        "appointment": each.ours.ids[-1] if each.ours else None,
        "filler": (each.theirs and each.theirs.filler) or (each.ours and each.ours.filler) or "",
        "here": _side(each.ours),
        "there": _side(each.theirs),
        "done": "",
    }


def _side(side: Ours | Theirs | None) -> dict[str, Any] | None:
    if side is None:
        return None
    start = side.starts_at.isoformat() if side.starts_at else None
    return {"starts_at": start, "clinic": side.clinic, "state": side.state}


@transaction.atomic
def settle(key: int, number: int, *, organisation_id: int, by: Actor, at: datetime) -> str:
    """Do what follows from one difference, where it can be done from here; what was done, in words.

    Raises NotAllowed, also for one that was done, and Reconciliation.DoesNotExist.
    """
    event = "Settling this difference"
    rows = Reconciliation.objects.select_for_update(of=("self",)).select_related("source")
    row = rows.get(pk=key, source__organisation_id=organisation_id)
    if not 0 <= number < len(row.rows):
        raise NotAllowed("not there", event, "Look at the reconciliation again.")
    said = row.rows[number]
    if said["done"]:
        raise NotAllowed("done", event, "Somebody did it a moment ago: compare again.")
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    if said["todo"] == Todo.SEND:
        said["done"] = _send(row.source, said, **scope)
    elif said["todo"] == Todo.MOVE:
        said["done"] = _move(said, **scope)
    else:
        raise NotAllowed("it needs a person", event, "Ask there what stands, and put it right by hand.")
    row.save(update_fields=["rows"])
    detail = {"reconciliation": row.pk, "row": number, "done": said["done"]}
    entry = Entry("exchange.settle", f"appointment:{said['appointment']}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return str(said["done"])


def _send(source: Source, said: dict[str, Any], *, organisation_id: int, by: Actor, at: datetime) -> str:
    """What stopped on its way goes on; where nothing did, how it stands is told anew."""
    row = booked.newest(said["appointment"], organisation_id)
    if row is None or row.state not in TELLS:
        raise NotAllowed("gone", "Sending it again", "It is no appointment any more: compare again.")
    first = booked.whole_chain(row)[0]
    stopped = Telling.objects.filter(source=source, subject=f"appointment:{first}")
    stopped = stopped.filter(outgoing__state__in=(State.FAILED, State.HELD)).order_by("number")
    keys = list(stopped.values_list("outgoing_id", flat=True))
    for key in keys:
        outbox.release(key, organisation_id=organisation_id, by=by, at=at)
    if keys:
        return "Sent again"
    what = TELLS[row.state]
    if what is What.BOOKED and said["there"] is not None:
        what = What.MOVED
    wanted.again(row, what, source, at=at)
    return "Told anew"


def _move(said: dict[str, Any], *, organisation_id: int, by: Actor, at: datetime) -> str:
    there = said["there"]
    starts_at = datetime.fromisoformat(there["starts_at"])
    slot = clinics.slot_at(organisation_id, there["clinic"], starts_at)
    if slot is None:
        is_clinic = clinics.is_clinic(organisation_id, there["clinic"])
        why = f"Clinic {there['clinic']} has no slot then." if is_clinic else "No clinic here has its code."
        raise NotAllowed("no such slot", "Moving it here", why)
    booking.move(
        said["appointment"],
        slot.pk,
        by_whom=CancelledBy.PROVIDER,
        reason="slot_cancelled",
        any_medium=True,
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
    return "Moved"


@transaction.atomic
def send_again(key: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """A message that stopped goes on. Raises NotAllowed; Telling.DoesNotExist for any other message."""
    Telling.objects.get(source__organisation_id=organisation_id, outgoing_id=key)
    outbox.release(key, organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def put_right(key: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """A message that stopped is not sent any more: somebody has put it right there. Raises as send_again."""
    Telling.objects.get(source__organisation_id=organisation_id, outgoing_id=key)
    outbox.withdraw(key, BY_HAND, organisation_id=organisation_id, by=by, at=at)


def try_now(source_id: int, *, organisation_id: int, by: Actor, at: datetime) -> int:
    """A system that was away is asked again at once; how many messages wait for it.

    Raises Source.DoesNotExist for one of another trust.
    """
    source = Source.objects.get(pk=source_id, organisation_id=organisation_id)
    return outbox.hurry(wanted.carrier_of(source.pk), organisation_id=organisation_id, by=by, at=at)
