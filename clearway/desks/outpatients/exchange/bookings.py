"""Appointments and visits that another system tells of: booked, moved, cancelled, checked in, missed."""

from typing import Any

from clearway.core.layout.times import local
from clearway.domain.outpatients.outcomes import NextStep, Said
from clearway.domain.outpatients.told import AppointmentTold, Step, VisitStep, VisitTold
from clearway.domain.outpatients.words import Attended, CancelledBy
from clearway.domain.shared.errors import NotAllowed

from ..booking import actions as booking
from ..booking import queries as booked
from ..clinics import queries as clinics
from ..outcomes import actions as outcomes
from ..reception import actions as reception
from ..waiting import standing
from . import crossing, touched
from .crossing import ENDED
from .envelope import (
    Envelope,
    Kind,
    Refused,
    Taken,
    Verdict,
    counterpart,
    is_old,
    name,
    remember,
    said_when,
)
from .people import find, needed

UNSAID = (CancelledBy.PROVIDER, "slot_cancelled")  # whose sender gives no reason


def appointment(told: AppointmentTold, envelope: Envelope) -> Taken:
    """Make an appointment here stand as its sender has it. Raises Refused, NotAllowed."""
    known = counterpart(envelope, Kind.APPOINTMENT, told.filler)
    if is_old(known, envelope):
        return Taken(Verdict.NOTHING_NEW, "Something newer was told of this appointment before.")
    row = _ours(told, envelope, known)
    if row is None and told.step in ENDED:
        # It overtook its booking, which is older and will change nothing.
        _keep(told, envelope, None, "cancelled")
        return Taken(Verdict.ASIDE, "This appointment is not known here; its booking will not be taken.")
    if row is not None and (why := crossing.crossed(told, envelope, row, known)):
        return Taken(Verdict.NOTHING_NEW, why, (name(Kind.APPOINTMENT, told.filler),))
    if told.step in crossing.PLACED:
        row, words = _placed(told, envelope, row)
    else:
        row, words = _ended(told, envelope, _there(told, row))
    _keep(told, envelope, row, row.state)
    verdict = Verdict.APPLIED if words else Verdict.NOTHING_NEW
    provides = (name(Kind.APPOINTMENT, told.filler),)
    return Taken(verdict, words or "It stands so here already.", provides)


def _keep(told: AppointmentTold, envelope: Envelope, row: Any, state: str) -> None:
    starts_at = told.starts_at or (row and row.starts_at)
    ours = row.pk if row is not None else None
    remember(envelope, Kind.APPOINTMENT, told.filler, ours, starts_at=starts_at, state=state)


def _ours(told: AppointmentTold, envelope: Envelope, known: Any) -> Any:
    """Our appointment that stands for theirs, after every move here; None where there is none."""
    key = known.ours if known is not None else None
    if key is None and told.ours.isdigit() and told.ours.isascii():
        key = int(told.ours)
    row = booked.newest(key, envelope.source.organisation_id) if key is not None and key < 2**63 else None
    if row is not None and known is None and row.patient.person_id != needed(told.who, envelope).person_id:
        return None  # their placer id is not one that we gave
    return row


def _there(told: AppointmentTold, row: Any) -> Any:
    if row is None:
        why = "This appointment is not known here."
        fix = "Send its booking (SIU S12); the message is then taken by itself."
        raise Refused("SCH-2", why, fix, name(Kind.APPOINTMENT, told.filler))
    return row


def _placed(told: AppointmentTold, envelope: Envelope, row: Any) -> tuple[Any, str]:
    """Booked where it is said to be: by a booking, by a move, or it is there already ("")."""
    if told.starts_at is None or not told.clinic:
        return _there(told, row), ""
    patient = needed(told.who, envelope)
    slot = _slot(told, envelope)
    if row is None:
        row = booked.in_slot(slot.pk, patient.person_id)
    if row is None or row.state in ("cancelled", "lapsed"):
        entry = _entry(told, envelope, patient, slot)
        made = booking.book(slot.pk, entry.pk, channel="letter", **envelope.scope)
        return made, f"Booked: {said_when(made.starts_at)}."
    if row.slot_id == slot.pk:
        return row, ""
    side, reason = UNSAID
    moved = booking.move(
        row.pk, slot.pk, by_whom=side, reason=reason, channel="letter", any_medium=True, **envelope.scope
    )
    return moved, f"Moved: {said_when(moved.starts_at)}."


