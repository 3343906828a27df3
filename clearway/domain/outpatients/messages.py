"""Texts and emails to patients: what each is about, what it may say, and how long it may be.

Whoever holds the telephone reads a text on its locked screen. It names the trust, a day and a place, and
neither the patient nor the service.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from clearway.domain.shared.errors import CannotParse

from .replies import Asks
from .words import Code


class Message(Code):
    """What a text or email is about."""

    BOOKED = "booked", "an appointment was made"
    REMINDER = "reminder", "an appointment is to come"
    LAST = "last", "an appointment is tomorrow and not confirmed"
    CONFIRMED = "confirmed", "they said that they will come"
    CHECK = "check", "asks whether it is really to be cancelled"
    CANCELLED = "cancelled", "it is cancelled as they asked"
    KEPT = "kept", "it stays as it is"
    CHANGE = "change", "where they choose another time"
    STOPPED = "stopped", "they get no more texts"
    STARTED = "started", "they get texts again"
    PERSON = "person", "somebody reads what they wrote"
    OFFER = "offer", "an earlier slot is offered"
    ACCEPTED = "accepted", "the slot that was offered is theirs"
    TAKEN = "taken", "somebody else was first"
    INVITED = "invited", "they were invited to ring for a date and did not"
    ANSWER = "answer", "words of a person at the desk"


class Channel(Code):
    """How it goes."""

    TEXT = "text", "text message"
    EMAIL = "email", "email"


ASKS: Mapping[Message, Asks] = MappingProxyType(
    {
        Message.REMINDER: Asks.ATTEND,
        Message.LAST: Asks.ATTEND,
        Message.CHECK: Asks.CANCEL,
        Message.OFFER: Asks.OFFER,
    }
)
REPLIES = frozenset(
    {
        *(Message.CONFIRMED, Message.CHECK, Message.CANCELLED, Message.KEPT, Message.CHANGE),
        *(Message.STOPPED, Message.STARTED, Message.PERSON, Message.ACCEPTED, Message.ANSWER),
    }
)  # what answers somebody who has just written: no hour of the day holds it
BY_EMAIL = frozenset({Message.BOOKED, Message.REMINDER, Message.LAST, Message.INVITED, Message.ANSWER})
WRITTEN = tuple(each for each in Message if each is not Message.ANSWER)  # those that have a text

FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "trust": ("the trust", "Test Valley NHS Trust"),
        "when": ("time and day of the appointment", "2:30pm on Tue 3 Nov"),
        "place": ("where, or that it is by telephone or video", "North Hospital"),
        "office_phone": ("the telephone number of the office", "01632 960000"),
        "link": ("the address of the patient's own page", "https://clinics.example/a/3F2K-9QTM-XA7R"),
        "until": ("until when an offer stands", "2:50pm"),
    }
)
# What a message cannot do without.
_NEEDED: Mapping[Message, tuple[str, ...]] = MappingProxyType(
    {
        Message.BOOKED: ("when", "place", "office_phone"),
        Message.REMINDER: ("when", "place"),
        Message.LAST: ("when", "place"),
        Message.CHECK: ("when",),
        Message.CANCELLED: ("when",),
        Message.CHANGE: ("link", "office_phone"),
        Message.OFFER: ("when", "place", "until"),
        Message.ACCEPTED: ("when", "place"),
        Message.INVITED: ("trust", "office_phone"),
    }
)
_WORDS: Mapping[Asks, tuple[str, ...]] = MappingProxyType(
    {
        Asks.ATTEND: ("CONFIRM", "CANCEL", "CHANGE", "STOP"),
        Asks.CANCEL: ("YES", "NO"),
        Asks.OFFER: ("YES", "NO"),
    }
)
MOST_TEXT = 459  # characters of three parts that are joined
_BASIC = re.compile(r"[A-Za-z0-9 \n\r@£$¥èéùìòÇØøÅåÄÖÑÜäöñüà_!\"#%&'()*+,\-./:;<=>?¡¿§]*")
_FIELD = re.compile(r"\{(\w*)\}")


def code_of(kind: str, channel: str) -> str:
    """What the text of a message is called through its versions: "message.reminder.text"."""
    return f"message.{kind}.{channel}"


def check_message(kind: Message, channel: Channel, subject: str, text: str) -> None:
    """Raises CannotParse with place, reason and fix for a text that no message of this kind can have."""
    used = _FIELD.findall(f"{subject}\n{text}")
    for name in used:
        if name not in FIELDS:
            allowed = ", ".join(f"{{{each}}}" for each in FIELDS)
            raise CannotParse("body", f"{{{name}}} is not filled in here.", f"Use one of {allowed}.")
    if channel is Channel.EMAIL and kind not in BY_EMAIL:
        raise CannotParse("kind", "This one goes by text alone.", "Leave it out.")
    if missing := [name for name in _NEEDED.get(kind, ()) if name not in used]:
        named = ", ".join(f"{{{name}}}" for name in missing)
        raise CannotParse("body", f"It does not say {named}.", "Put it in: a patient needs it to act.")
    if channel is Channel.TEXT:
        _check_text(kind, text)


def _check_text(kind: Message, text: str) -> None:
    length = len(example(text))
    if length > MOST_TEXT:
        raise CannotParse("body", f"It has about {length} characters, {MOST_TEXT} at most.", "Shorten it.")
    if not _BASIC.fullmatch(_FIELD.sub("", text)):
        strange = sorted(set(_BASIC.sub("", _FIELD.sub("", text))))
        why = f"A text with {' '.join(strange)} is sent in parts of half the length."
        raise CannotParse("body", why, "Use plain signs: ' and - for curly quotes and dashes.")
    for word in _WORDS.get(ASKS.get(kind, Asks.NOTHING), ()):
        if word not in text:
            raise CannotParse("body", f"It does not say {word}.", "Say which words answer it.")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in. Raises KeyError, naming the first that has no value."""
    return re.sub(r" {2,}", " ", _FIELD.sub(lambda found: values[found[1]], text)).strip()


def example(text: str) -> str:
    """The text with the examples of its fields."""
    return fill(text, {name: each for name, (_, each) in FIELDS.items()})
