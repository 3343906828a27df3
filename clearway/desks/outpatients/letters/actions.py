"""Every write to letters that a person asks for: batches of post, what holds a letter, and the texts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.clashes import check_whole
from clearway.core.layout.times import local
from clearway.core.locks import Lock, key_of, one_at_a_time
from clearway.core.outbox import actions as outbox
from clearway.core.outbox.actions import Held
from clearway.core.outbox.sending import Withdrawn
from clearway.domain.outpatients.letter_formats import POINTS, Format
from clearway.domain.outpatients.letters import Text, What, check_text
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import State

from ..waiting import actions as waiting
from ..waiting import standing
from . import queries, referrers
from .loading import findings_of
from .making import LetterMaker, between
from .models import Correspondent, Letter, LetterBatch, LetterText

LONGEST_LATE = timedelta(days=14)  # between making a batch and saying that it was posted
MAKER = LetterMaker()
# What is in the way and a person may set aside, with a reason; what needs a format may take another one.
MAY_CLEAR = ("unsafe", "opted_out", "returned", "language", "format")
PRINTED_FORMATS = tuple(each for each in Format if each in POINTS)
RINGING, POSTING, BATCHING = "Recording the call", "Marking this batch as posted", "Making a batch"
APPROVING, WRITING = "Approving this text", "Saving this text"
ANSWERED, NO_ANSWER = "answered", "no_answer"


# Letters that are held


@transaction.atomic
def rung(key: int, outcome: str, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Letter:
    """The patient was rung instead of written to. Reached, the letter is not sent any more; else it waits.

    outcome  answered or no_answer
    Raises NotAllowed without words, or for a letter that is not held.
    """
    letter, row = _locked(key, organisation_id)
    if outcome not in (ANSWERED, NO_ANSWER):
        raise NotAllowed("not said", RINGING, "Say whether you reached the patient.")
    if not words.strip():
        raise NotAllowed("not said", RINGING, "Write what was said, or that nobody answered.")
    if row.state != State.HELD:
        raise NotAllowed(row.state, RINGING, "This letter is not held. Look at it as it stands now.")
    attempt = waiting.Attempt(
        letter.patient_id,
        letter.kind,
        "phone",
        words[:500],
        outcome=outcome,
        entry_id=letter.entry_id,
        referral_id=letter.referral_id,
        appointment_id=letter.appointment_id,
    )
    waiting.contact(attempt, organisation_id=organisation_id, by=by, at=at)
    if outcome == ANSWERED:
        outbox.step(row, State.WITHDRAWN, why="Rung instead, and reached.", by=by, at=at)
        standing.not_told(letter.contact_id, at)
    return letter


@transaction.atomic
def send_anyway(
    key: int, reason: str, *, organisation_id: int, by: Actor, at: datetime, format: str = ""
) -> Letter:
    """Set aside what holds a letter, with a reason; it is made anew. format: another one, printed here.

    Raises NotAllowed where nothing may be set aside, as for a letter that would come too late.
    """
    letter, row = _locked(key, organisation_id)
    event = "Sending it all the same"
    if row.state != State.HELD or row.reason not in MAY_CLEAR:
        raise NotAllowed(row.reason or row.state, event, "This cannot be set aside: see what holds it.")
    if not reason.strip():
        raise NotAllowed("not said", event, "Give your reason: it is kept with the letter.")
    if row.reason == "format" and format not in PRINTED_FORMATS:
        raise NotAllowed("not said", event, "Choose the form that the patient can read.")
    letter.cleared = [*letter.cleared, row.reason]
    letter.asked_for, letter.asked_why = format, reason.strip()[:200]
    letter.save(update_fields=["cleared", "asked_for", "asked_why"])
    was = row.reason
    outbox.step(row, State.QUEUED, by=by, at=at, due_at=at, digest="")
    _note("letters.send_anyway", key, {"was": was, "format": format}, organisation_id, by, at)
    return letter


@transaction.atomic
def sent_otherwise(key: int, how: str, *, organisation_id: int, by: Actor, at: datetime) -> Letter:
    """A person had it made and sent: braille from a provider, a letter by hand. how: what and by whom."""
    letter, row = _locked(key, organisation_id)
    event = "Marking it as sent"
    if row.state != State.HELD:
        raise NotAllowed(row.state, event, "Only what is held is sent by other ways.")
    if not how.strip():
        raise NotAllowed("not said", event, "Say how it was sent: the proof stands here alone.")
    outbox.step(row, State.SENT, by=by, at=at, reference=f"by hand: {how.strip()}"[:80])
    Letter.objects.filter(pk=key).update(sealed_at=at)
    standing.told(letter.contact_id, to=how.strip(), digest="", at=at)
    return letter


@transaction.atomic
def try_again(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Letter:
    """Make it anew, after what was in the way was seen to. Raises NotAllowed."""
    letter, row = _locked(key, organisation_id)
    if row.state == State.FAILED:
        raise NotAllowed("failed", "Making it anew", "It has left once. Write to the patient's new address.")
    outbox.step(row, State.QUEUED, by=by, at=at, due_at=at, digest="")
    Letter.objects.filter(pk=key).update(batch=None)
    return letter


@transaction.atomic
def withdraw(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Letter:
    """It is not sent any more. Raises NotAllowed without a reason, and once it has left."""
    letter, row = _locked(key, organisation_id)
    outbox.step(row, State.WITHDRAWN, why=why.strip(), by=by, at=at)
    standing.not_told(letter.contact_id, at)
    return letter


@transaction.atomic
def came_back(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Letter:
    """The post brought it back: it is no evidence of notice, and the address is not written to again."""
    letter, row = _locked(key, organisation_id)
    outbox.step(row, State.FAILED, why=why.strip(), by=by, at=at)
    standing.not_told(letter.contact_id, at, "returned")
    return letter


@transaction.atomic
def set_address(key: int, name: str, address: str, *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Say where letters to the referrer of this letter go. Returns how many that were held for it go on."""
    letter, _ = _locked(key, organisation_id)
    event = "Saving the address"
    if letter.referral is None or not name.strip() or len(address.strip()) < 5:
        raise NotAllowed("not said", event, "Enter the name and the whole address.")
    on = local(at).date()
    who = referrers.key_of(organisation_id, letter.referral, on)
    if who is None:
        raise NotAllowed("practice", event, referrers.CHOOSE)
    Correspondent.objects.update_or_create(
        organisation_id=organisation_id,
        key=who,
        defaults={"name": name.strip()[:150], "address": address.strip()[:300]},
    )
    _note("letters.set_address", key, {"referral": letter.referral_id}, organisation_id, by, at)
    rows = outbox.lock(_go_on(organisation_id, on), organisation_id)
    for row in rows:
        outbox.step(row, State.QUEUED, by=by, at=at, due_at=at)
    return len(rows)