def _slot(told: AppointmentTold, envelope: Envelope) -> Any:
    assert told.starts_at is not None
    found = clinics.slot_at(envelope.source.organisation_id, told.clinic, told.starts_at)
    if found is None and not clinics.is_clinic(envelope.source.organisation_id, told.clinic):
        why = f"No clinic here has the code {told.clinic}."
        fix = "Mend [codes.clinic] of the mapping, or give a clinic here this code; it is read by itself."
        raise Refused("AIL-3", why, fix, watches=[touched.CLINICS])
    if found is None:
        why = f"Clinic {told.clinic} has no slot on {said_when(told.starts_at)}."
        fix = "Add the time to the clinic here, and the message is read by itself; or mend the time there."
        raise Refused("AIL-3 and SCH-11", why, fix, watches=[touched.CLINICS])
    return found


def _entry(told: AppointmentTold, envelope: Envelope, patient: Any, slot: Any) -> Any:
    """The place on the list that the booking is for. Raises Refused where it is none, or nobody can tell."""
    rows = standing.of_people([patient.pk, *(each.pk for each in patient.merged.all())])
    rows = rows.filter(state="waiting", service_id=slot.session.service_id)
    if told.referral:
        referral = counterpart(envelope, Kind.REFERRAL, told.referral)
        if referral is None or referral.ours is None:
            why = "The referral that it names is not known here."
            fix = "Send the referral (REF I12); the message is then taken by itself."
            raise Refused("SCH-27", why, fix, name(Kind.REFERRAL, told.referral))
        rows = rows.filter(referral_id=referral.ours)
    found = list(rows.filter(kind=slot.kind) or rows)
    if not found:
        why = "The patient has no place on the waiting list of this clinic's service."
        fix = "Register and triage the referral; the message is then taken by itself."
        raise Refused("PID-3", why, fix, name(Kind.PATIENT, told.who.number), _of(patient))
    if len(found) > 1:
        why = f"The patient has {len(found)} places on the list of this service, and it names no referral."
        fix = "Send the id of the referral, or book it here by hand."
        raise Refused("SCH-27", why, fix, watches=_of(patient))
    return found[0]


def _ended(told: AppointmentTold, envelope: Envelope, row: Any) -> tuple[Any, str]:
    """Cancelled, checked in or missed; "" where it stands so already."""
    when = said_when(row.starts_at)
    if told.step in ENDED:
        if row.state in ("cancelled", "lapsed"):
            return row, ""
        return _cancelled(told, envelope, row), f"Cancelled: {when}."
    if told.step is Step.ARRIVED:
        if row.state in ("arrived", "attended"):
            return row, ""
        row = reception.check_in(row.pk, happened_at=envelope.told_at, **envelope.scope)
        return row, f"Checked in: {when}."
    if row.state == "missed":
        return row, ""
    return _said(
        row, Said(Attended.MISSED, None, None, NextStep.DECIDE), envelope
    ), f"Did not attend: {when}."


def _cancelled(told: AppointmentTold, envelope: Envelope, row: Any) -> Any:
    """Cancelled; one that has begun meanwhile, as the cashing up of its clinic does it."""
    side, reason = (told.side, told.reason) if told.step is Step.CANCELLED else UNSAID
    told_at = min(envelope.told_at, envelope.at)
    if row.starts_at > envelope.at:
        return booking.cancel(row.pk, by_whom=side, reason=reason, told_at=told_at, **envelope.scope)
    by_patient = side is CancelledBy.PATIENT
    code = Attended.CANCELLED_BY_PATIENT if by_patient else Attended.CANCELLED_BY_PROVIDER
    said = Said(code, None, None, NextStep.REOFFER, reason=reason, told_at=told_at)
    return _said(row, said, envelope)


