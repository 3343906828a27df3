"""Taking on what other desks ask for: registered like any referral, with a slot held for it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor
from clearway.core.layout.times import local
from clearway.core.onward import actions as onward
from clearway.core.onward import queries as requests
from clearway.core.onward.models import OnwardRequest
from clearway.domain.outpatients.completeness import BY_NAME, Route
from clearway.domain.outpatients.words import ReferralSource
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.onward import State, Taker

from ..booking import actions as booking
from ..patients import actions as patients
from ..patients import queries as known
from ..referrals import actions as referrals
from ..referrals import queries as referred
from ..waiting import standing

RECEIVING, HOLDING = "Registering this request", "Giving it a slot"
STANDING = Actor("policy:onward_services")  # a clinical lead's decision, made once for requests of a kind


class AnotherBirthDate(NotAllowed):
    """Somebody with this NHS number is registered with another birth date. alike  their id, to compare."""

    alike: tuple[int, ...] = ()


@transaction.atomic
def receive(
    key: int,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    patient_id: int | None = None,
    though_alike: bool = False,
    again_why: str = "",
) -> OnwardRequest:
    """Register a request as a referral, by the same action as any other; complete ones of a kind that the
    policy accepts go onto the list by that standing decision.

    patient_id  whom somebody recognised; though_alike, again_why  as for any referral
    Raises patients.LooksAlike, referrals.Repeated, AnotherBirthDate and NotAllowed; then nothing is kept.
    """
    onward.lock(key, organisation_id=organisation_id)
    row = requests.one_come(organisation_id, key)
    if row.state != State.SENT:
        raise NotAllowed(row.state, RECEIVING, "Somebody saw to it a moment ago: look at it again.")
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    referral = _referral(row, again_why, at)
    patient_id = patient_id or _by_number(row)
    if patient_id is not None:
        made = referrals.register(replace(referral, patient_id=patient_id), **scope)
    else:
        made = patients.register_referred(_person(row), referral, though_alike=though_alike, **scope)
    gaps = [BY_NAME[gap.what].says for gap in made.gaps.filter(closed_at__isnull=True)]
    words = f"{made.number}{'; to be found out: ' + ', '.join(gaps) if gaps else ''}"
    row = onward.receive(key, made.pk, made.number, words, **scope)
    _accept(row, made, taker_of(row, at), organisation_id, at)
    return row


def taker_of(row: OnwardRequest, at: datetime) -> Taker | None:
    """The service that was asked, as the policy of today has it."""
    return requests.taker(row.receiver_id, row.service, row.sender.code, at)


def _referral(row: OnwardRequest, again_why: str, at: datetime) -> referrals.New:
    service = next((each for each in referred.services(row.receiver_id) if each.code == row.service), None)
    if service is None:
        why = f"There is no open service called {row.service} here. Refuse it, or mend the policy."
        raise NotAllowed(row.state, RECEIVING, why)
    crew = ", ".join(each for each in (row.crew, f"incident {row.incident}" if row.incident else "") if each)
    return referrals.New(
        0,
        service.pk,
        min(local(row.sent_at).date(), local(at).date()),
        route=Route.API,
        written_on=local(row.sent_at).date(),
        source=ReferralSource.ALLIED_HEALTH_PROFESSIONAL,
        sender=f"{row.sender.name}{': ' + crew if crew else ''}"[:150],
        sender_organisation=row.sender.code,
        priority=row.urgency,
        condition=row.kind_words,
        question=row.asked,
        from_consultant=False,
        again_why=again_why,
    )


def _by_number(row: OnwardRequest) -> int | None:
    """The patient with this NHS number. Raises AnotherBirthDate where the birth dates differ."""
    digits, born_on = row.person.nhs_number, row.person.born_on
    patient = known.by_nhs_number(row.receiver_id, digits) if digits else None
    if patient is None:
        return None
    if born_on is not None and patient.born_on != born_on:
        why = "The patient with this NHS number has another birth date here: compare them."
        refusal = AnotherBirthDate(row.state, RECEIVING, why)
        refusal.alike = (patient.pk,)
        raise refusal
    return int(patient.pk)


def _person(row: OnwardRequest) -> patients.New:
    who = row.person
    if not who.family_name or who.born_on is None:
        why = (
            "Nobody here has this NHS number, and without name and birth date nobody can be registered. "
            "Refuse it as incomplete."
        )
        raise NotAllowed(row.state, RECEIVING, why)
    is_mobile = who.phone.replace(" ", "").startswith("07")
    return patients.New(
        who.family_name,
        who.given_names,
        who.born_on,
        nhs_number=who.nhs_number,
        address=who.address,
        postcode=who.postcode,
        mobile=who.phone if is_mobile else "",
        phone="" if is_mobile else who.phone,
    )


def _accept(row: OnwardRequest, made: Any, taker: Taker | None, organisation_id: int, at: datetime) -> None:
    """Onto the list by the policy's standing decision, where there is one and nothing holds the referral."""
    if taker is None or taker.accepts is None or made.state != referred.State.TRIAGE:
        return
    decision = referrals.Decision(
        "accept",
        priority=str(taker.accepts["priority"]),
        minutes=int(taker.accepts["minutes"]),
        reason="Standing decision (policy onward_services)",
    )
    referrals.triage(made.pk, decision, organisation_id=organisation_id, by=STANDING, at=at)


def hold(
    key: int, slot_id: int, *, organisation_id: int, by: Actor, at: datetime, book: bool = False
) -> OnwardRequest:
    """Hold a slot for a registered request, or book it; the record is told by booking itself. Raises as
    booking does, and NotAllowed while nobody has accepted the referral.
    """
    row = requests.one_come(organisation_id, key)
    entry = entry_of(row)
    if entry is None:
        raise NotAllowed(row.state, HOLDING, "It is on no list: it is triaged first, or is over.")
    step = booking.book if book else booking.hold
    step(slot_id, entry, organisation_id=organisation_id, by=by, at=at)
    return requests.one_come(organisation_id, key)


def entry_of(row: OnwardRequest) -> int | None:
    """The entry of the list that waits for its first appointment. One query."""
    if row.reference is None:
        return None
    return standing.waits_for_first(row.reference)
