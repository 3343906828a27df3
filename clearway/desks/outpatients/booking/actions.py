"""Holding, booking, confirming, moving and cancelling appointments.

The database decides every race: one seat is given once, a patient is in one place (models.py). Who loses gets
NotAllowed with the next free slots, and nothing of theirs is saved. The same holds at every isolation level:
a transaction that the database gives up is done again from its beginning, a few times.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, OperationalError, connection, transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.layout.times import clock, day, local
from clearway.core.locks import GIVEN_UP, whole
from clearway.core.onward import actions as onward
from clearway.domain.outpatients.booking import (
    DIED,
    DISCHARGED,
    EARLIER,
    REASONS,
    is_reasonable,
    notice_hours,
)
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.telling import What
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.onward import Step
from clearway.engine.outpatients import fit

from .. import changed, policy
from ..clinics import queries as clinics
from ..clocks import actions as clocks
from ..exchange import wanted as exchange
from ..recycling import standing as recycling
from ..waiting import standing
from . import queries
from .models import Appointment, Offer

TRIES = 12
SEAT, PLACE = "a_seat_is_given_once", "a_patient_is_in_one_place"
TAKEN = "Somebody else has this slot now."
CROWDED = "Too many people book here at this moment, and nothing was saved. Try again, or another slot."
NONE = "No other slot that fits is free in the coming twelve weeks."
# What whoever asked for the patient to be taken on is told of an appointment, by the verb of the audit.
ONWARD = {
    "booking.hold": Step.HOLD,
    "booking.let_go": Step.LET_GO,
    "booking.book": Step.BOOK,
    "booking.cancel": Step.FREE,
}
T = TypeVar("T")


class SlotGone(NotAllowed):
    """The slot went to somebody else. `alternatives` are the next that suit the same entry."""

    alternatives: tuple[queries.Choice, ...] = ()


NotThere = ObjectDoesNotExist  # a slot, entry or appointment of that number is not this trust's


class _Full(Exception):
    """Every seat of the slot is given."""


def hold(
    slot_id: int,
    entry_id: int,
    *,
    minutes: int | None = None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Appointment:
    """Keep a seat for an entry while somebody asks the patient; a new hold lets go of the one before.

    minutes  how long, where somebody says; else as the policy `holds` does
    Raises SlotGone or NotAllowed.
    """

    def work() -> Appointment:
        slot, entry = _read(slot_id, entry_id, organisation_id, "Holding this slot", at)
        _let_go(Appointment.objects.filter(entry=entry, state=Appointment.State.HELD))
        lasts = policy.holds(organisation_id, at).lasting(slot.starts_at, at, minutes)
        made = _take(slot, entry, Appointment.State.HELD, by, at, at + timedelta(minutes=lasts))
        _say("booking.hold", made, {"slot": slot_id, "minutes": lasts}, by, at)
        return made

    return _whole(work, "Holding this slot", entry_id, organisation_id, at)


def book(
    slot_id: int,
    entry_id: int,
    *,
    channel: str = "phone",
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Appointment:
    """Book an entry into a slot: into its own hold where it has one, else into a free seat.

    The offer is recorded as accepted, and the confirmation as a contact. Raises SlotGone or NotAllowed.
    """

    def work() -> Appointment:
        slot, entry = _read(slot_id, entry_id, organisation_id, "Booking this slot", at)
        if (missing := queries.missing(entry)) > 1:
            why = f"{_course(entry, missing)}: choose a slot for each."
            raise NotAllowed("the course is not complete", "Booking this slot", why)
        made = _book(slot, entry, channel, by, at)
        standing.stands(entry, "booked")
        return made

    return _whole(work, "Booking this slot", entry_id, organisation_id, at)


def book_series(
    slot_ids: Sequence[int],
    entry_id: int,
    *,
    channel: str = "phone",
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> list[Appointment]:
    """Book the visits of a course that are not booked, each a real appointment: all of them, or none.

    Raises as book does.
    """
    event = "Booking this course"

    def work() -> list[Appointment]:
        # In one order for everybody, so that nobody waits in a circle.
        read = [_read(slot_id, entry_id, organisation_id, event, at) for slot_id in sorted(set(slot_ids))]
        entry = read[-1][1]
        if len(read) != (missing := queries.missing(entry)):
            why = f"{_course(entry, missing)}; {len(read)} slots were chosen."
            raise NotAllowed("the course is not complete", event, why)
        made = [_book(slot, entry, channel, by, at) for slot, _ in read]
        standing.stands(entry, "booked")
        return made

    return _whole(work, event, entry_id, organisation_id, at)


def _course(entry: Any, missing: int) -> str:
    if missing == entry.series:
        return f"It is a course of {entry.series} visits"
    return f"Of a course of {entry.series} visits {missing} are still to be booked"


@transaction.atomic
def confirm(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Appointment:
    """The patient has confirmed that they will come. Raises NotAllowed."""
    row = _lock(key, organisation_id)
    _check_state(row, {Appointment.State.BOOKED}, "Confirming this appointment")
    row.confirmed_at = at
    row.save(update_fields=["confirmed_at"])
    _say("booking.confirm", row, {}, by, at)
    return row


def locked(key: int, *, organisation_id: int) -> Appointment:
    """The appointment, whatever became of it, locked until the caller's transaction ends.

    Raises Appointment.DoesNotExist.
    """
    return _lock(key, organisation_id)


@transaction.atomic
def still_booked(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Appointment:
    """The appointment, locked until the transaction ends. Raises NotAllowed where it is not booked."""
    row = _lock(key, organisation_id)
    _check_state(row, {Appointment.State.BOOKED}, "Changing this appointment")
    return row


def move(  # noqa: PLR0913 - what is cancelled, what is booked, and why, in one step
    key: int,
    slot_id: int,
    *,
    by_whom: CancelledBy,
    reason: str,
    channel: str = "phone",
    any_medium: bool = False,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Appointment:
    """Put an appointment into another slot: cancelled by whom and why, and the new one in its place.

    any_medium  the way of consultation may be another than the entry asks for
    Either both happen or neither. Raises SlotGone or NotAllowed.
    """
    event = "Moving this appointment"
    entry_id = Appointment.objects.values_list("entry_id", flat=True).get(
        pk=key, organisation_id=organisation_id
    )
    if entry_id is None:
        raise NotAllowed("it belongs to no entry of the list", event, "Book a new one instead.")

    def work() -> Appointment:
        row = _lock(key, organisation_id)
        if row.slot_id == slot_id:
            raise NotAllowed("it is in that slot", event, "Choose another slot.")
        _cancel(row, by_whom, reason, event, by, at)
        entry = standing.lock(entry_id, organisation_id)
        standing.stands(entry, "waiting")
        slot, entry = _read(slot_id, entry_id, organisation_id, event, at, any_medium)
        made = _book(slot, entry, channel, by, at, purpose="change")
        standing.stands(entry, "waiting" if queries.left(entry) > 0 else "booked")
        row.moved_to = made
        row.save(update_fields=["moved_to"])
        recycling.led_to(row, made)
        exchange.appointment(made, What.MOVED, by=by, at=at)
        _clock(row, by_whom, by, at)
        _say("booking.move", row, {"to": made.pk, "by": by_whom, "reason": reason}, by, at)
        return made

    return _whole(work, event, entry_id, organisation_id, at)


@whole
def cancel(
    key: int,
    *,
    by_whom: CancelledBy,
    reason: str,
    told_at: datetime | None = None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Appointment:
    """Cancel an appointment. The seat is free, the entry waits again, and the clock goes on as it was.

    told_at  when we were told, where that was before
    An entry that has ended stays so, and a hold is let go of. Raises NotAllowed, also once it has begun: then
    it is cashed up.
    """
    event = "Cancelling this appointment"
    row = _lock(key, organisation_id)
    if row.state == Appointment.State.HELD:
        row.state = Appointment.State.LAPSED
        row.save(update_fields=["state"])
        _say("booking.let_go", row, {}, by, at)
        return row
    _cancel(row, by_whom, reason, event, by, at, told_at)
    if row.entry_id is not None:
        entry = standing.lock(row.entry_id, organisation_id)
        if entry.state in standing.LIVE:
            standing.stands(entry, "waiting")
        standing.tell(entry, row.pk, "cancellation", f"Cancelled: {_when(row)}", by=by, at=at)
    exchange.appointment(row, What.CANCELLED, by=by, at=at)
    if reason != DISCHARGED:  # the clock is told of the discharge itself
        _clock(row, by_whom, by, at)
    detail = {"by": by_whom, "reason": reason, "notice_hours": notice_hours(row.starts_at, told_at or at)}
    _say("booking.cancel", row, detail, by, at)
    return row


@transaction.atomic
def decline(
    slot_id: int, entry_id: int, *, channel: str = "phone", organisation_id: int, by: Actor, at: datetime
) -> Offer:
    """The patient declined a date that was offered: recorded with the date, and as an event of the clock.

    Declined offers stop no clock; what follows is a clinician's decision with the patient.
    """
    slot = clinics.lock_slot(slot_id, organisation_id)
    entry = standing.lock(entry_id, organisation_id)
    _let_go(Appointment.objects.filter(entry=entry, slot=slot, state=Appointment.State.HELD))
    made = _offer(slot, entry, "declined", channel, at)
    if entry.pathway_id is not None:
        reasonable = is_reasonable(queries.on(at), made.offered_for)
        evidence = frozenset({Evidence.REASONABLE}) if reasonable else frozenset()
        event = ClockEvent(f"offer:{made.pk}", EventKind.OFFER_DECLINED, queries.on(at), evidence=evidence)
        _record(entry.pathway_id, event, f"offer:{made.pk}", organisation_id, by, at)
    onward.tell(entry.referral_id, Step.LET_GO, "declined", organisation_id=organisation_id, by=by, at=at)
    said = Entry(
        "booking.decline", f"entry:{entry_id}", {"slot": slot_id, "for": made.offered_for.isoformat()}
    )
    record([said], organisation_id=organisation_id, by=by, at=at)
    return made


@transaction.atomic
def looked(keys: Sequence[Any], page: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record whose names were on a page that somebody opened."""
    said = Entry("booking.look", f"page:{page}", {"entries": list(keys)})
    record([said], organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def let_go_of_holds(*, organisation_id: int, by: Actor, at: datetime) -> int:
    """Give back the seats of holds whose time is over. Returns how many."""
    rows = Appointment.objects.select_for_update(skip_locked=True).filter(
        organisation_id=organisation_id, state=Appointment.State.HELD, held_until__lte=at
    )
    held = list(rows.values_list("pk", "starts_at", "referral_id"))
    keys = [key for key, _, _ in held]
    if not keys:
        return 0
    Appointment.objects.filter(pk__in=keys).update(state=Appointment.State.LAPSED)
    entries = [Entry("booking.hold_lapsed", f"appointment:{key}", {}) for key in keys]
    record(entries, organisation_id=organisation_id, by=by, at=at)
    changed.diary((starts for _, starts, _ in held), organisation_id=organisation_id, at=at)
    who: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    for _, _, referral_id in held:
        onward.tell(referral_id, Step.LET_GO, "its time was over", **who)
    return len(keys)


def _whole(work: Callable[[], T], event: str, entry_id: int, organisation_id: int, at: datetime) -> T:
    """Do the work in one transaction, again when the database gave it up, and say plainly when it is lost."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return work()
        except _Full:
            raise _gone(event, entry_id, organisation_id, at) from None
        except IntegrityError as lost:
            name = _constraint(lost)
            if name == PLACE:
                raise NotAllowed(
                    "the patient has another appointment",
                    event,
                    "This patient has an appointment at that time, or one that overlaps it.",
                ) from None
            if name != SEAT:
                raise
            if not left:
                raise _gone(event, entry_id, organisation_id, at) from None
        except OperationalError as lost:
            if _state(lost) not in GIVEN_UP or connection.in_atomic_block:
                raise
            if not left:
                raise _gone(event, entry_id, organisation_id, at, CROWDED) from None
    raise AssertionError("unreachable")


def _gone(event: str, entry_id: int, organisation_id: int, at: datetime, what: str = TAKEN) -> SlotGone:
    choices = _alternatives(entry_id, organisation_id, at)
    free = "; ".join(
        f"{day(each.starts_at)}, {clock(each.starts_at)}, {each.clinician}, {each.site}" for each in choices
    )
    refusal = SlotGone("the slot is taken", event, f"{what} Next free: {free}." if free else f"{what} {NONE}")
    refusal.alternatives = choices
    return refusal


def _alternatives(entry_id: int, organisation_id: int, at: datetime) -> tuple[queries.Choice, ...]:
    """The next slots for who lost."""
    for left in reversed(range(TRIES)):
        try:
            return queries.suitable(entry_id, organisation_id, at, limit=3).best
        except OperationalError as lost:
            if _state(lost) not in GIVEN_UP or connection.in_atomic_block or not left:
                raise
    return ()


def _constraint(lost: IntegrityError) -> str:
    """The name of the constraint that refused."""
    diagnosis = getattr(lost.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def _state(lost: OperationalError) -> str:
    return getattr(lost.__cause__, "sqlstate", None) or ""


def _read(
    slot_id: int, entry_id: int, organisation_id: int, event: str, at: datetime, any_medium: bool = False
) -> tuple[Any, Any]:
    """Slot and entry, locked in this order by everybody. Raises NotAllowed where they do not go together."""
    slot = clinics.lock_slot(slot_id, organisation_id)
    entry = standing.lock(entry_id, organisation_id)
    if entry.state != "waiting":
        raise NotAllowed(f"the entry is {entry.state}", event, "It is not waiting: look at the list again.")
    if entry.patient.stands.died_on is not None:
        raise NotAllowed("as the record stands", event, "The patient has died.")
    asked = queries.asked(entry)
    asked = replace(asked, medium=slot.medium) if any_medium else asked
    if reasons := fit.barred(queries.one_row(slot), asked, at):
        raise NotAllowed("the slot does not fit", event, " ".join(reasons))
    return slot, entry


def _book(
    slot: Any, entry: Any, channel: str, by: Actor, at: datetime, purpose: str = "confirmation"
) -> Appointment:
    made = _take(slot, entry, Appointment.State.BOOKED, by, at)
    _offer(slot, entry, "accepted", channel, at)
    standing.tell(entry, made.pk, purpose, f"Booked: {_when(made)}", by=by, at=at)
    if purpose != "change":  # what takes the place of another is told as its move
        exchange.appointment(made, What.BOOKED, by=by, at=at)
    _say("booking.book", made, {"slot": slot.pk, "entry": entry.pk}, by, at)
    return made


def _take(
    slot: Any, entry: Any, state: str, by: Actor, at: datetime, held_until: datetime | None = None
) -> Appointment:
    """A seat of a locked slot: the entry's own hold, else the lowest that is free. Raises _Full."""
    there, freed = queries.taken_seats(slot.pk), recycling.open_seats(slot.pk)
    own = next((row for row in there if row.entry_id == entry.pk and row.state == "held"), None)
    if own is not None:
        own.state, own.held_until, own.made_at, own.made_by = state, held_until, at, by.name
        own.save(update_fields=["state", "held_until", "made_at", "made_by"])
        _fill(freed, own, at)
        return own
    lapsed = [row.pk for row in there if row.state == "held" and row.held_until and row.held_until <= at]
    if lapsed:
        _let_go(Appointment.objects.filter(pk__in=lapsed))
    taken = {row.seat for row in there if row.pk not in lapsed} | recycling.kept(freed, entry.pk, at)
    own_seats = recycling.asked(freed, entry.pk, at)
    order = sorted(range(1, slot.seats + 1), key=lambda seat: seat not in own_seats)
    seat = next((seat for seat in order if seat not in taken), None)
    if seat is None:
        raise _Full
    made = Appointment.objects.create(
        organisation_id=slot.organisation_id,
        slot=slot,
        seat=seat,
        patient_id=entry.patient_id,
        entry=entry,
        referral_id=entry.referral_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state=state,
        held_until=held_until,
        made_at=at,
        made_by=by.name,
    )
    _fill(freed, made, at)
    return made


def _fill(freed: Sequence[Any], made: Appointment, at: datetime) -> None:
    """A seat that was given back is filled once it is booked; a hold fills nothing."""
    if made.state == Appointment.State.BOOKED:
        recycling.filled(freed, made, at)


def _let_go(holds: Any) -> None:
    holds.update(state=Appointment.State.LAPSED)


def _offer(slot: Any, entry: Any, answer: str, channel: str, at: datetime) -> Offer:
    return Offer.objects.create(
        organisation_id=entry.organisation_id,
        entry=entry,
        slot=slot,
        made_at=at,
        offered_for=local(slot.starts_at).date(),
        channel=channel,
        answer=answer,
        answered_at=at,
    )


def _lock(key: int, organisation_id: int) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True).select_related("entry")
    return rows.get(pk=key, organisation_id=organisation_id)


