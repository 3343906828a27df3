"""Reading requests for records, and gathering everything that is held of a patient."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import BinaryField, Count, Q

from clearway.core.layout.times import local
from clearway.domain.outpatients import (
    clock_events,
    completeness,
    enquiries,
    equality,
    filing,
    outcomes,
    rectification,
    words,
)
from clearway.domain.outpatients.records import Kind, Stands
from clearway.interchange import disclosure

from .. import models as tables
from .. import policy
from ..patients import queries as patients
from .models import DisclosurePack, RecordsRequest

# File -> table and how its rows name the patient: everything of a patient that a person may be shown.
HELD: Mapping[str, tuple[Any, str]] = {
    "patient.csv": (tables.Patient, "pk"),
    "ethnic_category.csv": (tables.Background, "patient_id"),
    "needs.csv": (tables.Need, "patient_id"),
    "flags.csv": (tables.Flag, "patient_id"),
    "carers.csv": (tables.Carer, "patient_id"),
    "referrals.csv": (tables.Referral, "patient_id"),
    "asked_of_referrers.csv": (tables.Gap, "referral__patient_id"),
    "triage.csv": (tables.Triage, "referral__patient_id"),
    "pathways.csv": (tables.Pathway, "patient_id"),
    "clock_events.csv": (tables.ClockEvent, "pathway__patient_id"),
    "waiting_list.csv": (tables.Entry, "patient_id"),
    "appointments.csv": (tables.Appointment, "patient_id"),
    "support_at_visits.csv": (tables.Arrangement, "appointment__patient_id"),
    "offers.csv": (tables.Offer, "entry__patient_id"),
    "missed.csv": (tables.Miss, "appointment__patient_id"),
    "visits_on_request.csv": (tables.OnRequest, "appointment__patient_id"),
    "contacts.csv": (tables.Contact, "patient_id"),
    "calls_and_messages.csv": (tables.Enquiry, "patient_id"),
    "texts_and_emails.csv": (tables.Message, "patient_id"),
    "answers_by_text.csv": (tables.Answer, "patient_id"),
    "reminders.csv": (tables.Reminder, "appointment__patient_id"),
    "trials_of_reminders.csv": (tables.TrialPlace, "patient_id"),
    "equipment_on_loan.csv": (tables.Loan, "patient_id"),
    "corrections.csv": (tables.Rectification, "patient_id"),
    "told_of_corrections.csv": (tables.Recipient, "rectification__patient_id"),
    "letters_and_scans.csv": (tables.Filing, "patient_id"),
    "paper_notes.csv": (tables.Volume, "patient_id"),
    "paper_notes_out.csv": (tables.VolumeOut, "volume__patient_id"),
}
HIDDEN = frozenset({"organisation_id"})

# Columns that hold a code -> the words that say what it means, in a column beside it.
CODES: Mapping[tuple[Any, str], type[words.Code]] = {
    (tables.Patient, "nhs_number_status"): words.NhsNumberStatus,
    (tables.Background, "ethnicity"): equality.EthnicCategory,
    (tables.Referral, "priority"): words.Priority,
    (tables.Referral, "route"): completeness.Route,
    (tables.Referral, "source"): words.ReferralSource,
    (tables.Referral, "side"): completeness.Side,
    (tables.Gap, "fixer"): completeness.Fixer,
    (tables.Triage, "outcome"): completeness.TriageOutcome,
    (tables.Triage, "priority"): words.Priority,
    (tables.Triage, "medium"): words.Medium,
    (tables.Pathway, "measurement"): words.MeasurementType,
    (tables.Pathway, "state"): words.ClockState,
    (tables.Pathway, "status"): words.RttStatus,
    (tables.ClockEvent, "kind"): clock_events.EventKind,
    (tables.Entry, "priority"): words.Priority,
    (tables.Entry, "medium"): words.Medium,
    (tables.Appointment, "attended"): words.Attended,
    (tables.Appointment, "outcome"): words.Outcome,
    (tables.Appointment, "status"): words.RttStatus,
    (tables.Appointment, "cancelled_by"): words.CancelledBy,
    (tables.Miss, "decision"): outcomes.Decision,
    (tables.Enquiry, "caller"): enquiries.Caller,
    (tables.Enquiry, "way"): enquiries.Way,
    (tables.Enquiry, "about"): enquiries.About,
    (tables.Enquiry, "urgency"): enquiries.Urgency,
    (tables.Enquiry, "result"): enquiries.Result,
    (tables.Filing, "identifier"): filing.Identifier,
    (tables.Volume, "where"): filing.Where,
    (tables.Rectification, "asker"): rectification.Asker,
    (tables.Rectification, "value"): rectification.Value,
    (tables.Rectification, "decision"): rectification.Decision,
    (tables.Recipient, "given"): rectification.Given,
}
SEXES = {"1": "male", "2": "female", "9": "not stated"}


def one(organisation_id: int, key: int) -> RecordsRequest:
    """One request with its patient. Raises RecordsRequest.DoesNotExist. One query."""
    rows = RecordsRequest.objects.select_related("patient")
    return rows.get(organisation_id=organisation_id, pk=key)


def open_(organisation_id: int) -> list[RecordsRequest]:
    """What is not answered, the first due first. One query."""
    rows = RecordsRequest.objects.filter(organisation_id=organisation_id, closed_at__isnull=True)
    return list(rows.select_related("patient"))


def closed(organisation_id: int, most: int = 100) -> list[RecordsRequest]:
    """What was answered, newest first. One query."""
    rows = RecordsRequest.objects.filter(organisation_id=organisation_id, closed_at__isnull=False)
    return list(rows.select_related("patient").order_by("-closed_at")[:most])


def packs(row: RecordsRequest) -> list[DisclosurePack]:
    """What was gathered for a request, newest first, without the bytes. One query."""
    return list(row.packs.defer("bundle"))


def pack(organisation_id: int, key: int) -> DisclosurePack:
    """One pack with its bytes. Raises DisclosurePack.DoesNotExist. One query."""
    rows = DisclosurePack.objects.select_related("request")
    return rows.get(request__organisation_id=organisation_id, pk=key)


def stands(row: RecordsRequest) -> Stands:
    """Where it stands, as far as rules look at it. One query."""
    newest = row.packs.defer("bundle").first()
    return Stands(
        kind=Kind(row.kind),
        is_identified=row.identified_at is not None,
        has_pack=newest is not None,
        is_reviewed=newest is not None and newest.reviewed_at is not None,
        is_closed=row.closed_at is not None,
        is_extended=row.extended_at is not None,
        due_on=row.due_on,
    )


def held_of(patient_id: int) -> dict[str, bytes]:
    """Every file of what is held of a patient, records merged into this one included; letters as PDF.

    A fixed number of queries, one for each table.
    """
    keys = [patient_id, *(each.pk for each in patients.merged_into(patient_id))]
    files = {}
    for name, (table, path) in HELD.items():
        names = [
            field.attname
            for field in table._meta.concrete_fields
            if field.attname not in HIDDEN and not isinstance(field, BinaryField)
        ]
        rows = table.objects.filter(**{f"{path}__in": keys}).order_by("pk").values_list(*names)
        files[name] = disclosure.table(*_in_words(table, names, rows))
    letters = tables.Letter.objects.filter(patient_id__in=keys, pdf__isnull=False).order_by("pk")
    for key, copy in letters.values_list("pk", "pdf"):
        files[f"letters/{key}.pdf"] = bytes(copy or b"")
    scans = tables.Filing.objects.filter(patient_id__in=keys, taken_back_at__isnull=True).order_by("pk")
    for key, media_type, body in scans.values_list("document", "document__media_type", "document__body"):
        files[f"scans/{key}.{media_type.split('/')[1]}"] = bytes(body)
    return files


def _in_words(
    table: Any, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> tuple[list[str], list[list[Any]]]:
    """The columns and rows of a table with the words of each code in a column beside it."""
    meanings = {name: found for name in names if (found := _meanings(table, name))}
    heading = [
        each for name in names for each in ((name, f"{name}_in_words") if name in meanings else (name,))
    ]
    lines = [
        [
            cell
            for name, value in zip(names, row, strict=True)
            for cell in ((value, meanings[name].get(str(value), "")) if name in meanings else (value,))
        ]
        for row in rows
    ]
    return heading, lines


def _meanings(table: Any, name: str) -> Mapping[str, str]:
    """Code -> words of a column; empty for one without codes."""
    if (codes := CODES.get((table, name))) is not None:
        return {each.value: each.meaning for each in codes}
    if (table, name) == (tables.Patient, "sex"):
        return SEXES
    field = next(each for each in table._meta.concrete_fields if each.attname == name)
    return {str(code): str(said) for code, said in field.choices or ()}


@dataclass(frozen=True, slots=True)
class Due:
    """A request that is due soon or was. No names: a task holds no identity."""

    key: int
    kind: str
    due_on: date


def due(organisation_id: int, at: datetime) -> tuple[Due, ...]:
    """What is due within the days of warning, or was. Two queries."""
    last = local(at).date() + timedelta(days=policy.records(organisation_id, at).warn_days)
    rows = RecordsRequest.objects.filter(
        organisation_id=organisation_id, closed_at__isnull=True, due_on__lte=last
    )
    return tuple(Due(*row) for row in rows.values_list("pk", "kind", "due_on"))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many are open, and how many of them past their day. One query."""
    rows = RecordsRequest.objects.filter(organisation_id=organisation_id, closed_at__isnull=True)
    found = rows.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_on__lt=local(at).date())))
    return found["open"], found["late"]
