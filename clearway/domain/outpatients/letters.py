"""Letters: the kinds there are, what each may say, and how its text becomes a letter.

A text is plain lines. "# " begins a heading, "- " an item of a list, an empty line ends a paragraph; {field}
is filled in. Lines "{instructions}" and "{language}" alone stand for the texts that are attached.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from clearway.domain.shared.errors import CannotParse

from .messages import Channel, Message, check_message
from .words import Code


class Kind(Code):
    """What a letter is about."""

    ACKNOWLEDGEMENT = "acknowledgement", "we have your referral"
    INVITATION = "invitation", "ring to choose a date"
    REMINDER = "reminder", "we have not heard from you"
    VALIDATION = "validation", "do you still need your place"
    RETURNED = "returned", "your referral ends without an appointment"
    REDIRECTED = "redirected", "your referral went to another service of ours"
    CONFIRMATION = "confirmation", "your appointment"
    CHANGE = "change", "your appointment has moved"
    CANCELLATION = "cancellation", "your appointment is cancelled"
    DISCHARGE = "discharge", "your treatment here has ended"


# What asks somebody on the waiting list for an answer.
ASKING = frozenset({Kind.INVITATION, Kind.REMINDER, Kind.VALIDATION})


class Audience(Code):
    """To whom a letter goes."""

    PATIENT = "patient", "the patient"
    REFERRER = "referrer", "whoever referred the patient"


class Style(Code):
    """How a text is written; large print is a standard text in large type."""

    STANDARD = "standard", "plain English"
    EASY_READ = "easy_read", "easy read: very short sentences, one idea a line"


class What(Code):
    """What a text is for."""

    LETTER = "letter", "a whole letter"
    INSTRUCTIONS = "instructions", "instructions attached to appointments"
    LANGUAGE = "language", "a passage in another language"
    MESSAGE = "message", "a text message or an email"


def style_of(what: str, style: str) -> Style:
    """How a text is written; those that are no letters are plain English."""
    return Style(style) if what == What.LETTER and style else Style.STANDARD


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is filled in: what it says, and an example for previews."""

    says: str
    example: str


_EVERYWHERE = {
    "patient_name": Field("the patient's name", "Ada Brown"),
    "hospital_number": Field("the number to give when ringing", "C0000012"),
    "service": Field("the service", "Hand therapy"),
    "trust": Field("the trust", "Test Valley NHS Trust"),
    "office_phone": Field("the telephone number of the office", "01632 960000"),
    "office_hours": Field("when the office answers", "8:30am to 4:30pm, Monday to Friday"),
}
_REFERRAL = {"received_on": Field("the day the referral came", "3 November 2026")}
_REPLY = {"reply_by": Field("the day by which to ring", "17 November 2026")}
_APPOINTMENT = {
    "when": Field("time and day of the appointment", "2:30pm on Tuesday 3 November 2026"),
    "minutes": Field("how long it takes", "45"),
    "clinician": Field("who sees the patient", "Robin Hale"),
    "site": Field("the hospital", "North Hospital"),
    "room": Field("the room", "Treatment room 1"),
    "how": Field("in person, by telephone or by video", "in person"),
    "page": Field(
        "the address of the patient's own page; its paragraph is left out where there is none",
        "https://clinics.example/a/3F2K-9QTM-XA7R-4K2D/",
    ),
}
_REFERRER = {
    "referrer": Field("who referred", "Dr Field"),
    "born_on": Field("the patient's birth date", "1 March 1970"),
    "nhs_number": Field("the patient's NHS number", "999 123 4567"),
}
_REASON = {
    "reason": Field("who cancelled and why, in a sentence", "You told us that you cannot come."),
    "next": Field("what happens now, in a sentence", "You keep your place on our waiting list."),
}

