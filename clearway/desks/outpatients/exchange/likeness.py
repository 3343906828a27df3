"""Somebody of another system who looks like a patient here: a person says whether they are one.

The answer is kept with what the other system calls them, so that the message which waits, those behind it and
all that come later are read by it. It can be taken back: then the next message asks again.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.outpatients.identity import Person
from clearway.domain.outpatients.told import Identity, PersonTold
from clearway.domain.shared.errors import NotAllowed

from ..patients import actions as patients
from ..patients import queries as known_here
from .envelope import Envelope, Kind, remember
from .models import Counterpart
from .people import columns

Answer = Counterpart.Answer


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody who is told of. row: the line of quarantine that asks who they are"""

    envelope: Envelope
    told: PersonTold
    row: int

    @property
    def who(self) -> Identity:
        return self.told.who

    def known(self) -> Counterpart | None:
        """What is kept of their number. One query."""
        rows = Counterpart.objects.filter(source=self.envelope.source, kind=Kind.PATIENT)
        return rows.filter(theirs=self.who.number).first()

    def alike(self) -> list[Any]:
        """The patients here who may be this person. One query."""
        who = self.who
        if who.born_on is None or not who.family_name:
            return []
        person = Person(who.family_name, who.given_names, who.born_on, who.nhs_number or None)
        return known_here.look_alikes(self.envelope.source.organisation_id, person)


@transaction.atomic
def answer(
    question: Question, patient_id: int | None, why: str, *, organisation_id: int, by: Actor, at: datetime
) -> Counterpart:
    """Say which patient here this number is; None: none of those who look alike.

    The caller reads again what waits. Raises NotAllowed without a reason, for a patient who does not look
    like them, and for a number that is somebody's already.
    """
    event = "Saying who this is"
    one_at_a_time(Lock.EXCHANGE, question.envelope.source.pk)
    _check_said(why, event)
    known = question.known()
    if known is not None and (known.answer or known.ours is not None):
        raise NotAllowed("said already", event, "It is said already who this is. Take that back first.")
    if patient_id is not None and patient_id not in {each.pk for each in question.alike()}:
        raise NotAllowed("not alike", event, "Choose one of the patients who are shown beside them.")
    said: dict[str, Any] = {
        "answer": Answer.OTHER if patient_id is None else Answer.SAME,
        "answered_at": at,
        "answered_by": by.name,
        "answered_for": question.row,
    }
    if known is not None:  # what was told of them before is still to be read
        said |= {"told_at": known.told_at, "key": known.key, "batch": known.batch}
    row = remember(question.envelope, Kind.PATIENT, question.who.number, patient_id, **said)
    detail = {"counterpart": row.pk, "answer": row.answer, "why": why.strip()[:300]}
    entry = Entry("exchange.answer", _subject(patient_id, question), detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def as_it_stands(patient_id: int, told: PersonTold, organisation_id: int) -> dict[str, Any]:
    """What the record here says in the columns that are told. One query."""
    row = known_here.one(organisation_id, patient_id)
    return {name: _plain(getattr(row, name)) for name in columns(told)}


def note_changed(row: Counterpart, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Keep what their messages changed of the patient, in the caller's transaction."""
    changed = {name: [was, after[name]] for name, was in before.items() if after[name] != was}
    Counterpart.objects.filter(pk=row.pk).update(changed=changed)


@transaction.atomic
def take_back(question: Question, why: str, *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Take an answer back: the number is nobody's again, and the next message asks anew.

    What their messages changed of that patient becomes as it was, where nobody has changed it since; how many
    details. What was booked meanwhile stands: no appointment goes by itself.
    Raises NotAllowed without a reason, without an answer, and once the other person is registered.
    """
    event = "Taking this back"
    one_at_a_time(Lock.EXCHANGE, question.envelope.source.pk)
    _check_said(why, event)
    known = question.known()
    if known is None or not known.answer:
        raise NotAllowed("not said", event, "Nobody has said who this is.")
    if known.answer == Answer.OTHER and known.ours is not None:
        fix = "They are registered as another patient. Merge the two records on the patient's page instead."
        raise NotAllowed("registered", event, fix)
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    restored = _restore(known.ours, known.changed, **scope) if known.ours is not None else []
    detail = {"counterpart": known.pk, "answer": known.answer, "fields": restored, "why": why.strip()[:300]}
    audit([Entry("exchange.take_back", _subject(known.ours, question), detail)], **scope)
    gone: dict[str, Any] = {
        "answer": "",
        "answered_at": None,
        "answered_by": "",
        "answered_for": None,
        "changed": {},
    }
    Counterpart.objects.filter(pk=known.pk).update(ours=None, **gone)
    return len(restored)


def _restore(
    patient_id: int, changed: dict[str, Any], *, organisation_id: int, by: Actor, at: datetime
) -> list[str]:
    row = known_here.one(organisation_id, patient_id)
    back = {
        name: date.fromisoformat(was) if name == "born_on" else was
        for name, (was, told) in changed.items()
        if _plain(getattr(row, name)) == told
    }
    if back:
        patients.change(row.pk, back, confirms=False, organisation_id=organisation_id, by=by, at=at)
    return sorted(back)


def _check_said(why: str, event: str) -> None:
    if not why.strip():
        raise NotAllowed("not said", event, "Say how you know it.")


def _subject(patient_id: int | None, question: Question) -> str:
    return f"quarantined:{question.row}" if patient_id is None else f"patient:{patient_id}"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
