"""Taking documents, filing them to the right patient, taking back the misfiled, and sending volumes out."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients import filing as rules
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.filing import Kind, Step, Where
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..patients import queries as patients
from ..referrals import queries as referrals
from . import queries
from .models import Document, Filing, Volume, VolumeOut

NOT_THEIRS = "This patient has another birth date, NHS number and postcode. Find the patient again."


@dataclass(frozen=True, slots=True)
class Came:
    """A document as it came. body: its bytes; dated_on: the day that stands on it."""

    kind: Kind
    sender: str
    came_on: date
    file_name: str
    body: bytes
    dated_on: date | None = None


@transaction.atomic
def take(new: Came, *, organisation_id: int, by: Actor, at: datetime) -> Document:
    """Keep a document, nobody's yet. Raises NotAllowed for another format, and for what is here already."""
    event, today = "Taking this document", local(at).date()
    media_type, digest = rules.format_of(new.body), hashlib.sha256(new.body).hexdigest()
    if new.came_on > today or (new.dated_on and new.dated_on > today):
        raise NotAllowed("as it stands", event, "It cannot have come, or be dated, after today.")
    if (before := queries.same(organisation_id, digest)) is not None:
        day = f"{local(before.taken_at):%-d %b %Y}"
        raise NotAllowed("here already", event, f"{before.taken_by} took the very same file on {day}.")
    row = Document.objects.create(
        organisation_id=organisation_id,
        kind=new.kind.value,
        sender=new.sender,
        came_on=new.came_on,
        dated_on=new.dated_on,
        file_name=new.file_name[:150],
        media_type=media_type,
        body=new.body,
        digest=digest,
        taken_at=at,
        taken_by=by.name,
    )
    _say("filing.take", f"document:{row.pk}", {"kind": row.kind, "sha256": digest}, organisation_id, by, at)
    return row


