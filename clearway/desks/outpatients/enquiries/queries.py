"""Reading enquiries: those that are open, the messages of a clinician, and what is late."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Max, Min, Q, QuerySet

from clearway.core.layout.times import local
from clearway.domain.outpatients.enquiries import About, Stands

from .models import Enquiry

BY_WORD = ("phone", "desk")
SHOWN = 200


def stands(row: Enquiry) -> Stands:
    """Where it stands, as far as rules look at it."""
    return Stands(
        about=About(row.about),
        is_message=row.clinician_id is not None,
        is_answered=row.answered_at is not None,
        is_acknowledged=row.acknowledged_at is not None,
        is_closed=row.closed_at is not None,
        by_word=row.way in BY_WORD,
        received_on=local(row.came_at).date(),
    )


def one(organisation_id: int, key: int) -> Enquiry:
    """One enquiry. Raises Enquiry.DoesNotExist. One query."""
    return _with_people(Enquiry.objects.filter(organisation_id=organisation_id)).get(pk=key)


def open_(organisation_id: int) -> list[Enquiry]:
    """What is not closed: what a therapist has answered, then by the promised time. One query."""
    rows = Enquiry.objects.filter(organisation_id=organisation_id, closed_at__isnull=True)
    return list(
        _with_people(rows).order_by(F("answered_at").asc(nulls_last=True), "promised_by", "id")[:SHOWN]
    )


def closed_since(organisation_id: int, since: datetime) -> list[Enquiry]:
    """What was closed from an instant on, newest first. One query."""
    rows = Enquiry.objects.filter(organisation_id=organisation_id, closed_at__gte=since)
    return list(_with_people(rows).order_by("-closed_at")[:SHOWN])


def of_patient(organisation_id: int, patient_id: int) -> list[Enquiry]:
    """Every enquiry about a patient, newest first. One query."""
    rows = Enquiry.objects.filter(organisation_id=organisation_id, patient_id=patient_id)
    return list(_with_people(rows).order_by("-came_at"))


def messages_for(organisation_id: int, clinician_id: int) -> list[Enquiry]:
    """The messages that wait for a clinician's answer, the first promised first. One query."""
    rows = Enquiry.objects.filter(
        organisation_id=organisation_id,
        clinician_id=clinician_id,
        closed_at__isnull=True,
        answered_at__isnull=True,
    )
    return list(_with_people(rows).order_by("promised_by", "id"))


def waiting_by_clinician(organisation_id: int) -> dict[int, int]:
    """Clinician -> how many messages wait for an answer. One query."""
    rows = Enquiry.objects.filter(
        organisation_id=organisation_id,
        clinician__isnull=False,
        closed_at__isnull=True,
        answered_at__isnull=True,
    )
    return dict(rows.order_by().values_list("clinician").annotate(Count("pk")))


@dataclass(frozen=True, slots=True)
class Overdue:
    """Something of which several may be late: how many, since when the first, how urgent the most urgent."""

    count: int
    since: datetime | None
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint that somebody must see to. No names: a task holds no identity."""

    key: int
    acknowledge_by: date
    is_acknowledged: bool
    answer_by: date
    escalated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Late:
    """What the rules look at. messages wait for a therapist; the others for the office."""

    messages: Overdue
    enquiries: Overdue
    complaints: tuple[Complaint, ...]
    escalated: tuple[Complaint, ...]


def late(organisation_id: int, at: datetime) -> Late:
    """What is past its time, the complaints that are open, and what was escalated. Two queries."""
    rows = Enquiry.objects.filter(organisation_id=organisation_id, closed_at__isnull=True)
    past = rows.exclude(about="complaint").filter(promised_by__lt=at)
    waits = Q(clinician__isnull=False, answered_at__isnull=True)
    serious = list(rows.filter(Q(about="complaint") | Q(escalated_at__isnull=False)))
    found = past.aggregate(
        messages=Count("pk", filter=waits),
        messages_since=Min("promised_by", filter=waits),
        messages_urgent=Max("urgency", filter=waits & Q(urgency="urgent")),
        others=Count("pk", filter=~waits),
        others_since=Min("promised_by", filter=~waits),
        others_urgent=Max("urgency", filter=~waits & Q(urgency="urgent")),
    )
    return Late(
        Overdue(found["messages"], found["messages_since"], bool(found["messages_urgent"])),
        Overdue(found["others"], found["others_since"], bool(found["others_urgent"])),
        tuple(_complaint(row) for row in serious if row.about == "complaint"),
        tuple(_complaint(row) for row in serious if row.escalated_at and not row.taken_at),
    )


def _complaint(row: Enquiry) -> Complaint:
    answer_by = local(row.promised_by).date()
    return Complaint(
        row.pk,
        row.acknowledge_by or answer_by,
        row.acknowledged_at is not None,
        answer_by,
        row.escalated_at,
    )


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many are open, and how many of them past their time. One query."""
    rows = Enquiry.objects.filter(organisation_id=organisation_id, closed_at__isnull=True)
    found = rows.aggregate(
        open=Count("pk"),
        late=Count("pk", filter=Q(promised_by__lt=at) | Q(_unacknowledged(at))),
    )
    return found["open"], found["late"]


def _unacknowledged(at: datetime) -> Q:
    return Q(acknowledge_by__lt=local(at).date(), acknowledged_at__isnull=True)


def recent(at: datetime) -> datetime:
    """Since when closed ones are shown."""
    return at - timedelta(days=7)


def _with_people(rows: QuerySet[Enquiry]) -> QuerySet[Enquiry]:
    return rows.select_related("patient", "clinician")
