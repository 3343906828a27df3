"""Opening a patient although nothing is to be done for them here: with a reason, for a while, on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from clearway.domain.shared.errors import NotAllowed

from ..audit.actions import Actor, Entry, record
from ..audit.models import OPENED
from ..layout.times import local
from ..worklist import queries as worklist
from ..worklist.actions import ByHand, raise_by_hand
from .models import MISSING, Opening, Proof

LASTS = timedelta(minutes=30)  # quality rule S5
OFFICER = "privacy_officer"
CLOSED = "openings.closed"  # somebody came to what is closed to them


@dataclass(frozen=True, slots=True)
class Door:
    """What a desk opens by need, in its own words.

    doing    for a refusal: "Opening this record"
    told     for the officer's task, after a name: "opened a record of which nothing is to be done"
    reasons  code -> what the list says
    """

    doing: str
    told: str
    reasons: Mapping[str, str]


def open_(
    door: Door,
    subject: str,
    reason: str,
    words: str,
    *,
    proved: Proof,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Opening:
    """Open one patient to one person for 30 minutes; the privacy officer has a task at once.

    proved  how the person proved once more who they are, when whoever calls asked for it; without a proof
            the officer's task comes first. What is told is written here, in one transaction: it needs no
            text, email or stream to work. Raises NotAllowed.
    """
    if reason not in door.reasons or not words.strip():
        raise NotAllowed("no reason is given", door.doing, "Choose a reason and say more.")
    if by.user_id is None:
        raise NotAllowed("nobody is signed in", door.doing, "A person opens it, not a process.")
    with transaction.atomic():
        made = Opening.objects.create(
            organisation_id=organisation_id,
            subject=subject,
            user_id=by.user_id,
            reason=reason,
            words=words.strip(),
            proved=proved,
            opened_at=at,
            ends_at=at + LASTS,
        )
        detail = {"reason": reason, "text": made.words, "found": True, "until": made.ends_at.isoformat()}
        detail |= {"proved": str(made.proved)}
        record([Entry(OPENED, subject, detail)], organisation_id=organisation_id, by=by, at=at)
        _tell(door, made, organisation_id, by, at)
    return made


def note_closed(subject: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody came to a patient who is closed to them."""
    with transaction.atomic():
        record([Entry(CLOSED, subject, {})], organisation_id=organisation_id, by=by, at=at)


def _tell(door: Door, made: Opening, organisation_id: int, by: Actor, at: datetime) -> None:
    how = f"Who it was is proved {Proof(made.proved).label}"
    wanted = ByHand(
        title=f"{by.name} {door.told}"[:200],
        cause=f"{door.reasons[made.reason]}. {how}. Review it under Looks to review, within seven days",
        priority=1 if made.proved in MISSING else 2,
        role=OFFICER,
    )
    policy = worklist.policy(organisation_id, local(at).date())
    raise_by_hand(wanted, policy, organisation_id=organisation_id, by=by, at=at)
