"""Answering proposed moves, taking them back, and following what becomes of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.live.actions import announce
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.ambulance.situation import AVAILABILITIES, UNKNOWN, Situation
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.geography import distance_km
from clearway.engine.ambulance.feeds import basis
from clearway.engine.ambulance.standby import StandbyPolicy, in_time

from .. import situation as situations
from ..incidents import queries as incidents
from ..travel.network import columns_at, network
from . import placing, queries
from .models import CoverMove
from .placing import Proposed
from .policy import cover, standby

State, How = CoverMove.State, CoverMove.How
THERE_KM = 1.0  # from a place at which a crew counts as there: a station's yard and the roads around it
READY = AVAILABILITIES.index(Availability.AVAILABLE)


def accept(call_sign: str, code: str, *, organisation_id: int, by: Actor, at: datetime) -> CoverMove:
    """Ask a crew to go to a place, with the figures as they are now.

    The crew reads it on its own page, dispatch on the resource board. Raises NotAllowed where the crew may
    not be moved any more, or the move gains too little now.
    """
    what = f"Moving {call_sign}"
    try:
        with transaction.atomic():
            # Each leaves enough crews in its area by itself; two at once may leave none.
            one_at_a_time(Lock.COVER, organisation_id)
            seen = _field(organisation_id, what, at)
            found, why = placing.one(seen, call_sign, code)
            if found is None:
                raise NotAllowed("not free", what, why)
            if found.move.gain < seen.policy.least_gain:
                now = f"It would gain {found.move.gain:.2f} calls now"
                raise NotAllowed("too little", what, f"{now}; the policy asks {seen.policy.least_gain:g}.")
            row = _write(found, seen.policy, State.GOING, "", organisation_id, by, at)
            _tell([row], "cover.move", by, at)
    except IntegrityError as problem:
        if "one_standing_move_per_" not in str(problem):
            raise
        why = "Somebody else has moved this crew, or one to this place, meanwhile. Look at it as it is now."
        raise NotAllowed("moved", what, why) from None
    return row


@transaction.atomic
def refuse(
    call_sign: str, code: str, why: str, *, organisation_id: int, by: Actor, at: datetime
) -> CoverMove:
    """Keep that a proposed move was refused, and why: it is not proposed again for a while. Raises
    NotAllowed where it could not be made anyway."""
    what = f"Refusing to move {call_sign}"
    seen = _field(organisation_id, what, at)
    found, gone = placing.one(seen, call_sign, code)
    if found is None:
        raise NotAllowed("gone", what, gone)
    row = _write(found, seen.policy, State.REFUSED, why, organisation_id, by, at)
    _tell([row], "cover.refuse", by, at)
    return row


@transaction.atomic
def withdraw(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> CoverMove:
    """Take a move back, with a reason. Raises NotAllowed where it does not stand any more."""
    row: CoverMove | None = _locked(organisation_id).filter(pk=key).first()
    if row is None:
        raise NotAllowed("over", "Taking back this move", "It stands no more: it has ended.")
    _end(row, How.WITHDRAWN, why, standby(organisation_id, at), at)
    _tell([row], "cover.withdraw", by, at)
    return row


@transaction.atomic
def follow(organisation_id: int, *, by: Actor, at: datetime) -> None:
    """Bring every standing move to what the facts say. Called every half minute; a fixed number of queries,
    and some for each move that changed."""
    rows = list(_locked(organisation_id))
    if not rows:
        return
    situation, policy = situations.read(organisation_id, at), standby(organisation_id, at)
    changed = []
    for row in rows:
        how, cause = _over(row, situation, at)
        if how is not None:
            _end(row, how, cause, policy, at)
        elif row.state == State.GOING and _is_there(row, situation):
            row.state, row.arrived_at = State.THERE, at
            row.save(update_fields=["state", "arrived_at"])
        else:
            continue
        changed.append(row)
    _tell(changed, "cover.followed", by, at)


def gained(row: CoverMove, policy: StandbyPolicy, at: datetime) -> dict[str, Any]:
    """What a move gained: calls that came while the crew was at its place, of those how many it was likelier
    than not to reach in time from there, and how many from where it had been."""
    found: dict[str, Any] = {"calls": 0, "from_there": 0, "from_before": 0}
    if row.arrived_at is not None and row.left_latitude is not None and row.left_longitude is not None:
        calls = incidents.places_between(row.organisation_id, row.arrived_at, at)
        if calls:
            here = np.array([row.place.latitude, row.left_latitude])
            east = np.array([row.place.longitude, row.left_longitude])
            ends = columns_at(*np.array(calls, dtype=np.float64).T)
            chance = in_time(network(ends).minutes(here, east, ends, at=at.timestamp()), policy)
            there, before = (int((each >= 0.5).sum()) for each in chance)
            found = {"calls": len(calls), "from_there": there, "from_before": before}
    return found


def _field(organisation_id: int, what: str, at: datetime) -> placing.Field:
    reading = situations.reading(organisation_id, at)
    if not basis(reading.situation, reading.ground.policy.freshness).cad.freshness.may_be_relied_on:
        raise NotAllowed("silent", what, "The control room's source is not fresh enough to say who is free.")
    return placing.field(
        organisation_id, reading, cover(organisation_id, at), standby(organisation_id, at), at
    )


def _write(
    found: Proposed,
    policy: StandbyPolicy,
    state: CoverMove.State,
    why: str,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> CoverMove:
    move = found.move
    arrives = at + timedelta(minutes=move.drive)
    return CoverMove.objects.create(
        organisation_id=organisation_id,
        call_sign=move.call_sign,
        area=move.area,
        place=found.place,
        to_area=move.post.area,
        left_latitude=found.latitude,
        left_longitude=found.longitude,
        gives=move.gives,
        takes=move.takes,
        drive=move.drive,
        reasons=list(found.reasons),
        decided_at=at,
        decided_by=by.name,
        why=why[:200],
        arrive_by=arrives + timedelta(minutes=policy.grace),
        stays_until=arrives + timedelta(minutes=move.stays),
        state=state,
    )


def _locked(organisation_id: int) -> QuerySet[CoverMove]:
    return queries.open_moves(organisation_id).select_for_update(of=("self",))


def _over(row: CoverMove, situation: Situation, at: datetime) -> tuple[CoverMove.How | None, str]:
    """How a move ended by what the crew does now, None while it stands."""
    table = situation.resources
    if row.call_sign not in table.call_sign:
        return How.AWAY, "The crew is off shift"
    place = table.call_sign.index(row.call_sign)
    held = int(table.assignment[place])
    if held != UNKNOWN:
        return How.JOB, f"Incident {situation.assignments.incident[held]}"
    availability = int(table.availability[place])
    if availability != READY:
        word = "unknown" if availability == UNKNOWN else AVAILABILITIES[availability].value
        return How.AWAY, f"Its status is {word.replace('_', ' ')}"
    if at >= row.stays_until:
        return (How.STAYED, "") if row.arrived_at else (How.LATE, "")
    if row.state == State.GOING and at >= row.arrive_by and not _is_there(row, situation):
        return How.LATE, ""
    return None, ""


def _is_there(row: CoverMove, situation: Situation) -> bool:
    """Whether a position taken since it was asked is at the place."""
    table = situation.resources
    place = table.call_sign.index(row.call_sign)
    if not float(table.position_at[place]) >= row.decided_at.timestamp():
        return False
    here = float(table.latitude[place]), float(table.longitude[place])
    return float(distance_km(*here, row.place.latitude, row.place.longitude)) <= THERE_KM


def _end(row: CoverMove, how: CoverMove.How, cause: str, policy: StandbyPolicy, at: datetime) -> None:
    row.state, row.how, row.cause, row.ended_at = State.ENDED, how, cause[:200], at
    row.came = gained(row, policy, at)
    row.save(update_fields=["state", "how", "cause", "ended_at", "came"])


def _tell(rows: Iterable[CoverMove], verb: str, by: Actor, at: datetime) -> None:
    rows = list(rows)
    if not rows:
        return
    organisation_id = rows[0].organisation_id
    entries = [Entry(verb, f"resource:{row.call_sign}", _detail(row)) for row in rows]
    audit(entries, organisation_id=organisation_id, by=by, at=at)
    announce("cover_move", [str(row.pk) for row in rows], organisation_id=organisation_id, at=at)
    announce("resource", [row.call_sign for row in rows], organisation_id=organisation_id, at=at)


def _detail(row: CoverMove) -> Mapping[str, Any]:
    return {
        "place": row.place.code,
        "state": row.state,
        "gives": round(row.gives, 3),
        "takes": round(row.takes, 3),
        "why": row.why or row.cause,
        "how": row.how,
        "came": row.came,
    }
