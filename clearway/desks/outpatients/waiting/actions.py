"""Every write to the waiting list: who joins it, who leaves it and why, and every attempt to reach them."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.actions import Entry as Row
from clearway.core.audit.actions import record as audit
from clearway.core.layout.context import rests_on
from clearway.core.layout.times import local
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.outpatients import waiting as rules
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.letters import ASKING, Kind
from clearway.domain.outpatients.messages import Channel, Message
from clearway.domain.shared.errors import NotAllowed

from ..clinics import queries as clinics
from ..clocks import actions as clocks
from ..conversations.wanted import About, want
from ..letters import wanted as letters
from ..patients import queries as patients
from . import asking, inviting, packs, queries
from .models import Contact, Entry, ValidationPack

State = Entry.State
ADDING, REMOVING = "Adding to the waiting list", "Removing from the waiting list"


@dataclass(frozen=True, slots=True)
class New:
    """One appointment that a patient is to wait for. Fields as in the table."""

    patient_id: int
    service_id: int
    kind: str
    priority: str
    minutes: int
    referral_id: int | None = None
    pathway_id: int | None = None
    skills: tuple[str, ...] = ()
    medium: str = "01"
    clinician_id: int | None = None
    series: int = 1
    due_on: date | None = None
    latest_on: date | None = None
    outcome_of_id: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to reach a patient. Fields as in the table; `digest` of what was sent."""

    patient_id: int
    purpose: str
    channel: str
    words: str
    to: str = ""
    digest: str = ""
    outcome: str = "sent"
    said: str = ""
    entry_id: int | None = None
    referral_id: int | None = None
    appointment_id: int | None = None


