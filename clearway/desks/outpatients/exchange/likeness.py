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
from .people import plain

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
    like them or has another NHS number, and for a number that is somebody's already.
    """
    event = "Saying who this is"
    one_at_a_time(Lock.EXCHANGE, question.envelope.source.pk)
    _check_said(why, event)
    known = question.known()
    if known is not None and (known.answer or known.ours is not None):
        raise NotAllowed("said already", event, "It is said already who this is. Take that back first.")
    if patient_id is not None:
        _check_may_be(patient_id, question, event)
    said: dict[str, Any] = {
        "answer": Answer.OTHER if patient_id is None else Answer.SAME,
        "answered_at": at,
        "answered_by": by.name,
        "answered_for": question.row,
    }
    if known is not None:  # what was told of them before is still to be read
        said |= {"told_at": known.told_at, "sequence": known.sequence}
        said |= {"key": known.key, "batch": known.batch}
    row = remember(question.envelope, Kind.PATIENT, question.who.number, patient_id, **said)
    detail = {"counterpart": row.pk, "answer": row.answer, "why": why.strip()[:300]}
    entry = Entry("exchange.answer", _subject(patient_id, question), detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def _check_may_be(patient_id: int, question: Question, event: str) -> None:
    chosen = next((each for each in question.alike() if each.pk == patient_id), None)
    if chosen is None:
        raise NotAllowed("not alike", event, "Choose one of the patients who are shown beside them.")
    theirs = question.who.nhs_number
    if theirs and chosen.nhs_number and theirs != chosen.nhs_number:
        why = "Their NHS numbers differ. They are two people, or one number is wrong: mend that one first."
        raise NotAllowed("two NHS numbers", event, why)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Columns of the patient that are as before, and those that stay as somebody has written them since."""

    restored: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@transaction.atomic
def take_back(question: Question, why: str, *, organisation_id: int, by: Actor, at: datetime) -> TakenBack:
    """Take an answer back: the number is nobody's again, and the next message asks anew.

    What their messages changed of that patient becomes as it was, where nobody has changed it since. What was
    booked meanwhile stands: no appointment goes by itself.
    Raises NotAllowed without a reason, without an answer, once the other person is registered, and while a
    death stands that their messages recorded: it is withdrawn on the patient's page first.
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
    back = _restore(known.ours, known.changed, **scope) if known.ours is not None else TakenBack()
    detail = {"counterpart": known.pk, "answer": known.answer, "why": why.strip()[:300]}
    detail |= {"fields": list(back.restored), "left": list(back.left)}
    audit([Entry("exchange.take_back", _subject(known.ours, question), detail)], **scope)
    gone: dict[str, Any] = {
        "answer": "",
        "answered_at": None,
        "answered_by": "",
        "answered_for": None,
        "changed": {},
    }
    Counterpart.objects.filter(pk=known.pk).update(ours=None, **gone)
    return back


def _restore(
    patient_id: int, changed: dict[str, Any], *, organisation_id: int, by: Actor, at: datetime
) -> TakenBack:
    row = known_here.one(organisation_id, patient_id).stands
    is_theirs = {name: plain(getattr(row, name)) == told for name, (_, told) in changed.items()}
    if is_theirs.pop("died_on", False):
        fix = "Their messages recorded a death of this patient. Withdraw it on the patient's page first."
        raise NotAllowed("a death", "Taking this back", fix)
    back = {
        name: date.fromisoformat(changed[name][0]) if name == "born_on" else changed[name][0]
        for name, is_so in is_theirs.items()
        if is_so
    }
    if back:
        patients.change(row.pk, back, confirms=False, organisation_id=organisation_id, by=by, at=at)
    return TakenBack(tuple(sorted(back)), tuple(sorted(is_theirs.keys() - back.keys())))


def _check_said(why: str, event: str) -> None:
    if not why.strip():
        raise NotAllowed("not said", event, "Say how you know it.")


def _subject(patient_id: int | None, question: Question) -> str:
    return f"quarantined:{question.row}" if patient_id is None else f"patient:{patient_id}"
