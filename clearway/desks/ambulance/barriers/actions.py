"""Keeping the register, agreeing what removes a barrier, and every step until the crew is available again."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.live.actions import announce
from clearway.core.organisation.queries import site_by_code
from clearway.domain.ambulance.barriers import barrier_of
from clearway.domain.shared.errors import NotAllowed

from ..unavailability import queries as out
from ..unavailability.policy import unavailability
from .models import Aid, Barrier, BarrierStep

Step = BarrierStep.Step


@dataclass(frozen=True, slots=True)
class Entered:
    """Something of the register. place  code of a site."""

    what: str
    label: str
    says: str
    place: str
    state: str


@transaction.atomic
def enter(given: Entered, *, organisation_id: int, by: Actor, at: datetime) -> Aid:
    """Enter something that can help, or say anew where and how it is. Raises NotAllowed: a place nobody
    knows, or one that is promised."""
    what = f"Entering {given.label}"
    place = site_by_code(organisation_id).get(given.place)
    if place is None:
        raise NotAllowed("nowhere", what, "Choose a place of this trust.")
    rows = Aid.objects.select_for_update().filter(organisation_id=organisation_id)
    row = rows.filter(what=given.what, label=given.label).first()
    if given.state == Aid.State.PROMISED:
        raise NotAllowed("promised", what, "It is promised by agreeing a fix, not here.")
    row = row or Aid(organisation_id=organisation_id, what=given.what, label=given.label)
    row.says, row.place, row.state, row.promised_to = given.says, place, given.state, None
    row.said_at, row.said_by = at, by.name
    row.save()
    detail = {"what": row.what, "says": row.says, "place": place.code, "state": row.state}
    audit([Entry("barrier.enter", f"aid:{row.pk}", detail)], organisation_id=organisation_id, by=by, at=at)
    return row


@transaction.atomic
def agree(key: int, aid: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Barrier:
    """Promise something of the register to a crew. Raises NotAllowed: available again, or it is not ready."""
    what = "Agreeing this"
    each = next(
        (
            one
            for one in out.lasting(organisation_id, unavailability(organisation_id, at), at)
            if one.row.pk == key
        ),
        None,
    )
    lacks = barrier_of(each.reason.code, each.reason.group) if each else None
    if each is None or lacks is None:
        raise NotAllowed("over", what, "The crew is available again, or lacks nothing that the register has.")
    row = Aid.objects.select_for_update().filter(organisation_id=organisation_id, pk=aid).first()
    if row is None or row.what != lacks.value:
        raise NotAllowed("gone", what, "Choose something of the register that this crew lacks.")
    if row.state != Aid.State.READY:
        who = f" It is promised to {row.promised_to.call_sign}." if row.promised_to else ""
        raise NotAllowed("taken", what, f"{row.label} is not ready any more.{who} Choose another.")
    barrier, _ = Barrier.objects.get_or_create(
        organisation_id=organisation_id,
        unavailability=key,
        defaults={
            "call_sign": each.row.call_sign,
            "what": lacks.value,
            "since": each.row.since,
            "opened_at": at,
        },
    )
    _let_go(barrier, by, at)
    row.state, row.promised_to, row.said_at, row.said_by = Aid.State.PROMISED, barrier, at, by.name
    row.save()
    _record(barrier, Step.AGREED, f"{row.label}, {row.place.name}. {words}".strip(), by, at)
    return barrier


@transaction.atomic
def step(key: int, chosen: str, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Barrier:
    """Write down the next step. What is given up is ready for others; what is in place is not there any more.
    The barrier itself ends with the crew's status. Raises NotAllowed where nothing was agreed."""
    row = (
        Barrier.objects.select_for_update()
        .filter(organisation_id=organisation_id, unavailability=key)
        .first()
    )
    if row is None or chosen == Step.AGREED:
        raise NotAllowed("nothing", "Writing this down", "Agree something of the register first.")
    if chosen == Step.GIVEN_UP:
        _let_go(row, by, at)
    if chosen == Step.FIXED:
        row.aids.update(state=Aid.State.OUT, promised_to=None, said_at=at, said_by=by.name)
    _record(row, Step(chosen), words, by, at)
    return row


def _let_go(barrier: Barrier, by: Actor, at: datetime) -> None:
    barrier.aids.update(state=Aid.State.READY, promised_to=None, said_at=at, said_by=by.name)


def _record(barrier: Barrier, chosen: BarrierStep.Step, words: str, by: Actor, at: datetime) -> None:
    BarrierStep.objects.create(of=barrier, step=chosen, words=words[:300], at=at, by=by.name)
    entry = Entry(f"barrier.{chosen}", f"resource:{barrier.call_sign}", {"words": words})
    audit([entry], organisation_id=barrier.organisation_id, by=by, at=at)
    announce("unavailability", [str(barrier.unavailability)], organisation_id=barrier.organisation_id, at=at)
