"""Declaring a major incident and reporting on it by METHANE. Every write of them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import MEANWHILE, ChangedMeanwhile, between
from clearway.core.live.actions import announce
from clearway.core.notices import actions as notices
from clearway.domain.ambulance.command import METHANE, Declared
from clearway.domain.shared.errors import NotAllowed

from .actions import lock
from .models import MajorIncident

STATES: Mapping[Declared, str] = {
    Declared.STANDBY: "Major incident standby",
    Declared.DECLARED: "MAJOR INCIDENT DECLARED",
    Declared.STOOD_DOWN: "Stood down",
}


def says(row: MajorIncident | None) -> dict[str, str]:
    """What a version says: how the incident stands, and the letters of METHANE."""
    return {name: getattr(row, name) for name in ("state", *METHANE)} if row else {}


@transaction.atomic
def report(
    state: Declared,
    letters: Mapping[str, str],
    *,
    number: int | None,
    after: int,
    once: UUID | None = None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> MajorIncident:
    """Write the next version of a METHANE report, or the first of a new one; every page says it at once.

    number  of the incident; None begins another. after  the version that was shown, 0 for none
    once    of the form: sent again with the same words it is the version that it wrote before
    Raises NotAllowed: nobody, stood down, or a form that was sent with other words; and ChangedMeanwhile
    where somebody wrote a version after the one that was shown.
    """
    event = "Reporting a major incident"
    if by.user_id is None:
        raise NotAllowed("nobody", event, "Only a person declares, reports on and ends one.")
    lock(organisation_id)
    every = MajorIncident.objects.filter(organisation_id=organisation_id)
    if once is not None and (same := every.filter(once=once).first()) is not None:
        if (same.state, {name: getattr(same, name) for name in letters}) == (state.value, dict(letters)):
            return same
        why = f"This form wrote version {same.version} of major incident {same.number}. Write the next there."
        raise NotAllowed("written", event, why)
    if number is None:
        if state is Declared.STOOD_DOWN:
            raise NotAllowed("new", event, "A new one is on standby or declared.")
        number = (every.aggregate(Max("number"))["number__max"] or 0) + 1
    last = every.filter(number=number).order_by("-version").first()
    stands = last.version if last else 0
    if stands != after:
        found = between(says(last), {"state": state.value, **letters})
        if last is not None and not found:
            return last  # somebody else has reported the very same
        raise ChangedMeanwhile("overtaken", event, MEANWHILE, found, now=stands)
    if last is not None and last.state == Declared.STOOD_DOWN:
        raise NotAllowed("ended", event, "It was stood down. Begin another.")
    row = every.create(
        organisation_id=organisation_id,
        number=number,
        version=after + 1,
        at=at,
        by=by.name,
        state=state.value,
        once=once,
        **letters,
    )
    detail = {"state": row.state, "version": row.version, **letters}
    entry = Entry("major.report", f"major:{number}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    _notice(row, at)
    announce("major", [str(number)], organisation_id=organisation_id, at=at)
    return row


def _notice(row: MajorIncident, at: datetime) -> None:
    key = f"major:{row.number}"
    if row.state == Declared.STOOD_DOWN:
        notices.withdraw(key, organisation_id=row.organisation_id, at=at)
        return
    words = f"{STATES[Declared(row.state)]}: {row.kind}, {row.location}"
    address = reverse("command:methane", args=[row.number])
    notices.put(key, words, address=address, ends_at=None, organisation_id=row.organisation_id, at=at)
