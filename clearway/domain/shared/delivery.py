"""What carriers of texts and emails say of a message, and the numbers that texts go to.

The words are those of GOV.UK Notify (documentation of its REST API, 2026); another provider's are translated
into them.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from .outgoing import State


class Status(StrEnum):
    """What a carrier says of one message. The last four are its last word."""

    CREATED = "created"
    SENDING = "sending"
    PENDING = "pending"
    SENT = "sent"  # to a network abroad that says nothing more
    DELIVERED = "delivered"
    PERMANENT = "permanent-failure"  # the number or address is no good
    TEMPORARY = "temporary-failure"  # switched off, or the box is full
    TECHNICAL = "technical-failure"  # between the carrier and the network


FAILED = frozenset({Status.PERMANENT, Status.TEMPORARY, Status.TECHNICAL})
BECOMES: Mapping[Status, State] = MappingProxyType(
    {Status.DELIVERED: State.DELIVERED, **dict.fromkeys(FAILED, State.FAILED)}
)
WHY: Mapping[Status, str] = MappingProxyType(
    {
        Status.PERMANENT: "The number or address does not take messages.",
        Status.TEMPORARY: "It could not be delivered: the telephone was off or the mailbox full.",
        Status.TECHNICAL: "The provider could not deliver it.",
    }
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A carrier's word about one message, known by the reference that it was sent with."""

    reference: str
    status: Status
    name: str  # the carrier's own name of it


@dataclass(frozen=True, slots=True)
class Heard:
    """A text that somebody sent to us. name: the carrier's own, the same however often it is told."""

    name: str
    number: str
    words: str
    at: datetime


def reference_of(key: str) -> str:
    """What a carrier is told to call a message: the same for the same message; nobody's name or number."""
    return f"clearway-{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def mobile(written: str) -> str | None:
    """A mobile number as carriers want it, "+447700900123"; None for what takes no texts here.

    British mobiles begin with 07; numbers of other countries are kept where they are written with a plus.
    """
    digits = re.sub(r"[^\d+]", "", written).replace("+440", "+44")
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if digits.startswith("07"):
        digits = f"+44{digits[1:]}"
    if digits.startswith("447") and len(digits) == 12:
        digits = f"+{digits}"
    if digits.startswith("+44"):
        return digits if re.fullmatch(r"\+447\d{9}", digits) else None
    return digits if re.fullmatch(r"\+[1-9]\d{6,14}", digits) else None
