"""Giving up clinics, moving their patients, telling them, and undoing it while that is possible.

Each patient is moved in a transaction of their own by booking's own actions: a seat that went to somebody
else a moment ago is lost for one, who is planned again, and nothing else is. A provider's cancellation moves
no clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import OperationalError, transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.layout.times import clock, day, local
from clearway.domain.outpatients.bank_holidays import KNOWN_UNTIL
from clearway.domain.outpatients.post import in_time, posted_on
from clearway.domain.outpatients.replanning import WHOLE_CLINICS, Told
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..booking import actions as booking
from ..clinics import actions as clinics
from ..clinics import queries as clinic_queries
from ..waiting import actions as waiting
from . import queries
from .models import Displaced, Replan
from .queries import Scope, Stands

BEGINNING, MOVING, UNDOING = "Re-planning these clinics", "Moving this patient", "Undoing this"
PROVIDER = CancelledBy.PROVIDER
CROWDED = "Too many people book at this moment. Nothing was changed for this patient: try again."
State = Displaced.State
AT_ONCE = 8  # patients moved within the request; more are for the workers. Each takes a good half second


@dataclass(frozen=True, slots=True)
class Done:
    """What became of those who were ticked. refused  how many keep the old date, with the problem on each.

    ordered  how many the workers take on: too many for one request
    """

    ordered: int = 0
    moved: int = 0
    returned: int = 0
    refused: int = 0


@transaction.atomic
def begin(scope: Scope, reason: str, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Replan:
    """Freeze the clinics of a scope and take down everybody who is booked into them. Raises NotAllowed.

    What is frozen, cancelled or on leave already stays so. A clinic that is being re-planned is added to.
    """
    if reason not in WHOLE_CLINICS or not why.strip():
        raise NotAllowed("the reason is missing", BEGINNING, "Choose a reason, and say it in words.")
    found = queries.sessions(scope, organisation_id, at)
    if not found:
        raise NotAllowed("there is no clinic", BEGINNING, "No clinic is to come on these days.")
    if scope.leave is None:
        for each in found:
            if each.state == "open":
                clinics.freeze(each.pk, why.strip(), organisation_id=organisation_id, by=by, at=at)
    people = queries.affected(found, at)
    before = queries.over([each.pk for each in found], organisation_id)
    if not people and before is not None:
        return before
    lost = [slot for each in found for slot in each.slots.all() if slot.starts_at > at]
    made = Replan.objects.create(
        organisation_id=organisation_id,
        reason=reason,
        why=why.strip()[:120],
        slots=len(lost),
        minutes=sum(int((slot.ends_at - slot.starts_at).total_seconds() // 60) for slot in lost),
        made_at=at,
        made_by=by.name,
        closed_at=None if people else at,
    )
    made.sessions.set(found)
    if scope.template:  # its newest version takes their place, where the times leave room for it
        until = min((at + policy.clinics(organisation_id, at).ahead).date(), KNOWN_UNTIL)
        clinics.make_sessions(organisation_id=organisation_id, until=until, by=by, at=at)
    Displaced.objects.bulk_create(
        Displaced(organisation_id=organisation_id, replan=made, appointment=row, entry_id=row.entry_id)
        for row in people
    )
    detail = {"clinics": [each.pk for each in found], "people": len(people), "reason": reason}
    _say("replanning.begin", made, detail, by, at)
    return made


def carry_out(
    key: int, chosen: Mapping[int, int | None], *, organisation_id: int, by: Actor, at: datetime
) -> Done:
    """Move each chosen patient into their slot, or where that is None back to the list with their place.

    More than a few are ordered from the workers, who do the same for each.

    chosen  displaced row -> slot; those that are not this re-plan's, or placed already, are passed over
    """
    replan = queries.one(key, organisation_id)
    if len(chosen) > AT_ONCE:
        return Done(ordered=order(key, chosen, organisation_id=organisation_id, by=by, at=at))
    counts = {"moved": 0, "returned": 0, "refused": 0}
    for row in queries.rows(replan.pk):
        if row.pk not in chosen or queries.stands(row, at) != Stands.TO_PLACE:
            continue
        slot_id = chosen[row.pk]
        became = "returned" if slot_id is None else "moved"
        work = partial(_place, slot_id=slot_id, reason=replan.reason, by=by, at=at)
        is_done = _each(row.pk, work, by, at)
        counts[became if is_done else "refused"] += 1
    _close(replan, at)
    return Done(**counts)


def _place(row: Displaced, slot_id: int | None, reason: str, by: Actor, at: datetime) -> None:
    who: dict[str, Any] = {"organisation_id": row.organisation_id, "by": by, "at": at}
    if row.state != State.PLANNED:
        raise NotAllowed(row.get_state_display(), MOVING, "Somebody placed this patient a moment ago.")
    if slot_id is None:
        booking.cancel(row.appointment_id, by_whom=PROVIDER, reason=reason, **who)
        row.state, detail = State.RETURNED, {"appointment": row.appointment_id, "to": None}
    else:
        why: dict[str, Any] = {"by_whom": PROVIDER, "reason": reason, "channel": "letter", "any_medium": True}
        made = booking.move(row.appointment_id, slot_id, **why, **who)
        row.state, row.moved_to = State.MOVED, made
        detail = {"appointment": row.appointment_id, "to": made.pk}
    row.by_phone = _is_too_late(row, at)
    _say("replanning.place", row.replan, detail, by, at)


def _is_too_late(row: Displaced, at: datetime) -> bool:
    """Whether a letter that is written now comes too late for the old date or for the new one."""
    starts = [row.appointment.starts_at] + ([row.moved_to.starts_at] if row.moved_to else [])
    ahead = [each for each in starts if each > at]
    held, now = policy.letters(row.organisation_id, at), local(at)
    needed_on = local(min(ahead)).date() if ahead else None
    return in_time(posted_on(now.date(), now.time(), held), needed_on, held) is None


@transaction.atomic
def order(
    key: int, chosen: Mapping[int, int | None], *, organisation_id: int, by: Actor, at: datetime
) -> int:
    """Have the workers carry out what was chosen, as `carry_out` takes it; how many were taken on.

    Each patient is moved in a transaction of their own by `tend`, as if the orderer did it. Raises NotAllowed
    for a slot that is not this trust's.
    """
    replan = queries.one(key, organisation_id)
    there = set(clinic_queries.slots_of(organisation_id, {slot for slot in chosen.values() if slot}))
    if strangers := {slot for slot in chosen.values() if slot} - there:
        raise NotAllowed("not here", MOVING, f"There is no slot {min(strangers)} here. Open the plan anew.")
    open_ = [
        row.pk
        for row in queries.rows(replan.pk)
        if row.pk in chosen and queries.stands(row, at) == Stands.TO_PLACE
    ]
    locked = Displaced.objects.select_for_update(no_key=True).filter(pk__in=open_, order="").order_by("pk")
    rows = list(locked.filter(state=State.PLANNED))
    for row in rows:
        row.order, row.to_slot_id = ("return" if chosen[row.pk] is None else "move"), chosen[row.pk]
        row.ordered_at, row.ordered_by_id, row.ordered_name = at, by.user_id, by.name
    Displaced.objects.bulk_update(rows, ORDERED)
    if rows:
        _say("replanning.order", replan, {"people": len(rows)}, by, at)
        Replan.objects.filter(pk=replan.pk).update(closed_at=None)
    return len(rows)


ORDERED = ("order", "to_slot", "ordered_at", "ordered_by", "ordered_name")


def tend(*, organisation_id: int, at: datetime, most: int = 20) -> int:
    """Do the oldest of what was ordered; how many were taken in hand. Run by the workers, several at once.

    Who is stopped in between leaves each patient done or still ordered, and never half moved.
    """
    due = Displaced.objects.filter(organisation_id=organisation_id).exclude(order="")
    found = list(due.order_by("ordered_at", "pk").values_list("pk", "replan_id")[:most])
    for key, _ in found:
        _tend_one(key, at)
    for replan_id in {replan for _, replan in found}:
        _close(Replan.objects.get(pk=replan_id), at)
    return len(found)


def _tend_one(key: int, at: datetime) -> None:
    problem = ""
    by = Actor("duty:replans")
    try:
        with transaction.atomic():
            # Another worker has it, or has done it: nothing is to be waited for.
            free = Displaced.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=key)
            if free.exclude(order="").values_list("pk", flat=True).first() is None:
                return
            row = _locked(key)
            asked, slot_id = row.order, row.to_slot_id
            by = Actor(row.ordered_name, row.ordered_by_id)
            _order_nothing(row)
            if asked == "back":
                _back(row, by, at)
            else:
                _place(row, slot_id, row.replan.reason, by, at)
            row.problem = ""
            row.save()
    except NotAllowed as refusal:
        problem = refusal.why
    except OperationalError:
        problem = CROWDED
    if problem:
        _keep_problem(key, problem, by, at)


def _order_nothing(row: Displaced) -> None:
    row.order, row.to_slot_id, row.ordered_at = "", None, None
    row.ordered_by_id, row.ordered_name = None, ""


@transaction.atomic
def answer(key: int, said: Told, *, organisation_id: int, by: Actor, at: datetime) -> Displaced:
    """What came of ringing somebody. Raises NotAllowed, Displaced.DoesNotExist.

    Who wants another date stays on the list until they have one and are told.
    """
    row = _locked(key, organisation_id)
    if queries.stands(row, at) not in (Stands.TO_RING, Stands.BY_LETTER):
        raise NotAllowed(row.get_state_display(), "Keeping this answer", "There is nothing to tell them.")
    row.tries += 1
    row.other_date = said is Told.OTHER
    if said is Told.TOLD:
        row.told_at, row.told_by = at, by.name
    row.save(update_fields=["tries", "other_date", "told_at", "told_by"])
    attempt = waiting.Attempt(
        row.appointment.patient_id,
        "change" if row.moved_to_id else "cancellation",
        "phone",
        f"{_news(row)}: {said.meaning}",
        outcome="no_answer" if said is Told.NOBODY else "answered",
        entry_id=row.entry_id,
        appointment_id=row.moved_to_id or row.appointment_id,
    )
    waiting.contact(attempt, organisation_id=organisation_id, by=by, at=at)
    detail = {"appointment": row.appointment_id, "said": said}
    _say("replanning.answer", row.replan, detail, by, at)
    _close(row.replan, at)
    return row


def _news(row: Displaced) -> str:
    """What the patient is told, in a few words."""
    old = row.appointment.starts_at
    if row.moved_to is None:
        return f"Cancelled: {day(old)}, {clock(old)}; they keep their place"
    new = row.moved_to.starts_at
    return f"{day(old)}, {clock(old)} is now {day(new)}, {clock(new)}"


def undo(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Done:
    """The clinics take place after all: they are opened, and whoever can have the old seat back has it.

    Each is written to by that. Who cannot stays where they are, with the problem. Raises NotAllowed.
    """
    replan = _opened(key, organisation_id, by, at)
    moved = refused = 0
    open_ = [
        row for row in queries.rows(replan.pk) if row.state != State.UNDONE and row.appointment.starts_at > at
    ]
    if sum(row.state != State.PLANNED for row in open_) > AT_ONCE:
        return Done(ordered=_order_back(replan, [row.pk for row in open_], by, at))
    for row in open_:
        is_done = _each(row.pk, partial(_back, by=by, at=at), by, at)
        moved, refused = moved + is_done, refused + (not is_done)
    _close(replan, at)
    return Done(moved=moved, refused=refused)


@transaction.atomic
def _order_back(replan: Replan, keys: list[int], by: Actor, at: datetime) -> int:
    """Have the workers give back many seats; whoever was ordered to be moved and was not yet, is not."""
    rows = list(Displaced.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))
    for row in rows:
        _order_nothing(row)
        if row.state == State.PLANNED:
            row.state = State.UNDONE
        elif row.state != State.UNDONE:
            row.order, row.ordered_at = "back", at
            row.ordered_by_id, row.ordered_name = by.user_id, by.name
    Displaced.objects.bulk_update(rows, [*ORDERED, "state"])
    ordered = sum(bool(row.order) for row in rows)
    _say("replanning.order_back", replan, {"people": ordered}, by, at)
    Replan.objects.filter(pk=replan.pk).update(closed_at=None)
    return ordered


@transaction.atomic
def _opened(key: int, organisation_id: int, by: Actor, at: datetime) -> Replan:
    replan = queries.one(key, organisation_id)
    taken = Replan.objects.filter(pk=key, undone_at__isnull=True).update(undone_at=at, undone_by=by.name)
    frozen = [each for each in replan.sessions.all() if each.state == "frozen" and each.ends_at > at]
    if not taken or not frozen:
        raise NotAllowed("as it stands", UNDOING, "No clinic of it is frozen that could be opened again.")
    for each in frozen:
        clinics.unfreeze(each.pk, organisation_id=organisation_id, by=by, at=at)
    _say("replanning.undo", replan, {"clinics": [each.pk for each in frozen]}, by, at)
    replan.undone_at = at
    return replan


def _back(row: Displaced, by: Actor, at: datetime) -> None:
    """Give somebody the old seat again. Raises NotAllowed."""
    who: dict[str, Any] = {"organisation_id": row.organisation_id, "by": by, "at": at}
    old, was = row.appointment, row.state
    if was == State.PLANNED:
        _order_nothing(row)
        row.state = State.UNDONE
        return
    if row.moved_to_id is not None:
        why: dict[str, Any] = {
            "by_whom": PROVIDER,
            "reason": "provider_other",
            "channel": "letter",
            "any_medium": True,
        }
        made = booking.move(row.moved_to_id, old.slot_id, **why, **who)
    elif row.entry_id is not None:
        made = booking.book(old.slot_id, row.entry_id, channel="letter", **who)
    else:
        raise NotAllowed("it belongs to no entry of the list", UNDOING, "Book a new one by hand.")
    row.state, row.moved_to = State.UNDONE, made
    row.told_at, row.told_by, row.other_date, row.tries = None, "", False, 0
    row.by_phone = _is_too_late(row, at)
    _say("replanning.back", row.replan, {"appointment": row.appointment_id, "to": made.pk}, by, at)


def _each(key: int, work: Callable[[Displaced], None], by: Actor, at: datetime) -> bool:
    """Do the work for one patient, all or nothing; what stood in the way is kept on the row."""
    problem = ""
    try:
        with transaction.atomic():
            row = _locked(key)
            work(row)
            row.problem = ""
            row.save()
    except NotAllowed as refusal:
        problem = refusal.why
    except OperationalError:  # the database gave it up: two people did the same at the same time
        problem = CROWDED
    if problem:
        _keep_problem(key, problem, by, at)
    return not problem


@transaction.atomic
def _keep_problem(key: int, problem: str, by: Actor, at: datetime) -> None:
    row = _locked(key)
    row.problem = problem[:500]
    _order_nothing(row)
    row.save(update_fields=["problem", *ORDERED])
    _say("replanning.refused", row.replan, {"appointment": row.appointment_id}, by, at)


def _locked(key: int, organisation_id: int | None = None) -> Displaced:
    rows = Displaced.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("replan", "appointment__patient__merged_into", "moved_to")
    return rows.get(pk=key) if organisation_id is None else rows.get(pk=key, organisation_id=organisation_id)


def _close(replan: Replan, at: datetime) -> None:
    """It is closed once nobody is left to be placed or told, and open again when somebody is."""
    left = queries.remaining(queries.rows(replan.pk), at)
    Replan.objects.filter(pk=replan.pk).update(closed_at=None if left else at)


def _say(verb: str, replan: Replan, detail: dict[str, Any], by: Actor, at: datetime) -> None:
    record([Entry(verb, f"replan:{replan.pk}", detail)], organisation_id=replan.organisation_id, by=by, at=at)
