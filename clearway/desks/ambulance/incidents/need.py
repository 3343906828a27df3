"""Whether an incident is somebody's work now, as the boards and lists of the desk have it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from clearway.core.openings import queries as openings
from clearway.core.openings.actions import Door
from clearway.core.openings.models import Opening
from clearway.core.people.reach import Sites
from clearway.domain.ambulance.need import Concern, Finding, Sending, Traces, Work, work

from ..quality import queries as quality
from ..safeguarding import queries as safeguarding
from .models import Assignment, Incident

CALL_TIMES = (
    *("call_connect_at", "call_answer_at", "nature_of_call_at"),
    *("category_set_at", "clock_start_at", "closed_at"),
)
# The reasons of a look at an incident that is one's own, and of opening one that is not.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "data_quality": "Check a time, a place or a record that cannot be right",
        "which_patient": "Settle with a hospital which patient is meant",
        "welfare": "A concern for the patient's safety or welfare",
        "review": "A complaint, an incident review or a coroner",
        "other": "Something else",
    }
)
PATIENT = Door(
    doing="Opening who the patient is",
    told="looked at who the patient of an incident is, which was not their work",
    reasons=REASONS,
)


def subject_of(incident: str) -> str:
    """How the audit and an opening name an incident."""
    return f"incident:{incident}"


def read(organisation_id: int, incident: str, user_id: int, sites: Sites, at: datetime) -> Work | None:
    """The work item through which this person opens an incident; None where there is none. Four queries."""
    call = Incident.objects.filter(organisation_id=organisation_id, key=incident).first()
    sent = list(
        Assignment.objects.filter(organisation_id=organisation_id, incident=incident)
        .select_related("destination")
        .order_by("pk")
    )
    streams = [subject_of(incident), *(f"assignment:{row.key}" for row in sent)]
    raised = safeguarding.of_incident(organisation_id, incident)
    traces = Traces(
        calls=tuple(time for name in CALL_TIMES if (time := getattr(call, name, None))),
        sendings=tuple(_sending(row) for row in sent),
        findings=tuple(Finding(*row) for row in quality.not_ended(organisation_id, streams)),
        concerns=tuple(
            Concern(row.at, getattr(row, "taken", None) is not None) for row in raised if row.by_id == user_id
        ),
    )
    return work(traces, sites, at)


def standing(organisation_id: int, user_id: int, incident: str, at: datetime) -> Opening | None:
    """The opening by which this person sees who the patient is now. One query."""
    return openings.standing(organisation_id, user_id, [subject_of(incident)], at)


def _sending(row: Assignment) -> Sending:
    times = tuple(datetime.fromisoformat(at) for at in row.stamps.values())
    return Sending(row.destination.code if row.destination else None, row.is_open, times)