_OF_KIND: Mapping[Kind, Mapping[str, Field]] = MappingProxyType(
    {
        Kind.ACKNOWLEDGEMENT: _REFERRAL,
        Kind.INVITATION: {**_REFERRAL, **_REPLY},
        Kind.REMINDER: {**_REFERRAL, **_REPLY},
        Kind.VALIDATION: {
            **_REPLY,
            "waiting_since": Field("since when the patient waits", "3 November 2026"),
        },
        Kind.RETURNED: {
            **_REFERRAL,
            "decided": Field(
                "what a therapist decided, in a sentence", "We have sent it back with the reason."
            ),
        },
        Kind.REDIRECTED: _REFERRAL,
        Kind.CONFIRMATION: _APPOINTMENT,
        Kind.CHANGE: {
            **_APPOINTMENT,
            "old_when": Field("time and day that no longer holds", "9am on Monday 2 November 2026"),
        },
        Kind.CANCELLATION: {"when": _APPOINTMENT["when"], "site": _APPOINTMENT["site"], **_REASON},
        Kind.DISCHARGE: {
            **_REFERRAL,
            "seen_on": Field("the day of the last visit", "3 November 2026"),
            "ended": Field("how the treatment ended, in a sentence", "Your treatment with us has ended."),
        },
    }
)
# What a letter to a patient cannot do without.
_NEEDED: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.ACKNOWLEDGEMENT: ("service", "office_phone"),
        Kind.INVITATION: ("service", "reply_by", "office_phone"),
        Kind.REMINDER: ("service", "reply_by", "office_phone"),
        Kind.VALIDATION: ("service", "reply_by", "office_phone"),
        Kind.RETURNED: ("service", "decided", "office_phone"),
        Kind.REDIRECTED: ("service", "office_phone"),
        Kind.CONFIRMATION: ("when", "how", "office_phone", "instructions", "language"),
        Kind.CHANGE: ("old_when", "when", "how", "office_phone", "instructions", "language"),
        Kind.CANCELLATION: ("when", "next", "office_phone", "language"),
        Kind.DISCHARGE: ("service", "office_phone"),
    }
)
ATTACHED = ("instructions", "language")
INSTRUCTION_FIELDS = ("office_phone", "office_hours", "site", "room", "service", "trust", "minutes")
_FIELD = re.compile(r"\{(\w*)\}")
MOST = 6000  # characters of a text


def fields(kind: Kind, audience: Audience) -> Mapping[str, Field]:
    """What a letter of this kind may fill in, by name."""
    more = _REFERRER if audience is Audience.REFERRER else {}
    if audience is Audience.REFERRER and kind in (Kind.RETURNED, Kind.REDIRECTED):
        more = {**more, "reason": Field("the therapist's reason or advice", "Please send the X-ray report.")}
    return MappingProxyType({**_EVERYWHERE, **_OF_KIND[kind], **more})


def all_fields() -> Mapping[str, Field]:
    """Every field of every letter, by name."""
    return {
        name: each for kind in Kind for audience in Audience for name, each in fields(kind, audience).items()
    }


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a letter. kind: heading, paragraph or item; language: "" for English."""

    kind: str
    text: str
    language: str = ""


def blocks(text: str, language: str = "") -> tuple[Block, ...]:
    """The pieces of a text, in order."""
    made: list[Block] = []
    lines: list[str] = []

    def end() -> None:
        if lines:
            made.append(Block("paragraph", " ".join(lines), language))
            lines.clear()

    for line in (each.strip() for each in text.splitlines()):
        mark = {"# ": "heading", "- ": "item"}.get(line[:2])
        if mark or not line:
            end()
        if mark:
            made.append(Block(mark, line[2:].strip(), language))
        elif line:
            lines.append(line)
    end()
    return tuple(made)


def used(text: str) -> tuple[str, ...]:
    """The names between braces, in order, each once."""
    return tuple(dict.fromkeys(_FIELD.findall(text)))


def check_letter(kind: Kind, audience: Audience, subject: str, text: str) -> None:
    """Raises CannotParse with place, reason and fix for a text that no letter of this kind can have."""
    _check_written(text, "body")
    known = [*fields(kind, audience), *(ATTACHED if audience is Audience.PATIENT else ())]
    _check_fields(subject, fields(kind, audience), "subject")
    _check_fields(text, known, "body")
    if audience is Audience.PATIENT:
        missing = [name for name in _NEEDED[kind] if name not in used(f"{subject}\n{text}")]
        if missing:
            named = ", ".join(f"{{{name}}}" for name in missing)
            raise CannotParse("body", f"It does not say {named}.", "Put it in: a patient needs it to act.")


def check_passage(text: str, what: What) -> None:
    """The same for instructions and passages in another language."""
    _check_written(text, "body")
    _check_fields(text, passage_fields(what), "body")


def passage_fields(what: What) -> tuple[str, ...]:
    """What instructions, or a passage in another language, may fill in."""
    return INSTRUCTION_FIELDS if what is What.INSTRUCTIONS else ("office_phone",)


def _check_written(text: str, where: str) -> None:
    if not text.strip():
        raise CannotParse(where, "It is empty.", "Write the text.")
    if len(text) > MOST:
        raise CannotParse(where, f"It has {len(text)} characters, {MOST} at most.", "Shorten it.")


def _check_fields(text: str, known: Sequence[str] | Mapping[str, Field], where: str) -> None:
    for number, line in enumerate(text.splitlines() or [""], start=1):
        place = f"{where}, line {number}"
        for name in _FIELD.findall(line):
            if name not in known:
                allowed = ", ".join(f"{{{each}}}" for each in known)
                raise CannotParse(place, f"{{{name}}} is not filled in here.", f"Use one of {allowed}.")
            if name in ATTACHED and line.strip() != f"{{{name}}}":
                raise CannotParse(
                    place, f"{{{name}}} stands for whole texts.", "Put it on a line of its own."
                )
        if "{" in _FIELD.sub("", line) or "}" in _FIELD.sub("", line):
            raise CannotParse(place, "A brace is left open.", "Write a field as {name}, without spaces.")


@dataclass(frozen=True, slots=True)
class Text:
    """One text as it is written. Fields as in the table; `applies` by name, any where it is empty."""

    what: What
    code: str
    title: str
    body: str
    kind: str = ""
    audience: str = ""
    style: str = ""
    language: str = ""
    applies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    place: int = 0


APPLIES = ("services", "kinds", "sites", "media")


def letter_code(kind: str, audience: str, style: str) -> str:
    """What a letter's text is called through its versions: "confirmation.patient.standard"."""
    return f"{kind}.{audience}.{style}"


