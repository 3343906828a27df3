"""Taking a call or message, passing it on, answering it, and closing it with its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import check_fields
from clearway.core.layout.times import LONDON, local
from clearway.domain.outpatients import enquiries as rules
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.enquiries import About, Caller, Result, Urgency, Way
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..clinics import queries as clinics
from ..outcomes import actions as outcomes
from ..patients import queries as patients
from ..waiting import actions as waiting
from . import queries
from .models import Enquiry

OF_PATIENT = frozenset({Caller.PATIENT, Caller.RELATIVE})
PASSING = "Passing it on"
REACHED = frozenset({Result.ANSWERED, Result.TOLD, Result.BOOKED, Result.PASSED, Result.SETTLED})


@dataclass(frozen=True, slots=True)
class New:
    """A call or message as somebody takes it. urgency None: the usual one of what it is about."""

    about: About
    words: str
    caller: Caller = Caller.PATIENT
    way: Way = Way.PHONE
    caller_name: str = ""
    number: str = ""
    patient_id: int | None = None
    clinician_id: int | None = None
    urgency: Urgency | None = None


@transaction.atomic
def take(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Enquiry:
    """Write down a call or message. Raises NotAllowed for a patient or clinician who is not of this trust.

    Who did not come and asks for another date has asked for it today, which the clock is told.
    """
    event = "Taking this message"
    if new.patient_id is None and not new.caller_name.strip():
        raise NotAllowed("nobody is named", event, "Find the patient, or write who calls.")
    if new.patient_id is not None and not patients.exists(organisation_id, new.patient_id):
        raise NotAllowed("as it stands", event, "There is no such patient here.")
    if new.clinician_id is not None and not _works_here(organisation_id, new.clinician_id):
        raise NotAllowed("as it stands", event, "There is no such clinician here.")
    urgency = new.urgency or rules.usual_urgency(new.about)
    held, here = policy.enquiries(organisation_id, at), local(at)
    promised = rules.promised_by(urgency, here, held, BANK_HOLIDAYS)
    acknowledge_by = None
    if new.about is About.COMPLAINT:
        days = rules.deadlines(here.date(), held, BANK_HOLIDAYS)
        acknowledge_by = days.acknowledge_by
        promised = datetime(*days.answer_by.timetuple()[:3], held.closes % 24, tzinfo=LONDON)
    row = Enquiry.objects.create(
        organisation_id=organisation_id,
        came_at=at,
        taken_by=by.name,
        way=new.way.value,
        caller=new.caller.value,
        caller_name=new.caller_name.strip(),
        number=new.number.strip(),
        patient_id=new.patient_id,
        about=new.about.value,
        words=new.words,
        clinician_id=new.clinician_id,
        urgency=urgency.value,
        promised_by=promised,
        acknowledge_by=acknowledge_by,
    )
    detail: dict[str, object] = {"about": row.about, "urgency": row.urgency, "clinician": row.clinician_id}
    if new.about is About.ANOTHER_DATE and new.patient_id is not None and new.caller in OF_PATIENT:
        who: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
        detail["misses"] = outcomes.asked_again(new.patient_id, new.way.value, new.words, **who)
    return _saved(row, "enquiries.take", detail, by, at)


@transaction.atomic
def answer(key: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Enquiry:
    """A therapist answers a message; the office tells the caller. Raises NotAllowed, Enquiry.DoesNotExist."""
    row = _open(key, organisation_id, "Answering it")
    if row.answered_at is not None:
        raise NotAllowed("answered", "Answering it", f"{row.answered_by} has answered it already.")
    row.answer, row.answered_at, row.answered_by = words, at, by.name
    return _saved(row, "enquiries.answer", {}, by, at)


def says(row: Enquiry) -> dict[str, Any]:
    """For whom it is left, to be held against whom somebody leaves it for."""
    return {"clinician": row.clinician_id}


@transaction.atomic
def pass_to(
    key: int,
    clinician_id: int,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    seen: Mapping[str, Any] | None = None,
) -> Enquiry:
    """Leave it for a clinician, or for another one.

    seen  for whom it was left when the page was opened, as `says` gives it
    Raises NotAllowed, Enquiry.DoesNotExist, and ChangedMeanwhile where it was left for another since.
    """
    row = _open(key, organisation_id, PASSING)
    if row.answered_at is not None:
        raise NotAllowed("answered", PASSING, f"{row.answered_by} has answered it already.")
    if not _works_here(organisation_id, clinician_id):
        raise NotAllowed("open", PASSING, "There is no such clinician here.")
    if seen is not None:
        check_fields({"clinician": clinician_id}, seen, says(row), PASSING)
    before, row.clinician_id = row.clinician_id, clinician_id
    return _saved(row, "enquiries.pass", {"to": clinician_id, "was": before}, by, at)


@transaction.atomic
def acknowledge(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Enquiry:
    """The complainant was told that the complaint has come. Raises NotAllowed, Enquiry.DoesNotExist."""
    row = _open(key, organisation_id, "Acknowledging it")
    if row.about != About.COMPLAINT:
        raise NotAllowed("no complaint", "Acknowledging it", "Only a complaint is acknowledged.")
    if row.acknowledged_at is not None:
        raise NotAllowed("acknowledged", "Acknowledging it", f"{row.acknowledged_by} did so already.")
    row.acknowledged_at, row.acknowledged_by = at, by.name
    return _saved(row, "enquiries.acknowledge", {}, by, at)


@transaction.atomic
def escalate(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Enquiry:
    """Pass what is serious to the team leader. Raises NotAllowed, Enquiry.DoesNotExist."""
    row = _open(key, organisation_id, "Escalating it")
    if row.escalated_at is not None:
        raise NotAllowed("escalated", "Escalating it", f"{row.escalated_by} passed it on already.")
    row.escalated_at, row.escalated_by, row.escalated_why = at, by.name, why
    return _saved(row, "enquiries.escalate", {}, by, at)


@transaction.atomic
def lead(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Enquiry:
    """The team leader takes what was escalated. Raises NotAllowed, Enquiry.DoesNotExist."""
    row = _open(key, organisation_id, "Taking it over")
    if row.escalated_at is None or row.taken_at is not None:
        why = f"{row.leader} has it." if row.taken_at else "Nobody passed it to a team leader."
        raise NotAllowed("as it stands", "Taking it over", why)
    row.taken_at, row.leader = at, by.name
    return _saved(row, "enquiries.lead", {}, by, at)


@transaction.atomic
def close(
    key: int, result: Result, words: str = "", *, organisation_id: int, by: Actor, at: datetime
) -> Enquiry:
    """Close it with what came of it; a patient who was told gets a contact of it.

    Raises NotAllowed, with what to do first, and Enquiry.DoesNotExist.
    """
    row = _open(key, organisation_id, "Closing it")
    rules.check_close(queries.stands(row), result, local(at).date(), BANK_HOLIDAYS)
    row.result, row.closing, row.closed_at, row.closed_by = result.value, words, at, by.name
    if row.patient_id is not None and row.caller == Caller.PATIENT and result in REACHED:
        said = f"Answered about: {About(row.about).meaning}"
        attempt = waiting.Attempt(row.patient_id, "enquiry", row.way, said, outcome="answered")
        waiting.contact(attempt, organisation_id=organisation_id, by=by, at=at)
    return _saved(row, "enquiries.close", {"result": row.result}, by, at)


def _works_here(organisation_id: int, clinician_id: int) -> bool:
    return clinics.clinicians(organisation_id).filter(pk=clinician_id).exists()


def _open(key: int, organisation_id: int, event: str) -> Enquiry:
    row = Enquiry.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.closed_at is not None:
        raise NotAllowed("closed", event, f"{row.closed_by} closed it. Look at it again.")
    return row


def _saved(row: Enquiry, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime) -> Enquiry:
    row.save()
    entry = Entry(verb, f"enquiry:{row.pk}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    return row