@transaction.atomic
def add(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Entry:
    """Put a patient on the list of a service.

    Raises NotAllowed for what no entry can be, for somebody who has died, and for somebody who waits for the
    same appointment of the same referral already.
    """
    rules.check_wanted(
        rules.Wanted(new.kind, new.priority, new.minutes, new.series, new.due_on, new.latest_on)
    )
    entry = Entry(
        organisation_id=organisation_id,
        patient_id=new.patient_id,
        service_id=new.service_id,
        referral_id=new.referral_id,
        pathway_id=new.pathway_id,
        kind=new.kind,
        priority=new.priority,
        minutes=new.minutes,
        skills=list(new.skills),
        medium=new.medium,
        clinician_id=new.clinician_id,
        series=new.series,
        due_on=new.due_on,
        latest_on=new.latest_on,
        outcome_of_id=new.outcome_of_id,
        added_at=at,
    )
    _check_may_wait(entry)
    entry.save()
    entry.refresh_from_db(fields=["treat_by", "waits_from"])
    detail = {"kind": new.kind, "priority": new.priority, "service": new.service_id, "series": new.series}
    _note("waiting.add", entry, detail, by, at)
    return entry


def _check_may_wait(entry: Entry) -> None:
    """The patient is locked, so that two clerks who add the same wait one after the other."""
    patients: Any = Entry._meta.get_field("patient").related_model
    patient = patients.objects.select_for_update().get(
        pk=entry.patient_id, organisation_id=entry.organisation_id
    )
    if patient.stands.died_on is not None:
        raise NotAllowed("recorded as having died", ADDING, "Check the record of the patient first.")
    if entry.referral_id is None:
        return
    same = Entry.objects.filter(
        referral_id=entry.referral_id,
        kind=entry.kind,
        due_on=entry.due_on,
        state__in=(State.WAITING, State.BOOKED),
    )
    if (standing := same.first()) is not None:
        raise NotAllowed(
            f"on the list since {local(standing.added_at):%-d %b %Y}",
            ADDING,
            "The patient waits for this appointment of this referral already.",
        )


@transaction.atomic
def remove(
    entry_id: int,
    why: str,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    clinician: str = "",
) -> Entry:
    """Take a patient off the list for one of the reasons there are; not answering is none of them.

    clinician  who decided it, by the name known here, where the reason asks for one
    Raises NotAllowed when the entry is booked or has ended, and for a reason that is not one.
    """
    entry = _locked(entry_id, organisation_id)
    if rules.check_removal(why, clinician).needs_clinician:
        clinician = clinics.check_clinician(organisation_id, clinician, "waiting", REMOVING).name
    if entry.state == State.BOOKED:
        raise NotAllowed("booked", REMOVING, "Cancel the appointment first.")
    if entry.state != State.WAITING:
        raise NotAllowed(entry.get_state_display().lower(), REMOVING, "The entry has ended already.")
    entry.state, entry.why, entry.ended_at = State.REMOVED, why, at
    entry.save(update_fields=["state", "why", "ended_at"])
    _note("waiting.remove", entry, {"why": why, "clinician": clinician}, by, at)
    return entry


@transaction.atomic
def stand_again(entry_id: int, *, organisation_id: int, by: Actor, at: datetime) -> Entry:
    """Put somebody back where they waited, whom a wrongly recorded death took off the list."""
    entry = _locked(entry_id, organisation_id)
    if entry.state != State.REMOVED or entry.why != rules.Removal.DIED:
        raise NotAllowed(
            entry.get_state_display().lower(), "Putting it back", "No death took it off the list."
        )
    entry.state, entry.why, entry.ended_at = State.WAITING, "", None
    entry.save(update_fields=["state", "why", "ended_at", "waits_from"])
    _note("waiting.stand_again", entry, {"after": "died"}, by, at)
    return entry


@transaction.atomic
def contact(attempt: Attempt, *, organisation_id: int, by: Actor, at: datetime) -> Contact:
    """Record one attempt to reach a patient. Raises NotAllowed for a word that no attempt has.

    An invitation, a reminder or a question by letter is written from its text and put into the outbox: it
    counts once it has left.
    """
    return contact_each([attempt], organisation_id=organisation_id, by=by, at=at)[0]


@transaction.atomic
def contact_each(
    attempts: Sequence[Attempt], *, organisation_id: int, by: Actor, at: datetime
) -> list[Contact]:
    """`contact` for any number of attempts, in their order. Two queries, more for what is to be written."""
    kept = [_as_kept(attempt) for attempt in attempts]
    made = Contact.objects.bulk_create(
        Contact(
            organisation_id=organisation_id,
            at=at,
            by=by.name,
            outcome_at=None if attempt.outcome in ("sent", rules.QUEUED) else at,
            **asdict(attempt),
        )
        for attempt in kept
    )
    for attempt, row in zip(kept, made, strict=True):
        if _is_written(attempt) and attempt.outcome == rules.QUEUED:
            letters.want(
                Kind(attempt.purpose),
                f"contact:{row.pk}",
                patient_id=attempt.patient_id,
                referral_id=attempt.referral_id,
                entry_id=attempt.entry_id,
                contact_id=row.pk,
                organisation_id=organisation_id,
                at=at,
            )
    entries = [
        Row(
            "waiting.contact",
            f"contact:{row.pk}",
            {"purpose": row.purpose, "channel": row.channel, "outcome": row.outcome},
        )
        for row in made
    ]
    audit(entries, organisation_id=organisation_id, by=by, at=at)
    return made


def _is_written(attempt: Attempt) -> bool:
    return attempt.channel == "letter" and attempt.purpose in ASKING


def _as_kept(attempt: Attempt) -> Attempt:
    """What is written here counts once it has left. Raises NotAllowed for a word that no attempt has."""
    if _is_written(attempt) and attempt.outcome == "sent" and attempt.entry_id is not None:
        attempt = replace(attempt, outcome=rules.QUEUED)
    for value, words, what in (
        (attempt.purpose, rules.PURPOSES, "purpose"),
        (attempt.channel, rules.CHANNELS, "channel"),
        (attempt.outcome, (*rules.CONTACT_OUTCOMES, rules.QUEUED), "outcome"),
    ):
        if value not in words:
            raise NotAllowed(
                f"the {what} is {value!r}", "Recording a contact", f"Choose one of {', '.join(words)}."
            )
    return attempt


@transaction.atomic
def became(
    contact_id: int, outcome: str, *, organisation_id: int, by: Actor, at: datetime, said: str = ""
) -> Contact:
    """What became of an attempt: delivered, failed, answered, not answered or returned."""
    if outcome not in rules.CONTACT_OUTCOMES[1:]:
        raise NotAllowed(
            f"the outcome is {outcome!r}", "Closing a contact", "Choose what became of it from the list."
        )
    made = Contact.objects.select_for_update().get(pk=contact_id, organisation_id=organisation_id)
    made.outcome, made.outcome_at, made.said = outcome, at, said
    made.save(update_fields=["outcome", "outcome_at", "said"])
    _record("waiting.became", f"contact:{made.pk}", {"outcome": outcome}, organisation_id, by, at)
    return made


@transaction.atomic
def validate(
    entry_id: int,
    answer: str,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    channel: str = "phone",
    away: tuple[date, date] | None = None,
) -> Entry:
    """What a patient answers when asked whether the place is still needed.

    away  first and last day of an absence; needed with the answer that the patient is not available, which
          the clock is told, and which a clinician looks at where it is long
    The answer is kept with its contact. Whoever says that it is not needed stays on the list until somebody
    removes the entry: a machine takes nobody off it.
    """
    entry = _locked(entry_id, organisation_id)
    try:
        said = rules.Answer(answer)
    except ValueError:
        raise NotAllowed(
            "waiting", "Validating", f"Choose one of: {', '.join(each.meaning for each in rules.Answer)}."
        ) from None
    entry.validated_on = local(at).date()
    words = said.meaning
    if said is rules.Answer.UNAVAILABLE:
        words = f"{words}: {_away(entry, away, organisation_id, by, at)}"
    entry.save(update_fields=["validated_on"])
    attempt = Attempt(
        patient_id=entry.patient_id,
        purpose="validation",
        channel=channel,
        words="Is the place on the list still needed?",
        outcome="answered",
        said=words,
        entry_id=entry.pk,
    )
    contact(attempt, organisation_id=organisation_id, by=by, at=at)
    _note("waiting.validate", entry, {"answer": said.value}, by, at)
    return entry


def _away(entry: Entry, away: tuple[date, date] | None, organisation_id: int, by: Actor, at: datetime) -> str:
    """Tell the clock of an absence; its days in words. Raises NotAllowed for days that cannot be.

    A clock knows only what has happened: an absence to come is told as of today, when the patient said it.
    """
    state, event, today = "not available", "Saving this answer", local(at).date()
    if away is None:
        raise NotAllowed(state, event, "Say from which day to which the patient is not available.")
    first, last = away
    if last < max(first, today):
        raise NotAllowed(state, event, "The absence ends before it begins, or is over. Check both days.")
    if entry.pathway_id is not None:
        key = f"entry:{entry.pk}:away:{first.isoformat()}:{last.isoformat()}"
        absence = ClockEvent(key=key, kind=EventKind.UNAVAILABLE, on=min(first, today), until=last)
        told = [clocks.Recorded(entry.pathway_id, absence, f"entry:{entry.pk}")]
        clocks.record(told, organisation_id=organisation_id, by=by, at=at)
    return f"from {in_words(first)} to {in_words(last)}"


@transaction.atomic
def looked(entries: Sequence[int | str], page: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record whose names were on a page that somebody opened."""
    _record("waiting.look", f"page:{page}", {"entries": list(entries)}, organisation_id, by, at)


def _locked(entry_id: int, organisation_id: int) -> Entry:
    return Entry.objects.select_for_update().get(pk=entry_id, organisation_id=organisation_id)


def _note(verb: str, entry: Entry, detail: Mapping[str, object], by: Actor, at: datetime) -> None:
    _record(verb, f"entry:{entry.pk}", detail, entry.organisation_id, by, at)


def _record(
    verb: str, subject: str, detail: Mapping[str, object], organisation_id: int, by: Actor, at: datetime
) -> None:
    audit([Row(verb, subject, detail)], organisation_id=organisation_id, by=by, at=at)


# Asking whether the place is still needed

QUESTION = (
    "You have been waiting for {service} since {since}. Do you still need this appointment? Please ring us, "
    "or tell us at the desk: still needed, no longer needed, not available for a time, or please ring me. "
    "If we do not hear from you, you stay on the list and we ask again."
)


@transaction.atomic
def ask_in_writing(
    entry_ids: Sequence[int], *, organisation_id: int, by: Actor, at: datetime
) -> list[Contact]:
    """Prepare the question for those of these entries to whom it is due in writing; one contact each.

    An entry to which it is not due, or was just asked, is left out: two clerks who press at once ask once.
    """
    rows = Entry.objects.select_for_update(of=("self",)).filter(organisation_id=organisation_id)
    entries = queries.listed(entry_ids, rows.order_by("id"))
    today = local(at).date()
    made = []
    for each in asking.to_ask(organisation_id, at):
        if each.entry not in entries or not each.channel or each.due.on > today:
            continue
        entry = entries[each.entry]
        assert entry.waits_from is not None
        words = QUESTION.format(
            service=entry.service.name, since=in_words(entry.waits_from).partition(" ")[2]
        )
        to = patients.address_for(entry.patient, each.channel)
        attempt = Attempt(
            patient_id=entry.patient_id,
            purpose=asking.PURPOSE,
            channel=each.channel,
            words=words,
            to=to[:254],
            digest=hashlib.sha256(f"{to}\n{words}".encode()).hexdigest(),
            entry_id=entry.pk,
            referral_id=entry.referral_id,
        )
        made.append(contact(attempt, organisation_id=organisation_id, by=by, at=at))
    detail = {"entries": [each.entry_id for each in made]}
    _record("waiting.ask", f"day:{today.isoformat()}", detail, organisation_id, by, at)
    return made


INVITED = "Please ring us to choose a date for {service}."


@transaction.atomic
def invite_in_writing(
    *, organisation_id: int, by: Actor, at: datetime, connected: Collection[str] = ()
) -> list[Contact]:
    """Put every step of partial booking that is due and can be written into the outbox; one contact each.

    Invitations and last letters go by letter; who did not answer the invitation is reminded by text or email.
    connected  channels that a provider takes away
    One after the other, so that two clerks who press at once write once.
    """
    one_at_a_time(Lock.INVITATIONS, organisation_id)
    today, steps = local(at).date(), inviting.next_steps(organisation_id, at)
    letters_due = inviting.to_write(steps, organisation_id, today)
    messages_due = inviting.to_message(steps, organisation_id, today, connected)
    keys = [each.entry for each in (*letters_due, *(each for each, _ in messages_due))]
    rows = Entry.objects.select_for_update(of=("self",)).filter(state=State.WAITING)  # not booked meanwhile
    entries = queries.listed(keys, rows.order_by("id"))
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    made = [
        _invited(entry, inviting.PURPOSE_OF[each.due.step], **scope)
        for each in letters_due
        if (entry := entries.get(each.entry)) is not None
    ]
    made += [
        _reminded(entry, way, **scope)
        for each, way in messages_due
        if (entry := entries.get(each.entry)) is not None
    ]
    detail = {"entries": [each.entry_id for each in made]}
    _record("waiting.invite", f"day:{today.isoformat()}", detail, organisation_id, by, at)
    return made


def _invited(entry: Entry, purpose: str, **scope: Any) -> Contact:
    attempt = Attempt(
        patient_id=entry.patient_id,
        purpose=purpose,
        channel="letter",
        words=INVITED.format(service=entry.service.name),
        to=patients.address_for(entry.patient, "letter")[:254],
        entry_id=entry.pk,
        referral_id=entry.referral_id,
    )
    return contact(attempt, **scope)


def _reminded(entry: Entry, way: Channel, **scope: Any) -> Contact:
    """By text or email: told once it has left, as a reminder of an appointment is."""
    to = inviting.address(entry.patient, way)
    attempt = Attempt(
        patient_id=entry.patient_id,
        purpose="reminder",
        channel=way.value,
        words=INVITED.format(service=entry.service.name),
        to=to[:254],
        outcome=rules.QUEUED,
        entry_id=entry.pk,
        referral_id=entry.referral_id,
    )
    made = contact(attempt, **scope)
    about = About(entry.patient_id, entry.pk, contact_id=made.pk)
    want(Message.INVITED, f"contact:{made.pk}", way, to, about, **scope)
    return made


@transaction.atomic
def rang_in_vain(entry_id: int, *, organisation_id: int, by: Actor, at: datetime) -> Contact:
    """Somebody was rung to be asked and did not answer. Nobody leaves the list by it."""
    entry = _locked(entry_id, organisation_id)
    if entry.state != State.WAITING:
        raise NotAllowed(entry.get_state_display().lower(), "Asking", "The entry does not wait any more.")
    attempt = Attempt(
        patient_id=entry.patient_id,
        purpose=asking.PURPOSE,
        channel="phone",
        words="Rung to ask whether the place on the list is still needed",
        outcome="no_answer",
        entry_id=entry.pk,
    )
    return contact(attempt, organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def make_pack(kind: str, *, organisation_id: int, by: Actor, at: datetime) -> ValidationPack | None:
    """Keep what a kind of pack is about as it stands now.

    None where its month or its week has one, or there is nothing of which to make one.
    """
    begins_on = packs.begins_on(kind, at)
    period: dict[str, Any] = {"organisation_id": organisation_id, "kind": kind, "begins_on": begins_on}
    if ValidationPack.objects.filter(**period).exists():
        return None
    found = packs.contents(kind, organisation_id, at)
    if found is None:
        return None
    rests = rests_on(organisation_id, at)
    kept = {"over": found.over, "figures": found.figures, "rows": found.rows, "sources": rests}
    said = {"made_at": at, "made_by": by.name[:150]}
    made, is_new = ValidationPack.objects.get_or_create(**period, defaults={**kept, **said})
    if not is_new:
        return None
    detail = {"kind": kind, "begins_on": begins_on.isoformat(), "rows": len(found.rows)}
    _record("waiting.make_pack", f"pack:{made.pk}", detail, organisation_id, by, at)
    return made


def make_packs(*, organisation_id: int, by: Actor, at: datetime) -> None:
    """Make every pack that is due and not made."""
    for kind in packs.Kind.values:
        make_pack(kind, organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def see_pack(key: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> ValidationPack:
    """The team leader has looked through a pack. words  what follows from it, in a sentence."""
    made = ValidationPack.objects.select_for_update().get(organisation_id=organisation_id, pk=key)
    if made.seen_at is not None:
        raise NotAllowed("looked through", "Looking through this pack", f"{made.seen_by} did it already.")
    if not words.strip():
        raise NotAllowed("not said", "Looking through this pack", "Say in a sentence what follows from it.")
    made.seen_at, made.seen_by, made.seen_words = at, by.name[:150], words.strip()[:500]
    made.save(update_fields=["seen_at", "seen_by", "seen_words"])
    _record("waiting.see_pack", f"pack:{key}", {}, organisation_id, by, at)
    return made
