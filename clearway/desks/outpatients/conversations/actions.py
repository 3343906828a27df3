"""What patients text back, what carriers say of our messages, and what people at the desk do about it.

An answer whose meaning is certain does what a click would do, by the same actions. A cancellation is
confirmed back before the slot goes. Everything else waits for a person. Locks are taken in the order slot,
conversation.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.outbox import actions as outbox
from clearway.domain.outpatients.booking import heard_reason
from clearway.domain.outpatients.letter_formats import needed
from clearway.domain.outpatients.messages import Channel
from clearway.domain.outpatients.messages import Message as Kind
from clearway.domain.outpatients.recycling import Said
from clearway.domain.outpatients.replies import Act, Asks, Meaning, Reading, act, read
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.delivery import BECOMES, WHY, Heard, Receipt, mobile
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import State

from .. import policy
from ..booking import actions as booking
from ..clinics import queries as clinics
from ..patients import actions as patients
from ..patients import queries as people
from ..recycling import actions as recycling
from ..recycling import standing as freed
from ..reminders import standing as reminders
from ..waiting import actions as waiting
from ..waiting import standing
from . import queries
from .making import MessageMaker
from .models import Answer, Conversation, Knock, Message
from .wanted import ANSWER_TO, About, want, with_number

CHECK_LASTS = timedelta(hours=24)  # a yes to "cancel it?" counts for so long
ANSWERING = "Answering this conversation"
NOT_KNOWN = "No patient of this number is known."
PURPOSES = {
    Act.CONFIRM: "reminder",
    Act.CHECK: "reminder",
    Act.KEEP: "reminder",
    Act.CHANGE: "change",
    Act.CANCEL: "cancellation",
    Act.ACCEPT: "offer",
    Act.DECLINE: "offer",
}
SEEN_TO: Mapping[Act, str] = {
    Act.CONFIRM: "The appointment is confirmed",
    Act.CHECK: "Asked back whether it is really to be cancelled",
    Act.CANCEL: "The appointment is cancelled and its slot is free",
    Act.KEEP: "The appointment stays as it is",
    Act.CHANGE: "Got the address of their page to choose another time",
    Act.STOP: "Gets no more texts",
    Act.START: "Gets texts again",
    Act.ACCEPT: "Has the slot that was offered",
    Act.DECLINE: "Declined the slot that was offered",
}
# What somebody waits for: where it does not arrive, a person sees to it.
NEEDED = (Kind.ANSWER, Kind.CANCELLED, Kind.CHECK, Kind.CHANGE, Kind.ACCEPTED)
MOST = 200
KNOCK = """
INSERT INTO outpatients_knock (key, hour, count) VALUES (%s, %s, 1)
ON CONFLICT (key, hour) DO UPDATE SET count = outpatients_knock.count + 1 RETURNING count
"""
ALWAYS = (Act.STOP, Act.START)  # whatever was asked, and of whom
MAY_CHOOSE = (Act.CONFIRM, Act.CANCEL, Act.CHANGE, Act.STOP)  # what a person may read into an answer


# What comes in


@transaction.atomic
def hear(said: Heard, *, organisation_id: int, by: Actor, at: datetime) -> bool:
    """A text from a patient: kept, read, and acted on where its meaning is certain; False for a repeat."""
    number = mobile(said.number) or said.number[:20]
    _lock_slot_of(number, organisation_id)
    conversation = with_number(number, organisation_id)
    if Answer.objects.filter(organisation_id=organisation_id, name=said.name).exists():
        return False
    patient = _who(conversation, organisation_id, at)
    reading = read(said.words, _languages(patient))
    chosen = act(Asks(conversation.asks), reading)
    answer = Answer.objects.create(
        organisation_id=organisation_id,
        conversation=conversation,
        name=said.name,
        words=said.words,
        sent_at=said.at,
        heard_at=at,
        meaning=reading.meaning,
        because=reading.because[:100],
        act=chosen,
        patient=patient,
        appointment_id=conversation.question.appointment_id if conversation.question else None,
    )
    problem = _cannot(conversation, chosen, patient, at)
    if not problem:
        problem = _tried(answer, chosen, by, at)
    if problem:
        answer.act, answer.problem = Act.PERSON, problem[:200]
        answer.save(update_fields=["act", "problem"])
        _wait_for_a_person(answer, _why_it_waits(chosen, reading, problem), by, at)
    detail = {"answer": answer.pk, "meaning": reading.meaning, "act": answer.act}
    _say("conversations.hear", conversation, detail, by, at)
    return True


def _lock_slot_of(number: str, organisation_id: int) -> None:
    """The slot that the standing question is about, before the conversation: in the order of everybody."""
    rows = Conversation.objects.filter(organisation_id=organisation_id, number=number)
    names = ("question__offer__freed__slot_id", "question__appointment__slot_id")
    for slot_id in (each for row in rows.values_list(*names) for each in row if each is not None):
        clinics.lock_slot(slot_id, organisation_id)


def _who(conversation: Conversation, organisation_id: int, at: datetime) -> Any:
    """Whom the question was put to, else the only patient of this number; None where that is not known."""
    if conversation.question is not None and conversation.question.patient is not None:
        return conversation.question.patient.stands
    known = queries.of_number(conversation.number, organisation_id, at)
    return known[0] if len(known) == 1 else None


def _languages(patient: Any) -> frozenset[str]:
    if patient is None:
        return frozenset()
    rows = people.needs_of([patient.pk]).get(patient.pk, [])
    return frozenset(needed((each.kind, each.detail) for each in rows).languages)


def _cannot(conversation: Conversation, chosen: Act, patient: Any, at: datetime) -> str:
    """Why an answer is for a person although its words are certain; "" where it is not."""
    question = conversation.question
    if chosen is Act.PERSON:
        return "It is not certain what is meant."
    if chosen in ALWAYS:
        return ""
    if question is None or patient is None:
        return "Nobody was asked anything at this number."
    return _too_late(conversation, question, chosen, at)


def _too_late(conversation: Conversation, question: Message, chosen: Act, at: datetime) -> str:
    if conversation.asks == Asks.CANCEL and at - question.made_at > CHECK_LASTS:
        return "The question was asked more than a day ago."
    if _is_a_loop(conversation, at):
        return "A machine has answered this number too often within an hour."
    if chosen is Act.CHANGE and not settings.PATIENT_ADDRESS:
        return "Patients have no page here to choose another time."
    return ""


def _is_a_loop(conversation: Conversation, at: datetime) -> bool:
    most = policy.reminders(conversation.organisation_id, at).answers_an_hour
    return queries.answered_by_machine(conversation.pk, at - timedelta(hours=1)) >= most


def _why_it_waits(chosen: Act, reading: Reading, problem: str) -> str:
    if chosen is not Act.PERSON or reading.meaning is Meaning.UNKNOWN:
        return problem
    return f"It may mean {reading.meaning.value.upper()}: {reading.because}."


def _tried(answer: Answer, chosen: Act, by: Actor, at: datetime) -> str:
    """Do what the answer asks for; why it could not be done, or ""."""
    try:
        with transaction.atomic():
            _do(answer, chosen, by, at)
    except (NotAllowed, booking.NotThere) as refusal:
        return str(getattr(refusal, "why", "")) or "It is not there any more."
    return ""


def _do(answer: Answer, chosen: Act, by: Actor, at: datetime) -> None:
    """Raises NotAllowed."""
    DO[chosen](answer, by, at)
    _done(answer, SEEN_TO[chosen], by, at)
    if answer.patient_id is not None and chosen in PURPOSES:
        question = answer.conversation.question
        attempt = waiting.Attempt(
            answer.patient_id,
            PURPOSES[chosen],
            "text",
            f"Answered by text: {SEEN_TO[chosen]}",
            outcome="answered",
            said=answer.words[:300],
            entry_id=question.entry_id if question else None,
            appointment_id=answer.appointment_id,
        )
        waiting.contact(attempt, organisation_id=answer.organisation_id, by=by, at=at)


def _confirm(answer: Answer, by: Actor, at: datetime) -> None:
    booking.confirm(_visit(answer), **_scope(answer, by, at))
    _reply(answer, Kind.CONFIRMED, by, at)


def _check(answer: Answer, by: Actor, at: datetime) -> None:
    visit = booking.still_booked(_visit(answer), **_scope(answer, by, at))
    if visit.starts_at <= at:
        raise NotAllowed("it has begun", ANSWERING, "The appointment has begun.")
    _reply(answer, Kind.CHECK, by, at)


def _cancel(answer: Answer, by: Actor, at: datetime) -> None:
    side = CancelledBy.PATIENT
    reason = heard_reason(answer.words)
    booking.cancel(_visit(answer), by_whom=side, reason=reason, **_scope(answer, by, at))
    _ask_nothing(answer.conversation)
    _reply(answer, Kind.CANCELLED, by, at)


def _keep(answer: Answer, by: Actor, at: datetime) -> None:
    _visit(answer)
    answer.conversation.asks = Asks.ATTEND
    answer.conversation.save(update_fields=["asks"])
    _reply(answer, Kind.KEPT, by, at)


def _change(answer: Answer, by: Actor, at: datetime) -> None:
    booking.still_booked(_visit(answer), **_scope(answer, by, at))
    _reply(answer, Kind.CHANGE, by, at)


def _stop(answer: Answer, by: Actor, at: datetime) -> None:
    """No more texts to anybody of this number, whatever is in the outbox."""
    known = queries.of_number(answer.conversation.number, answer.organisation_id, at)
    if not known:
        raise NotAllowed("not known", ANSWERING, NOT_KNOWN)
    for patient in known:
        patients.change(patient.pk, {"may_text": False}, **_scope(answer, by, at))
    _ask_nothing(answer.conversation)
    _reply(answer, Kind.STOPPED, by, at)


def _start(answer: Answer, by: Actor, at: datetime) -> None:
    """Texts again to whoever has this number, as they ask; of several a person finds out who it was."""
    known = queries.of_number(answer.conversation.number, answer.organisation_id, at)
    if len(known) != 1:
        why = "Several patients have this number: ask who wants texts again." if known else NOT_KNOWN
        raise NotAllowed("not certain", ANSWERING, why)
    if known[0].opted_out:
        why = "They want no messages from machines: ask whether that is over too."
        raise NotAllowed("opted out", ANSWERING, why)
    patients.change(known[0].pk, {"may_text": True}, **_scope(answer, by, at))
    _reply(answer, Kind.STARTED, by, at)


def _accept(answer: Answer, by: Actor, at: datetime) -> None:
    offer = _offer(answer)
    _ask_nothing(answer.conversation)
    if offer.state != "out" or offer.expires_at <= at:
        _reply(answer, Kind.TAKEN, by, at)
        freed.thanked(offer.pk, at)
        return
    try:
        with transaction.atomic():
            recycling.answer(offer.pk, Said.YES, **_scope(answer, by, at))
    except booking.SlotGone:
        _reply(answer, Kind.TAKEN, by, at)
        freed.thanked(offer.pk, at)
        return
    _reply(answer, Kind.ACCEPTED, by, at)


def _decline(answer: Answer, by: Actor, at: datetime) -> None:
    offer = _offer(answer)
    _ask_nothing(answer.conversation)
    if offer.state == "out" and offer.expires_at > at:
        recycling.answer(offer.pk, Said.NO, **_scope(answer, by, at))


DO: Mapping[Act, Callable[[Answer, Actor, datetime], None]] = {
    Act.CONFIRM: _confirm,
    Act.CHECK: _check,
    Act.CANCEL: _cancel,
    Act.KEEP: _keep,
    Act.CHANGE: _change,
    Act.STOP: _stop,
    Act.START: _start,
    Act.ACCEPT: _accept,
    Act.DECLINE: _decline,
}


def _visit(answer: Answer) -> int:
    if answer.appointment_id is None:
        raise NotAllowed("not known", ANSWERING, "Nobody knows which appointment is meant.")
    return answer.appointment_id


def _offer(answer: Answer) -> Any:
    question = answer.conversation.question
    if question is None or question.offer is None:
        raise NotAllowed("not known", ANSWERING, "Nobody knows which offer is meant.")
    return question.offer


def _ask_nothing(conversation: Conversation) -> None:
    conversation.asks = Asks.NOTHING
    conversation.save(update_fields=["asks"])


def _reply(answer: Answer, kind: Kind, by: Actor, at: datetime) -> None:
    conversation = answer.conversation
    question = conversation.question
    about = About(
        answer.patient_id,
        question.entry_id if question else None,
        answer.appointment_id,
        question.offer_id if question and kind in (Kind.ACCEPTED, Kind.TAKEN) else None,
    )
    want(
        kind,
        f"{ANSWER_TO}{answer.pk}",
        Channel.TEXT,
        conversation.number,
        about,
        **_scope(answer, by, at),
    )
    if kind is Kind.CHECK:  # `want` has made it the question that stands
        conversation.refresh_from_db()


def _wait_for_a_person(answer: Answer, why: str, by: Actor, at: datetime) -> None:
    """A person reads it; the first time, the patient is told so."""
    conversation = answer.conversation
    conversation.refresh_from_db(fields=["asks", "question", "waits_since", "why"])
    is_first = conversation.waits_since is None
    conversation.waits_since = conversation.waits_since or at
    conversation.why = why[:200]
    conversation.save(update_fields=["waits_since", "why"])
    is_ours = answer.patient_id is not None and answer.patient is not None and answer.patient.may_text
    if is_first and is_ours and not _is_a_loop(conversation, at):
        _reply(answer, Kind.PERSON, by, at)


def _done(answer: Answer, how: str, by: Actor, at: datetime) -> None:
    answer.done_at, answer.done_by, answer.how = at, by.name, how[:200]
    answer.save(update_fields=["done_at", "done_by", "how"])


# What carriers say


@transaction.atomic
def told(receipt: Receipt, *, organisation_id: int, by: Actor, at: datetime) -> bool:
    """A carrier's word about a message; False where it says nothing new, or of a message that is not ours.

    It may come before the carrier's own answer was written, late, or twice.
    """
    to = BECOMES.get(receipt.status)
    rows = Message.objects.filter(organisation_id=organisation_id, reference=receipt.reference)
    message = rows.select_related("offer").first()
    if to is None or message is None:
        return False
    (row,) = outbox.lock([message.outgoing_id], organisation_id)
    if row.state in (State.READY, State.SENDING, State.HELD):  # it has left, although no answer came
        outbox.step(row, State.SENT, by=by, at=at, reference=receipt.name[:80])
        MessageMaker().left(row, by=by, at=at)
    if row.state != State.SENT:
        return False
    outbox.step(row, to, why=WHY.get(receipt.status, ""), by=by, at=at)
    if to is State.DELIVERED:
        standing.arrived(message.contact_id, at)
        if message.offer_id is not None and message.kind == Kind.OFFER:
            freed.reached(message.offer_id, at)
        return True
    Message.objects.filter(pk=message.pk).update(failure=receipt.status)
    standing.not_told(message.contact_id, at)
    _not_delivered(message, WHY[receipt.status], at, has_left=True)
    return True


def _not_delivered(message: Message, why: str, at: datetime, *, has_left: bool) -> None:
    """Nobody is forgotten because a text did not arrive."""
    reminders.failed(message.pk, why, at)
    if message.offer_id is not None and message.kind == Kind.OFFER:
        freed.not_reached(message.offer_id, why, at, has_left=has_left)
    if message.kind in NEEDED:
        talk = Conversation.objects.filter(messages=message, waits_since=None)
        Conversation.objects.filter(pk__in=talk.values("pk")).update(
            waits_since=at, why=f"What was answered did not arrive. {why}"[:200]
        )


@transaction.atomic
def tend(*, organisation_id: int, by: Actor, at: datetime) -> int:
    """What could not be made, what nobody takes away any more, or of which nobody knows whether it left, is
    not sent later: a person sees to it. Returns how many there were."""
    stuck = Q(outgoing__state=State.HELD)
    stuck |= Q(outgoing__state=State.READY) & ~Q(channel__in=list(settings.NOTIFY_TEMPLATES))
    rows = Message.objects.filter(stuck, organisation_id=organisation_id)
    found = {each.outgoing_id: each for each in rows[:MOST]}
    for row in outbox.lock(list(found), organisation_id):
        if row.state not in (State.HELD, State.READY):
            continue
        # One that is ready may say why it was not taken when somebody was still there to take it.
        reason = row.why if row.state == State.HELD else "no provider is connected."
        message, why = found[row.pk], f"It was not sent: {reason}"
        outbox.step(row, State.WITHDRAWN, why=why, by=by, at=at)
        standing.not_told(message.contact_id, at)
        _not_delivered(message, why, at, has_left=False)
    return len(found)


# What people do


@transaction.atomic
def reply(key: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Conversation:
    """Answer by text, in a person's own words; what waits is seen to. Raises NotAllowed, NotThere."""
    conversation = _locked(key, organisation_id)
    if not words.strip():
        raise NotAllowed("not said", ANSWERING, "Write what you want to say.")
    if Channel.TEXT not in settings.NOTIFY_TEMPLATES:
        raise NotAllowed("no provider", ANSWERING, "No provider of texts is connected. Ring the patient.")
    patient = _who(conversation, organisation_id, at)
    if patient is not None and not patient.may_text:
        raise NotAllowed("no texts", ANSWERING, "The patient wants no texts. Ring them.")
    newest = conversation.answers.order_by("-id").first()
    about = About(patient.pk if patient else None, said=words.strip())
    cause = f"conversation:{key}:{newest.pk if newest else 0}:{conversation.messages.count()}"
    want(
        Kind.ANSWER,
        cause,
        Channel.TEXT,
        conversation.number,
        about,
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
    _settle(conversation, "Answered by text", by, at)
    return conversation


@transaction.atomic
def settle(key: int, how: str, *, organisation_id: int, by: Actor, at: datetime) -> Conversation:
    """A person saw to it otherwise: rang, or nothing was to be done. Raises NotAllowed, NotThere."""
    conversation = _locked(key, organisation_id)
    if not how.strip():
        raise NotAllowed("not said", ANSWERING, "Say what you did.")
    patient = _who(conversation, organisation_id, at)
    if patient is not None:
        attempt = waiting.Attempt(patient.pk, "enquiry", "phone", how.strip()[:500], outcome="answered")
        waiting.contact(attempt, organisation_id=organisation_id, by=by, at=at)
    _settle(conversation, how.strip(), by, at)
    return conversation


@transaction.atomic
def choose(key: int, chosen: Act, *, organisation_id: int, by: Actor, at: datetime) -> Conversation:
    """A person has read what the newest answer means: it is done, and the patient is told by text.

    A cancellation is not asked back: a person has read it. Raises NotAllowed, NotThere.
    """
    peek = queries.one(key, organisation_id)
    _lock_slot_of(peek.number, organisation_id)
    conversation = _locked(key, organisation_id)
    answer = conversation.answers.filter(done_at=None).order_by("-id").first()
    if answer is None:
        raise NotAllowed("seen to", ANSWERING, "Somebody has seen to it meanwhile.")
    if chosen not in MAY_CHOOSE:
        raise NotAllowed("not said", ANSWERING, "Choose what the answer means.")
    if chosen is Act.CHANGE and not settings.PATIENT_ADDRESS:
        raise NotAllowed("no page", ANSWERING, "Patients have no page here. Ring and offer other times.")
    answer.conversation, answer.act = conversation, chosen
    answer.save(update_fields=["act"])
    _do(answer, chosen, by, at)
    _settle(conversation, SEEN_TO[chosen], by, at)
    return conversation


def _settle(conversation: Conversation, how: str, by: Actor, at: datetime) -> None:
    open_ = conversation.answers.filter(done_at=None)
    open_.update(done_at=at, done_by=by.name, how=how[:200])
    conversation.waits_since, conversation.why = None, ""
    conversation.save(update_fields=["waits_since", "why"])
    _say("conversations.settle", conversation, {}, by, at)


@transaction.atomic
def knocked(key: str, at: datetime) -> int:
    """Count a try at the pages of patients; how many there were within this hour. Keeps nothing for long."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(KNOCK, [key, hour])
        (count,) = cursor.fetchone() or (0,)
    if count == 1:
        Knock.objects.filter(hour__lt=hour - timedelta(days=1)).delete()
    return int(count)


@transaction.atomic
def look(keys: Collection[int], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody is shown these conversations."""
    entries = [Entry("conversations.look", f"conversation:{key}", {}) for key in keys]
    record(entries, organisation_id=organisation_id, by=by, at=at)


def _locked(key: int, organisation_id: int) -> Conversation:
    rows = Conversation.objects.select_for_update(of=("self",)).select_related("question__patient")
    return rows.get(pk=key, organisation_id=organisation_id)


def _scope(answer: Answer, by: Actor, at: datetime) -> dict[str, Any]:
    return {"organisation_id": answer.organisation_id, "by": by, "at": at}


def _say(verb: str, row: Conversation, detail: dict[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"conversation:{row.pk}", detail)
    record([entry], organisation_id=row.organisation_id, by=by, at=at)