def check_text(text: Text) -> None:
    """Raises CannotParse for a text that cannot be used as what it is for."""
    if not text.title.strip() and text.what is not What.LANGUAGE:
        raise CannotParse("title", "It is empty.", "Write the subject or heading that people read first.")
    if text.what is What.MESSAGE:
        check_message(Message(text.kind), Channel(text.style), text.title, text.body)
    elif text.what is What.LETTER:
        check_letter(Kind(text.kind), Audience(text.audience), text.title, text.body)
    else:
        check_passage(text.body, text.what)


def fits(applies: Mapping[str, Sequence[str]], visit: Mapping[str, str]) -> bool:
    """Whether instructions go with a visit: each list that says something names the visit's value."""
    return all(not wanted or visit.get(name, "") in wanted for name, wanted in applies.items())


@dataclass(frozen=True, slots=True)
class Address:
    """Where letters to somebody who refers go; key as models.Correspondent."""

    key: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class LetterPack:
    """Version 1 of all texts of a department, and the addresses that come with it."""

    texts: tuple[Text, ...]
    addresses: tuple[Address, ...]
    valid_from: date
    owner: str


class NotKnown(Exception):
    """A field of the text has no value. Its name is the message."""


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in. Raises NotKnown, naming the first that has no value.

    Attached texts are left standing for `compose`.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in ATTACHED:
            return found[0]
        if not values.get(name):
            raise NotKnown(name)
        return values[name]

    return _FIELD.sub(value, text)


@dataclass(frozen=True, slots=True)
class Attached:
    """A text that goes with a letter: instructions, or a passage in another language by its code."""

    title: str
    body: str
    language: str = ""


def compose(
    body: str,
    values: Mapping[str, str],
    instructions: Sequence[Attached] = (),
    passages: Sequence[Attached] = (),
) -> tuple[Block, ...]:
    """The pieces of a whole letter: its text filled in, with what is attached in its place.

    Raises NotKnown like `fill`.
    """
    made: list[Block] = []
    for part in re.split(r"(?m)^\s*(\{(?:instructions|language)\})\s*$", body):
        if part in ("{instructions}", "{language}"):
            for each in instructions if part == "{instructions}" else passages:
                heading = [Block("heading", each.title, each.language)] if each.title else []
                made += [*heading, *blocks(fill(each.body, values), each.language)]
        else:
            made += blocks(fill(part, values))
    return tuple(each if each.kind == "item" else replace(each, text=capital(each.text)) for each in made)


def without(body: str, name: str) -> str:
    """The text without the paragraphs that fill in this field."""
    return "\n\n".join(part for part in re.split(r"\n\s*\n", body) if f"{{{name}}}" not in part)


def capital(text: str) -> str:
    """With a capital at its beginning, where a field may stand."""
    return text[:1].upper() + text[1:]


def in_a_sentence(name: str) -> str:
    """A name as it stands within a sentence: "hand therapy"; one that begins with an abbreviation stays."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def clock_for_patients(at: datetime) -> str:
    """ "2:30pm", "9am", "midday", "midnight"; of a local time."""
    if at.minute == 0 and at.hour in (0, 12):
        return "midnight" if at.hour == 0 else "midday"
    half = "am" if at.hour < 12 else "pm"
    return f"{at.hour % 12 or 12}{f':{at.minute:02}' if at.minute else ''}{half}"


def day_for_patients(day: date) -> str:
    """ "Tuesday 3 November 2026"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def when_for_patients(at: datetime) -> str:
    """ "2:30pm on Tuesday 3 November 2026"; of a local time."""
    return f"{clock_for_patients(at)} on {day_for_patients(at.date())}"
