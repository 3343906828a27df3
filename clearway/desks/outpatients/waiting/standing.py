"""Where an entry of the list stands, for the parts that book and cancel, and what the patient was told.

Called inside the transaction of their actions, which keep the audit.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from clearway.core.audit.actions import Actor
from clearway.domain.outpatients.letters import Kind
from clearway.domain.outpatients.waiting import QUEUED, Removal

from ..letters import wanted as letters
from .models import Contact, Entry, in_order

NotThere = Entry.DoesNotExist
LIVE = ("waiting", "booked")
WITH_DISCHARGE = Removal.CLINICIAN.value  # why the other entries of a referral end when it is discharged
LOCKED = (
    *("organisation_id", "state", "patient_id", "referral_id", "pathway_id", "clinician_id", "service_id"),
    *("kind", "minutes", "priority", "skills", "medium", "series", "treat_by", "due_on"),
    *("patient__channel", "patient__sites", "patient__days", "patient__notice_hours"),
    *("patient__died_on", "patient__merged_into_id"),
    *("patient__merged_into__sites", "patient__merged_into__days", "patient__merged_into__notice_hours"),
    *("patient__merged_into__channel", "patient__merged_into__died_on"),
)

FITTED = (
    *("organisation_id", "patient_id", "service_id", "kind", "minutes", "priority", "skills", "medium"),
    *("clinician_id", "treat_by", "due_on", "waits_from", "state"),
    *("patient__sites", "patient__days", "patient__notice_hours", "patient__phone", "patient__mobile"),
    *("patient__family_name", "patient__given_names", "patient__died_on", "patient__merged_into_id"),
    *("patient__opted_out", "patient__may_text", "patient__channel", "patient__merged_into__channel"),
    *("patient__merged_into__sites", "patient__merged_into__days", "patient__merged_into__notice_hours"),
    *("patient__merged_into__phone", "patient__merged_into__mobile", "patient__merged_into__died_on"),
    *("patient__merged_into__opted_out", "patient__merged_into__may_text"),
)


def lock(entry_id: int, organisation_id: int) -> Entry:
    """The entry with its patient, locked until the transaction ends: the columns that a booking reads.

    Raises Entry.DoesNotExist.
    """
    rows = Entry.objects.select_for_update(of=("self",), no_key=True).select_related("patient__merged_into")
    return rows.only(*LOCKED).get(pk=entry_id, organisation_id=organisation_id)


def one(entry_id: int, organisation_id: int) -> Entry:
    """The entry with its patient and pathway. Raises Entry.DoesNotExist."""
    rows = Entry.objects.select_related("patient__merged_into", "service", "pathway", "clinician")
    return rows.get(pk=entry_id, organisation_id=organisation_id)


def of_list(organisation_id: int, service_id: int, kind: str) -> QuerySet[Entry]:
    """The entries for one visit of this kind that wait or are booked, of patients who live, in the order of
    the list, with what a slot is fitted to."""
    rows = Entry.objects.filter(
        organisation_id=organisation_id,
        service_id=service_id,
        kind=kind,
        state__in=("waiting", "booked"),
        series=1,
        patient__died_on__isnull=True,
        patient__merged_into__died_on__isnull=True,
    )
    return rows.select_related("patient__merged_into").only(*FITTED).order_by(*in_order())


def has_others(entry: Entry) -> bool:
    """Whether something else is to come on the pathway of an entry: another entry that waits or is booked."""
    if entry.pathway_id is None:
        return False
    others = Entry.objects.filter(pathway_id=entry.pathway_id, state__in=("waiting", "booked"))
    return others.exclude(pk=entry.pk).exists()


def waits_for_more(referral_id: int) -> bool:
    """Whether an entry of this referral waits or is booked. One query."""
    return Entry.objects.filter(referral_id=referral_id, state__in=("waiting", "booked")).exists()


def of_people(patient_ids: Collection[int]) -> QuerySet[Entry]:
    """Every entry made under these records, newest first."""
    return Entry.objects.filter(patient_id__in=patient_ids).select_related("service").order_by("-id")


def contacts_of(patient_ids: Collection[int], most: int) -> QuerySet[Contact]:
    """The newest contacts with whoever has these records."""
    return Contact.objects.filter(patient_id__in=patient_ids).order_by("-at")[:most]


def stands(entry: Entry, state: str) -> None:
    """Booked, or waiting again."""
    entry.state = state
    entry.save(update_fields=["state"])


def end_others(referral_id: int | None, but: Any, at: datetime) -> list[int]:
    """End whatever else of a referral waits, when the patient is discharged; their ids. Two queries."""
    if referral_id is None:
        return []
    others = Entry.objects.filter(referral_id=referral_id, state__in=LIVE).exclude(pk=but)
    keys = list(others.select_for_update().values_list("pk", flat=True))
    Entry.objects.filter(pk__in=keys).update(state="removed", why=WITH_DISCHARGE, ended_at=at)
    return keys


def stand_again(referral_id: int | None, ended_at: datetime) -> None:
    """Put back what `end_others` ended at that instant: the discharge was taken back."""
    if referral_id is not None:
        ended = Entry.objects.filter(referral_id=referral_id, state="removed", ended_at=ended_at)
        ended.filter(why=WITH_DISCHARGE).update(state="waiting", why="", ended_at=None)


def tell(entry: Entry, appointment_id: int, purpose: str, words: str, *, by: Actor, at: datetime) -> None:
    """Tell the patient of an appointment by letter: queued here, and told once it has left (`told`)."""
    contact = Contact.objects.create(
        organisation_id=entry.organisation_id,
        patient_id=entry.patient_id,
        entry=entry,
        referral_id=entry.referral_id,
        appointment_id=appointment_id,
        purpose=purpose,
        channel="letter",
        words=words[:500],
        at=at,
        by=by.name,
        outcome=QUEUED,
    )
    letters.want(
        Kind(purpose),
        f"appointment:{appointment_id}",
        patient_id=entry.patient_id,
        referral_id=entry.referral_id,
        entry_id=entry.pk,
        appointment_id=appointment_id,
        contact_id=contact.pk,
        organisation_id=entry.organisation_id,
        at=at,
    )


def told(contact_id: int | None, *, to: str, digest: str, at: datetime) -> None:
    """The letter of this contact has left: where to, and the SHA-256 of what it said."""
    kept = Contact.objects.filter(pk__in=[contact_id] if contact_id else [])
    kept.update(outcome="sent", outcome_at=at, to=to.replace("\n", ", ")[:254], digest=digest)


def not_told(contact_id: int | None, at: datetime, outcome: str = "failed") -> None:
    """The letter of this contact did not leave, or came back: it is evidence of nothing."""
    kept = Contact.objects.filter(pk__in=[contact_id] if contact_id else [])
    kept.update(outcome=outcome, outcome_at=at)


def has_answered(entry_id: int, since: datetime) -> bool:
    """Whether the patient of an entry has answered anything since. One query."""
    return Contact.objects.filter(entry_id=entry_id, outcome="answered", at__gte=since).exists()


def arrived(contact_id: int | None, at: datetime) -> None:
    """The carrier says that the text or email of this contact arrived."""
    kept = Contact.objects.filter(pk__in=[contact_id] if contact_id else [])
    kept.update(outcome="delivered", outcome_at=at)


def waits_for_first(referral_id: int) -> int | None:
    """The entry of a referral that waits and is no follow-up; None where none does. One query."""
    rows = Entry.objects.filter(referral_id=referral_id, state="waiting").exclude(kind="follow_up")
    return rows.order_by("pk").values_list("pk", flat=True).first()
