"""Wanting a letter: called by the parts of the desk in the transaction of what causes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from clearway.core.layout.times import local
from clearway.core.outbox import actions as outbox
from clearway.core.outbox.actions import Held
from clearway.core.outbox.models import POST, Outgoing
from clearway.domain.outpatients.letters import Audience, Kind

from . import referrers
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
    """Make anew what waits for a practice and need not any more, and what was made for another address.

    Called when the directory says more, and each day anew: a practice closes, and another takes its place, on
    a day that the directory may have said long before. What is in a batch is looked at when it is posted.
    """
    rows = Letter.objects.filter(organisation_id=organisation_id, audience=Audience.REFERRER, batch=None)
    waits = Q(outgoing__state="held", outgoing__reason__in=referrers.HOLDS)
    stands = rows.filter(waits | Q(outgoing__state="ready"), referral__isnull=False)
    found = list(stands.select_related("referral", "outgoing"))
    to = referrers.recipients(organisation_id, [each.referral for each in found], local(at).date())
    changed = [each.outgoing_id for each in found if _stands_otherwise(each, to[each.referral_id])]
    Outgoing.objects.filter(pk__in=changed, state__in=("held", "ready")).update(
        state="queued", since=at, due_at=at, reason="", why="", fix="", digest=""
    )


def _stands_otherwise(letter: Letter, to: referrers.To | Held) -> bool:
    if isinstance(to, Held):
        return letter.outgoing.reason != to.reason
    return letter.outgoing.state == "held" or to != (letter.to_name, letter.to_address)
