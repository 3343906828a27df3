"""The native events of the ambulance desk: what a CAD, a crew or a hospital says happened.

These frozen values are both the domain's events and the wire format (one JSON object a line); the
generated reference is docs/reference/events.md. Every event carries `message_id`, unique within its
source, and `occurred_at`, when it happened by the source's clock. `sequence`, where the source has one,
orders the events of one stream that happened in the same second.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from .words import (
    Availability,
    CallStatus,
    Category,
    HospitalMeasure,
    JobStatus,
    ReceivingUnit,
    ResourceKind,
    Standing,
    StatusSource,
)

Identifier = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
ShortText = Annotated[str, Meta(max_length=200)]
Instant = Annotated[datetime, Meta(tz=True)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Sequence = Annotated[int, Meta(ge=0, le=2**62)]
Count = Annotated[int, Meta(ge=0, le=9999)]
Patients = Annotated[int, Meta(ge=1, le=9)]


class Patient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of the patient. Age and sex are operational; the rest is identity and is kept apart."""

    age: Annotated[int, Meta(ge=0, le=130)] | None = None
    sex: Annotated[str, Meta(pattern="^(female|male|indeterminate|unknown)$")] | None = None
    name: ShortText | None = None
    nhs_number: Annotated[str, Meta(pattern=r"^\d{10}$")] | None = None
    born_on: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class CallEvent(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type", tag="call"
):
    """Something about an incident itself: call times, category, place."""

    message_id: Identifier
    occurred_at: Instant
    incident: Identifier
    status: CallStatus
    sequence: Sequence | None = None
    category: Category | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    area: Identifier | None = None
    nature: ShortText | None = None
    patient: Patient | None = None

    @property
    def stream(self) -> str:
        return f"incident:{self.incident}"


class JobEvent(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type", tag="job"
):
    """A status of one resource on one assignment.

    assignment   the CAD's own key for this sending of this resource; needed only where a call sign can be
                 allocated twice to one incident, else incident and call sign make the key
    destination  the ODS code of the receiving site, when the event knows it
    same_as      of a job that was kept by hand: the CAD's assignment that it turned out to be, in which all
                 of it now stands
    corrects     the message id of this source's earlier event of the same status whose time this one replaces
    user         who pressed, as the source's own key of the person: never a name
    accepted_by  who at the hospital took the patient over, as a role: "nurse in charge"
    cared_by     of the start of a cohort: call sign of the crew or team that looks after the patient there
    unit         which part of the site receives the patient
    emergency    whether the source counts the arrival as one at an emergency department
    patients     how many patients are in the vehicle, or are handed over by this handover; one where it is
                 not said
    """

    message_id: Identifier
    occurred_at: Instant
    incident: Identifier
    call_sign: Identifier
    status: JobStatus
    sequence: Sequence | None = None
    assignment: Identifier | None = None
    destination: Identifier | None = None
    category: Category | None = None
    kind: ResourceKind | None = None
    source: StatusSource = StatusSource.CAD
    note: ShortText | None = None
    same_as: Identifier | None = None
    corrects: Identifier | None = None
    user: Identifier | None = None
    accepted_by: ShortText | None = None
    cared_by: Identifier | None = None
    unit: ReceivingUnit | None = None
    emergency: bool | None = None
    patients: Patients | None = None

    @property
    def assignment_key(self) -> str:
        return self.assignment or f"{self.incident}/{self.call_sign}"

    @property
    def stream(self) -> str:
        return f"assignment:{self.assignment_key}"


class AvailabilityEvent(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="availability",
):
    """A change on the availability axis of a resource, with its shift where the source knows it.

    reason  the unavailability code, e.g. "vehicle defect"; required by the desk, not by the feed
    """

    message_id: Identifier
    occurred_at: Instant
    call_sign: Identifier
    status: Availability
    sequence: Sequence | None = None
    standing: Standing | None = None
    reason: ShortText | None = None
    kind: ResourceKind | None = None
    station: Identifier | None = None
    skill: ShortText | None = None
    shift_start: Instant | None = None
    shift_end: Instant | None = None
    source: StatusSource = StatusSource.CAD

    @property
    def stream(self) -> str:
        return f"resource:{self.call_sign}"


class InCohort(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One patient of a cohort list: the assignment that brought them, and who looks after them."""

    assignment: Identifier
    cared_by: Identifier | None = None


CohortLines = Annotated[tuple[InCohort, ...], Meta(max_length=100)]


class ExpectedRelief(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Staff, a crew or beds that will relieve those who wait; without a time nothing is expected any more."""

    expected_at: Instant | None = None
    words: ShortText | None = None


class HospitalEvent(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="hospital",
):
    """How a hospital stands, as its systems, its staff or a liaison officer say.

    site    ODS code
    counts  figures of now; one that is left out stays as it was last said, and keeps that age
    source  who says it
    told_by whose word it is, where somebody wrote it down for another: a role, e.g. "nurse in charge"
    relief  what is expected to relieve the queue and when; it replaces what was expected before
    cohort  everybody who is in the cohort now; empty where nobody is, None where no list is kept
    """

    message_id: Identifier
    occurred_at: Instant
    site: Identifier
    counts: dict[HospitalMeasure, Count]
    sequence: Sequence | None = None
    note: ShortText | None = None
    source: StatusSource = StatusSource.HOSPITAL
    told_by: ShortText | None = None
    cohort: CohortLines | None = None
    relief: ExpectedRelief | None = None

    @property
    def stream(self) -> str:
        return f"hospital:{self.site}"


Event = CallEvent | JobEvent | AvailabilityEvent | HospitalEvent


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a resource was. Its natural key is source, call sign and time; it needs no message id."""

    call_sign: Identifier
    occurred_at: Instant
    latitude: Latitude
    longitude: Longitude
    speed_kmh: Annotated[float, Meta(ge=0, le=900)] | None = None
