"""Registering referrals on the day they come, one by hand or a sheet of a thousand.

What is decided about each row, and the row itself, is `enter`; what follows from it (what is missing is asked
for, the clock's event and the acknowledgement are written, all of it is put on record) is `follow`, for any
number at once. A preview of a sheet enters its rows, follows none, and takes all back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients import completeness
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.completeness import IntakePolicy, ReviewReason, Route, Side
from clearway.domain.outpatients.identity import (
    PathwayIdentifier,
    booking_reference,
    identifier_of,
)
from clearway.domain.outpatients.letters import Kind
from clearway.domain.outpatients.measurement import Asked, Measure, ServiceKind, measure
from clearway.domain.outpatients.waiting import QUEUED
from clearway.domain.outpatients.words import ReferralSource
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..clocks import actions as clocks
from ..clocks import queries as pathways
from ..letters import wanted as letters
from ..numbers import Numbers
from ..patients import queries as patients
from ..waiting import actions as waiting
from . import queries
from .models import Gap, Referral

State = Referral.State
REGISTERING = "Registering this referral"


@dataclass(frozen=True, slots=True)
class New:
    """A referral as it came. Fields as in the table, but for these.

    priority   the sender's own word
    parent_id  pathway here on which the consultant's clock runs
    start_on, ppid, issuer  of the consultant's pathway elsewhere, as far as the referral says
    again_why  why it is registered although there is one for the same thing already
    review_reason  why it stands on a worklist of e-RS, from `received_on` on; "" where it does not
    """

    patient_id: int
    service_id: int
    received_on: date
    route: str = Route.LETTER
    written_on: date | None = None
    source: str = ""
    sender: str = ""
    sender_organisation: str = ""
    ubrn: str = ""
    priority: str = ""
    condition: str = ""
    side: str = ""
    question: str = ""
    from_consultant: bool | None = None
    parent_id: int | None = None
    start_on: date | None = None
    ppid: str = ""
    issuer: str = ""
    again_why: str = ""
    review_reason: str = ""


@dataclass
class Repeated(NotAllowed):
    """The patient has a referral for the same thing. `earlier`: their ids, for a person to compare."""

    earlier: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Ground:
    """What every referral of a sheet is entered on, read once: services by id, periods, the clock's rules."""

    services: Mapping[int, Any]
    periods: IntakePolicy
    clock: clocks.Ground
    numbers: Numbers


def ground(organisation_id: int, at: datetime, at_once: int = 1) -> Ground:
    """What referrals are entered on now. Four queries. at_once  how many numbers are taken together"""
    services = {each.pk: each for each in queries.services(organisation_id)}
    numbers = Numbers(at_once)
    clock = clocks.ground(organisation_id, at, numbers)
    return Ground(services, policy.intake(organisation_id, at), clock, numbers)


@dataclass(frozen=True, slots=True)
class Entered:
    """A referral that is in the table, with what is to follow.

    begun  its clock with the first event, where one was begun for it
    """

    row: Referral
    missing: tuple[completeness.Item, ...]
    begun: clocks.Begun | None
    entry: Entry


