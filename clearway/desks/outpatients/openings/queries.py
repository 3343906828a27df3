"""Whether somebody has something to do for a patient here, so that the record opens."""

from datetime import datetime, timedelta

from django.db.models import Q

from ..patients import queries as patients

# How long after something of a patient is over there is still work of it: letters, queries, validation.
# Source: Clearway proposal, the 90 days within which a month's figures are still corrected.
AFTER = timedelta(days=90)
NEW = timedelta(days=7)  # after registration, until the referral is in


def people(organisation_id: int, patient_id: int) -> list[int]:
    """The records of one person: this one, that into which it was merged, those merged into it. One query."""
    rows = patients.everybody(organisation_id).filter(
        Q(pk=patient_id) | Q(merged=patient_id) | Q(merged_into=patient_id)
    )
    return list(rows.values_list("pk", flat=True).distinct())


def has_work(organisation_id: int, records: list[int], at: datetime) -> bool:
    """Whether anything is to be done here for whom these records are of, or was until lately. One query."""
    since, day = at - AFTER, (at - AFTER).date()
    something = (
        Q(referrals__state__in=("triage", "held", "waiting"))
        | Q(referrals__removed_on__gte=day)
        | Q(entries__isnull=False, entries__ended_at=None)
        | Q(entries__ended_at__gte=since)
        | Q(appointments__starts_at__gte=since)
        | Q(pathways__started_on__isnull=False, pathways__ended_on=None)
        | Q(pathways__ended_on__gte=day)
        | Q(enquiries__isnull=False, enquiries__closed_at=None)
        | Q(enquiries__closed_at__gte=since)
        | Q(records_requests__isnull=False, records_requests__closed_at=None)
        | Q(records_requests__closed_at__gte=since)
        | Q(registered_at__gte=at - NEW)
    )
    return patients.everybody(organisation_id).filter(something, pk__in=records).exists()
