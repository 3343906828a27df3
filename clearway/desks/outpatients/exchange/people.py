"""Patients that another system tells of: found, registered, brought up to date, merged."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from clearway.core.layout.times import local
from clearway.domain.outpatients.telling import What
from clearway.domain.outpatients.told import Identity, PeopleMerged, PersonTold

from ..booking import queries as booked
from ..patients import actions as patients
from ..patients import queries as known_here
from . import queries, touched, wanted
from .envelope import Envelope, Kind, Refused, Taken, Verdict, counterpart, is_old, name, remember
from .models import Counterpart

WHERE = {  # of the columns of a patient, for what a sender is told
    **dict.fromkeys(("family_name", "given_names"), "PID-5"),
    **dict.fromkeys(("phone", "mobile", "email"), "PID-13"),
    **dict.fromkeys(("address", "postcode"), "PID-11"),
    "practice": "PD1-3",
}


def find(who: Identity, envelope: Envelope) -> Any:
    """Our record of a person: by the sender's number, or by what is told of them; None where there is none.

    A number that is also one of ours proves nothing by itself: another system counts for itself.
    Raises Refused where one detail says that it is them and another that it is not.
    """
    organisation_id = envelope.source.organisation_id
    known = counterpart(envelope, Kind.PATIENT, who.number)
    if known is not None and known.ours is not None:
        return known_here.one(organisation_id, known.ours).stands
    key = known_here.of_number(organisation_id, who.number)
    found = known_here.one(organisation_id, key) if key is not None else None
    if found is not None and not _is_same(found, who):
        found = None
    if found is None and who.nhs_number:
        found = known_here.by_nhs_number(organisation_id, who.nhs_number)
        if found is not None and who.born_on is not None and found.born_on != who.born_on:
            why = "The patient with this NHS number here has another birth date."
            fix = "Compare both records and mend the wrong one; the message is then read again by itself."
            raise Refused("PID-7", why, fix, watches=[touched.person(found)])
    return found.stands if found is not None else None


def _is_same(row: Any, who: Identity) -> bool:
    """Whether more than the number says that they are one person."""
    if who.nhs_number and row.nhs_number:
        return bool(who.nhs_number == row.nhs_number)
    is_named = who.family_name.casefold() == row.family_name.casefold()
    return is_named and who.born_on is not None and bool(who.born_on == row.born_on)


def needed(who: Identity, envelope: Envelope) -> Any:
    """Our record of a person. Raises Refused where there is none: it waits until they are told of."""
    found = find(who, envelope)
    if found is None:
        why = "This patient is not known here."
        fix = "Send ADT A28 of the patient, or register them; the message is then taken by itself."
        raise Refused("PID-3", why, fix, name(Kind.PATIENT, who.number), [touched.PATIENTS])
    return found


def person(told: PersonTold, envelope: Envelope) -> Taken:
    known = counterpart(envelope, Kind.PATIENT, told.who.number)
    is_known = known is not None and known.ours is not None
    if is_known and is_old(known, envelope):
        return Taken(Verdict.NOTHING_NEW, "Something newer was told of this patient before.")
    found = find(told.who, envelope)
    if found is None and not told.creates:
        if not is_old(known, envelope):
            remember(envelope, Kind.PATIENT, told.who.number, None, batch=envelope.batch_id)
        return Taken(Verdict.ASIDE, "The patient is not known here, and this message registers nobody.")
    again = known.batch if known is not None and is_old(known, envelope) else None
    is_new = found is None
    row = _registered(told, envelope, known) if is_new else _changed(found, told, envelope, known)
    # A record that was merged away keeps its own number as its counterpart.
    ours = known.ours if known is not None and known.ours is not None else row.pk
    remember(envelope, Kind.PATIENT, told.who.number, ours)
    _death(row, told, envelope, known)
    words = f"Patient {row.number} was {'registered' if is_new else 'brought up to date'}."
    return Taken(Verdict.APPLIED, words, (name(Kind.PATIENT, told.who.number),), again)


def columns(told: PersonTold) -> dict[str, Any]:
    """What is told of a person, by column of our record. Raises Refused for what is too long."""
    who = told.who
    said: dict[str, Any] = {"family_name": who.family_name, "given_names": who.given_names}
    said |= {"born_on": who.born_on, "nhs_number": who.nhs_number or None}
    found = {column: value for column, value in said.items() if value} | dict(told.details)
    for column, value in found.items():
        most = known_here.longest(column)
        if isinstance(value, str) and most is not None and len(value) > most:
            why = f"The {column.replace('_', ' ')} is longer than the {most} characters that are kept."
            raise Refused(WHERE.get(column, "PID"), why, "Shorten it at its source, and send it again.")
    return found


def _registered(told: PersonTold, envelope: Envelope, known: Counterpart | None) -> Any:
    who, organisation_id = told.who, envelope.source.organisation_id
    if missing := [
        place for place, value in (("PID-5", who.family_name), ("PID-7", who.born_on)) if not value
    ]:
        why = "It is empty, and nobody is registered without it."
        number = name(Kind.PATIENT, who.number)
        raise Refused(missing[0], why, "Send it, or register them here.", number, [touched.PATIENTS])
    is_free = known_here.of_number(organisation_id, who.number) is None and len(who.number) <= 20
    new = patients.New(
        **columns(told) | {"given_names": who.given_names}, number=who.number if is_free else ""
    )
    is_other = known is not None and known.answer == Counterpart.Answer.OTHER
    try:
        return patients.register(new, though_alike=is_other, **envelope.scope)
    except patients.LooksAlike as alike:
        numbers = [known_here.one(organisation_id, key).nhs_number for key in alike.alike]
        is_other_number = bool(who.nhs_number) and all(numbers)
        tells = "their NHS numbers differ" if is_other_number else "no NHS number tells"
        why = f"{len(alike.alike)} registered here may be the same person, and {tells}."
        fix = "Open the line, compare them side by side, and say whether they are one person."
        number = name(Kind.PATIENT, who.number)
        raise Refused("PID-5", why, fix, number, [touched.PATIENTS]) from None


def _changed(row: Any, told: PersonTold, envelope: Envelope, known: Counterpart | None) -> Any:
    said = columns(told)
    before = {column: getattr(row, column) for column in said}
    # What another system holds of a way of contact was not confirmed with the patient today.
    made = patients.change(row.pk, said, confirms=False, **envelope.scope)
    _note(known, before, {column: getattr(made, column) for column in said})
    return made


def _note(known: Counterpart | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Keep what a message changed of a patient, where only a person's answer says that it is them."""
    if known is None or known.answer != Counterpart.Answer.SAME:
        return
    for column, value in before.items():
        was, told = plain(value), plain(after[column])
        if was == told:
            continue
        first, last = known.changed.get(column, (was, was))
        # What somebody here has written since their last message is what becomes of it again.
        known.changed[column] = [first if last == was else was, told]
    Counterpart.objects.filter(pk=known.pk).update(changed=known.changed)