@transaction.atomic
def register(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Referral:
    """Register a referral on the day it came: clock started, gaps named, acknowledged.

    Raises Repeated where there is one for the same thing and no reason is given, and NotAllowed for dates and
    words that cannot be, for somebody who has died, and for a booking reference that is registered already.
    """
    on = ground(organisation_id, at)
    entered = enter(new, on, patients.one(organisation_id, new.patient_id), at=at)
    follow([entered], organisation_id=organisation_id, by=by, at=at)
    return entered.row


def enter(new: New, on: Ground, patient: Any, *, at: datetime, is_new: bool = False) -> Entered:
    """Decide about one referral and put it in the table. In the caller's transaction, which follows it.

    is_new  the patient was registered a moment ago, so that nothing came before
    Raises as `register` does; a repeat, and what cannot be, before anything is written.
    """
    ubrn = check(new, at)
    if patient.died_on is not None or patient.merged_into_id is not None:
        state = "recorded as died" if patient.died_on else "merged"
        raise NotAllowed(state, REGISTERING, "Check the record of the patient first.")
    service = open_service(on.services, new.service_id)
    earlier = [] if is_new else _check_repeats(new, service, patient, on.periods)
    number = on.numbers.next(Referral._meta.db_table)
    row = Referral(
        id=number,
        organisation_id=patient.organisation_id,
        number=f"R{number:07d}",
        patient=patient,
        service=service,
        received_on=new.received_on,
        written_on=new.written_on,
        registered_at=at,
        route=new.route,
        source=new.source,
        sender=new.sender,
        sender_organisation=new.sender_organisation,
        ubrn=ubrn,
        priority=completeness.priority_of(new.priority) or "",
        condition=new.condition,
        side=new.side,
        question=new.question,
        from_consultant=_is_from_consultant(new),
        review_reason=new.review_reason,
        listed_on=new.received_on if new.review_reason else None,
    )
    begun = _start_clock(row, new, on.clock)
    missing = tuple(completeness.gaps(queries.given(row)))
    row.state = State.HELD if completeness.is_held([item.what for item in missing]) else State.TRIAGE
    _save(row)
    detail = {
        "service": service.pk,
        "received_on": new.received_on.isoformat(),
        "priority": row.priority,
        "gaps": [item.what for item in missing],
        "earlier": [each.pk for each in earlier],
        "again_why": new.again_why,
    }
    return Entered(row, missing, begun, Entry("referrals.register", f"referral:{row.pk}", detail))


def follow(entered: Sequence[Entered], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Do what follows from referrals that were entered, in the same transaction. Some queries for all."""
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    clocks.record_begun([each.begun for each in entered if each.begun is not None], **scope)
    Gap.objects.bulk_create(gap(each.row, item, at) for each in entered for item in each.missing)
    acknowledge([each.row for each in entered], **scope)
    audit([each.entry for each in entered], **scope)


def check(new: New, at: datetime) -> str:
    """The booking reference as it is kept. Raises NotAllowed for what cannot be."""
    state = "not yet registered"
    if new.received_on > local(at).date():
        raise NotAllowed(state, REGISTERING, "The day on which it was received is still to come.")
    if new.written_on is not None and new.written_on > new.received_on:
        raise NotAllowed(state, REGISTERING, "It was received before it was written. Check both days.")
    if new.start_on is not None and new.start_on > new.received_on:
        why = "The consultant's clock started after this referral was received. Check both days."
        raise NotAllowed(state, REGISTERING, why)
    for value, known, what in (
        (new.route, list(Route), "route"),
        (new.side, list(Side), "side"),
        (new.source, ["", *ReferralSource], "source"),
    ):
        if value not in known:
            raise NotAllowed(state, REGISTERING, f"“{value}” is no {what}. Choose one from the list.")
    try:
        return booking_reference(new.ubrn)
    except ValueError as problem:
        raise NotAllowed(state, REGISTERING, f"{problem}.") from None


def open_service(services: Mapping[int, Any], service_id: int) -> Any:
    """The service of this id. Raises NotAllowed for one that takes no referrals."""
    if service_id not in services:
        raise NotAllowed("not yet registered", REGISTERING, "Choose a service that takes referrals.")
    return services[service_id]


def _check_repeats(new: New, service: Any, patient: Any, periods: IntakePolicy) -> list[Referral]:
    on, trust = new.received_on, patient.organisation_id
    earlier = queries.repeats(trust, patient.pk, service.function, on, periods)
    if earlier and not new.again_why.strip():
        why = (
            f"There is a referral for the same thing already: {earlier[0].number}. "
            "Say why this one is another."
        )
        raise Repeated("registered", REGISTERING, why, tuple(each.pk for each in earlier))
    return earlier


def _is_from_consultant(new: New) -> bool | None:
    """As the referral says; a consultant's own letter says it by its source."""
    if new.parent_id is not None or new.start_on is not None or new.source == ReferralSource.CONSULTANT:
        return True if new.from_consultant is None else new.from_consultant
    return new.from_consultant


def _start_clock(row: Referral, new: New, on: clocks.Ground) -> clocks.Begun | None:
    """Link the consultant's pathway, or open one and start its clock."""
    asked = Asked(ServiceKind(row.service.kind), on_open_pathway=bool(row.from_consultant))
    measured = measure(asked)
    if new.parent_id is not None:
        row.parent = parent_of(row, new.parent_id)
    if measured.on_parent and row.parent is not None:
        row.pathway = row.parent
        return None
    if measured.measurement is None:
        return None
    begun = clocks.begin(
        row.patient_id,
        first_event(row, new, measured),
        service=row.service,
        measure=measured,
        on=on,
        identifier=_identifier(new, measured),
        parent=row.parent.pk if row.parent else None,
    )
    row.pathway = begun.pathway
    if measured.on_parent:  # the consultant's clock although it stands here: therapy stops it by treating
        row.parent = row.pathway
    return begun


def _identifier(new: New, measured: Measure) -> PathwayIdentifier | None:
    try:
        if new.ppid:
            return PathwayIdentifier(new.ppid.strip().upper(), new.issuer.strip().upper())
        if new.ubrn and not measured.on_parent:
            return identifier_of(new.ubrn)
    except ValueError as problem:
        raise NotAllowed("not yet registered", REGISTERING, f"{problem}.") from None
    return None


def first_event(row: Referral, new: New, measured: Measure) -> ClockEvent:
    """What starts the clock of a referral."""
    key = f"referral:{row.pk}"
    if measured.on_parent:
        return ClockEvent(
            key, EventKind.TRANSFER_RECEIVED, new.received_on, start_on=new.start_on, function=None
        )
    kind = measured.starts_on or EventKind.REFERRAL_RECEIVED
    if kind is EventKind.REFERRAL_RECEIVED and row.route == Route.SELF:
        kind = EventKind.SELF_REFERRAL_RECEIVED
    elif kind is EventKind.REFERRAL_RECEIVED and row.route == Route.ERS and row.ubrn:
        kind = EventKind.UBRN_CONVERTED
        if row.review_reason and ReviewReason(row.review_reason).is_slot_issue:
            kind = EventKind.SLOT_ISSUE_LISTED
    return ClockEvent(key, kind, new.received_on, function=row.service.function)


def parent_of(row: Referral, parent_id: int) -> Any:
    """The consultant's pathway of this id. Raises NotAllowed where it is none of the patient's open ones."""
    for each in pathways.open_consultant_led(row.organisation_id, row.patient_id):
        if each.pk == parent_id:
            return each
    why = "Choose one of the patient's pathways on which a consultant's clock runs."
    raise NotAllowed("not on that pathway", "Linking the pathway", why)


def _save(row: Referral) -> None:
    """A booking reference is registered once. Whoever enters a row undoes what went before a refusal."""
    try:
        row.save(force_insert=True)
    except IntegrityError:
        why = "A referral with this booking reference is registered already."
        raise NotAllowed("registered", REGISTERING, why) from None


def gap(row: Referral, item: completeness.Item, at: datetime) -> Gap:
    """Asked for in the moment it is found: the acknowledgement and the answer to the referrer name it."""
    return Gap(referral=row, what=item.what, fixer=item.fixer, found_at=at, asked=1, asked_at=at)


def acknowledge(rows: Sequence[Referral], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Tell each patient, and who referred them, what happens next, by letter; not where nobody knows how."""
    flags = patients.flags_of([row.patient_id for row in rows])
    told = [row for row in rows if patients.best_channel(row.patient, flags.get(row.patient_id, ()))]
    if not told:
        return
    attempts = [
        waiting.Attempt(
            patient_id=row.patient_id,
            purpose="acknowledgement",
            channel="letter",
            words=_received(row),
            referral_id=row.pk,
            outcome=QUEUED,
        )
        for row in told
    ]
    contacts = waiting.contact_each(attempts, organisation_id=organisation_id, by=by, at=at)
    wants = [
        letters.Want(
            f"referral:{row.pk}",
            row.patient_id,
            letters.who_is_told(row),
            {"referral_id": row.pk, "contact_id": contact.pk},
        )
        for row, contact in zip(told, contacts, strict=True)
    ]
    letters.want_each(Kind.ACKNOWLEDGEMENT, wants, organisation_id=organisation_id, at=at)
    for row in told:
        row.acknowledged_at = at
    Referral.objects.filter(pk__in=[row.pk for row in told]).update(acknowledged_at=at)


def _received(row: Referral) -> str:
    return (
        f"Your referral {row.number} to {row.service.name} was received on {row.received_on:%-d %b %Y}. "
        "A clinician reads it next. Tell us if you no longer need it, what we should know to help you come, "
        "and ring us or your practice if you get worse."
    )