def _said(row: Any, said: Said, envelope: Envelope) -> Any:
    (outcome,) = outcomes.cash_up([(row.pk, said)], **envelope.scope)
    if not outcome.is_saved:
        raise NotAllowed("as it stands", "Recording what became of it", outcome.why)
    row.refresh_from_db()
    return row


def _told_at(envelope: Envelope) -> Any:
    return min(envelope.told_at, envelope.at)


def visit(told: VisitTold, envelope: Envelope) -> Taken:
    """Check a patient in, or take it back. Raises Refused, NotAllowed."""
    patient = needed(told.who, envelope)
    if told.step is VisitStep.DISCHARGE_CANCELLED:
        why = "A discharge of this patient was cancelled there; here a person takes it back."
        fix = "Open the patient's page, take the outcome back if it was wrong, then mark this as put right."
        raise Refused("PV1-19", why, fix)
    row = _of_visit(told, envelope, patient)
    visited = told.filler or f"appointment {row.pk}"
    if is_old(counterpart(envelope, Kind.VISIT, visited), envelope):
        return Taken(Verdict.NOTHING_NEW, "Something newer was told of this visit before.")
    remember(envelope, Kind.VISIT, visited, row.pk, state=told.step.value)
    words = f"{said_when(row.starts_at)}."
    if told.step is VisitStep.ARRIVED:
        if row.state in ("arrived", "attended"):
            return Taken(Verdict.NOTHING_NEW, "The patient is checked in already.")
        reception.check_in(row.pk, happened_at=told.happened_at, **envelope.scope)
        return Taken(Verdict.APPLIED, f"Checked in: {words}")
    if row.state == "booked":
        return Taken(Verdict.NOTHING_NEW, "The patient is not checked in.")
    reception.take_back(row.pk, **envelope.scope)
    return Taken(Verdict.APPLIED, f"Check-in taken back: {words}")


def _of_visit(told: VisitTold, envelope: Envelope, patient: Any) -> Any:
    known = counterpart(envelope, Kind.APPOINTMENT, told.filler) if told.filler else None
    if known is not None and known.ours is not None:
        row = booked.newest(known.ours, envelope.source.organisation_id)
        if row is not None:
            return row
    records = [patient.pk, *(each.pk for each in patient.merged.all())]
    rows = booked.of_people(records).filter(state__in=("booked", "arrived", "attended"))
    found = [row for row in rows if local(row.starts_at).date() == local(told.happened_at).date()]
    if len(found) != 1:
        many = "no appointment" if not found else f"{len(found)} appointments"
        why = f"The patient has {many} here on that day."
        fix = "Send the appointment's id in PV1-19, or book or check the patient in by hand."
        filler = name(Kind.APPOINTMENT, told.filler) if told.filler else ""
        raise Refused("PV1-19", why, fix, filler, _of(patient))
    return found[0]


def _of(patient: Any) -> tuple[str, ...]:
    """What to watch where something at the desk about this person would mend it."""
    return (touched.person(patient),)


def watched(told: AppointmentTold | VisitTold, envelope: Envelope) -> tuple[str, ...]:
    """What the desk's own rules look at of an appointment or a visit: the person, and the slot it is said to
    be in. Where they are not known here, what would make them known."""
    who = find(told.who, envelope)
    names = [touched.person(who) if who is not None else touched.PATIENTS]
    if isinstance(told, AppointmentTold) and told.starts_at is not None and told.clinic:
        found = clinics.slot_at(envelope.source.organisation_id, told.clinic, told.starts_at)
        names += [touched.CLINICS, *([touched.slot(found.pk)] if found is not None else [])]
    return tuple(names)
