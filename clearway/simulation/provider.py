"""A provider of texts and emails that behaves like GOV.UK Notify and reaches nobody: for the demo and tests.

It takes messages, says how they fare, tells it by callbacks, and goes wrong as it is told to: requests that
are lost before or after they were taken, refusals because it is busy, failures of delivery, late and doubled
callbacks. It knows no clock and no network: the process around it (gateway/local_provider.py) has both.

Numbers that end so always fare so: 997 technical failure, 998 temporary failure, 999 permanent failure.
"""

import json
import random
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from clearway.domain.shared.delivery import Status

FATES = {"997": Status.TECHNICAL, "998": Status.TEMPORARY, "999": Status.PERMANENT}
MINUTE = timedelta(minutes=1)


class Trouble(StrEnum):
    """What happens to a request instead of an answer."""

    LOST_BEFORE = "lost before it was taken"
    LOST_AFTER = "taken, and the answer was lost"


@dataclass(frozen=True, slots=True)
class Faults:
    """How much goes wrong: shares from 0 to 1, seconds, and messages a minute.

    lost_before, lost_after  requests without an answer that were not taken, and that were
    busy                     requests that are refused for now although the limit is not reached
    fails                    messages that are not delivered, one of the three ways by chance
    twice, late              callbacks that come twice, and that come `late_seconds` later than the others
    seconds                  from taking a message to the last word about it
    a_minute                 messages that are taken within a minute
    """

    lost_before: float = 0.0
    lost_after: float = 0.0
    busy: float = 0.0
    fails: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    late_seconds: float = 3600.0
    seconds: float = 3.0
    a_minute: int = 3000


@dataclass
class Note:
    """One message that was taken, or that came from a telephone (`mine`)."""

    name: str
    channel: str
    to: str
    subject: str
    words: str
    reference: str
    taken_at: datetime
    status: Status = Status.CREATED
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Callback:
    """What is to be told, and when."""

    at: datetime
    body: bytes


@dataclass
class Provider:
    """The whole of it, in memory."""

    seed: int = 1
    faults: Faults = Faults()
    notes: dict[str, Note] = field(default_factory=dict)
    waiting: list[Callback] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._recent: deque[datetime] = deque()

    def take(
        self, channel: str, to: str, said: dict[str, str], reference: str, at: datetime
    ) -> Note | Trouble | None:
        """A request to send: the message that was taken, the trouble instead of an answer, or None when busy.

        said  "subject" and "body" of the message
        """
        if self._happens(self.faults.lost_before):
            return Trouble.LOST_BEFORE
        if self._is_full(at) or self._happens(self.faults.busy):
            return None
        self._recent.append(at)
        note = Note(self._name(), channel, to, said.get("subject", ""), said.get("body", ""), reference, at)
        note.status = Status.SENDING
        self.notes[note.name] = note
        self._will_tell(note, at)
        return Trouble.LOST_AFTER if self._happens(self.faults.lost_after) else note

    def loses(self) -> bool:
        """Whether a request that only asks is lost."""
        return self._happens(self.faults.lost_before)

    def _is_full(self, at: datetime) -> bool:
        while self._recent and self._recent[0] <= at - MINUTE:
            self._recent.popleft()
        return len(self._recent) >= self.faults.a_minute

    def _will_tell(self, note: Note, at: datetime) -> None:
        end = at + timedelta(seconds=self.faults.seconds)
        if self._happens(self.faults.late):
            end += timedelta(seconds=self.faults.late_seconds)
        fate = FATES.get(note.to[-3:]) if note.channel == "text" else None
        if fate is None and self._happens(self.faults.fails):
            fate = self._chance.choice([Status.PERMANENT, Status.TEMPORARY, Status.TECHNICAL])
        body = self._receipt(note, fate or Status.DELIVERED, end)
        for _ in range(2 if self._happens(self.faults.twice) else 1):
            self.waiting.append(Callback(end, body))

    def _receipt(self, note: Note, status: Status, at: datetime) -> bytes:
        return json.dumps(
            {
                "id": note.name,
                "reference": note.reference,
                "to": note.to,
                "status": status,
                "created_at": _iso(note.taken_at),
                "completed_at": _iso(at),
                "sent_at": _iso(note.taken_at),
                "notification_type": "sms" if note.channel == "text" else "email",
            }
        ).encode()

    def due(self, at: datetime) -> list[Callback]:
        """The callbacks whose time has come; each is given out once."""
        ready = [each for each in self.waiting if each.at <= at]
        self.waiting = [each for each in self.waiting if each.at > at]
        for each in ready:
            said = json.loads(each.body)
            if said.get("id") in self.notes and "status" in said:
                self.notes[said["id"]].status = Status(said["status"])
        return ready

    def again(self, callback: Callback, at: datetime) -> None:
        """A callback that was not taken is told once more, later."""
        self.waiting.append(Callback(at, callback.body))

    def text_in(self, number: str, words: str, at: datetime) -> Note:
        """Somebody answers from their telephone; we are told at once."""
        note = Note(self._name(), "text", number, "", words, "", at, Status.SENT, mine=True)
        self.notes[note.name] = note
        said = {
            "id": note.name,
            "source_number": number.lstrip("+"),
            "destination_number": "447860000000",
            "message": words,
            "date_received": _iso(at),
        }
        for _ in range(2 if self._happens(self.faults.twice) else 1):
            self.waiting.append(Callback(at, json.dumps(said).encode()))
        return note

    def of_reference(self, reference: str) -> list[Note]:
        """The messages that were sent with a reference, newest first."""
        found = [each for each in self.notes.values() if each.reference == reference]
        return sorted(found, key=lambda each: each.taken_at, reverse=True)

    def phones(self) -> list[tuple[str, Note]]:
        """Every number and address with its newest message, the newest first."""
        newest: dict[str, Note] = {}
        for note in self.notes.values():
            newest[note.to] = note
        return sorted(newest.items(), key=lambda each: each[1].taken_at, reverse=True)

    def thread(self, to: str) -> Iterator[Note]:
        """What went to and came from one number, oldest first."""
        return (note for note in self.notes.values() if note.to == to)

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share

    def _name(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))


def answer_of(note: Note) -> dict[str, Any]:
    """What the provider answers when it has taken a message."""
    content = {"body": note.words, **({"subject": note.subject} if note.channel == "email" else {})}
    return {
        "id": note.name,
        "reference": note.reference,
        "content": content,
        "uri": f"/v2/notifications/{note.name}",
    }


def stands(note: Note) -> dict[str, Any]:
    """How a message stands, as the provider says it when asked."""
    address = "phone_number" if note.channel == "text" else "email_address"
    return {
        "id": note.name,
        "reference": note.reference,
        "type": "sms" if note.channel == "text" else "email",
        address: note.to,
        "status": note.status,
        "body": note.words,
        "subject": note.subject,
        "created_at": _iso(note.taken_at),
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
