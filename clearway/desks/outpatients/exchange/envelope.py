"""One message that is taken: who tells, what became of it, and what both sides call the same thing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Source
from clearway.core.layout.times import clock, day
from clearway.domain.shared.errors import CannotParse

from .models import Counterpart

Kind = Counterpart.Kind


class Verdict(StrEnum):
    """What became of a message that was understood."""

    APPLIED = "applied"
    NOTHING_NEW = "nothing new"  # told before, or older than what was told since
    ASIDE = "set aside"  # of somebody or something that is not ours


@dataclass(frozen=True, slots=True)
class Taken:
    """The verdict in words.

    provides  what messages that wait for it may go on with ("patient:123")
    again     the batch of a newer telling that came before its time, to be read now
    """

    verdict: Verdict
    words: str
    provides: tuple[str, ...] = ()
    again: int | None = None


class Refused(Exception):
    """It cannot be taken as it is.

    waits_for  another message that would mend it, "" where none would
    watches    what of the desk's own work would (touched.py); it is read again once that was touched
    """

    def __init__(
        self, where: str, why: str, fix: str, waits_for: str = "", watches: Iterable[str] = ()
    ) -> None:
        super().__init__(why)
        self.error, self.waits_for, self.watches = CannotParse(where, why, fix), waits_for, tuple(watches)

    @classmethod
    def by(cls, error: CannotParse) -> Self:
        """Of what cannot be read at all: nothing that comes later mends it."""
        return cls(error.where, error.why, error.fix)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who tells, by which message, when: the sender's time, or when it was received where it says none.

    batch_id  where the message is kept
    sequence  the sender's own count, which orders messages of one time; None where it counts none
    """

    source: Source
    key: str
    told_at: datetime
    at: datetime
    batch_id: int
    sequence: int | None = None

    @property
    def scope(self) -> dict[str, Any]:
        return {
            "organisation_id": self.source.organisation_id,
            "by": Actor(f"feed:{self.source.name}"),
            "at": self.at,
        }


def counterpart(envelope: Envelope, kind: str, theirs: str) -> Counterpart | None:
    """The sender's record of this id, locked until the transaction ends."""
    rows = Counterpart.objects.select_for_update()
    return rows.filter(source=envelope.source, kind=kind, theirs=theirs).first()


def is_old(known: Counterpart | None, envelope: Envelope) -> bool:
    """Whether the sender told something newer of the same thing before.

    Of two of one time the higher count is newer; without counts the one that came later is.
    """
    if known is None or known.told_at != envelope.told_at:
        return known is not None and known.told_at > envelope.told_at
    if known.sequence is None or envelope.sequence is None:
        return False
    return known.sequence > envelope.sequence


def remember(envelope: Envelope, kind: str, theirs: str, ours: int | None, **said: Any) -> Counterpart:
    """Keep which record of ours is theirs, and that this message told of it."""
    told = {"told_at": envelope.told_at, "sequence": envelope.sequence}
    if "told_at" in said:
        told["sequence"] = None  # of another message, or of what happened here
    values = {"ours": ours, **told, "key": envelope.key, "batch": None, **said}
    row, _ = Counterpart.objects.update_or_create(
        source=envelope.source, kind=kind, theirs=theirs, defaults=values
    )
    return row


def name(kind: str, theirs: str) -> str:
    """What messages wait for, by the sender's own id."""
    return f"{kind}:{theirs}"


def said_when(instant: datetime) -> str:
    """An instant as people read it."""
    return f"{day(instant)}, {clock(instant)}"
