"""What the facts add up to, kept in tables: assignments, incidents, resources and findings.

Everything here can be thrown away and rebuilt from the facts; `clearway verify` does so and compares.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min
from django.db.models.fields.json import KeyTextTransform

from clearway.core.feeds.models import Source
from clearway.core.live.actions import announce
from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import policy, site_by_code
from clearway.domain.ambulance import availability, calls, quality, transitions
from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, Event, JobEvent
from clearway.domain.ambulance.transitions import Assignment as Folded
from clearway.domain.ambulance.words import Availability, CallStatus, JobStatus, ResourceKind, Standing
from clearway.domain.shared.facts import Fact, order_key
from clearway.domain.shared.findings import Finding as Found

from ..incidents.models import Assignment, Identity, Incident
from ..quality.models import Finding
from ..resources.models import Resource
from . import queries


def follow(events: Sequence[Event], *, organisation_id: int, source: Source, at: datetime) -> None:
    """Bring every projection that these newly appended events touch to the present."""
    jobs = [event for event in events if isinstance(event, JobEvent)]
    calls_ = [event for event in events if isinstance(event, CallEvent)]
    changes = [event for event in events if isinstance(event, AvailabilityEvent)]
    _keep_identities(calls_, organisation_id)
    streams = {event.stream for event in jobs} | {event.stream for event in calls_}
    facts = queries.by_stream(organisation_id, streams)
    _follow_assignments({event.stream for event in jobs}, facts, organisation_id, at)
    _follow_incidents(_incidents_touched(jobs, calls_), facts, organisation_id)
    _follow_resources(jobs, changes, organisation_id, source, at)


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
    rows = [assignment_row(each, organisation_id) for each in folded.values()]
    Assignment.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["organisation", "key"],
        update_fields=ASSIGNMENT_FIELDS,
    )
    _replace_findings({stream: each.findings for stream, each in folded.items()}, organisation_id, at)
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
    "is_open",
    "at_hospital_at",
    "known_at",
]


def _job_facts(facts: Iterable[Fact[Event]]) -> list[Fact[JobEvent]]:
    return [fact for fact in facts if isinstance(fact.event, JobEvent)]  # type: ignore[misc]


def fold_jobs(facts: Iterable[Fact[Event]]) -> tuple[Folded, tuple[Found, ...]]:
    """What the facts of one assignment stream add up to."""
    return transitions.fold(_job_facts(facts))


@dataclass(frozen=True, slots=True)
class ReferenceBook:
    """What folding looks things up in: sites by code, what each source can know, and the trust's limits."""

    sites: Mapping[str, Site]
    knows: Mapping[str, frozenset[str]]
    limits: quality.Limits


def reference_book(organisation_id: int, at: datetime) -> ReferenceBook:
    """The organisation's reference book as it stands at an instant. Three queries."""
    sources = Source.objects.filter(organisation_id=organisation_id)
    return ReferenceBook(
        sites=site_by_code(organisation_id),
        knows={source.name: frozenset(source.knows) for source in sources},
        limits=quality.Limits(**policy(organisation_id, "quality_limits", at.date())),
    )


@dataclass(frozen=True, slots=True)
class FoldedAssignment:
    """An assignment stream folded, its destination resolved, its findings complete.

    source  who opened the stream: decides what may be missing without being a finding
    """

    state: Folded
    findings: tuple[Found, ...]
    site: Site | None
    source: str
    known_at: datetime


def fold_assignment(facts: Iterable[Fact[Event]], book: ReferenceBook) -> FoldedAssignment:
    """What the facts of one assignment stream add up to, and everything in it that cannot be right."""
    jobs = _job_facts(facts)
    state, findings = transitions.fold(jobs)
    source = min(jobs, key=lambda fact: order_key(fact, transitions.rank)).source
    known_at = max(fact.known_at for fact in jobs)
    stamps = quality.inspect(
        state, known_at, book.limits, knows_handover="handover" in book.knows.get(source, frozenset())
    )
    nowhere = state.destination is not None and state.destination not in book.sites
    unknown = (Found("HQ20", "destination", f"code {str(state.destination)[:20]}"),) if nowhere else ()
    return FoldedAssignment(
        state, (*findings, *stamps, *unknown), book.sites.get(state.destination or ""), source, known_at
    )


def assignment_row(folded: FoldedAssignment, organisation_id: int) -> Assignment:
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
        is_open=state.is_open,
        at_hospital_at=state.stamps.get(JobStatus.AT_HOSPITAL),
        known_at=folded.known_at,
    )


def _replace_findings(found: Mapping[str, Sequence[Found]], organisation_id: int, at: datetime) -> None:
    Finding.objects.filter(organisation_id=organisation_id, stream__in=found).delete()
    Finding.objects.bulk_create(
        _finding(organisation_id, stream, place, finding, at)
        for stream, findings in found.items()
        for place, finding in enumerate(findings)
    )


