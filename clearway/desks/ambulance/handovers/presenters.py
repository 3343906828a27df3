"""Pictures of hospitals in words: what a row says, which mark it carries, which of it is not known.

Nothing here ticks: an age is given as the instant it counts from, so the same picture makes the same page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.freshness import Freshness
from clearway.engine.ambulance.feeds import Basis, FeedState
from clearway.engine.ambulance.handovers import (
    Expected,
    HandoverPolicy,
    HospitalPicture,
    Lost,
    Stage,
    Vehicle,
    Waiting,
)

from .. import words
from ..liaison.presenters import NOT_SAID, Awaited, Stand
from ..release import wording as release
from .queries import Board, stand

UNKNOWN_KEY = ""  # the key of the hospital that nobody knows, as change rows and fragments name it
# A vehicle moves a kilometre a minute: a position older than this no longer says where it is.
OLD_POSITION = timedelta(minutes=5)

STAGE: Mapping[Stage, str] = {
    Stage.INBOUND: "Inbound",
    Stage.QUEUING: "Queuing",
    Stage.COHORTING: "Cohorting",
    Stage.LEFT_WAITING: "Waiting, crew gone",
    Stage.WRAP_UP: "Wrap-up",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a cell, or why there is none. `is_zero` greys a real zero."""

    text: str
    is_known: bool = True

    @property
    def is_zero(self) -> bool:
        return self.text == "0"


UNKNOWN = Number("Unknown", is_known=False)


