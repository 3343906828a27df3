"""An incident in words. Nothing here knows who the patient is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from clearway.core.layout.times import in_text
from clearway.domain.ambulance.events import CallEvent, Event, HospitalEvent, JobEvent
from clearway.domain.ambulance.intervals import INTERVALS, minutes
from clearway.domain.ambulance.quality import RULES
from clearway.domain.ambulance.words import JobStatus, StatusSource
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.findings import Finding

from .models import Assignment, Incident
from .pages import Everything

LATE = timedelta(seconds=60)  # known so long after it happened: said beside it
PRESSED_BY: Mapping[StatusSource, str] = MappingProxyType(
    {
        StatusSource.CREW: "the crew",
        StatusSource.AVL: "the vehicle's tracker",
        StatusSource.EOC: "the control room",
        StatusSource.HALO: "the hospital ambulance liaison officer",
        StatusSource.HOSPITAL: "the hospital",
        StatusSource.RULE: "a rule, by itself",
        StatusSource.CAD: "the dispatch system (CAD)",
    }
)
CALL_TIMES = {
    "Call connected": "call_connect_at",
    "Call answered": "call_answer_at",
    "Nature of call": "nature_of_call_at",
    "Category set": "category_set_at",
    "Clock started": "clock_start_at",
    "Closed": "closed_at",
}


@dataclass(frozen=True, slots=True)
class Stamped:
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """One resource sent to the incident, with every stamp it has and what lies between them."""

    call_sign: str
    kind: str
    state: str
    destination: str
    stamps: tuple[Stamped, ...]
    intervals: tuple[tuple[str, float], ...]
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One thing a source said. `late_by` minutes is set when it was known well after it happened."""

    occurred_at: datetime
    known_at: datetime
    late_by: float | None
    source: str
    about: str
    what: str


@dataclass(frozen=True, slots=True)
class IncidentPage:
    key: str
    category: str
    nature: str
    area: str
    patient: str
    call_times: tuple[Stamped, ...]
    sendings: tuple[Sending, ...]
    findings: tuple[str, ...]
    told: tuple[Told, ...]


def page(read: Everything) -> IncidentPage:
    """Everything about one incident in words."""
    incident = read.incident
    return IncidentPage(
        key=read.key,
        category=(incident and incident.category) or "No data",
        nature=(incident and incident.nature) or "No data",
        area=_area(incident, read.areas),
        patient=_patient(incident),
        call_times=_call_times(incident),
        sendings=tuple(_sending(row, read) for row in read.assignments),
        findings=_findings(read, f"incident:{read.key}"),
        told=tuple(_told(fact, read.sites) for fact in read.facts),
    )


def _area(incident: Incident | None, areas: dict[str, str]) -> str:
    """The name of the area; a code that the region does not have stays as it was sent."""
    code = (incident and incident.area) or ""
    return areas.get(code, code) or "No data"


def _patient(incident: Incident | None) -> str:
    if incident is None or (incident.patient_age is None and not incident.patient_sex):
        return "No data"
    age = "" if incident.patient_age is None else f"{incident.patient_age} years"
    return ", ".join(part for part in (age, incident.patient_sex) if part)


def _call_times(incident: Incident | None) -> tuple[Stamped, ...]:
    if incident is None:
        return ()
    times = ((words, getattr(incident, field)) for words, field in CALL_TIMES.items())
    return tuple(Stamped(words, at) for words, at in times if at is not None)


def _sending(row: Assignment, read: Everything) -> Sending:
    stamps = {JobStatus(status): datetime.fromisoformat(at) for status, at in row.stamps.items()}
    lengths = ((name, minutes(stamps, name)) for name in INTERVALS)
    return Sending(
        call_sign=row.call_sign,
        kind=row.kind or "No data",
        state=_words(row.state),
        destination=_destination(row, read.sites),
        stamps=tuple(Stamped(_words(status), stamps[status]) for status in JobStatus if status in stamps),
        intervals=tuple((_words(name), length) for name, length in lengths if length is not None),
        findings=_findings(read, f"assignment:{row.key}"),
    )


def _destination(row: Assignment, sites: dict[str, str]) -> str:
    if row.destination:
        return row.destination.name
    return f"{row.destination_code} (not a known site)" if row.destination_code else "Not known"


def _findings(read: Everything, stream: str) -> tuple[str, ...]:
    return tuple(
        f"{finding.code} {RULES[finding.code].sentence if finding.code in RULES else _words(finding.what)}:"
        f" {_evidence(finding.evidence)}{_beside(read, stream, finding)}"
        for finding in read.findings.get(stream, [])
    )


def _beside(read: Everything, stream: str, finding: Finding) -> str:
    """What was agreed or proposed in its place, which the source has not said."""
    word, value = read.beside.get((stream, finding.code, finding.what), ("", None))
    return f"; {word}: {in_text(value.isoformat(sep=' ', timespec='seconds'))}" if value else ""


def _told(fact: Fact[Event], sites: dict[str, str]) -> Told:
    event, late = fact.event, fact.known_at - fact.event.occurred_at
    return Told(
        occurred_at=event.occurred_at,
        known_at=fact.known_at,
        late_by=late.total_seconds() / 60 if late > LATE else None,
        source=fact.source,
        about=event.call_sign if isinstance(event, JobEvent) else "Incident",
        what=_said(event, sites),
    )


def _said(event: Event, sites: dict[str, str]) -> str:
    if isinstance(event, HospitalEvent):
        return f"Report of {sites.get(event.site, event.site)}"
    words = [_words(event.status)]
    if isinstance(event, JobEvent):
        if event.destination:
            words.append(f"to {sites.get(event.destination, event.destination)}")
        words.append(f"pressed by {PRESSED_BY[event.source]}")
    if isinstance(event, CallEvent) and event.category:
        words.append(str(event.category))
    return ", ".join(words)


def _evidence(text: str) -> str:
    return in_text(text).replace("_", " ")


def _words(code: str) -> str:
    return str(code).replace("_", " ").capitalize()


def nhs_number(digits: str | None) -> str:
    """Ten digits as people read them: "999 123 4567"."""
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}" if digits else "Not sent"
