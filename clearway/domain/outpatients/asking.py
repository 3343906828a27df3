"""Asking people who wait for long whether they still need their place: asked, asked again, rung, looked at.

Silence takes nobody off the list: what follows on it is another attempt, then a call, then a person's look.
The days are those of the policy `list_validation` (validation.Limits).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from .validation import Limits, mark_of
from .waiting import Answer
from .words import Code

__all__ = ["KEYS", "AskDue", "AskStep", "Asked", "mark_of", "next_ask"]
BY_VOICE = frozenset({"phone", "desk"})


class AskStep(Code):
    """What is next in asking whether a place is still needed."""

    ASK = "ask", "ask for the first time"
    AGAIN = "again", "ask again, in writing"
    RING = "ring", "ring"
    LOOK = "look", "a person looks: no answer came"

    @property
    def is_written(self) -> bool:
        return self in (AskStep.ASK, AskStep.AGAIN)


# The key for each answer, and for ringing in vain: one key and Enter record it.
KEYS: Mapping[str, Answer | None] = MappingProxyType(
    {
        "s": Answer.STILL_NEEDED,
        "n": Answer.NO_LONGER_NEEDED,
        "u": Answer.UNAVAILABLE,
        "c": Answer.CONTACT_ME,
        "x": None,
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One attempt to ask. on  the civil day; was_answered  whatever was said."""

    on: date
    channel: str
    was_answered: bool


@dataclass(frozen=True, slots=True)
class AskDue:
    """The next step and the day from which it is due."""

    step: AskStep
    on: date


def next_ask(mark: date, attempts: Iterable[Asked], limits: Limits, *, can_write: bool = True) -> AskDue:
    """What is next for somebody who has not answered since `mark`.

    can_write  somebody may be written to; else they are rung from the start
    """
    since = sorted((each for each in attempts if each.on >= mark), key=lambda each: each.on)
    written = [each for each in since if each.channel not in BY_VOICE]
    rung = [each for each in since if each.channel in BY_VOICE]
    if len(rung) >= limits.ask_calls:
        return AskDue(AskStep.LOOK, rung[-1].on + timedelta(days=1))
    if rung:
        return AskDue(AskStep.RING, rung[-1].on + timedelta(days=1))
    if not can_write:
        return AskDue(AskStep.RING, mark)
    if not written:
        return AskDue(AskStep.ASK, mark)
    if len(written) == 1:
        return AskDue(AskStep.AGAIN, written[0].on + timedelta(days=limits.ask_again))
    return AskDue(AskStep.RING, written[-1].on + timedelta(days=limits.ask_ring))