@transaction.atomic
def file(
    key: int,
    patient_id: int,
    identifier: str,
    referral_id: int | None = None,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Filing:
    """File a document to a patient, whose second identifier stands on it as `identifier`.

    Raises NotAllowed where that is not this patient's, the referral is another's, or it is filed.
    """
    event = "Filing it"
    row = _locked(key, organisation_id, event)
    if not patients.exists(organisation_id, patient_id):
        raise NotAllowed("as it stands", event, "There is no such patient here.")
    patient = patients.one(organisation_id, patient_id)
    found = rules.identified_by(
        identifier, born_on=patient.born_on, nhs_number=patient.nhs_number, postcode=patient.postcode
    )
    if found is None:
        raise NotAllowed("of somebody else", event, NOT_THEIRS)
    theirs = {each.pk for each in referrals.of_patient(organisation_id, patient_id)}
    if referral_id is not None and referral_id not in theirs:
        raise NotAllowed("as it stands", event, "Choose a referral of this patient.")
    filing = Filing.objects.create(
        document=row,
        patient_id=patient_id,
        referral_id=referral_id,
        identifier=found.value,
        filed_at=at,
        filed_by=by.name,
    )
    detail = {"patient": patient_id, "referral": referral_id, "identifier": found.value}
    _say("filing.file", f"document:{key}", detail, organisation_id, by, at)
    return filing


@transaction.atomic
def take_back(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Filing:
    """It was filed wrongly: it is nobody's again, and that it was is kept. Raises NotAllowed."""
    row = Document.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    filing = row.filings.filter(taken_back_at__isnull=True).first()
    if filing is None:
        raise NotAllowed("not filed", "Taking it back", "Somebody took it back a moment ago.")
    filing.taken_back_at, filing.taken_back_by, filing.taken_back_why = at, by.name, why
    filing.save()
    _say("filing.take_back", f"document:{key}", {"patient": filing.patient_id}, organisation_id, by, at)
    return filing


@transaction.atomic
def put_aside(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Document:
    """It is no patient's. Raises NotAllowed for what is filed."""
    row = _locked(key, organisation_id, "Putting it aside")
    row.put_aside, row.put_aside_at, row.put_aside_by = why, at, by.name
    row.save(update_fields=["put_aside", "put_aside_at", "put_aside_by"])
    _say("filing.put_aside", f"document:{key}", {"why": why}, organisation_id, by, at)
    return row


@transaction.atomic
def add_volume(patient_id: int, home: str, *, organisation_id: int, by: Actor, at: datetime) -> Volume:
    """Enter the next volume of a patient's paper notes, on its shelf. Raises NotAllowed."""
    if not patients.exists(organisation_id, patient_id):
        raise NotAllowed("as it stands", "Entering it", "There is no such patient here.")
    numbers = [each.number for each in queries.volumes_of(organisation_id, patient_id)]
    row = Volume.objects.create(
        organisation_id=organisation_id,
        patient_id=patient_id,
        number=max(numbers, default=0) + 1,
        home=home,
        added_at=at,
    )
    _say("filing.add_volume", f"volume:{row.pk}", {"number": row.number}, organisation_id, by, at)
    return row


@transaction.atomic
def send(
    key: int, to: str, why: str, due_on: date | None = None, *, organisation_id: int, by: Actor, at: datetime
) -> VolumeOut:
    """A volume goes out to somebody. Raises NotAllowed for one that is not on its shelf."""
    row = _moved(key, Step.SEND, organisation_id)
    today, held = local(at).date(), policy.filing(organisation_id, at)
    due = due_on or today + timedelta(days=held.out_days)
    if due < today:
        raise NotAllowed("as it stands", Step.SEND.meaning, "It would be due before today.")
    row.save()
    out = VolumeOut.objects.create(
        volume=row,
        to=to,
        why=why,
        sent_at=at,
        sent_by=by.name,
        due_on=due,
        chase_on=rules.chase_on(due, None, held, BANK_HOLIDAYS),
    )
    _say("filing.send", f"volume:{key}", {"to": to, "due_on": due.isoformat()}, organisation_id, by, at)
    return out


@transaction.atomic
def chase(key: int, said: str, *, organisation_id: int, by: Actor, at: datetime) -> VolumeOut:
    """It was asked for, and this is what they said; its next day is found. Raises NotAllowed."""
    row = Volume.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    out = _out(row, "Asking for it")
    out.asked, out.said = out.asked + 1, said
    held = policy.filing(organisation_id, at)
    out.chase_on = rules.chase_on(out.due_on, local(at).date(), held, BANK_HOLIDAYS)
    out.save()
    _say("filing.chase", f"volume:{key}", {"asked": out.asked}, organisation_id, by, at)
    return out


@transaction.atomic
def bring_back(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Volume:
    """It is on its shelf again. Raises NotAllowed for one that is not out."""
    row = _moved(key, Step.RETURN, organisation_id)
    _end(_out(row, Step.RETURN.meaning), by, at)
    return _kept(row, "filing.return", {}, by, at)


@transaction.atomic
def call_missing(key: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Volume:
    """Nobody knows where it is; `words`: where it was looked for. Raises NotAllowed."""
    row = _moved(key, Step.MISS, organisation_id)
    if (out := row.times.filter(ended_at__isnull=True).first()) is not None:
        _end(out, by, at)
    row.missing_since, row.missing_words = at, words
    return _kept(row, "filing.miss", {}, by, at)


@transaction.atomic
def find(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Volume:
    """What was missing is on its shelf again. Raises NotAllowed."""
    row = _moved(key, Step.FIND, organisation_id)
    row.missing_since, row.missing_words = None, ""
    return _kept(row, "filing.find", {}, by, at)


def _moved(key: int, step: Step, organisation_id: int) -> Volume:
    row = Volume.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    row.where = rules.after(Where(row.where), step).value
    return row


def _out(row: Volume, event: str) -> VolumeOut:
    out = row.times.filter(ended_at__isnull=True).first()
    if out is None:
        raise NotAllowed(Where(row.where).meaning, event, "It is not out.")
    return out


def _end(out: VolumeOut, by: Actor, at: datetime) -> None:
    out.ended_at, out.ended_by = at, by.name
    out.save(update_fields=["ended_at", "ended_by"])


def _kept(row: Volume, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime) -> Volume:
    row.save()
    _say(verb, f"volume:{row.pk}", detail, row.organisation_id, by, at)
    return row


def _locked(key: int, organisation_id: int, event: str) -> Document:
    """A document that is nobody's. Locks it."""
    row = Document.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.put_aside or row.filings.filter(taken_back_at__isnull=True).exists():
        raise NotAllowed("filed", event, "It is filed, or put aside. Look at it again.")
    return row


@transaction.atomic
def look(key: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody is shown a document that is nobody's yet; called before the document is."""
    _say("filing.look", f"document:{key}", {}, organisation_id, by, at)


def _say(
    verb: str, subject: str, detail: Mapping[str, Any], organisation_id: int, by: Actor, at: datetime
) -> None:
    audit([Entry(verb, subject, detail)], organisation_id=organisation_id, by=by, at=at)
