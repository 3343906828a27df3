"""Reading the resource board, and its rows in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock
from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.events import Position
from clearway.domain.ambulance.words import Availability, Standing
from clearway.domain.shared.freshness import Freshness
from clearway.engine.ambulance.feeds import Basis, FeedState, basis
from clearway.engine.ambulance.resources import Doing, Limit, ResourceRow, resource_rows

from .. import situation as situations
from .. import words
from ..breaks.queries import Guarded
from ..coverage.queries import Standing as StandsBy
from ..policy import DeskPolicy
from . import positions, queries

# A row need not change with every position: one this recent is simply where the resource is.
JUST_NOW = timedelta(minutes=2)

DOING: Mapping[Doing, str] = {
    Doing.AVAILABLE: "Available",
    Doing.GOING: "Going to a job",
    Doing.ON_SCENE: "On scene",
    Doing.CONVEYING: "Conveying",
    Doing.AT_HOSPITAL: "At hospital",
    Doing.WRAP_UP: "Wrap-up",
    Doing.ON_BREAK: "Break",
    Doing.UNAVAILABLE: "Unavailable",
    Doing.BOOKING_ON: "Booking on",
    Doing.NO_STATUS: "No status",
}
BREAKS: Mapping[Standing | None, str] = {
    Standing.PROTECTED: "Protected break",
    Standing.INTERRUPTIBLE: "Break, can be interrupted",
}
NO_AREA = "Area unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One resource in words.

    state    its job state with the hospital if it has one, else its availability
    seen_at  when its position was taken, None when that is just now or there is none
    by_hand  its state began with a status that was entered by hand
    level    "P3" for a crew past the end of its shift
    area     that of the receiving site nearest to where it is, else that of its station
    """

    call_sign: str
    kind: str
    doing: Doing
    state: str
    since: datetime | None
    place: str
    has_position: bool
    seen_at: datetime | None
    shift_end: datetime | None
    limits: str
    level: str
    area: str
    station: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """Every resource at one instant. `doubt` is set when what the rows rest on is not fresh."""

    at: datetime
    rows: tuple[Row, ...]
    basis: Basis
    policy: DeskPolicy

    @property
    def doubts(self) -> tuple[FeedState, ...]:
        states = (self.basis.cad, self.basis.positions)
        return tuple(state for state in states if state.freshness is not Freshness.FRESH)


def board(
    organisation_id: int,
    at: datetime,
    known_at: datetime | None = None,
    reading: situations.Reading | None = None,
    only: frozenset[str] | None = None,
) -> Board:
    """The resource board now, or as it was known at a past instant.

    reading  that of the instant, where the caller has it already
    only     the call signs of the rows wanted, where not all are
    """
    reading = reading or situations.shown(organisation_id, at, known_at)
    situation, policy, areas = reading.situation, reading.ground.policy, reading.ground.areas
    breaks, by_hand, moves = reading.ground.breaks, reading.ground.by_hand, reading.ground.moves
    if known_at is None:
        rows = resource_rows(situation, policy.resources, only)
        told, where = _told(organisation_id, rows, reading.seen)
    else:
        rows = resource_rows(situation, policy.resources, only)
        told, where = _was_told(organisation_id, rows, known_at)
    site_names = dict(zip(situation.sites.code, situation.sites.name, strict=True))
    return Board(
        at=known_at or at,
        rows=tuple(
            _row(
                each,
                told.get(each.call_sign),
                where.get(each.call_sign),
                (breaks.get(each.call_sign), by_hand.get(each.call_sign), moves.get(each.call_sign)),
                (areas, site_names),
                known_at or at,
            )
            for each in rows
        ),
        basis=basis(situation, policy.freshness),
        policy=policy,
    )


