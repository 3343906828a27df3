"""Letters in words: what each is, where it stands, and what somebody does about it."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from clearway.core.clashes import Clash, both_in_words
from clearway.core.layout.times import day, moment
from clearway.domain.outpatients.letter_formats import Format, language_name
from clearway.domain.outpatients.letters import Audience, Kind
from clearway.domain.outpatients.messages import Channel, Message
from clearway.domain.outpatients.post import PostClass
from clearway.domain.shared.outgoing import State

from .actions import MAY_CLEAR
from .models import Letter, LetterText

KINDS: Mapping[str, str] = {
    Kind.ACKNOWLEDGEMENT: "Acknowledgement",
    Kind.INVITATION: "Invitation",
    Kind.REMINDER: "Reminder",
    Kind.VALIDATION: "Still needed?",
    Kind.RETURNED: "Referral returned",
    Kind.REDIRECTED: "Referral sent on",
    Kind.CONFIRMATION: "Confirmation",
    Kind.CHANGE: "Change",
    Kind.CANCELLATION: "Cancellation",
    Kind.DISCHARGE: "Discharge",
}
STATES: Mapping[str, str] = {
    State.QUEUED: "To be made",
    State.READY: "To be printed",
    State.HELD: "Held",
    State.SENDING: "Being sent",
    State.SENT: "Posted",
    State.DELIVERED: "Delivered",
    State.FAILED: "Came back",
    State.WITHDRAWN: "Not sent",
}
# Shape and colour of each state; nothing for what is as it should be.
MARKS: Mapping[str, tuple[str, str]] = {
    State.HELD: ("triangle", "mark-p2"),
    State.FAILED: ("triangle", "mark-p2"),
    State.WITHDRAWN: ("ring", "mark-quiet"),
}
TEXT_MARKS = {"draft": ("ring", "mark-quiet"), "checked": ("triangle", "mark-p2")}
APPLIES = {
    "services": "services",
    "kinds": "kinds of slot",
    "sites": "sites",
    "media": "ways of being seen",
}
REASONS: Mapping[str, str] = {
    "late": "Too late by post: ring",
    "unsafe": "Safe contact is flagged",
    "opted_out": "Wants no invitations by machine",
    "address": "No postal address",
    "returned": "A letter there came back",
    "changed": "The address has changed",
    "referrer": "Address of the referrer is not known",
    "practice": "The referring practice has closed",
    "format": "Needs another form",
    "language": "No passage in the language",
    "text": "No approved text",
    "field": "Something is not filled in",
    "signs": "Signs that cannot be printed",
    "fault": "Could not be made",
    "uncertain": "Nobody knows whether it left",
}
FORMATS: Mapping[str, str] = {each.value: each.meaning for each in Format}
POSTS: Mapping[str, str] = {each.value: each.meaning for each in PostClass}


@dataclass(frozen=True, slots=True)
class Row:
    """One letter in a table. can: the names of the steps that may be taken with it."""

    key: int
    kind: str
    who: str
    patient: int
    to: str
    state: str
    shape: str
    css: str
    since: datetime
    reason: str
    why: str
    fix: str
    needed_on: str
    post: str
    form: str
    has_copy: bool
    can: tuple[str, ...]


def rows(letters: Iterable[Letter]) -> list[Row]:
    """In the order given."""
    return [row(each) for each in letters]


def row(letter: Letter) -> Row:
    """A letter as tables show it."""
    outgoing = letter.outgoing
    shape, css = MARKS.get(outgoing.state, ("", ""))
    state = STATES[outgoing.state]
    if outgoing.state == State.READY and letter.batch_id is not None:
        state = "Printed, to be posted"
    if outgoing.state == State.SENT and letter.batch_id is None:
        state = "Sent"
    return Row(
        key=letter.pk,
        kind=KINDS[letter.kind],
        who=str(letter.patient),
        patient=letter.patient_id,
        to=Audience(letter.audience).meaning,
        state=state,
        shape=shape,
        css=css,
        since=outgoing.since,
        reason=outgoing.reason,
        why=outgoing.why,
        fix=outgoing.fix,
        needed_on=_day(letter.needed_on),
        post=POSTS.get(letter.post, ""),
        form=form(letter),
        has_copy=bool(outgoing.digest),
        can=can(letter),
    )


def form(letter: Letter) -> str:
    """ "large print, 18 point; Polish"."""
    parts = [FORMATS.get(letter.format, "") if letter.format != Format.STANDARD else ""]
    parts += [language_name(code) for code in letter.languages]
    return "; ".join(part for part in parts if part)


def can(letter: Letter) -> tuple[str, ...]:
    """The steps that may be taken with a letter as it stands."""
    state, reason = letter.outgoing.state, letter.outgoing.reason
    if state == State.HELD:
        own = {"late": "rung", "referrer": "address"}.get(reason)
        steps = [own] if own else []
        steps += ["rung"] if letter.audience == Audience.PATIENT and own != "rung" else []
        steps += ["anyway"] if reason in MAY_CLEAR else []
        return (
            *steps,
            *(("otherwise",) if reason in ("format", "signs", "uncertain") else ()),
            "again",
            "withdraw",
        )
    if state in (State.QUEUED, State.READY) and letter.batch_id is None:
        return ("withdraw",)
    return ("returned",) if state == State.SENT else ()


def _day(on: date | None) -> str:
    return f"{on:%a %-d %b %Y}" if on else ""


def reasons(
    found: Iterable[tuple[str, int, datetime, date | None]],
) -> list[tuple[str, str, int, datetime, str]]:
    """What holds letters: code, words, how many, since when, and the earliest day that one is for."""
    return [(code, REASONS.get(code, code), count, since, _day(on)) for code, count, since, on in found]


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to a letter."""

    when: str
    what: str


