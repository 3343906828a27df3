"""Enquiries in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import local
from clearway.domain.outpatients.enquiries import OF_COMPLAINTS, About, Caller, Result, Urgency, Way

from .models import Enquiry

COMPLAINT = About.COMPLAINT.value


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list. stands: what is to be done next; is_late: past its time."""

    key: int
    came_at: datetime
    who: str
    patient_id: int | None
    about: str
    words: str
    clinician: str
    promised_by: datetime
    stands: str
    is_late: bool
    is_urgent: bool


def lines(rows: Iterable[Enquiry], at: datetime) -> list[Line]:
    return [_line(row, at) for row in rows]


def _line(row: Enquiry, at: datetime) -> Line:
    return Line(
        key=row.pk,
        came_at=row.came_at,
        who=who(row),
        patient_id=row.patient_id,
        about=About(row.about).meaning,
        words=row.words,
        clinician=row.clinician.name if row.clinician else "",
        promised_by=row.promised_by,
        stands=stands(row),
        is_late=is_late(row, at),
        is_urgent=row.urgency == Urgency.URGENT,
    )


def is_late(row: Enquiry, at: datetime) -> bool:
    """Past the time of the answer, or a complaint past its day of acknowledgement."""
    if row.closed_at is not None:
        return False
    waits = row.acknowledge_by if row.acknowledged_at is None else None
    return row.promised_by < at or (waits is not None and waits < local(at).date())


def who(row: Enquiry) -> str:
    """The patient it is about, and who called where that is somebody else."""
    caller = "" if row.caller == Caller.PATIENT else Caller(row.caller).meaning
    name = f"{row.caller_name} ({caller})" if row.caller_name and caller else row.caller_name or caller
    if row.patient is None:
        return name
    return f"{row.patient}; {name}" if name else str(row.patient)


def stands(row: Enquiry) -> str:
    """Where it stands, as what is to be done next."""
    if row.closed_at is not None:
        return f"Closed: {Result(row.result).meaning}"
    if row.escalated_at is not None and row.taken_at is None:
        return "Passed to the team leader"
    if row.answered_at is not None:
        return "Answered: tell the caller"
    if row.about == COMPLAINT:
        return "Answer in writing" if row.acknowledged_at else "Acknowledge"
    if row.clinician is not None:
        return f"Waits for {row.clinician.name}"
    return "Answer"


def options(kind: type[About] | type[Caller] | type[Way] | type[Urgency]) -> list[tuple[str, str]]:
    """Values and words of a kind, as a form offers them."""
    return [(each.value, each.meaning[:1].upper() + each.meaning[1:]) for each in kind]


def results(row: Enquiry) -> list[tuple[str, str]]:
    """What can come of this one."""
    is_complaint = row.about == COMPLAINT
    fitting: Sequence[Result] = [
        each for each in Result if (each in OF_COMPLAINTS) == is_complaint or each is Result.WITHDRAWN
    ]
    return [(each.value, each.meaning[:1].upper() + each.meaning[1:]) for each in fitting]


def facts(row: Enquiry) -> list[tuple[str, str]]:
    """How it came and by whom, for the page of one."""
    reached = row.number or (row.patient.phone or row.patient.mobile if row.patient else "")
    return [
        ("Who", who(row)),
        ("Ring back", reached or "No number is known"),
        ("About", About(row.about).meaning.capitalize()),
        ("Came by", f"{Way(row.way).meaning.capitalize()}, taken by {row.taken_by}"),
        ("How soon", Urgency(row.urgency).meaning.capitalize()),
        ("For", row.clinician.name if row.clinician else "The office"),
    ]