def _told(
    organisation_id: int, rows: Sequence[ResourceRow], seen: Mapping[str, queries.Seen]
) -> tuple[dict[str, ResourceStanding], dict[str, str | None]]:
    """What is said of each resource, and how the place is called where it was last; by call sign."""
    call_signs = [row.call_sign for row in rows]
    off_shift = queries.by_call_sign(organisation_id, [each for each in call_signs if each not in seen])
    here = {call_sign: seen[call_sign] for call_sign in call_signs if call_sign in seen}
    return (
        off_shift | {call_sign: each.standing for call_sign, each in here.items()},
        {call_sign: each.place_name for call_sign, each in here.items()},
    )


def _was_told(
    organisation_id: int, rows: Sequence[ResourceRow], known_at: datetime
) -> tuple[dict[str, ResourceStanding], dict[str, str | None]]:
    """The same as it was known at a past instant."""
    standings = situations.standings_as_known(organisation_id, known_at)
    seen = [
        Position(each.call_sign, each.position_at, each.position.latitude, each.position.longitude)
        for each in rows
        if each.position is not None and each.position_at is not None
    ]
    named = positions.places(seen, organisation_id)
    return (
        {standing.call_sign: standing for standing in standings},
        {position.call_sign: name for position, name in zip(seen, named, strict=True)},
    )


def _row(
    row: ResourceRow,
    told: ResourceStanding | None,
    place: str | None,
    ours: tuple[Guarded | None, datetime | None, StandsBy | None],
    names: tuple[Mapping[str, str], Mapping[str, str]],
    at: datetime,
) -> Row:
    areas, site_names = names
    planned, entered, moved = ours
    station = told.station if told and told.station else ""
    seen_at = row.position_at
    return Row(
        call_sign=row.call_sign,
        kind=words.kind(row.kind),
        doing=row.doing,
        state=_state(row, site_names),
        since=row.since,
        place=(place or "Somewhere unnamed") if seen_at else "No position",
        has_position=seen_at is not None,
        seen_at=seen_at if seen_at and at - seen_at > JUST_NOW else None,
        shift_end=row.shift_end,
        limits=", ".join(
            [*(_limit(limit, row, told) for limit in row.limits), *_break(planned, at), *_stands_by(moved)]
        ),
        level="P3" if Limit.SHIFT_IS_OVER in row.limits else "",
        area=areas.get(row.nearest_site or "") or areas.get(station) or NO_AREA,
        station=station,
        by_hand=entered is not None and entered == row.since,
    )


def _state(row: ResourceRow, site_names: Mapping[str, str]) -> str:
    if row.job is not None:
        site = site_names.get(row.site or "")
        return f"{words.JOB_STATE[row.job]}, {site}" if site else words.JOB_STATE[row.job]
    return words.AVAILABILITY[row.availability] if row.availability else "No status known"


def _break(planned: Guarded | None, at: datetime) -> list[str]:
    """A planned break, which dispatch guards."""
    if planned is None:
        return []
    where = f", {planned.place}" if planned.place else ""
    guard = f" ({planned.only} only)" if at >= planned.guarded_from else ""
    return [f"Break planned {clock(planned.starts_at)}{where}{guard}"]


def _stands_by(moved: StandsBy | None) -> list[str]:
    """A move to a standby point, which dispatch may use like any free crew."""
    if moved is None:
        return []
    return [f"{'At' if moved.arrived else 'To'} standby {moved.place} until {clock(moved.stays_until)}"]


def _limit(limit: Limit, row: ResourceRow, told: ResourceStanding | None) -> str:
    if limit is Limit.SHIFT_ENDS_SOON:
        return f"Shift ends {clock(row.shift_end)}"
    if limit is Limit.SHIFT_IS_OVER:
        return f"Shift ended {clock(row.shift_end)}"
    if limit is Limit.AVAILABILITY_UNKNOWN:
        return "Availability not known"
    standing, reason = (told.standing, told.reason) if told else (None, None)
    if row.availability is Availability.ON_BREAK:
        return BREAKS.get(standing, "On a break")
    why = reason or (standing.value.replace("_", " ") if standing else "no reason given")
    if row.availability is Availability.BREAK_TRAVEL:
        return "On the way to a break"
    return f"{limit.value.capitalize()}: {why}"
