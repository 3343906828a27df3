"""Asking people about a freed seat, what they say, and ending what is over.

A yes is booked by booking's own actions: the database decides who was first, and who was not is thanked and
keeps their place. Locks are taken in the order slot, freed seat, offer.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from clearway.core.audit.actions import Actor, Entry, record
from clearway.domain.outpatients.booking import EARLIER, Holds
from clearway.domain.outpatients.messages import Channel
from clearway.domain.outpatients.messages import Message as Kind
from clearway.domain.outpatients.recycling import Freed, Mode, RecyclingPolicy, Said, ends
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.outpatients.offers import Wave, Weights, learned, plan
from clearway.engine.outpatients.recycling import Candidate, Chosen, with_words

from .. import policy
from ..booking import actions as booking
from ..booking import queries as appointments
from ..clinics import queries as clinics
from ..conversations import queries as conversations
from ..conversations.wanted import About, want
from ..waiting import actions as waiting
from . import queries, standing
from .models import FreedSlot, SlotOffer

ASKING = "Asking about this slot"
ANSWERING = "Keeping this answer"
OUT = SlotOffer.State.OUT
PlannedFor = Sequence[Candidate] | Sequence[Chosen]
SOONER = "They have an appointment by now that is no later than this slot. Nothing was changed: ask them."
GONE = "Somebody else was first, or the time to answer was over. Nothing was booked."


def next_wave(
    freed: FreedSlot, found: PlannedFor, held: RecyclingPolicy, holds: Holds, at: datetime
) -> Wave | None:
    """How many of those found are asked next, and for how long; None where it is too late.

    One query a day in each process.
    """
    minutes = held.minutes_to_ask(at, held.last_offer_at(freed.starts_at))
    least = holds.lasting(freed.starts_at, at)
    answers = learned(queries.records(freed.organisation_id, held, at))
    people = [answers[each.channel] for each in found]
    return plan(people, minutes, Weights(held.most_at_once, least, held.disappointed, holds.most))


@transaction.atomic
def ask(key: int, *, organisation_id: int, by: Actor, at: datetime) -> list[SlotOffer]:
    """Ask the next people about a freed seat, as many as the plan says.

    The seat is kept for those who are asked until their offers end. Raises NotAllowed.
    """
    row, (held, holds) = _locked(key, organisation_id), policy.recycling_and_holds(organisation_id, at)
    if _let_end(SlotOffer.objects.filter(freed=row), by, at):
        row = queries.one(key, organisation_id)
    _check_open(row, at)
    found = queries.asked_first(row, held, at)
    wave = next_wave(row, found.chosen, held, holds, at)
    if not found.chosen:
        raise NotAllowed("nobody fits", ASKING, "Nobody on this list can be asked. Look at why.")
    if wave is None:
        raise NotAllowed("it is too late", ASKING, "There is too little time left to ask anybody.")
    until = min(held.after(at, wave.minutes), held.last_offer_at(row.starts_at))
    before = len(row.offers.all())
    made = [
        SlotOffer(
            organisation_id=organisation_id,
            freed=row,
            entry_id=each.entry,
            patient_id=found.patients[each.entry],
            place=before + place,
            channel=each.channel,
            reasons=list(each.reasons),
            made_at=at,
            made_by=by.name,
            expires_at=until,
        )
        for place, each in enumerate(with_words(found.slot, found.chosen[: wave.count], at), 1)
    ]
    _save(made)
    for each in made:
        if each.channel == "text":
            _text(Kind.OFFER, each, each.patient, by, at)
    detail = {"entries": [each.entry_id for each in made], "until": until.isoformat()}
    _say("recycling.ask", row, detail, by, at)
    return made


def answer(key: int, said: Said, *, organisation_id: int, by: Actor, at: datetime) -> Any:
    """What somebody said who was asked: a yes is booked at once. Raises NotAllowed, SlotGone among them.

    No answer and "will ring back" leave the offer out until it ends.
    """
    if said is Said.YES:
        return _accept(key, organisation_id, by, at)
    _heard(key, said, organisation_id, by, at)
    return None


def _accept(key: int, organisation_id: int, by: Actor, at: datetime) -> Any:
    """Book the seat for who says yes: in place of the appointment they have, where they have one.

    Not one transaction here: booking does its own again when the database gives it up.
    """
    offer = _offer(key, organisation_id)
    _check_out(offer, at)
    who: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    own = appointments.of_entry(offer.entry_id, at)
    booked = next((row for row in own if row.state == "booked"), None)
    if booked is not None and booked.starts_at <= offer.freed.starts_at:
        raise NotAllowed("they are booked sooner", ANSWERING, SOONER)
    slot_id = offer.freed.slot_id
    if booked is None:
        made = booking.book(slot_id, offer.entry_id, channel=offer.channel, **who)
    else:
        side = CancelledBy.PROVIDER
        made = booking.move(booked.pk, slot_id, by_whom=side, reason=EARLIER, channel=offer.channel, **who)
    _contacted(offer, "answered", "Accepted the slot that was freed", by, at)
    return made


@transaction.atomic
def _heard(key: int, said: Said, organisation_id: int, by: Actor, at: datetime) -> None:
    offer = _offer(key, organisation_id, lock=True)
    _check_out(offer, at)
    offer.tries += 1
    if said is not Said.NOBODY:
        offer.reached_at = at
    if said is Said.NO:
        offer.state, offer.ended_at, offer.ended_by = SlotOffer.State.DECLINED, at, by.name
        booking.decline(
            offer.freed.slot_id,
            offer.entry_id,
            channel=offer.channel,
            organisation_id=organisation_id,
            by=by,
            at=at,
        )
    offer.save(update_fields=["tries", "reached_at", "state", "ended_at", "ended_by"])
    _contacted(offer, "no_answer" if said is Said.NOBODY else "answered", said.meaning, by, at)
    _say("recycling.answer", offer.freed, {"entry": offer.entry_id, "said": said}, by, at)


@transaction.atomic
def thank(key: int, *, organisation_id: int, by: Actor, at: datetime) -> SlotOffer:
    """Somebody who was not first was told so. Raises NotAllowed."""
    offer = _offer(key, organisation_id, lock=True)
    if offer.state not in (SlotOffer.State.THANKED, SlotOffer.State.WITHDRAWN) or offer.told_at:
        raise NotAllowed(offer.get_state_display(), "Telling them", "There is nothing to tell them.")
    offer.told_at = at
    offer.save(update_fields=["told_at"])
    _contacted(offer, "answered", "Told that the slot is taken; they keep their place", by, at)
    _say("recycling.thank", offer.freed, {"entry": offer.entry_id}, by, at)
    return offer


@transaction.atomic
def withdraw(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> FreedSlot:
    """Nobody is asked any more: the seat is needed otherwise. Raises NotAllowed."""
    if not why.strip():
        raise NotAllowed("open", "Withdrawing this slot", "Say why.")
    row = _locked(key, organisation_id)
    _end(row, Freed.WITHDRAWN, why.strip()[:200], at, by)
    return row


@transaction.atomic
def tend(*, organisation_id: int, by: Actor, at: datetime) -> int:
    """End offers and freed seats whose time is over; where the policy is automatic, ask the next people.

    Returns how many people were asked.
    """
    _let_end(SlotOffer.objects.filter(organisation_id=organisation_id), by, at)
    out = SlotOffer.objects.filter(organisation_id=organisation_id, state=OUT)
    gone = out.filter(~Q(entry__state__in=("waiting", "booked")) | ~queries.LIVES | queries.no_sooner())
    gone.update(state=SlotOffer.State.WITHDRAWN, ended_at=at, ended_by=by.name)
    _take_in(organisation_id, by, at)
    for offer in queries.to_thank_by_text(organisation_id):
        _text(Kind.TAKEN, offer, offer.patient, by, at)
        SlotOffer.objects.filter(pk=offer.pk).update(told_at=at)
    held = policy.recycling(organisation_id, at)
    rows = queries.standing_open(organisation_id)
    for row in rows:
        _end_or_wait(row, held, by, at)
    if held.mode is not Mode.AUTOMATIC or not held.may_ask(at):
        return 0
    return sum(_ask_next(row, organisation_id, by, at) for row in rows)


def _end_or_wait(row: FreedSlot, held: RecyclingPolicy, by: Actor, at: datetime) -> None:
    """End a seat whose time is over or whose clinic is cancelled; while it is closed nobody is asked."""
    is_over, is_closed = held.last_offer_at(row.starts_at) <= at, queries.is_closed(row)
    if row.slot.session.state == "cancelled" or (is_over and is_closed):
        _end(row, Freed.WITHDRAWN, row.slot.blocked or "Its clinic does not take place", at, by)
    elif is_over:
        _end(row, Freed.EXPIRED, "Nobody was found in time", at, by)
    elif is_closed:
        out = SlotOffer.objects.filter(freed=row, state=OUT)
        out.update(state=SlotOffer.State.WITHDRAWN, ended_at=at, ended_by=by.name)


def _take_in(organisation_id: int, by: Actor, at: datetime) -> None:
    """Seats that were given up while their clinic was closed, and that are open again, can be filled."""
    for row in queries.given_up_while_closed(organisation_id, at):
        clinics.lock_slot(row.slot_id, organisation_id)
        if not any(each.seat == row.seat for each in appointments.taken_seats(row.slot_id)):
            standing.freed(row, row.cancelled_by, at)
            _say("recycling.take_in", row.freed, {"appointment": row.pk}, by, at)


def _let_end(offers: Any, by: Actor, at: datetime) -> int:
    """End those of these offers whose time is over. Returns how many."""
    over = offers.filter(state=OUT, expires_at__lte=at)
    return int(over.update(state=SlotOffer.State.NO_ANSWER, ended_at=at, ended_by=by.name))


def _save(made: Sequence[SlotOffer]) -> None:
    """Raises NotAllowed where one of them was asked about another slot at the same moment."""
    try:
        with transaction.atomic():
            SlotOffer.objects.bulk_create(made)
    except IntegrityError:
        why = "One of them was asked about another slot at this moment. Ask again: others are next."
        raise NotAllowed("somebody is asked elsewhere", ASKING, why) from None


def _text(kind: Kind, offer: SlotOffer, patient: Any, by: Actor, at: datetime) -> None:
    """Ask, or thank, by text; it leaves through the outbox like any other."""
    want(
        kind,
        f"offer:{offer.pk}",
        Channel.TEXT,
        conversations.number_of(patient),
        About(offer.patient_id, offer.entry_id, offer_id=offer.pk),
        organisation_id=offer.organisation_id,
        by=by,
        at=at,
    )


def _ask_next(row: FreedSlot, organisation_id: int, by: Actor, at: datetime) -> int:
    """Ask about one open seat about which nobody is asked; 0 where that is not to be done."""
    is_asked = any(offer.state == OUT for offer in row.offers.all())
    if row.state != FreedSlot.State.OPEN or is_asked or queries.is_closed(row):
        return 0
    try:
        return len(ask(row.pk, organisation_id=organisation_id, by=by, at=at))
    except NotAllowed:  # nobody fits, or somebody holds the seat: it is looked at again in a minute
        return 0


def _locked(key: int, organisation_id: int) -> FreedSlot:
    slot_id = FreedSlot.objects.values_list("slot_id", flat=True).get(pk=key, organisation_id=organisation_id)
    clinics.lock_slot(slot_id, organisation_id)
    return queries.one(key, organisation_id)


def _offer(key: int, organisation_id: int, *, lock: bool = False) -> SlotOffer:
    rows = SlotOffer.objects.select_related("freed", "patient", "entry")
    rows = rows.select_for_update(of=("self",), no_key=True) if lock else rows
    return rows.get(pk=key, organisation_id=organisation_id)


def _check_open(row: FreedSlot, at: datetime) -> None:
    if row.state != FreedSlot.State.OPEN:
        raise NotAllowed(row.get_state_display(), ASKING, "It has ended. Look at what became of it.")
    if any(offer.state == OUT for offer in row.offers.all()):
        raise NotAllowed("people are asked", ASKING, "Wait for their answers, or until their time is over.")
    if queries.is_closed(row):
        raise NotAllowed("closed", ASKING, "Its clinic is closed now: nobody can be booked into it.")
    if row.seat in appointments.kept_seats(row.slot_id, at):
        raise NotAllowed("the seat is held", ASKING, "Somebody holds it for a patient at this moment.")


def _check_out(offer: SlotOffer, at: datetime) -> None:
    if offer.state != OUT or offer.expires_at <= at:
        raise NotAllowed(offer.get_state_display(), ANSWERING, GONE)


def _end(row: FreedSlot, end: Freed, why: str, at: datetime, by: Actor) -> None:
    ends(Freed(row.state), end)
    open_ = FreedSlot.objects.filter(pk=row.pk, state=FreedSlot.State.OPEN)
    if not open_.update(state=end, ended_at=at, why=why):
        return  # it was filled a moment ago
    row.state, row.ended_at, row.why = end, at, why
    out = SlotOffer.objects.filter(freed=row, state=OUT)
    out.update(state=SlotOffer.State.WITHDRAWN, ended_at=at, ended_by=by.name)
    _say(f"recycling.{end}", row, {"why": why}, by, at)


def _contacted(offer: SlotOffer, outcome: str, words: str, by: Actor, at: datetime) -> None:
    """Keep what was said as a contact of the patient."""
    attempt = waiting.Attempt(
        offer.patient_id, "offer", offer.channel, words[:500], entry_id=offer.entry_id, outcome=outcome
    )
    waiting.contact(attempt, organisation_id=offer.organisation_id, by=by, at=at)


def _say(verb: str, row: FreedSlot, detail: dict[str, Any], by: Actor, at: datetime) -> None:
    entries: Iterable[Entry] = [Entry(verb, f"slot:{row.slot_id}", detail)]
    record(list(entries), organisation_id=row.organisation_id, by=by, at=at)