def _go_on(organisation_id: int, on: date) -> list[int]:
    """The messages that were held for whoever referred and have somewhere to go now."""
    held = Letter.objects.filter(
        organisation_id=organisation_id,
        outgoing__state=State.HELD,
        outgoing__reason__in=referrers.HOLDS,
        referral__isnull=False,
    ).select_related("referral")
    to = referrers.recipients(organisation_id, [each.referral for each in held], on)
    return [each.outgoing_id for each in held if not isinstance(to[each.referral_id], Held)]


# Batches of post


@transaction.atomic
def make_batch(*, organisation_id: int, by: Actor, at: datetime) -> LetterBatch | None:
    """Put what waits into a batch to be printed, each made anew; None where nothing is to go."""
    waiting_ = queries.to_print(organisation_id)
    rows = {row.pk: row for row in outbox.lock([each.outgoing_id for each in waiting_], organisation_id)}
    inside = []
    for letter in waiting_:
        row = rows[letter.outgoing_id]
        if row.state != State.READY:
            continue
        made = MAKER.make(row, by=by, at=at)
        if isinstance(made, Held):
            outbox.step(row, State.HELD, held=made, by=by, at=at)
        elif isinstance(made, Withdrawn):
            outbox.step(row, State.WITHDRAWN, why=made.why, by=by, at=at)
        else:
            row.digest = made.digest
            row.save(update_fields=["digest"])
            inside.append(letter.pk)
    if not inside:
        return None
    batch = LetterBatch.objects.create(organisation_id=organisation_id, made_at=at, made_by=by.name)
    Letter.objects.filter(pk__in=inside).update(batch=batch)
    _note("letters.make_batch", batch.pk, {"letters": inside}, organisation_id, by, at, "batch")
    return batch


