"""Opening a record although nothing is to be done for the patient: with a reason, for a while, on record."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.audit.models import OPENED
from clearway.core.layout.times import local
from clearway.core.worklist import queries as worklist
from clearway.core.worklist.actions import ByHand, raise_by_hand
from clearway.domain.shared.errors import NotAllowed

from .models import Opening

LASTS = timedelta(minutes=30)  # quality rule S5
WHAT = "Opening this record"
OFFICER = "privacy_officer"
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "contact": "The patient, a carer or another service is in contact now",
        "found": "Something of the patient was found: a letter, a result, equipment",
        "safety": "A concern for somebody's safety or welfare",
        "complaint": "A complaint, a claim or an incident review",
        "correction": "The record may be wrong or double",
        "other": "Something else",
    }
)


def open_record(
    patient_id: int, reason: str, words: str, *, organisation_id: int, by: Actor, at: datetime
) -> Opening:
    """Open one patient's record to one person for 30 minutes; the privacy officer has a task at once.

    Whoever calls has asked the person to prove who they are once more. What is told is written here, in one
    transaction: it needs no text, email or stream to work. Raises NotAllowed.
    """
    if reason not in REASONS or not words.strip():
        raise NotAllowed("no reason is given", WHAT, "Choose a reason and say more.")
    if by.user_id is None:
        raise NotAllowed("nobody is signed in", WHAT, "A person opens a record, not a process.")
    with transaction.atomic():
        made = Opening.objects.create(
            organisation_id=organisation_id,
            patient_id=patient_id,
            user_id=by.user_id,
            reason=reason,
            words=words.strip(),
            opened_at=at,
            ends_at=at + LASTS,
        )
        detail = {"reason": reason, "text": made.words, "found": True, "until": made.ends_at.isoformat()}
        entry = Entry(OPENED, f"patient:{patient_id}", detail)
        record([entry], organisation_id=organisation_id, by=by, at=at)
        _tell(made, organisation_id, by, at)
    return made


def note_closed(patient_id: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody came to a record that is closed to them."""
    with transaction.atomic():
        entry = Entry("patients.closed", f"patient:{patient_id}", {})
        record([entry], organisation_id=organisation_id, by=by, at=at)


def _tell(made: Opening, organisation_id: int, by: Actor, at: datetime) -> None:
    wanted = ByHand(
        title=f"{by.name} opened a record of which nothing is to be done",
        cause=f"{REASONS[made.reason]}. Review it under Looks to review, within seven days",
        priority=2,
        role=OFFICER,
    )
    policy = worklist.policy(organisation_id, local(at).date())
    raise_by_hand(wanted, policy, organisation_id=organisation_id, by=by, at=at)
