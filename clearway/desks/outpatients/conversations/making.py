"""Making a text or email: whether it is still to go, what it says, and to which number or address."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.layout.times import local
from clearway.core.outbox.actions import Held
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import Between, Later, Made, Ready, Withdrawn
from clearway.domain.outpatients.letters import clock_for_patients
from clearway.domain.outpatients.messages import Channel, fill
from clearway.domain.outpatients.messages import Message as Kind
from clearway.domain.outpatients.words import Medium
from clearway.domain.shared.delivery import mobile

from .. import policy
from ..letters import queries as letters
from ..patients import queries as patients
from ..recycling import standing as freed
from ..waiting import standing
from . import links, queries
from .models import Message
from .wanted import is_reply

STALE = timedelta(hours=12)  # an answer that could not leave for so long answers nothing any more
BEFORE_VISIT = timedelta(hours=1)  # so soon before it begins nobody is reminded any more
OF_VISIT = frozenset({Kind.BOOKED, Kind.REMINDER, Kind.LAST})
ELSEWHERE = {Medium.TELEPHONE: "by telephone: we ring you", Medium.VIDEO: "by video"}


class MessageMaker:
    """What the outbox asks of texts and emails (core.outbox.sending.Maker)."""

    def make(self, row: Outgoing, *, by: Actor, at: datetime) -> Made:
        """Its words, kept with it."""
        message = queries.message_of(row.pk)
        because = _stopped(message, at)
        if because is not None:
            return because
        found = _words(message, at)
        if isinstance(found, Held):
            return found
        subject, words, text = found
        Message.objects.filter(pk=message.pk).update(subject=subject, words=words, text=text)
        return Ready(hashlib.sha256(_body(message.to, subject, words)).hexdigest())

    def look_again(self, row: Outgoing, at: datetime) -> Between | None:
        """What has come between since it was made: its cause, its recipient, the hour, the limit."""
        message = queries.message_of(row.pk)
        if (because := _stopped(message, at)) is not None:
            return because
        plan = policy.reminders(message.organisation_id, at)
        if not _is_reply(message) and (opens := plan.opens_at(at)) > at:
            return Later(opens)
        return None

    def body(self, row: Outgoing) -> bytes:
        """What is sent, as it was kept."""
        message = queries.message_of(row.pk)
        return _body(message.to, message.subject, message.words)

    def left(self, row: Outgoing, *, by: Actor, at: datetime) -> None:
        """The patient counts as told from now on."""
        message = queries.message_of(row.pk)
        Message.objects.filter(pk=message.pk, sealed_at=None).update(sealed_at=at)
        standing.told(message.contact_id, to=message.to, digest=row.digest, at=row.sent_at or at)


def _body(to: str, subject: str, words: str) -> bytes:
    return json.dumps({"to": to, "subject": subject, "body": words}).encode()


def _stopped(message: Message, at: datetime) -> Held | Withdrawn | None:
    """What speaks against sending it now; what was to be said by it is seen to otherwise."""
    because = stops(message, at)
    if isinstance(because, Withdrawn):
        standing.not_told(message.contact_id, at)
        if message.kind == Kind.OFFER and message.offer_id is not None:
            freed.not_reached(message.offer_id, because.why, at, has_left=False)
    return because


def stops(message: Message, at: datetime) -> Held | Withdrawn | None:
    """What speaks against sending it now."""
    kind, patient = Kind(message.kind), message.patient and message.patient.stands
    if patient is not None and patient.died_on is not None:
        return Withdrawn("The patient has died.")
    if _is_reply(message):
        return Withdrawn("It answered something long ago.") if at - message.made_at > STALE else None
    why = _offer_stops(message, at) if kind is Kind.OFFER else ""
    why = why or (_visit_stops(message, at) if kind in OF_VISIT else "")
    why = why or (_wait_stops(message) if kind is Kind.INVITED else "")
    why = why or (_patient_stops(message, patient) if patient is not None else "")
    if why:
        return Withdrawn(why)
    if message.channel == Channel.TEXT and _is_too_many(message, at):
        return Withdrawn("This number has had as many texts today as one may have.")
    return None


def _is_reply(message: Message) -> bool:
    return is_reply(message.kind, message.outgoing.key)


def _offer_stops(message: Message, at: datetime) -> str:
    offer = message.offer
    if offer is None or offer.state != "out":
        return "The offer has ended."
    return "The time to answer is over." if offer.expires_at <= at else ""


def _wait_stops(message: Message) -> str:
    if message.entry is None or message.entry.state != "waiting":
        return "The patient does not wait for a date any more."
    has_answered = standing.has_answered(message.entry.pk, message.made_at)
    return "The patient has answered since." if has_answered else ""


def _visit_stops(message: Message, at: datetime) -> str:
    visit = message.appointment
    if visit is None or visit.state == "cancelled":
        return "The appointment was cancelled or moved since."
    if visit.state != "booked":
        return "The appointment has begun or is over."
    if visit.starts_at - at < BEFORE_VISIT:
        return "It is too late to remind of it."
    if message.kind == Kind.LAST and visit.confirmed_at is not None:
        return "The patient has confirmed since."
    return ""


def _patient_stops(message: Message, patient: Any) -> str:
    flags = patients.flags_of([patient.pk]).get(patient.pk, [])
    may = patients.may_contact(patient, message.channel, by_machine=True, flags=flags)
    if not may:
        return may.why
    is_text = message.channel == Channel.TEXT
    now = mobile(patient.mobile) if is_text else patient.email
    return "" if now == message.to else "The number or address has changed since."


def _is_too_many(message: Message, at: datetime) -> bool:
    most = policy.reminders(message.organisation_id, at).most_a_day
    return queries.sent_to(message, at - timedelta(days=1)) >= most


def _words(message: Message, at: datetime) -> tuple[str, str, Any] | Held:
    """Subject, words, and the text that they are made from."""
    if message.kind == Kind.ANSWER:
        return "", message.said, None
    on = local(at).date()
    text = _tried(message) or letters.message_text(message.organisation_id, message.kind, message.channel, on)
    if text is None:
        why = f"No text is approved for this message: {message.kind}, {message.channel}."
        return Held("text", why, "Ask the clinical lead to approve one; then try again.")
    values = values_of(message, at)
    try:
        subject = fill(text.title, values)[:150] if message.channel == Channel.EMAIL else ""
        return subject, fill(text.body, values), text
    except KeyError as missing:
        why = f"The text asks for {{{missing.args[0]}}}, and nobody has said it."
        return Held("field", why, "Fill it in where it belongs, or change the text; then try again.")


def _tried(message: Message) -> Any:
    """The text of the patient's arm while its trial runs; None where no words are tried on them."""
    place = message.place
    return place.arm.text if place is not None and place.trial.stopped_at is None else None


def values_of(message: Message, at: datetime) -> dict[str, str]:
    """What the fields of a message say; one that has no value is left out."""
    office = policy.letters(message.organisation_id, at)
    made = {"trust": message.organisation.name, "office_phone": office.office_phone}
    slot = None
    if message.offer is not None:
        slot = message.offer.freed.slot
        made["until"] = clock_for_patients(local(message.offer.expires_at))
    elif message.appointment is not None:
        slot = message.appointment.slot
        made["link"] = links.address(message.appointment_id or 0)
    if slot is not None:
        made |= {"when": short_when(slot.starts_at), "place": place_of(slot)}
    return {name: value for name, value in made.items() if value}


def short_when(at: datetime) -> str:
    """ "2:30pm on Tue 3 Nov"; of an instant."""
    there = local(at)
    return f"{clock_for_patients(there)} on {there:%a} {there.day} {there:%b}"


def place_of(slot: Any) -> str:
    """Where, or that it is by telephone or video."""
    return ELSEWHERE.get(Medium(slot.medium)) or f"at {slot.session.room.site.name}"
