"""Keeping assignments and incidents as their facts add up.

Everything here can be thrown away and rebuilt from the facts; `clearway verify` does so and compares.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Min
from django.db.models.fields.json import KeyTextTransform

from clearway.core.live.actions import announce
from clearway.domain.ambulance import calls
from clearway.domain.ambulance.events import CallEvent, Event, JobEvent
from clearway.domain.ambulance.words import CallStatus, JobStatus
from clearway.domain.shared.facts import Fact

from ..facts import queries as facts_of
from ..quality import actions as findings
from .folding import FoldedAssignment, fold_assignment, reference_book
from .models import Assignment, Identity, Incident


def follow(
    jobs: Sequence[JobEvent], spoken: Sequence[CallEvent], *, organisation_id: int, at: datetime
) -> None:
    """Bring the assignments and incidents that these newly appended events touch to the present."""
    _keep_identities(spoken, organisation_id)
    streams = {event.stream for event in jobs}
    incidents = _incidents_touched(jobs, spoken)
    facts = facts_of.by_stream(organisation_id, streams | {f"incident:{key}" for key in incidents})
    _follow_assignments(streams, facts, organisation_id, at)
    _follow_incidents(incidents, facts, organisation_id)


def _incidents_touched(jobs: Sequence[JobEvent], calls_: Sequence[CallEvent]) -> set[str]:
    allocated = {event.incident for event in jobs if event.status is JobStatus.ALLOCATED}
    return {event.incident for event in calls_} | allocated


def _follow_assignments(
    streams: set[str],
    facts: Mapping[str, list[Fact[Event]]],
    organisation_id: int,
    at: datetime,
) -> None:
    if not streams:
        return
    book = reference_book(organisation_id, at)
    folded = {stream: fold_assignment(facts[stream], book) for stream in streams}
    before = set(
        Assignment.objects.filter(
            organisation_id=organisation_id, key__in=[each.state.key for each in folded.values()]
        ).values_list("destination__code", flat=True)
    )
    rows = [_assignment_row(each, organisation_id) for each in folded.values()]
    Assignment.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["organisation", "key"],
        update_fields=ASSIGNMENT_FIELDS,
    )
    findings.replace({stream: each.findings for stream, each in folded.items()}, organisation_id, at)
    codes = {each.site.code if each.site else "" for each in folded.values()}
    announce("site", codes | {code or "" for code in before}, organisation_id=organisation_id, at=at)


ASSIGNMENT_FIELDS = [
    "incident",
    "call_sign",
    "source",
    "state",
    "since",
    "kind",
    "category",
    "destination_code",
    "destination",
    "stamps",
    "carer",
    "is_open",
    "at_hospital_at",
    "known_at",
]


def _assignment_row(folded: FoldedAssignment, organisation_id: int) -> Assignment:
    """The row of one folded assignment."""
    state = folded.state
    return Assignment(
        organisation_id=organisation_id,
        key=state.key,
        incident=state.incident,
        call_sign=state.call_sign,
        source=folded.source,
        state=state.state,
        since=state.since,
        kind=state.kind,
        category=state.category,
        destination_code=state.destination,
        destination_id=folded.site.pk if folded.site else None,
        stamps={status.value: at.isoformat() for status, at in state.stamps.items()},
        carer=state.carer,
        is_open=state.is_open,
        at_hospital_at=state.stamps.get(JobStatus.AT_HOSPITAL),
        known_at=folded.known_at,
    )


def _follow_incidents(
    keys: Collection[str], facts: Mapping[str, list[Fact[Event]]], organisation_id: int
) -> None:
    streams = {f"incident:{key}" for key in keys}
    allocated = dict(
        Assignment.objects.filter(organisation_id=organisation_id, incident__in=keys)
        .annotate(first=KeyTextTransform("allocated", "stamps"))
        .values("incident")
        .annotate(first_allocated=Min("first"))
        .values_list("incident", "first_allocated")
    )
    rows = [
        _incident_row(facts[stream], allocated.get(stream.removeprefix("incident:")), organisation_id)
        for stream in streams
        if stream in facts
    ]
    Incident.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["organisation", "key"],
        update_fields=[
            field.name for field in Incident._meta.fields if field.name not in ("id", "organisation", "key")
        ],
    )


def _incident_row(facts: list[Fact[Event]], first_allocated: str | None, organisation_id: int) -> Incident:
    spoken = facts_of.of_kind(CallEvent, facts)
    state = calls.fold(spoken)
    patient = next((fact.event.patient for fact in spoken if fact.event.patient), None)
    start = calls.clock_start(state, datetime.fromisoformat(first_allocated) if first_allocated else None)
    return Incident(
        organisation_id=organisation_id,
        key=state.key,
        category=state.category,
        nature=state.nature,
        latitude=state.position.latitude if state.position else None,
        longitude=state.position.longitude if state.position else None,
        area=state.area,
        patient_age=patient.age if patient else None,
        patient_sex=patient.sex if patient else None,
        call_connect_at=state.stamps.get(CallStatus.CALL_CONNECT),
        call_answer_at=state.stamps.get(CallStatus.CALL_ANSWER),
        nature_of_call_at=state.stamps.get(CallStatus.NATURE_OF_CALL),
        category_set_at=state.stamps.get(CallStatus.CATEGORY_SET),
        clock_start_at=start,
        closed_at=state.stamps.get(CallStatus.CLOSED),
    )


def _keep_identities(events: Sequence[CallEvent], organisation_id: int) -> None:
    known = {
        event.incident: event.patient
        for event in events
        if event.patient and (event.patient.name or event.patient.nhs_number or event.patient.born_on)
    }
    Identity.objects.bulk_create(
        (
            Identity(
                organisation_id=organisation_id,
                incident=incident,
                name=patient.name,
                nhs_number=patient.nhs_number,
                born_on=patient.born_on,
            )
            for incident, patient in known.items()
        ),
        update_conflicts=True,
        unique_fields=["organisation", "incident"],
        update_fields=["name", "nhs_number", "born_on"],
    )


def forget(organisation_id: int, streams: Collection[str]) -> None:
    """Take away the assignments, incidents and identities of streams that have no facts any more."""
    jobs = [stream.removeprefix("assignment:") for stream in streams if stream.startswith("assignment:")]
    calls_ = [stream.removeprefix("incident:") for stream in streams if stream.startswith("incident:")]
    Assignment.objects.filter(organisation_id=organisation_id, key__in=jobs).delete()
    Incident.objects.filter(organisation_id=organisation_id, key__in=calls_).delete()
    Identity.objects.filter(organisation_id=organisation_id, incident__in=calls_).delete()
