"""Wanting a text or email: called by the parts of the desk in the transaction of what causes it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.audit.actions import Actor
from clearway.core.outbox import actions as outbox
from clearway.domain.outpatients.messages import ASKS, REPLIES, Channel
from clearway.domain.outpatients.messages import Message as Kind
from clearway.domain.outpatients.replies import Asks, asked_next
from clearway.domain.shared.delivery import reference_of

from .models import Conversation, Message

NOW = timedelta()
ANSWER_TO = "answer:"  # how the cause begins of what answers a text
OUTBOX = "message"  # the kind of these messages in the outbox


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about, by number; `said` are a person's own words."""

    patient_id: int | None = None
    entry_id: int | None = None
    appointment_id: int | None = None
    offer_id: int | None = None
    contact_id: int | None = None
    place_id: int | None = None
    said: str = ""


def want(
    kind: Kind,
    cause: str,
    channel: Channel,
    to: str,
    about: About,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Message | None:
    """Put a text or email into the outbox; None where the same cause has put it in before.

    cause  what happened, by its number: "reminder:7"
    to     number or address as it is now; looked at again when it is made and when it leaves
    """
    key = f"{kind}:{cause}"
    wait = NOW if is_reply(kind, key) else outbox.UNDO  # whoever has just written waits for the answer
    rows = outbox.put([key], OUTBOX, carrier=channel, organisation_id=organisation_id, at=at, wait=wait)
    if key not in rows:
        return None
    conversation = with_number(to, organisation_id) if channel is Channel.TEXT else None
    made = Message.objects.create(
        organisation_id=organisation_id,
        outgoing_id=rows[key],
        conversation=conversation,
        kind=kind,
        channel=channel,
        reference=reference_of(f"{organisation_id}:{key}"),
        to=to,
        patient_id=about.patient_id,
        entry_id=about.entry_id,
        appointment_id=about.appointment_id,
        offer_id=about.offer_id,
        contact_id=about.contact_id,
        place_id=about.place_id,
        said=about.said,
        made_at=at,
        made_by=by.name,
    )
    if conversation is not None:
        _ask(conversation, made, at)
    return made


def is_reply(kind: str, key: str) -> bool:
    """Whether a message answers somebody who has just written: no hour of the day and no limit holds it.

    "Taken" is one where it answers a late yes, and none where it thanks by itself.
    """
    return kind in REPLIES or key.startswith(f"{kind}:{ANSWER_TO}")


def with_number(number: str, organisation_id: int) -> Conversation:
    """The conversation with a number, begun where there is none, locked until the transaction ends."""
    Conversation.objects.bulk_create(
        [Conversation(organisation_id=organisation_id, number=number)], ignore_conflicts=True
    )
    rows = Conversation.objects.select_for_update(of=("self",)).select_related("question")
    return rows.get(organisation_id=organisation_id, number=number)


def _ask(conversation: Conversation, made: Message, at: datetime) -> None:
    """The question that stands from now on; one about what is over stands no more."""
    if conversation.question is not None and not _is_open(conversation.question, at):
        conversation.asks = Asks.NOTHING
    asks, stands = ASKS.get(Kind(made.kind), Asks.NOTHING), Asks(conversation.asks)
    before = conversation.question
    is_same = before is not None and (before.appointment_id, before.offer_id) == (
        made.appointment_id,
        made.offer_id,
    )
    if asks is Asks.NOTHING:
        return
    conversation.asks = asked_next(stands, asks, is_same)
    conversation.question = made
    conversation.save(update_fields=["asks", "question"])


def _is_open(question: Message, at: datetime) -> bool:
    """Whether what was asked about can still be answered."""
    if question.offer is not None:
        return question.offer.state == "out" and question.offer.expires_at > at
    visit = question.appointment
    return visit is not None and visit.state == "booked" and visit.starts_at > at