def _finding(organisation_id: int, stream: str, place: int, found: Found, at: datetime) -> Finding:
    return Finding(
        organisation_id=organisation_id,
        stream=stream,
        place=place,
        code=found.code,
        what=found.what,
        evidence=found.evidence[:300],
        known_at=at,
    )


def _follow_incidents(
    keys: Collection[str], facts: Mapping[str, list[Fact[Event]]], organisation_id: int
) -> None:
    streams = {f"incident:{key}" for key in keys}
    missing = streams - facts.keys()
    facts = {**facts, **queries.by_stream(organisation_id, missing)}
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
    spoken = [fact for fact in facts if isinstance(fact.event, CallEvent)]
    state = calls.fold(spoken)  # type: ignore[arg-type]
    patient = next((fact.event.patient for fact in spoken if fact.event.patient), None)  # type: ignore[union-attr]
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


def _follow_resources(
    jobs: Sequence[JobEvent],
    changes: Sequence[AvailabilityEvent],
    organisation_id: int,
    source: Source,
    at: datetime,
) -> None:
    call_signs = {event.call_sign for event in (*jobs, *changes)}
    rows = {
        row.call_sign: row
        for row in Resource.objects.filter(organisation_id=organisation_id, call_sign__in=call_signs)
    }
    for call_sign in call_signs - rows.keys():
        rows[call_sign] = Resource(organisation_id=organisation_id, call_sign=call_sign)
    for event in jobs:
        rows[event.call_sign].kind = rows[event.call_sign].kind or event.kind
    fresh = [Fact(event, source.name, at) for event in changes]
    late = _apply_newest(rows, fresh)
    _fold_again(rows, late, organisation_id, at)
    Resource.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["organisation", "call_sign"],
        update_fields=[
            "availability",
            "since",
            "standing",
            "reason",
            "kind",
            "station",
            "skill",
            "shift_start",
            "shift_end",
            "folded_to",
        ],
    )
    announce("resource", call_signs, organisation_id=organisation_id, at=at)


def _apply_newest(rows: Mapping[str, Resource], facts: Iterable[Fact[AvailabilityEvent]]) -> set[str]:
    """Apply facts that are the newest of their resource; return the call signs that need folding again."""
    late = set()
    for fact in sorted(facts, key=lambda fact: order_key(fact, availability.rank)):
        row = rows[fact.event.call_sign]
        place = _place(fact)
        if row.folded_to is not None and place <= row.folded_to:
            late.add(row.call_sign)
            continue
        _note_skipped_step(row, fact)
        _write_standing(row, availability.apply(standing_of(row), fact.event), place)
    return late


def _note_skipped_step(row: Resource, fact: Fact[AvailabilityEvent]) -> None:
    before = Availability(row.availability) if row.availability else None
    if availability.is_legal(before, fact.event.status):
        return
    stream = fact.event.stream
    place = Finding.objects.filter(organisation_id=row.organisation_id, stream=stream).count()
    found = availability.skipped_step(before, fact.event)
    Finding.objects.bulk_create([_finding(row.organisation_id, stream, place, found, fact.known_at)])


def _fold_again(
    rows: Mapping[str, Resource], call_signs: set[str], organisation_id: int, at: datetime
) -> None:
    streams = queries.by_stream(organisation_id, {f"resource:{call_sign}" for call_sign in call_signs})
    for facts in streams.values():
        changes = [fact for fact in facts if isinstance(fact.event, AvailabilityEvent)]
        standing, findings = availability.fold(changes)  # type: ignore[arg-type]
        _replace_findings({f"resource:{standing.call_sign}": findings}, organisation_id, at)
        newest = max(_place(fact) for fact in changes)  # type: ignore[arg-type]
        _write_standing(rows[standing.call_sign], standing, newest)


def _place(fact: Fact[AvailabilityEvent]) -> list[Any]:
    occurred_at, *rest = order_key(fact, availability.rank)
    return [occurred_at.timestamp(), *rest]


def standing_of(row: Resource) -> availability.ResourceStanding:
    """The domain value of one row."""
    return availability.ResourceStanding(
        call_sign=row.call_sign,
        availability=Availability(row.availability) if row.availability else None,
        since=row.since,
        standing=Standing(row.standing) if row.standing else None,
        reason=row.reason,
        kind=ResourceKind(row.kind) if row.kind else None,
        station=row.station,
        skill=row.skill,
        shift_start=row.shift_start,
        shift_end=row.shift_end,
    )


def _write_standing(row: Resource, standing: availability.ResourceStanding, place: list[Any]) -> None:
    row.availability = standing.availability
    row.since = standing.since
    row.standing = standing.standing
    row.reason = standing.reason
    row.kind = standing.kind or row.kind
    row.station = standing.station
    row.skill = standing.skill
    row.shift_start = standing.shift_start
    row.shift_end = standing.shift_end
    row.folded_to = place
