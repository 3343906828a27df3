"""Reading conversations: which wait for a person, one with all that was said, whose a number is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, QuerySet

from clearway.core.outbox.queries import Standing
from clearway.domain.outpatients.messages import REPLIES
from clearway.domain.shared.delivery import mobile
from clearway.domain.shared.outgoing import State

from ..patients import queries as patients
from .models import Answer, Conversation, Message

NotThere = Conversation.DoesNotExist
MOST = 200
KNOWN_FOR = timedelta(days=120)  # a number that was written to belongs to that patient for so long
SHOWN = (
    *("organisation", "outgoing", "patient__merged_into", "entry", "text"),
    *("place__trial", "place__arm__text"),
    "appointment__slot__session__room__site",
    "offer__freed__slot__session__room__site",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a thread: of theirs, or of ours."""

    at: datetime
    answer: Answer | None = None
    message: Message | None = None


def messages() -> QuerySet[Message]:
    """Messages with all that is shown of them."""
    return Message.objects.select_related(*SHOWN)


def message_of(outgoing_id: int) -> Message:
    """The message of a row of the outbox. One query."""
    return messages().get(outgoing_id=outgoing_id)


def sent_to(message: Message, since: datetime) -> int:
    """How many others went to this number since, or are about to; answers are not counted. One query."""
    rows = Message.objects.filter(
        organisation_id=message.organisation_id, to=message.to, made_at__gte=since
    ).exclude(kind__in=REPLIES)
    rows = rows.exclude(outgoing__state__in=[State.WITHDRAWN, State.HELD]).exclude(pk=message.pk)
    return rows.filter(pk__lt=message.pk).count()


def answered_by_machine(conversation_id: int, since: datetime) -> int:
    """How many answers a machine gave to this number since. One query."""
    rows = Message.objects.filter(conversation_id=conversation_id, kind__in=REPLIES, made_at__gte=since)
    return rows.exclude(kind="answer").count()


def waiting(organisation_id: int) -> list[Conversation]:
    """The conversations that wait for a person, the oldest first, each with `answers_open`. Two queries."""
    rows = Conversation.objects.filter(organisation_id=organisation_id, waits_since__isnull=False)
    found = list(
        rows.select_related("question__patient", "question__appointment__slot").order_by("waits_since", "id")[
            :MOST
        ]
    )
    answers: dict[int, list[Answer]] = {}
    open_ = Answer.objects.filter(conversation__in=found, done_at__isnull=True).select_related("patient")
    for each in open_.order_by("id"):
        answers.setdefault(each.conversation_id, []).append(each)
    for row in found:
        row.answers_open = answers.get(row.pk, [])  # type: ignore[attr-defined]
    return found


def standing(organisation_id: int) -> Standing:
    """How many conversations wait for a person, and since when the oldest. One query."""
    rows = Conversation.objects.filter(organisation_id=organisation_id, waits_since__isnull=False)
    found = rows.aggregate(oldest=Min("waits_since"))
    return Standing(rows.count(), found["oldest"])


def recent(organisation_id: int, since: datetime) -> list[Answer]:
    """What came in since and was seen to, newest first. One query."""
    rows = Answer.objects.filter(organisation_id=organisation_id, done_at__gte=since)
    return list(rows.select_related("conversation", "patient").order_by("-done_at", "-id")[:MOST])


def one(key: int, organisation_id: int) -> Conversation:
    """One conversation. Raises NotThere. One query."""
    rows = Conversation.objects.select_related(
        "question__patient", "question__appointment__slot__session__room__site", "question__offer"
    )
    return rows.get(pk=key, organisation_id=organisation_id)


def thread(conversation_id: int) -> list[Line]:
    """Everything that went to and came from a number, oldest first. Two queries."""
    answers = Answer.objects.filter(conversation_id=conversation_id).select_related("patient")
    ours = messages().filter(conversation_id=conversation_id)
    lines = [
        *(Line(each.sent_at, answer=each) for each in answers),
        *(Line(each.made_at, message=each) for each in ours),
    ]
    return sorted(lines, key=lambda line: line.at)[-MOST:]


def of_number(number: str, organisation_id: int, at: datetime) -> list[Any]:
    """The patients whose number it is by their record, else those who were written to there lately."""
    known = patients.with_mobile(number, organisation_id)
    if known:
        return known
    rows = messages().filter(
        organisation_id=organisation_id, to=number, made_at__gte=at - KNOWN_FOR, patient__isnull=False
    )
    return list({each.patient.stands.pk: each.patient.stands for each in rows if each.patient}.values())


def bounced(numbers: set[str], organisation_id: int) -> set[str]:
    """Numbers and addresses whose newest message was refused for good. One query."""
    rows = Message.objects.filter(organisation_id=organisation_id, to__in=numbers, sealed_at__isnull=False)
    newest = rows.order_by("to", "-sealed_at", "-id").distinct("to").values_list("to", "failure")
    return {to for to, failure in newest if failure == "permanent-failure"}


def number_of(patient: Any) -> str:
    """The number that texts to a patient go to; "" where there is none."""
    return mobile(patient.stands.mobile) or ""