@dataclass(frozen=True, slots=True)
class VehicleRow:
    """One vehicle. `level` is the alarm level of its wait, "" while it is within the limits.

    by_hand  the newest of it that was entered by hand is among its times
    """

    key: str
    incident: str
    call_sign: str
    category: str
    kind: str
    stage: str
    since: datetime | None
    waits_since: datetime | None
    level: str
    arrived_at: datetime | None
    expected_at: datetime | None
    expected_from: str
    penalty: str
    old_position_at: datetime | None
    left_scene_at: datetime | None
    handed_over_at: datetime | None
    note: str
    stamps: tuple[tuple[str, datetime], ...]
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class HospitalRow:
    """One hospital: its summary and its vehicles.

    key        ODS code, or UNKNOWN_KEY
    longest    since when the longest waiting patient waits
    say        the summary spoken to a screen reader when it changes
    stand      what the hospital says of itself
    ahead      the wait for an arrival in half an hour, "" where nobody can say
    divert     whom a divert in force turns away and until when, "" where there is none
    awaited    the relief it waits for
    basis      set when the picture rests on a source that is not fresh
    """

    key: str
    name: str
    area: str
    level: str
    queuing: Number
    cohorting: Number
    longest: datetime | None
    beyond: tuple[Number, ...]
    inbound: Number
    next_expected: datetime | None
    wrap_up: Number
    mean: Number
    mean_count: int
    lost: tuple[Number, Number]
    not_counted: int
    say: str
    vehicles: tuple[VehicleRow, ...]
    stand: Stand = NOT_SAID
    doubt: FeedState | None = None
    unknown: str = ""
    ahead: str = ""
    divert: str = ""
    awaited: Awaited | None = None
    minutes_lost: float = field(default=0, compare=False)
    coming: int = field(default=0, compare=False)

    @property
    def has_name(self) -> bool:
        return self.key != UNKNOWN_KEY


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over the rows shown."""

    queuing: Number
    cohorting: Number
    beyond: tuple[Number, ...]
    inbound: Number
    wrap_up: Number
    mean: Number
    mean_count: int
    lost: tuple[Number, Number]


def hospital_row(read: Board, picture: HospitalPicture) -> HospitalRow:
    """One picture in words. Where the control room was never heard no zero is shown: nothing is known."""
    basis, policy, at, code = read.basis, read.policy.handover, read.at, picture.code or ""
    stages = {stage: picture.at_stage(stage) for stage in Stage}
    longest, coming = picture.longest_wait, picture.next_expected
    left = len(stages[Stage.LEFT_WAITING])
    cohort = len(stages[Stage.COHORTING]) + left
    return HospitalRow(
        key=picture.code or UNKNOWN_KEY,
        name=picture.name or "Destination unknown",
        area=read.areas.get(code, ""),
        level=level_of(longest.wait_minutes if longest else None, policy),
        queuing=_number(str(len(stages[Stage.QUEUING])), basis),
        cohorting=_number(f"{cohort} ({left})" if left else str(cohort), basis),
        longest=longest.arrived_at if longest else None,
        beyond=_beyond(picture.waiting),
        inbound=_number(str(len(stages[Stage.INBOUND])), basis),
        next_expected=coming.expected.at if coming and coming.expected else None,
        wrap_up=_number(str(len(stages[Stage.WRAP_UP])), basis),
        mean=_mean(picture),
        mean_count=picture.last_hour.count if picture.last_hour else 0,
        lost=_lost(picture.lost),
        not_counted=picture.lost.not_counted if picture.lost else 0,
        say=_say(picture, policy),
        vehicles=tuple(vehicle_row(each, policy, at, read) for each in picture.vehicles),
        stand=stand(read, picture.code),
        doubt=basis.cad if basis.cad.freshness is not Freshness.FRESH else None,
        unknown=_unknown(picture, basis),
        ahead=read.ahead.get(code, ""),
        divert=read.diverted.get(code, ""),
        awaited=read.awaited.get(code),
        minutes_lost=picture.lost.beyond_standard if picture.lost else 0,
        coming=len(stages[Stage.INBOUND]),
    )


def vehicle_row(vehicle: Vehicle, policy: HandoverPolicy, at: datetime, read: Board) -> VehicleRow:
    """One vehicle in words."""
    kept = read.releases.get(vehicle.key) if vehicle.stage.is_waiting else None
    waits = vehicle.stage.is_waiting and vehicle.wait_minutes is not None
    return VehicleRow(
        key=vehicle.key,
        incident=vehicle.incident,
        call_sign=vehicle.call_sign,
        category=words.category(vehicle.category),
        kind=words.kind(vehicle.kind),
        stage=STAGE[vehicle.stage],
        since=vehicle.since,
        waits_since=vehicle.arrived_at if waits else None,
        level=level_of(vehicle.wait_minutes, policy),
        arrived_at=vehicle.arrived_at,
        expected_at=vehicle.expected.at if vehicle.expected else None,
        expected_from=_expected_from(vehicle.expected),
        penalty=_penalty(vehicle.expected),
        old_position_at=_old_position(vehicle.expected, at),
        left_scene_at=vehicle.stamps.get(JobStatus.LEFT_SCENE),
        handed_over_at=vehicle.stamps.get(JobStatus.HANDOVER),
        note=release.note(kept, read.policy.release) if kept else _note(vehicle),
        stamps=tuple(
            (words.JOB_STATUS[status], at) for status, at in sorted(vehicle.stamps.items(), key=_by_time)
        ),
        by_hand=read.by_hand.get(vehicle.call_sign) in vehicle.stamps.values(),
    )


def totals(pictures: Iterable[HospitalPicture], basis: Basis) -> Totals:
    """Sums over pictures; a mean over handovers, not over hospitals. Nothing known adds up to unknown."""
    pictures = list(pictures)
    return Totals(
        queuing=_count(pictures, basis, Stage.QUEUING),
        cohorting=_count(pictures, basis, Stage.COHORTING, Stage.LEFT_WAITING),
        beyond=tuple(_sum_beyond(pictures, place) for place in range(4)),
        inbound=_count(pictures, basis, Stage.INBOUND),
        wrap_up=_count(pictures, basis, Stage.WRAP_UP),
        mean=_mean_of_all(pictures),
        mean_count=sum(picture.last_hour.count for picture in pictures if picture.last_hour),
        lost=(
            _sum_lost([picture.lost.beyond_standard for picture in pictures if picture.lost]),
            _sum_lost([picture.lost.beyond_all_within for picture in pictures if picture.lost]),
        ),
    )


def level_of(wait_minutes: float | None, policy: HandoverPolicy) -> str:
    """The priority that the handover ladder gives a wait, "P1" to "P3", or none: the board and the worklist
    must not disagree on how urgent it is."""
    reached = [step for step in policy.ladder if wait_minutes is not None and step[0] <= wait_minutes]
    return f"P{max(reached)[1]}" if reached else ""


def in_order(rows: Sequence[HospitalRow], sort: str) -> list[HospitalRow]:
    """The rows as the address asks; the unknown destination always last."""
    return sorted(rows, key=lambda row: (not row.has_name, _measure(row, sort), row.name))


def most_pressing(rows: Sequence[HospitalRow], most: int) -> list[HospitalRow]:
    """The rows with the longest waits, then those with most crews on the way, at most so many; the unknown
    destination always last."""

    def pressing(row: HospitalRow) -> tuple[bool, float, int, str]:
        return not row.has_name, _measure(row, "longest"), -row.coming, row.name

    return sorted(rows, key=pressing)[:most]


def _measure(row: HospitalRow, sort: str) -> float:
    if sort == "longest":
        return row.longest.timestamp() if row.longest else float("inf")
    return -row.minutes_lost if sort == "lost" else 0


def _number(text: str, basis: Basis) -> Number:
    return UNKNOWN if basis.cad.heard_at is None else Number(text)


SOURCES = {
    "table": "modelled drive times",
    "graph": "the road graph",
    "distance": "straight-line distance",
    "service": "the routing service",
}


def _expected_from(expected: Expected | None) -> str:
    """What an expected arrival was worked out from, and how far off that is."""
    if expected is None:
        return ""
    return f"From {SOURCES[expected.source]}, {expected.error_minutes:.0f} min off on average"


def _penalty(expected: Expected | None) -> str:
    """How much of an expected arrival is an estimate for road disruptions; "" for less than a minute."""
    if expected is None or expected.penalty_minutes < 1:
        return ""
    return f"{expected.penalty_minutes:.0f} min for roads, estimated"


def _old_position(expected: Expected | None, at: datetime) -> datetime | None:
    old = expected is not None and at - expected.position_at > OLD_POSITION
    return expected.position_at if expected and old else None


def _beyond(waiting: Waiting | None) -> tuple[Number, ...]:
    return (UNKNOWN,) * 4 if waiting is None else tuple(Number(str(count)) for count in waiting.beyond)


def _mean(picture: HospitalPicture) -> Number:
    if picture.last_hour is None:
        return UNKNOWN
    mean = picture.last_hour.mean_minutes
    return Number("None", is_known=False) if mean is None else Number(f"{mean:.0f}")


def _lost(lost: Lost | None) -> tuple[Number, Number]:
    if lost is None:
        return UNKNOWN, UNKNOWN
    return Number(f"{lost.beyond_standard:.0f}"), Number(f"{lost.beyond_all_within:.0f}")


def _unknown(picture: HospitalPicture, basis: Basis) -> str:
    """What nobody can know here, and why."""
    if picture.code is None and not basis.knows_destination:
        return "No source gives destinations."
    if picture.code is None:
        return "The destination is missing or is not a known site."
    return "" if basis.knows_handover else "No source gives handover times."


def _note(vehicle: Vehicle) -> str:
    if vehicle.stage is Stage.INBOUND and vehicle.expected is None:
        return "No position"
    if vehicle.stage is Stage.WRAP_UP and JobStatus.HANDOVER not in vehicle.stamps:
        return "No handover stamp"
    if vehicle.stage.is_waiting and vehicle.wait_minutes is None:
        return "No handover stamp"
    return "Offloaded" if vehicle.stage.is_waiting and JobStatus.OFFLOADED in vehicle.stamps else ""


def _say(picture: HospitalPicture, policy: HandoverPolicy) -> str:
    if picture.waiting is None:
        return f"{picture.name or 'Destination unknown'}: handovers unknown"
    return (
        f"{picture.name or 'Destination unknown'}: {picture.waiting.now} waiting, "
        f"{picture.waiting.beyond[2]} beyond {policy.maximum:.0f} minutes"
    )


def _by_time(stamp: tuple[JobStatus, datetime]) -> tuple[datetime, int]:
    return stamp[1], list(JobStatus).index(stamp[0])


def _count(pictures: Sequence[HospitalPicture], basis: Basis, *stages: Stage) -> Number:
    return _number(str(sum(len(picture.at_stage(stage)) for picture in pictures for stage in stages)), basis)


def _sum_beyond(pictures: Sequence[HospitalPicture], place: int) -> Number:
    known = [picture.waiting.beyond[place] for picture in pictures if picture.waiting]
    return Number(str(sum(known))) if known or not pictures else UNKNOWN


def _sum_lost(minutes: Sequence[float]) -> Number:
    return Number(f"{sum(minutes):.0f}") if minutes else UNKNOWN


def _mean_of_all(pictures: Sequence[HospitalPicture]) -> Number:
    hours = [picture.last_hour for picture in pictures if picture.last_hour]
    count = sum(hour.count for hour in hours)
    total = sum((hour.mean_minutes or 0) * hour.count for hour in hours)
    if not hours:
        return UNKNOWN
    return Number(f"{total / count:.0f}") if count else Number("None", is_known=False)
