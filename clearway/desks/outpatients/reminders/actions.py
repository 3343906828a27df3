"""Reminding: what the worker sends when it is due, and the calls of people where nothing can be sent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.domain.outpatients.booking import UNSAID
from clearway.domain.outpatients.messages import Channel
from clearway.domain.outpatients.messages import Message as Kind
from clearway.domain.outpatients.recycling import Said
from clearway.domain.outpatients.reminders import Route, Step, Way, route
from clearway.domain.outpatients.waiting import QUEUED
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import State as Sent

from .. import policy
from ..booking import actions as booking
from ..booking import queries as appointments
from ..conversations.wanted import About, want
from ..waiting import actions as waiting
from . import queries, trying
from .models import Reminder

MOST = 200  # steps that are taken in one go
RINGING = "Keeping this answer"
KINDS = {Step.BOOKED: Kind.BOOKED, Step.FAR: Kind.REMINDER, Step.NEAR: Kind.REMINDER, Step.LAST: Kind.LAST}


@transaction.atomic
def send_due(
    *, organisation_id: int, connected: Collection[str], by: Actor, at: datetime, most: int = MOST
) -> int:
    """Take the steps that are due: texts and emails go into the outbox, calls onto the list.

    connected  channels that a provider takes away
    Returns how many were taken; calls that are not needed any more end.
    """
    _ring_for_what_failed(organisation_id, at)
    _end_calls(organisation_id, at)
    plan = policy.reminders(organisation_id, at)
    trials = trying.running(organisation_id)
    own = trying.draw_for_days(trials, plan, connected, organisation_id=organisation_id, by=by, at=at)
    due = queries.due_now(organisation_id, plan, at, own)[:most]
    visits = appointments.with_patients([each.appointment for each in due])
    reach = queries.reach_of(visits.values())
    taken = 0
    for each in due:
        visit = visits.get(each.appointment)
        if visit is not None:
            found = route(reach[visit.patient.person_id], connected)
            taken += _take(visit, each, found, trials, by, at)
    if taken:
        detail = {"taken": taken}
        entry = Entry("reminders.send_due", f"organisation:{organisation_id}", detail)
        record([entry], organisation_id=organisation_id, by=by, at=at)
    return taken


def _take(visit: Any, due: queries.Due, found: Route, trials: Sequence[Any], by: Actor, at: datetime) -> int:
    """One step of one appointment; 0 where it needs nobody."""
    step = due.step
    if found.way is Way.CALL or step is Step.CALL:
        if step in (Step.BOOKED, Step.FAR):  # the letter has gone; somebody rings when it is nearer
            return 0
        _ring(visit, found.why or "Nobody has reminded them yet.", at)
        return 1
    row = Reminder.objects.create(
        organisation_id=visit.organisation_id,
        appointment=visit,
        step=step,
        way=found.way,
        state=Reminder.State.SENT,
        made_at=at,
    )
    channel = Channel(found.way.value)
    kind = KINDS[step]
    to = queries.to_of(visit.patient, channel)
    attempt = waiting.Attempt(
        visit.patient_id,
        "confirmation" if step is Step.BOOKED else "reminder",
        channel.value,
        f"{kind.meaning[:1].upper()}{kind.meaning[1:]}",
        to=to,
        outcome=QUEUED,
        entry_id=visit.entry_id,
        referral_id=visit.referral_id,
        appointment_id=visit.pk,
    )
    who: dict[str, Any] = {"organisation_id": visit.organisation_id, "by": by, "at": at}
    contact = waiting.contact(attempt, **who)
    place_id = trying.place(trials, visit, due.service, kind, channel, **who)
    about = About(visit.patient_id, visit.entry_id, visit.pk, contact_id=contact.pk, place_id=place_id)
    row.message = want(kind, f"reminder:{row.pk}", channel, to, about, **who)
    row.save(update_fields=["message"])
    return 1


def _ring(visit: Any, why: str, at: datetime) -> None:
    Reminder.objects.get_or_create(
        appointment=visit,
        step=Step.CALL,
        defaults={
            "organisation_id": visit.organisation_id,
            "way": Way.CALL,
            "state": Reminder.State.TO_RING,
            "why": why[:200],
            "made_at": at,
        },
    )


@transaction.atomic
def ring(whom: Mapping[int, str], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Put appointments onto the list of calls, each with why; whose call there is already keeps it."""
    for visit in appointments.with_patients(whom).values():
        _ring(visit, whom[visit.pk], at)
    entry = Entry("reminders.ring", f"organisation:{organisation_id}", {"appointments": sorted(whom)})
    record([entry], organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def no_call(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Take an appointment off the list of calls where it is there for a reason that begins so."""
    rows = Reminder.objects.filter(
        organisation_id=organisation_id,
        appointment_id=key,
        step=Step.CALL,
        state=Reminder.State.TO_RING,
        why__startswith=why,
    )
    rows.update(state=Reminder.State.OVER, ended_at=at, ended_by=by.name)
    record(
        [Entry("reminders.no_call", f"appointment:{key}", {})], organisation_id=organisation_id, by=by, at=at
    )


def _ring_for_what_failed(organisation_id: int, at: datetime) -> None:
    """Whose reminder did not leave, or did not arrive, and who has not confirmed, is rung."""
    rows = Reminder.objects.filter(
        organisation_id=organisation_id,
        state=Reminder.State.SENT,
        message__outgoing__state__in=[Sent.FAILED, Sent.WITHDRAWN],
        appointment__state="booked",
        appointment__starts_at__gt=at,
        appointment__confirmed_at__isnull=True,
    )
    for row in rows.exclude(step=Step.BOOKED).select_related("message__outgoing"):
        row.state, row.way = Reminder.State.TO_RING, Way.CALL.value
        row.why = row.message.outgoing.why[:200] if row.message else "It was not sent."
        row.save(update_fields=["state", "way", "why"])


def _end_calls(organisation_id: int, at: datetime) -> None:
    """Calls about appointments that are over, confirmed or gone."""
    rows = Reminder.objects.filter(organisation_id=organisation_id, state=Reminder.State.TO_RING)
    open_ = rows.filter(
        appointment__state="booked", appointment__starts_at__gt=at, appointment__confirmed_at__isnull=True
    )
    rows.exclude(pk__in=open_.values("pk")).update(state=Reminder.State.OVER, ended_at=at, ended_by="")


@transaction.atomic
def rung(
    key: int, said: Said, *, reason: str = "", organisation_id: int, by: Actor, at: datetime
) -> Reminder:
    """What came of a call: will come (confirmed), cannot come (cancelled), rings back, nobody answered.

    reason  why the patient cannot come, where they say (domain.outpatients.booking)
    Raises NotAllowed, NotThere.
    """
    row = Reminder.objects.select_for_update(of=("self",)).get(pk=key, organisation_id=organisation_id)
    if row.state != Reminder.State.TO_RING:
        raise NotAllowed(row.get_state_display(), RINGING, "Somebody has seen to it, or it is not needed.")
    who: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    row.tries, row.tried_at = row.tries + 1, at
    if said is Said.YES:
        booking.confirm(row.appointment_id, **who)
    elif said is Said.NO:
        side = CancelledBy.PATIENT
        booking.cancel(row.appointment_id, by_whom=side, reason=reason or UNSAID[side], **who)
    if said in (Said.YES, Said.NO):
        row.state, row.ended_at, row.ended_by = Reminder.State.RUNG, at, by.name
    row.save()
    visit = row.appointment
    attempt = waiting.Attempt(
        visit.patient_id,
        "reminder",
        "phone",
        f"Rung to remind: {said.meaning}",
        outcome="no_answer" if said is Said.NOBODY else "answered",
        entry_id=visit.entry_id,
        appointment_id=visit.pk,
    )
    waiting.contact(attempt, **who)
    record([Entry("reminders.rung", f"reminder:{key}", {"said": said})], **who)
    return row


@transaction.atomic
def look(keys: Collection[int], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record whose names were on the list of calls."""
    record(
        [Entry("reminders.look", "page:reminders", {"appointments": sorted(keys)})],
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
