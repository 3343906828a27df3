"""Referrals that another system tells of: registered, completed, removed."""

from collections.abc import Mapping

from clearway.domain.outpatients.completeness import Route, priority_of
from clearway.domain.outpatients.told import ReferralStep, ReferralTold
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import referral_file

from ..intake import actions as intake
from ..intake.actions import REFUSED, REPEAT, Taking
from ..referrals import actions as referrals
from ..referrals import queries as referrals_here
from . import touched
from .envelope import Envelope, Kind, Refused, Taken, Verdict, counterpart, is_old, name, remember
from .people import find

# What a message may complete of a referral that is here, by our columns; the rest is the desk's.
COMPLETES = ("priority", "condition", "question", "sender", "sender_organisation", "source")
MEND = "Mend it at its source and send it again, or register it by hand."


def referral(told: ReferralTold, envelope: Envelope) -> Taken:
    """Make a referral here stand as its sender has it. Raises Refused, NotAllowed."""
    known = counterpart(envelope, Kind.REFERRAL, told.theirs)
    if is_old(known, envelope):
        return Taken(Verdict.NOTHING_NEW, "Something newer was told of this referral before.")
    if told.step is ReferralStep.CANCELLED:
        return _removed(told, envelope, known.ours if known else None)
    if known is None or known.ours is None:
        return _registered(told, envelope)
    return _completed(told, envelope, known.ours)


def _provides(told: ReferralTold) -> tuple[str, ...]:
    return (name(Kind.REFERRAL, told.theirs), name(Kind.PATIENT, told.who.number))


def _row(values: Mapping[str, str]) -> referral_file.ReferralRow:
    row = referral_file.row_of(1, values)
    if isinstance(row, CannotParse):
        raise Refused(row.where.partition(", ")[2], row.why, row.fix)
    return row


def _registered(told: ReferralTold, envelope: Envelope) -> Taken:
    patient = find(told.who, envelope)
    taking = Taking(envelope.source.name, Route.API, patient=patient and patient.pk)
    (made,) = intake.take([_row(told.values)], taking, **envelope.scope)
    if made.verdict == REFUSED:
        watches = [touched.PATIENTS if patient is None else touched.person(patient), touched.CLINICS]
        raise Refused(made.where or "message", made.why, made.fix or MEND, watches=watches)
    assert made.referral_id is not None
    remember(envelope, Kind.REFERRAL, told.theirs, made.referral_id)
    _remember_patient(told, envelope, made.referral_id)
    if made.verdict == REPEAT:
        return Taken(Verdict.NOTHING_NEW, f"It is referral {made.number} here. {made.why}", _provides(told))
    return Taken(Verdict.APPLIED, f"Registered as referral {made.number}.", _provides(told))


def _remember_patient(told: ReferralTold, envelope: Envelope, referral_id: int) -> None:
    """The sender's number of the patient, unless they were told of by it before."""
    if counterpart(envelope, Kind.PATIENT, told.who.number) is None:
        row = referrals_here.one(envelope.source.organisation_id, referral_id)
        remember(envelope, Kind.PATIENT, told.who.number, row.patient_id)


def _completed(told: ReferralTold, envelope: Envelope, ours: int) -> Taken:
    row = _row(told.values)
    standing = referrals_here.one(envelope.source.organisation_id, ours)
    said = {column: row[column] for column in COMPLETES} | {"priority": priority_of(row["priority"]) or ""}
    changed = {
        column: value for column, value in said.items() if value and getattr(standing, column) != value
    }
    if changed:
        referrals.supply(ours, changed, **envelope.scope)
    remember(envelope, Kind.REFERRAL, told.theirs, ours)
    if not changed:
        return Taken(Verdict.NOTHING_NEW, "It stands so here already.", _provides(told))
    return Taken(Verdict.APPLIED, f"Referral {standing.number} was completed.", _provides(told))


def _removed(told: ReferralTold, envelope: Envelope, ours: int | None) -> Taken:
    remember(envelope, Kind.REFERRAL, told.theirs, ours)  # an older registration changes nothing now
    if ours is None:
        return Taken(Verdict.ASIDE, "This referral is not known here; its registration will not be taken.")
    row = referrals_here.one(envelope.source.organisation_id, ours)
    if row.state not in referrals_here.OPEN:
        return Taken(Verdict.NOTHING_NEW, "The referral has ended here already.")
    if not told.why:
        why = f"The sender has withdrawn referral {row.number}, and the mapping gives no reason for that."
        fix = "Remove it on its page with the reason, or set [sender] withdrawn; it is then read by itself."
        raise Refused("RF1-1", why, fix, watches=[touched.person(row.patient)])
    referrals.remove(ours, told.why, **envelope.scope)
    return Taken(Verdict.APPLIED, f"Referral {row.number} was removed.")
