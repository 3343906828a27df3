"""Wanting a letter: called by the parts of the desk in the transaction of what causes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clearway.core.outbox import actions as outbox
from clearway.core.outbox.models import POST, Outgoing
from clearway.domain.outpatients.letters import Audience, Kind

from .models import Letter

OUTBOX = "letter"  # the kind of these messages in the outbox
SELF = "06"  # source of a referral that the patient made


def want(
    kind: Kind,
    cause: str,
    *,
    patient_id: int,
    organisation_id: int,
    at: datetime,
    audiences: Sequence[Audience] = (Audience.PATIENT,),
    **about: Any,
) -> None:
    """Put a letter for each of the audiences into the outbox; told again for the same cause, nothing more.

    cause  what happened, by its number: "appointment:7"
    about  referral_id, entry_id, appointment_id and, for the patient's letter, contact_id
    """
    wanted = Want(cause, patient_id, audiences, about)
    want_each(kind, [wanted], organisation_id=organisation_id, at=at)


@dataclass(frozen=True, slots=True)
class Want:
    """A letter that something asks for, as `want` takes it."""

    cause: str
    patient_id: int
    audiences: Sequence[Audience]
    about: Mapping[str, Any]


def want_each(kind: Kind, wants: Iterable[Want], *, organisation_id: int, at: datetime) -> None:
    """`want` for any number of causes at once. Two queries."""
    keys = {
        f"{kind}:{each.cause}:{audience}": (each, audience) for each in wants for audience in each.audiences
    }
    rows = outbox.put(list(keys), OUTBOX, carrier=POST, organisation_id=organisation_id, at=at)
    letters = []
    for key, row in rows.items():
        each, audience = keys[key]
        about = dict(each.about)
        contact_id = about.pop("contact_id", None)
        letters.append(
            Letter(
                organisation_id=organisation_id,
                outgoing_id=row,
                kind=kind,
                audience=audience,
                patient_id=each.patient_id,
                contact_id=contact_id if audience is Audience.PATIENT else None,
                **about,
            )
        )
    Letter.objects.bulk_create(letters)


def who_is_told(referral: Any) -> tuple[Audience, ...]:
    """The patient, and whoever referred them where that was somebody else."""
    if referral is None or referral.source == SELF or referral.route == "self":
        return (Audience.PATIENT,)
    if not referral.sender.strip() and not referral.sender_organisation.strip():
        return (Audience.PATIENT,)
    return (Audience.PATIENT, Audience.REFERRER)


def try_again(patient_id: int, *, at: datetime) -> None:
    """Make anew what waits for this patient's particulars, or was made from them and has not left.

    Called when address, needs or flags change.
    """
    stands = Outgoing.objects.filter(letter__patient_id=patient_id, letter__batch=None)
    waiting = stands.filter(state="held", reason__in=("address", "returned", "format", "language", "unsafe"))
    waiting |= stands.filter(state="ready")
    waiting.update(state="queued", since=at, due_at=at, reason="", why="", fix="", digest="")


def practices_changed(organisation_id: int, *, at: datetime) -> None:
    """Make anew what waits because a practice closed. Called when the directory says more of successors."""
    held = Outgoing.objects.filter(letter__organisation_id=organisation_id, state="held", reason="practice")
    held.update(state="queued", since=at, due_at=at, reason="", why="", fix="")