def plain(value: Any) -> Any:
    """As it is kept in a counterpart's `changed`."""
    return value.isoformat() if isinstance(value, date) else value


def _death(row: Any, told: PersonTold, envelope: Envelope, known: Counterpart | None) -> None:
    """A death whose day is not told is recorded on the day of the message, and corrected once it is told."""
    if told.is_dead and (told.died_on is not None or row.died_on is None):
        died_on, before = told.died_on or local(envelope.told_at).date(), row.died_on
        with _told_back(row, envelope):
            patients.record_death(row.pk, died_on, **envelope.scope)
        _note(known, {"died_on": before}, {"died_on": died_on})
    elif told.is_alive and row.died_on is not None:
        why = "The sender says that the patient lives, and a death is recorded here."
        fix = "Withdraw the death on the patient's page if it is wrong; the message is then read by itself."
        raise Refused("PID-30", why, fix, watches=[touched.person(row)])


@contextmanager
def _told_back(person: Any, envelope: Envelope) -> Iterator[None]:
    """Tell the sender of the appointments that are cancelled meanwhile: its message said nothing of them."""
    records = [person.pk, *(each.pk for each in person.merged.all())]
    stood = set(booked.of_people(records).filter(state="booked").values_list("pk", flat=True))
    yield
    if stood and queries.is_told(envelope.source, What.CANCELLED):
        for each in booked.of_people(records).filter(pk__in=stood, state="cancelled").order_by("pk"):
            wanted.again(each, What.CANCELLED, envelope.source, at=envelope.at)


def merged(told: PeopleMerged, envelope: Envelope) -> Taken:
    """The record of the prior number is shown under that of the surviving one from now on."""
    who = told.who.who
    known = counterpart(envelope, Kind.PATIENT, told.prior)
    prior = find(Identity(told.prior), envelope)
    survivor = find(who, envelope)
    if prior is None and survivor is None:
        # Whoever of them is told of first makes both known.
        remember(envelope, Kind.PATIENT, told.prior, None, batch=envelope.batch_id)
        return Taken(Verdict.ASIDE, "Neither record is known here.")
    if survivor is None:  # the person is here by the number that goes: the one that stays is theirs too
        remember(envelope, Kind.PATIENT, who.number, prior.pk)
    person(told.who, envelope)
    survivor = needed(who, envelope)
    provides = (name(Kind.PATIENT, told.prior), name(Kind.PATIENT, who.number))
    if prior is not None and prior.person_id == survivor.person_id and known is not None and known.ours:
        return Taken(Verdict.NOTHING_NEW, "They are one person here already.", provides)
    if prior is not None and prior.person_id != survivor.person_id:
        why = f"Message {envelope.key} of {envelope.source.name}"
        patients.merge(prior.pk, survivor.pk, why, **envelope.scope)
    ours = known.ours if known is not None and known.ours else (prior or survivor).pk
    remember(envelope, Kind.PATIENT, told.prior, ours)
    return Taken(Verdict.APPLIED, "The two records are one person now.", provides)