def history(letter: Letter, now: datetime) -> list[Happened]:
    """What happened to a letter, oldest first."""
    row, batch = letter.outgoing, letter.batch
    steps: Sequence[tuple[datetime | None, str]] = (
        (row.queued_at, "Put into the outbox, with what caused it"),
        (row.ready_at, "Made"),
        (batch.made_at if batch else None, f"Printed by {batch.made_by}" if batch else ""),
        (row.sent_at, _left(letter)),
        (row.settled_at, f"{STATES[row.state]}: {row.why}"),
    )
    return [Happened(moment(at, now), what) for at, what in steps if at is not None]


def _left(letter: Letter) -> str:
    if letter.batch is not None:
        return f"Posted, {POSTS.get(letter.post, 'by post')}; said by {letter.batch.posted_by}"
    return f"Sent {letter.outgoing.reference}"


@dataclass(frozen=True, slots=True)
class TextRow:
    """One version of a text in a list."""

    key: int
    name: str
    version: int
    state: str
    shape: str
    css: str
    valid: str
    by: str
    findings: int
    note: str


def text_name(text: LetterText) -> str:
    """What people call a text."""
    if text.what == "letter":
        style = ", easy read" if text.style == "easy_read" else ""
        return f"{KINDS[text.kind]} to {Audience(text.audience).meaning}{style}"
    if text.what == "language":
        return f"Passage in {language_name(text.language)}"
    if text.what == "message":
        return f"{Channel(text.style).meaning.capitalize()}: {Message(text.kind).meaning}"
    return f"Instructions: {text.title}"


def text_row(text: LetterText) -> TextRow:
    """A version as lists show it."""
    shape, css = {"draft": ("ring", "mark-quiet"), "checked": ("triangle", "mark-p2")}.get(
        text.state, ("", "")
    )
    by = f"approved by {text.approved_by}" if text.approved_by else f"written by {text.made_by}"
    return TextRow(
        key=text.pk,
        name=text_name(text),
        version=text.version,
        state=text.get_state_display(),
        shape=shape,
        css=css,
        valid=f"from {text.valid_from:%-d %b %Y}" if text.valid_from else "",
        by=f"{by}, {day(text.approved_at or text.made_at)}",
        findings=len(text.findings),
        note=text.note,
    )


def applies(text: LetterText) -> str:
    """To which visits instructions go, in a sentence."""
    words = {
        "services": "services",
        "kinds": "kinds of slot",
        "sites": "sites",
        "media": "ways of being seen",
    }
    said = [f"{words[name]} {', '.join(each)}" for name, each in sorted(text.applies.items()) if each]
    return "; ".join(said) or "every visit"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison. change: "", added or gone."""

    change: str
    text: str


def difference(old: LetterText | None, new: LetterText) -> list[Line]:
    """What a version changes of the one before; empty where there is none before it."""
    if old is None:
        return []
    before, after = [f"{each.title}\n{each.body}".splitlines() for each in (old, new)]
    marks = {"+ ": "added", "- ": "gone", "  ": ""}
    compared = difflib.ndiff(before, after)
    return [Line(marks[each[:2]], each[2:]) for each in compared if each[:2] in marks]


def clashes(found: Iterable[Clash]) -> list[tuple[str, str, str]]:
    """What two people wrote differently: its name, what is saved now, what was not saved."""
    names = {"title": "Subject", "body": "Text", "applies": "Whom it is for"}
    return both_in_words(found, names, lambda field, value: _written(value))


def _written(said: object) -> str:
    if isinstance(said, Mapping):
        return "; ".join(f"{name} {', '.join(words)}" for name, words in said.items()) or "Everybody"
    return str(said) or "Nothing"
