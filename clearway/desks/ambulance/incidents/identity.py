"""Looking at who a patient is: by need, with a reason, recorded before anything is shown."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.openings.models import Opening
from clearway.domain.shared.errors import NotAllowed

from .models import Identity
from .need import REASONS, subject_of


@dataclass(frozen=True, slots=True)
class Person:
    """Who the patient is, as far as the feed said. Never stored, logged or pushed from here."""

    name: str | None
    nhs_number: str | None
    born_on: date | None


def look(
    incident: str, reason: str, text: str, *, organisation_id: int, by: Actor, at: datetime
) -> Person | None:
    """The identity behind an incident, once. None when no source sent one; that look is recorded too.

    reason  one of REASONS; text says more in the person's own words
    Raises NotAllowed without both.
    """
    if reason not in REASONS or not text.strip():
        raise NotAllowed("no reason is given", "Looking at an identity", "Choose a reason and say more.")
    with transaction.atomic():
        row = Identity.objects.filter(organisation_id=organisation_id, incident=incident).first()
        detail = {"reason": reason, "text": text, "found": row is not None}
        entry = Entry("identity.look", subject_of(incident), detail)
        record([entry], organisation_id=organisation_id, by=by, at=at)
    return Person(row.name, row.nhs_number, row.born_on) if row else None


def opened(
    incident: str, opening: Opening, *, organisation_id: int, by: Actor, at: datetime
) -> Person | None:
    """The identity behind an incident that somebody opened with a reason. Each showing is recorded."""
    with transaction.atomic():
        row = Identity.objects.filter(organisation_id=organisation_id, incident=incident).first()
        detail = {"opening": opening.pk, "found": row is not None}
        entry = Entry("identity.shown", subject_of(incident), detail)
        record([entry], organisation_id=organisation_id, by=by, at=at)
    return Person(row.name, row.nhs_number, row.born_on) if row else None


def as_sent(organisation_id: int, incident: str) -> Person | None:
    """The same, to be passed on to a service that takes the patient on: shown to nobody here. One query."""
    row = Identity.objects.filter(organisation_id=organisation_id, incident=incident).first()
    return Person(row.name, row.nhs_number, row.born_on) if row else None