@transaction.atomic
def undo_batch(key: int, *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Its letters wait to be printed again. Raises NotAllowed once it was posted. Returns how many."""
    batch = _batch(key, organisation_id)
    if batch.posted_at is not None:
        raise NotAllowed("posted", "Undoing this batch", "It was posted. What was posted stays so.")
    count = batch.letters.update(batch=None)
    _note("letters.undo_batch", key, {"letters": count}, organisation_id, by, at, "batch")
    batch.delete()
    return count


@dataclass
class StillInside(NotAllowed):
    """Letters of the batch that may not leave, with why: they are to be taken out of the pile first."""

    letters: tuple[tuple[Letter, str], ...] = field(default=())


@transaction.atomic
def mark_posted(
    key: int,
    posted_at: datetime,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    taken_out: Collection[int] = (),
) -> LetterBatch:
    """A batch was posted: its letters count as sent, their copies are sealed, the patients as told.

    taken_out  letters (by id) that a person took out of the pile
    Raises StillInside where something has come between for others, and NotAllowed for a time that cannot be.
    """
    batch = _batch(key, organisation_id)
    _check_posted_at(batch, posted_at, at)
    inside = list(queries.letters().filter(batch=batch).order_by("id"))
    rows = {row.pk: row for row in outbox.lock([each.outgoing_id for each in inside], organisation_id)}
    stopped = [(each, because) for each in inside if (because := between(each, posted_at)) is not None]
    left = tuple((each, because.why) for each, because in stopped if each.pk not in taken_out)
    if left:
        names = "1 letter" if len(left) == 1 else f"{len(left)} letters"
        raise StillInside("something has come between", POSTING, f"Take {names} out of the pile first.", left)
    for letter, because in stopped:
        _take_out(letter, rows[letter.outgoing_id], because, by, at)
    out = {letter.pk for letter, _ in stopped}
    for letter in inside:
        if letter.pk not in out:
            row = rows[letter.outgoing_id]
            outbox.step(row, State.SENT, by=by, at=at, sent_at=posted_at, reference=f"batch {batch.pk}")
            MAKER.left(row, by=by, at=at)
    batch.posted_at, batch.posted_by = posted_at, by.name
    batch.save(update_fields=["posted_at", "posted_by"])
    detail = {"letters": len(inside) - len(out), "taken_out": sorted(out), "posted_at": posted_at.isoformat()}
    _note("letters.mark_posted", key, detail, organisation_id, by, at, "batch")
    return batch


def _check_posted_at(batch: LetterBatch, posted_at: datetime, at: datetime) -> None:
    if batch.posted_at is not None:
        when = f"{local(batch.posted_at):%-d %b %Y, %H:%M}"
        raise NotAllowed("posted", POSTING, f"{batch.posted_by} marked it as posted, {when}.")
    if posted_at > at:
        raise NotAllowed("not posted", POSTING, "That time is still to come. Mark it when it has gone.")
    if posted_at < batch.made_at.replace(second=0, microsecond=0):
        made = f"{local(batch.made_at):%H:%M}"
        raise NotAllowed("not posted", POSTING, f"It was made at {made}, after that time.")
    if at - posted_at > LONGEST_LATE:
        raise NotAllowed("not posted", POSTING, "That is more than 14 days ago. Make the batch anew.")


def _take_out(letter: Letter, row: Any, because: Held | Withdrawn, by: Actor, at: datetime) -> None:
    Letter.objects.filter(pk=letter.pk).update(batch=None)
    if isinstance(because, Withdrawn):
        outbox.step(row, State.WITHDRAWN, why=because.why, by=by, at=at)
        standing.not_told(letter.contact_id, at)
    elif because.reason == "changed":
        outbox.step(row, State.QUEUED, by=by, at=at, due_at=at, digest="")
    else:
        outbox.step(row, State.HELD, held=because, by=by, at=at)


# Texts


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote: the changeable part of a text, and what changed and why."""

    title: str
    body: str
    note: str
    applies: Mapping[str, Sequence[str]] = field(default_factory=dict)


def says(row: LetterText) -> dict[str, Any]:
    """What a version says, to be held against what somebody writes."""
    return {"title": row.title, "body": row.body, "applies": dict(row.applies)}


def _check_seen(newest: LetterText, written: Written, seen: Mapping[str, Any]) -> None:
    """Nobody's words are written over unseen. A text is one thing: what two wrote is not put together."""
    applies = {name: list(words) for name, words in written.applies.items() if words}
    yours = {"title": written.title.strip(), "body": _tidy(written.body), "applies": applies}
    check_whole(yours, seen, says(newest), WRITING)


@transaction.atomic
def write_version(
    code: str,
    written: Written,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    seen: Mapping[str, Any] | None = None,
) -> LetterText:
    """Write the next version of a text, or go on with the one that is worked on: a draft again.

    seen  what the newest version said when who writes opened it, as `says` gives it
    Raises CannotParse with place and fix for a text that cannot be, NotAllowed without saying what changed,
    and ChangedMeanwhile where somebody else wrote since.
    """
    # Rows that are locked are those that there were when the lock was asked for, without a newer version.
    one_at_a_time(Lock.TEXT, key_of(organisation_id, code))
    rows = list(
        LetterText.objects.select_for_update()
        .filter(organisation_id=organisation_id, code=code)
        .order_by("-version")
    )
    if not rows:
        raise LetterText.DoesNotExist
    if not written.note.strip():
        raise NotAllowed("not said", WRITING, "Say what you changed and why.")
    newest = rows[0]
    if seen is not None:
        _check_seen(newest, written, seen)
    row = newest
    if newest.state == LetterText.State.APPROVED:
        named = ("organisation_id", "what", "code", "kind", "audience", "style", "language", "place")
        row = LetterText(version=newest.version + 1, **{name: getattr(newest, name) for name in named})
    row.title, row.body, row.note = written.title.strip(), _tidy(written.body), written.note.strip()[:300]
    row.applies = {name: list(words) for name, words in written.applies.items() if words}
    row.state, row.checked_at, row.checked_by = LetterText.State.DRAFT, None, ""
    row.made_at, row.made_by, row.author_id = at, by.name, by.user_id
    check_text(_as_text(row))
    row.findings = findings_of(_as_text(row))
    row.save()
    _note_text("letters.write", row, {"findings": len(row.findings)}, by, at)
    return row


@transaction.atomic
def ask_for_approval(key: int, *, organisation_id: int, by: Actor, at: datetime) -> LetterText:
    """The author has read what the check says and gives the text to the clinical lead. Raises NotAllowed."""
    row = _text(key, organisation_id)
    if row.state != LetterText.State.DRAFT:
        raise NotAllowed(row.get_state_display().lower(), "Asking for approval", "It is no draft.")
    check_text(_as_text(row))
    row.findings = findings_of(_as_text(row))
    row.state, row.checked_at, row.checked_by = LetterText.State.CHECKED, at, by.name
    row.save()
    _note_text("letters.check", row, {"findings": len(row.findings)}, by, at)
    return row


@transaction.atomic
def approve(key: int, valid_from: date, *, organisation_id: int, by: Actor, at: datetime) -> LetterText:
    """The clinical lead approves a version: in force from a day on. Nobody approves what they wrote.

    Raises NotAllowed, also for a day that is over.
    """
    row = _text(key, organisation_id)
    if row.state != LetterText.State.CHECKED:
        raise NotAllowed(row.get_state_display().lower(), APPROVING, "Its author has to check it first.")
    if row.made_by == by.name or (row.author_id is not None and row.author_id == by.user_id):
        raise NotAllowed("yours", APPROVING, "You wrote it: somebody else has to read it.")
    if valid_from < local(at).date():
        raise NotAllowed("checked", APPROVING, "That day is over. Choose today or a later one.")
    row.state, row.valid_from = LetterText.State.APPROVED, valid_from
    row.approved_at, row.approved_by, row.approver_id = at, by.name, by.user_id
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise NotAllowed("changed", APPROVING, "Somebody changed it meanwhile. Read it again.") from None
    _note_text("letters.approve", row, {"valid_from": valid_from.isoformat()}, by, at)
    return row


@transaction.atomic
def send_back(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> LetterText:
    """The clinical lead does not approve it: a draft again, with why. Raises NotAllowed."""
    row = _text(key, organisation_id)
    if row.state != LetterText.State.CHECKED:
        raise NotAllowed(row.get_state_display().lower(), "Sending it back", "It does not wait for approval.")
    if not why.strip():
        raise NotAllowed("checked", "Sending it back", "Say what is to change.")
    row.state, row.checked_at, row.checked_by = LetterText.State.DRAFT, None, ""
    row.note = f"Sent back by {by.name}: {why.strip()}"[:300]
    row.save()
    _note_text("letters.send_back", row, {}, by, at)
    return row


@transaction.atomic
def bring_back(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> LetterText:
    """An approved version counts for everybody again: its words, as they were approved, as a newest version.

    The newest stays as it is. Raises NotAllowed for words that are not approved, and while a version is
    worked on.
    """
    row = _text(key, organisation_id)
    event = "Bringing back this text"
    if row.state != LetterText.State.APPROVED:
        raise NotAllowed(row.get_state_display().lower(), event, "The clinical lead has not approved it.")
    newest = LetterText.objects.select_for_update().filter(organisation_id=organisation_id, code=row.code)
    last = newest.order_by("-version")[0]
    if last.pk == row.pk:
        return row
    if last.state != LetterText.State.APPROVED:
        raise NotAllowed(
            "worked on", event, f"Version {last.version} is worked on: approve or finish it first."
        )
    copied = ("what", "code", "kind", "audience", "style", "language", "title", "body", "applies", "place")
    approval = (
        "findings",
        "checked_at",
        "checked_by",
        "approved_at",
        "approved_by",
        "approver_id",
        "author_id",
    )
    made = LetterText.objects.create(
        organisation_id=organisation_id,
        version=last.version + 1,
        note=f"Version {row.version} again: {why}"[:300],
        state=LetterText.State.APPROVED,
        made_at=at,
        made_by=by.name,
        valid_from=local(at).date(),
        **{name: getattr(row, name) for name in (*copied, *approval)},
    )
    _note_text("letters.bring_back", made, {"of": row.version}, by, at)
    return made


@transaction.atomic
def look(keys: Collection[int], page: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody is shown these patients' letters; called before the page is."""
    if keys:
        entries = [Entry("letters.look", f"patient:{key}", {"page": page}) for key in sorted(set(keys))]
        record(entries, organisation_id=organisation_id, by=by, at=at)


def check_written(row: LetterText, written: Written) -> list[dict[str, str]]:
    """What the plain-English check says of a text that is not saved. Raises CannotParse."""
    text = _as_text(row, written)
    check_text(text)
    return findings_of(text)


def _as_text(row: LetterText, written: Written | None = None) -> Text:
    return Text(
        What(row.what),
        row.code,
        written.title if written else row.title,
        _tidy(written.body) if written else row.body,
        row.kind,
        row.audience,
        row.style,
        row.language,
        {name: tuple(words) for name, words in (written.applies if written else row.applies).items()},
        row.place,
    )


def _tidy(body: str) -> str:
    return body.replace("\r\n", "\n").strip() + "\n"


def _text(key: int, organisation_id: int) -> LetterText:
    return LetterText.objects.select_for_update(of=("self",)).get(pk=key, organisation_id=organisation_id)


def _batch(key: int, organisation_id: int) -> LetterBatch:
    return LetterBatch.objects.select_for_update().get(pk=key, organisation_id=organisation_id)


def _locked(key: int, organisation_id: int) -> tuple[Letter, Any]:
    letter = queries.letters().get(pk=key, organisation_id=organisation_id)
    (row,) = outbox.lock([letter.outgoing_id], organisation_id)
    return letter, row


def _note_text(verb: str, row: LetterText, detail: Mapping[str, Any], by: Actor, at: datetime) -> None:
    said = {"code": row.code, "version": row.version, **detail}
    _note(verb, row.pk, said, row.organisation_id, by, at, "letter_text")


def _note(
    verb: str,
    key: int,
    detail: Mapping[str, Any],
    organisation_id: int,
    by: Actor,
    at: datetime,
    what: str = "letter",
) -> None:
    record([Entry(verb, f"{what}:{key}", detail)], organisation_id=organisation_id, by=by, at=at)
