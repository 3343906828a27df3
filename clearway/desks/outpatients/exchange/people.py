"""Patients that another system tells of: found, registered, brought up to date, merged."""

from dataclasses import replace
from typing import Any

from clearway.core.layout.times import local
from clearway.domain.outpatients.told import Identity, PeopleMerged, PersonTold

from ..patients import actions as patients
from ..patients import queries as known_here
from .envelope import Envelope, Kind, Refused, Taken, Verdict, counterpart, is_old, name, remember


def find(who: Identity, envelope: Envelope) -> Any:
    """Our record of a person: by the sender's number, by ours, or by NHS number; None where there is none.

    Raises Refused where a number is known here with another birth date.
    """
    organisation_id = envelope.source.organisation_id
    known = counterpart(envelope, Kind.PATIENT, who.number)
    if known is not None and known.ours is not None:
        return known_here.one(organisation_id, known.ours).stands
    key = known_here.of_number(organisation_id, who.number)
    found = known_here.one(organisation_id, key) if key is not None else None
    if found is None and who.nhs_number:
        found = known_here.by_nhs_number(organisation_id, who.nhs_number)
    if found is not None and who.born_on is not None and found.born_on != who.born_on:
        why = f"Patient {found.number} here has this number and another birth date."
        raise Refused("PID-7", why, "Compare both records, mend the wrong one, then replay the message.")
    return found.stands if found is not None else None


def needed(who: Identity, envelope: Envelope) -> Any:
    """Our record of a person. Raises Refused where there is none: it waits until they are told of."""
    found = find(who, envelope)
    if found is None:
        why = "This patient is not known here."
        fix = "Send ADT A28 of the patient, or register them; the message is then taken by itself."
        raise Refused("PID-3", why, fix, name(Kind.PATIENT, who.number))
    return found


def person(told: PersonTold, envelope: Envelope) -> Taken:
    known = counterpart(envelope, Kind.PATIENT, told.who.number)
    if is_old(known, envelope):
        return Taken(Verdict.NOTHING_NEW, "Something newer was told of this patient before.")
    found = find(told.who, envelope)
    if found is None and not told.creates:
        return Taken(Verdict.ASIDE, "The patient is not known here, and this message registers nobody.")
    is_new = found is None
    row = _registered(told, envelope) if is_new else _changed(found, told, envelope)
    # A record that was merged away keeps its own number as its counterpart.
    ours = known.ours if known is not None and known.ours is not None else row.pk
    remember(envelope, Kind.PATIENT, told.who.number, ours)
    _death(row, told, envelope)
    words = f"Patient {row.number} was {'registered' if is_new else 'brought up to date'}."
    return Taken(Verdict.APPLIED, words, (name(Kind.PATIENT, told.who.number),))


def _columns(told: PersonTold) -> dict[str, Any]:
    who = told.who
    said: dict[str, Any] = {"family_name": who.family_name, "given_names": who.given_names}
    said |= {"born_on": who.born_on, "nhs_number": who.nhs_number or None}
    return {column: value for column, value in said.items() if value} | dict(told.details)


def _registered(told: PersonTold, envelope: Envelope) -> Any:
    who, organisation_id = told.who, envelope.source.organisation_id
    if missing := [
        place for place, value in (("PID-5", who.family_name), ("PID-7", who.born_on)) if not value
    ]:
        raise Refused(missing[0], "It is empty, and nobody is registered without it.", "Send it.")
    is_free = known_here.of_number(organisation_id, who.number) is None and len(who.number) <= 20
    new = patients.New(
        **_columns(told) | {"given_names": who.given_names}, number=who.number if is_free else ""
    )
    try:
        return patients.register(new, **envelope.scope)
    except patients.LooksAlike as alike:
        numbers = ", ".join(known_here.one(organisation_id, key).number for key in alike.alike[:3])
        why = f"Somebody who may be the same person is registered here already: {numbers}."
        fix = "Compare them: give the record here the right NHS number, or register by hand, then replay."
        raise Refused("PID-5", why, fix) from None


def _changed(row: Any, told: PersonTold, envelope: Envelope) -> Any:
    # What another system holds of a way of contact was not confirmed with the patient today.
    return patients.change(row.pk, _columns(told), confirms=False, **envelope.scope)


def _death(row: Any, told: PersonTold, envelope: Envelope) -> None:
    """A death whose day is not told is recorded on the day of the message, and corrected once it is told."""
    if told.is_dead and (told.died_on is not None or row.died_on is None):
        died_on = told.died_on or local(envelope.told_at).date()
        patients.record_death(row.pk, died_on, **envelope.scope)
    elif told.is_alive and row.died_on is not None:
        why = "The sender says that the patient lives, and a death is recorded here."
        raise Refused("PID-30", why, "Withdraw the death on the patient's page if it is wrong, then replay.")


def merged(told: PeopleMerged, envelope: Envelope) -> Taken:
    """The record of the prior number is shown under that of the surviving one from now on."""
    prior_told = counterpart(envelope, Kind.PATIENT, told.prior)
    prior = find(Identity(told.prior), envelope)
    survivor = find(told.who.who, envelope)
    if prior is None and survivor is None:
        return Taken(Verdict.ASIDE, "Neither record is known here.")
    person(replace(told.who, creates=True), envelope)
    survivor = needed(told.who.who, envelope)
    if prior is not None and prior.person_id != survivor.person_id:
        patients.merge(
            prior.pk, survivor.pk, f"Message {envelope.key} of {envelope.source.name}", **envelope.scope
        )
    elif prior_told is not None and prior is not None:
        return Taken(Verdict.NOTHING_NEW, "They are one person here already.")
    ours = prior_told.ours if prior_told is not None and prior_told.ours else (prior or survivor).pk
    remember(envelope, Kind.PATIENT, told.prior, ours)
    provides = (name(Kind.PATIENT, told.prior), name(Kind.PATIENT, told.who.who.number))
    return Taken(Verdict.APPLIED, f"Merged into patient {survivor.number}.", provides)
