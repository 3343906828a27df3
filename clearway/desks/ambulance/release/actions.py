"""Recording that a crew is released, why it is not, or who relieves it."""

from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import ChangedMeanwhile, Clash, between, check_newest
from clearway.core.feeds.models import Source
from clearway.core.layout.times import clock
from clearway.core.live.actions import announce
from clearway.domain.ambulance import transitions
from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.release import Kind, Record, may_correct, problems, status_said
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import Availability, JobStatus, StatusSource
from clearway.domain.shared.errors import NotAllowed

from ..facts import actions as facts
from ..incidents import queries as incidents
from ..resources import queries as resources
from . import queries
from .models import Release
from .policy import release_policy

SPEAKS_AS = {"halo": StatusSource.HALO, "hospital_user": StatusSource.HOSPITAL}
TWICE = timedelta(minutes=2)  # in which the same record from the same hand is the same record
COUNTED = ("look_at", "news2_at")  # typed as so many minutes from now
NOT_A_HOSPITALS = (Kind.RELIEF,)  # a hospital sends no crew to another's patient


@transaction.atomic
def record(
    key: str,
    said: Record,
    *,
    seen: int | None,
    site_code: str,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Release:
    """Keep a record of a patient who waits at this hospital, and tell the crew's status what it says.

    seen  the newest record of the patient that the person had before them; None for none
    The patient's clock stops where the hospital accepted the patient, and in no other way. Raises NotAllowed:
    not here any more, not whole, or the crew has left; and ChangedMeanwhile where somebody else recorded
    something since.
    """
    facts.lock(organisation_id)  # one writer: of two people at once the second sees what the first said
    folded = incidents.at_site(organisation_id, key, site_code)
    if folded is None or not folded.patient_is_waiting:
        raise NotAllowed("gone", "Recording this", "This patient does not wait here any more. Open the list.")
    last = queries.newest(organisation_id, key)
    if last is not None and _is_same(last, said, by, at):
        return last
    if last is not None and last.pk != seen:
        if not (found := _differs(last, said, at)):
            return last  # somebody else has recorded the very same
        why = f"{last.by} recorded {last.kind} at {clock(last.at)} meanwhile. Look at it, then send again."
        what = f"Recording this of {folded.call_sign}"
        raise ChangedMeanwhile("meanwhile", what, why, tuple(found), now=last.pk)
    _check(folded, said, by, at, organisation_id)
    status = status_said(said, folded.state)
    if status is not None:
        _tell(folded, status, said, organisation_id, by, at)
    return _keep(folded, said, site_code, None, organisation_id, by, at)


@transaction.atomic
def correct(key: int, said: Record, *, organisation_id: int, by: Actor, at: datetime) -> Release:
    """Put a better record in the place of one.

    Raises NotAllowed: another thing, or not whole; and ChangedMeanwhile where it was corrected already.
    """
    facts.lock(organisation_id)
    row = queries.one(organisation_id, key)
    what = f"Correcting the record of {row.call_sign if row else 'a crew'}"
    if row is None:
        raise NotAllowed("gone", what, "There is no such record. Open the list again.")
    check_newest(row, lambda each: asdict(queries.record_of(each)), asdict(said), what)
    if not may_correct(queries.record_of(row), said):
        raise NotAllowed("another", what, "This would be another event: record that of the patient instead.")
    waited = (row.first_at - row.arrived_at).total_seconds() / 60
    wrong = problems(said, release_policy(organisation_id, row.first_at), waited, row.first_at)
    if wrong:
        raise NotAllowed("lacking", what, next(iter(wrong.values())))
    return _keep(row, said, row.site, row, organisation_id, by, at)


def _check(folded: Assignment, said: Record, by: Actor, at: datetime, organisation_id: int) -> None:
    what = f"Recording this of {folded.call_sign}"
    if said.kind in NOT_A_HOSPITALS and by.role == "hospital_user":
        raise NotAllowed("hospital", what, "A relief crew is named by the ambulance service.")
    wrong = problems(said, release_policy(organisation_id, at), _waited(folded, at), at)
    if wrong:
        raise NotAllowed("lacking", what, next(iter(wrong.values())))
    if said.relief:
        if said.relief == folded.call_sign:
            raise NotAllowed("itself", what, "A crew does not relieve itself. Name another crew.")
        relief = resources.by_call_sign(organisation_id, [said.relief]).get(said.relief)
        if relief is None or relief.availability is Availability.OFF:
            raise NotAllowed("unknown", what, f"No crew {said.relief} is on shift. Check the call sign.")
    elif folded.state.is_over and not said.accepted:
        raise NotAllowed(
            "left", what, "The crew has left. Record the release when the hospital accepts, or who relieves."
        )


def _waited(folded: Assignment, at: datetime) -> float:
    return (at - folded.stamps[JobStatus.AT_HOSPITAL]).total_seconds() / 60


def _tell(
    folded: Assignment, status: JobStatus, said: Record, organisation_id: int, by: Actor, at: datetime
) -> None:
    """Say the crew's status as a fact of the desk's own source; the CAD's word stands beside it."""
    speaker = SPEAKS_AS.get(by.role, StatusSource.EOC)
    transitions.check(folded, status, speaker)
    event = JobEvent(
        message_id=str(uuid4()),
        occurred_at=at,
        incident=folded.incident,
        call_sign=folded.call_sign,
        assignment=folded.key,
        status=status,
        source=speaker,
        note=f"Relieved by {said.relief}" if said.relief else "Release record",
        accepted_by=said.nurse or (f"relief crew {said.relief}" if said.relief else None),
    )
    source = Source.objects.get(organisation_id=organisation_id, kind="desk")
    body = facts.body_hash(msgspec.json.encode(event))
    facts.record([facts.Received(event.message_id, body, (event,))], source=source, by=by, at=at)


def _differs(last: Release, said: Record, at: datetime) -> list[Clash]:
    """What a record says otherwise than the last; a time counted from now, by how far it is."""
    before = queries.record_of(last)

    def is_as_far(name: str) -> bool:
        one, other = getattr(before, name), getattr(said, name)
        return one is not None and other is not None and _minutes(one - last.at) == _minutes(other - at)

    found = between(asdict(before), asdict(said))
    return [each for each in found if each.field not in COUNTED or not is_as_far(each.field)]


def _minutes(far: timedelta) -> int:
    return round(far / timedelta(minutes=1))


def _is_same(last: Release, said: Record, by: Actor, at: datetime) -> bool:
    """The form was sent twice. Times that were counted from now differ by the seconds between."""
    before = queries.record_of(last)
    same = {**asdict(before), "look_at": None, "news2_at": None}
    return (
        same == {**asdict(said), "look_at": None, "news2_at": None}
        and last.by == by.name
        and at - last.at < TWICE
    )


def _keep(
    of: Assignment | Release,
    said: Record,
    site_code: str,
    supersedes: Release | None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Release:
    key = of.key if isinstance(of, Assignment) else of.assignment
    arrived = of.stamps[JobStatus.AT_HOSPITAL] if isinstance(of, Assignment) else of.arrived_at
    row = Release.objects.create(
        organisation_id=organisation_id,
        at=at,
        first_at=supersedes.first_at if supersedes else at,
        by=by.name,
        role=by.role,
        assignment=key,
        incident=of.incident,
        call_sign=of.call_sign,
        site=site_code,
        arrived_at=arrived,
        supersedes=supersedes,
        **asdict(said),
    )
    detail = {"site": site_code, "kind": row.kind, "reason": row.reason, "accepted": row.accepted}
    verb = "release.correct" if supersedes else "release.record"
    audit([Entry(verb, f"assignment:{key}", detail)], organisation_id=organisation_id, by=by, at=at)
    announce("site", [site_code], organisation_id=organisation_id, at=at)
    return row
