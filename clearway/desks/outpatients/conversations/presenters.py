"""Conversations in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import duration
from clearway.domain.outpatients.messages import Message as Kind
from clearway.domain.outpatients.replies import Act
from clearway.domain.shared.delivery import Status
from clearway.domain.shared.outgoing import State

from .actions import SEEN_TO
from .making import place_of, short_when
from .models import Answer, Conversation, Message
from .queries import Line

STATES = {
    State.QUEUED: "about to be made",
    State.READY: "about to be sent",
    State.HELD: "held",
    State.SENDING: "being sent",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.FAILED: "not delivered",
    State.WITHDRAWN: "not sent",
}
FAILURES = {
    Status.PERMANENT: "the number takes no texts",
    Status.TEMPORARY: "the telephone could not be reached",
    Status.TECHNICAL: "the provider could not",
}
CHOICES = (
    (Act.CONFIRM, "They will come: confirm"),
    (Act.CANCEL, "They cannot come: cancel it"),
    (Act.CHANGE, "They want another time: send their page"),
    (Act.STOP, "They want no more texts"),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that waits for a person."""

    key: int
    who: str
    number: str
    words: str
    why: str
    since: datetime
    age: str
    about: str


@dataclass(frozen=True, slots=True)
class Said:
    """One text of a thread. by  whose words it is; note  what became of it."""

    at: datetime
    is_theirs: bool
    by: str
    words: str
    note: str
    is_problem: bool


def waiting(rows: Iterable[Conversation], at: datetime) -> list[Waiting]:
    """The list, the oldest first."""
    return [_waiting(row, at) for row in rows]


def _waiting(row: Conversation, at: datetime) -> Waiting:
    answers: list[Answer] = row.answers_open  # type: ignore[attr-defined]
    since = row.waits_since or at
    return Waiting(
        row.pk,
        who(answers[-1] if answers else None, row),
        row.number,
        answers[-1].words if answers else "",
        row.why,
        since,
        duration((at - since).total_seconds() / 60),
        about(row),
    )


def who(answer: Answer | None, row: Conversation) -> str:
    """Whose answer it is."""
    if answer is not None and answer.patient is not None:
        return str(answer.patient.stands)
    if row.question is not None and row.question.patient is not None:
        return str(row.question.patient.stands)
    return "Nobody known"


def about(row: Conversation) -> str:
    """What was asked last."""
    question = row.question
    if question is None:
        return "Nothing was asked"
    kind = Kind(question.kind).meaning
    if question.appointment is not None:
        return f"{kind[:1].upper()}{kind[1:]}: {short_when(question.appointment.slot.starts_at)}"
    return f"{kind[:1].upper()}{kind[1:]}"


def thread(lines: Iterable[Line]) -> list[Said]:
    """What was said, oldest first."""
    return [
        _theirs(line.answer) if line.answer is not None else _ours(line.message)
        for line in lines
        if line.answer is not None or line.message is not None
    ]


def _theirs(answer: Answer) -> Said:
    name = str(answer.patient.stands) if answer.patient is not None else "From this number"
    if answer.done_at is None:
        note = f"Waits for a person. {answer.problem}".strip()
    else:
        by = "by itself" if answer.done_by.startswith("feed:") else answer.done_by
        note = f"{answer.how}, {by}"
    return Said(answer.sent_at, True, name, answer.words, note, answer.done_at is None)


def _ours(message: Message | None) -> Said:
    assert message is not None
    state = State(message.outgoing.state)
    note = STATES[state]
    if message.failure:
        note = f"{note}: {FAILURES.get(Status(message.failure), message.failure)}"
    elif message.outgoing.why:
        note = f"{note}: {message.outgoing.why}"
    kind = Kind(message.kind)
    by = message.made_by if kind is Kind.ANSWER else kind.meaning
    words = message.words or message.said or "Not made yet"
    is_problem = state in (State.FAILED, State.HELD)
    return Said(
        message.made_at,
        False,
        f"{by[:1].upper()}{by[1:]}",
        words,
        f"{note[:1].upper()}{note[1:]}",
        is_problem,
    )


def visit(row: Conversation) -> str:
    """The appointment that is talked about."""
    question = row.question
    if question is None or question.appointment is None:
        return ""
    slot = question.appointment.slot
    return f"{short_when(slot.starts_at)}, {place_of(slot)}"


def seen_to(act: Act) -> str:
    return SEEN_TO[act]