def _cancel(
    row: Appointment,
    by_whom: CancelledBy,
    reason: str,
    event: str,
    by: Actor,
    at: datetime,
    told_at: datetime | None = None,
) -> None:
    _check_state(row, {Appointment.State.BOOKED}, event)
    if row.starts_at <= at:
        raise NotAllowed("it has begun", event, "Record what became of it when the clinic is cashed up.")
    if reason not in REASONS[by_whom] and reason not in (DIED, DISCHARGED):
        raise NotAllowed("the reason is missing", event, "Choose a reason from the list.")
    row.state = Appointment.State.CANCELLED
    row.cancelled_at, row.cancelled_by, row.cancel_reason = told_at or at, by_whom, reason
    row.save(update_fields=["state", "cancelled_at", "cancelled_by", "cancel_reason"])
    recycling.freed(row, "moved" if reason == EARLIER else by_whom, at)


def _check_state(row: Appointment, allowed: set[str], event: str) -> None:
    if row.state not in allowed:
        label = Appointment.State(row.state).label.lower()
        raise NotAllowed(f"it is {label}", event, "Somebody changed it a moment ago: look at it again.")


def _clock(row: Appointment, by_whom: CancelledBy, by: Actor, at: datetime) -> None:
    """Record the cancellation as an event of the pathway's clock, which goes on whatever it is."""
    if row.entry is None or row.entry.pathway_id is None:
        return
    kind = {
        CancelledBy.PATIENT: EventKind.CANCELLED_BY_PATIENT,
        CancelledBy.PROVIDER: EventKind.CANCELLED_BY_PROVIDER,
    }[by_whom]
    event = ClockEvent(f"appointment:{row.pk}:cancelled", kind, queries.on(at))
    _record(row.entry.pathway_id, event, f"appointment:{row.pk}", row.organisation_id, by, at)


def _record(
    pathway_id: int, event: ClockEvent, source: str, organisation_id: int, by: Actor, at: datetime
) -> None:
    recorded = clocks.Recorded(pathway_id, event, source)
    clocks.record([recorded], organisation_id=organisation_id, by=by, at=at)


def _when(row: Appointment) -> str:
    return f"{day(row.starts_at)}, {clock(row.starts_at)}"


def _say(verb: str, row: Appointment, detail: dict[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"appointment:{row.pk}", detail)
    record([entry], organisation_id=row.organisation_id, by=by, at=at)
    changed.diary([row.starts_at], organisation_id=row.organisation_id, at=at)
    step = ONWARD.get(verb)
    if step and not (step is Step.FREE and _has_other_visits(row)):
        words = _when(row) if step in (Step.HOLD, Step.BOOK) else ""
        onward.tell(row.referral_id, step, words, organisation_id=row.organisation_id, by=by, at=at)


def _has_other_visits(row: Appointment) -> bool:
    """Whether other visits of the same course are booked."""
    if row.entry is None or row.entry.series == 1:
        return False
    return Appointment.objects.filter(entry=row.entry, state=Appointment.State.BOOKED).exists()
