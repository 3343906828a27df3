"""The cover gap and late finishes in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.text import slugify

from clearway.core.layout.times import clock, duration, moment
from clearway.engine.ambulance.cover import Gap, LateFinish
from clearway.engine.ambulance.resources import Doing

from .models import CoverMove
from .placing import Proposed
from .planning import Cover, OnJob

NO_AREA = "Area unknown"
DOING = {
    Doing.GOING: "going to a job",
    Doing.ON_SCENE: "on scene",
    Doing.CONVEYING: "conveying",
    Doing.AT_HOSPITAL: "at hospital",
    Doing.WRAP_UP: "in wrap-up",
}
HOW_READ = (
    "In each step: crews for new work, of crews that calls waiting and to come will hold; below it how many "
    "are too few."
)
LEAST = 0.5  # crews too few from which a step is called short


@dataclass(frozen=True, slots=True)
class Cell:
    """One area in one step, in whole crews. short  "" where there are enough."""

    there: str
    needed: str
    short: str


@dataclass(frozen=True, slots=True)
class Row:
    """One area. key  of its row on screens."""

    key: str
    area: str
    cells: tuple[Cell, ...]
    worst: float


def steps(cover: Cover) -> list[datetime]:
    """When each step begins."""
    at = cover.at.replace(second=0, microsecond=0)
    return [at + timedelta(minutes=cover.policy.step * k) for k in range(cover.policy.steps)]


def _to_the_minute(at: datetime) -> datetime:
    """What is shown in minutes is the same row until the next one."""
    return (at + timedelta(seconds=30)).replace(second=0, microsecond=0)


def rows(cover: Cover) -> list[Row]:
    """The areas, the widest gap first, and all together at the end."""
    found = [_row(area or NO_AREA, gap, slugify(area) or "unknown") for area, gap in cover.gaps.items()]
    found.sort(key=lambda row: (-row.worst, row.area))
    together = Gap(
        tuple(map(sum, zip(*(gap.there for gap in cover.gaps.values()), strict=True))),
        tuple(map(sum, zip(*(gap.needed for gap in cover.gaps.values()), strict=True))),
    )
    return [*found, _row("All together", together, "all-together")] if found else []


def _row(area: str, gap: Gap, key: str) -> Row:
    cells = [
        Cell(
            f"{there:.0f}",
            f"{needed:.0f}",
            f"{short:.0f}" if short >= LEAST else "",
        )
        for there, needed, short in zip(gap.there, gap.needed, gap.short, strict=True)
    ]
    return Row(key, area, tuple(cells), gap.worst)


def worst(cover: Cover) -> str:
    """The widest gap in a sentence, "" where there is none."""
    found = [
        (short, area, k)
        for area, gap in cover.gaps.items()
        for k, short in enumerate(gap.short)
        if short >= LEAST
    ]
    if not found:
        return ""
    short, area, k = max(found)
    begins = cover.at + timedelta(minutes=cover.policy.step * k)
    return f"Widest: {area or NO_AREA}, {short:.1f} crews too few from {clock(begins)}."


def basis(cover: Cover) -> list[tuple[str, str]]:
    """What the figures rest on, each with its age."""
    counted, policy = cover.counted, cover.policy
    heard = moment(cover.feed.heard_at, cover.at) if cover.feed.heard_at else "never heard"
    roster = f"roster of {moment(cover.loaded_at, cover.at)}" if cover.loaded_at else "no roster is loaded"
    calls = (
        f"{cover.calls_today:.0f} calls today, forecast from {cover.from_days} days of the trust's own"
        if cover.from_days
        else f"{cover.calls_today:.0f} calls a day by policy: fewer than 56 days are known"
    )
    on_duty = f"{counted['on_duty']} crews, {counted['unavailable']} of them unavailable"
    on_job = (
        f"{len(cover.jobs)}: for {counted['forecast']} the handover forecast says when they are free, "
        f"for {counted['typical']} what is typical of the part of their job"
    )
    needed = (
        f"{calls}; {cover.waiting} wait for a crew now; {policy.with_a_crew:.0%} get one, "
        f"{policy.crews:g} each, {policy.call_minutes:g} min; at most {policy.most_busy:.0%} busy"
    )
    return [
        ("On duty", f"{on_duty}; {cover.feed.name}: {heard}"),
        ("On a job", on_job),
        ("To come", f"{counted['to_come']} planned shifts that have not begun; {roster}"),
        ("Shift end not known", f"{counted['no_end']}, counted to the end of the table"),
        ("Needed", needed),
    ]


@dataclass(frozen=True, slots=True)
class Late:
    """A crew that will probably finish late, in words."""

    call_sign: str
    area: str
    ends: datetime
    doing: str
    free: datetime
    chance: str
    minutes: str
    basis: str


def summary(cover: Cover) -> str:
    """How the gap is read: when it was made, and the widest."""
    made = f"Made {clock(cover.at)}. {worst(cover) or 'No area is short by half a crew.'}"
    return f"{made} {HOW_READ}"


def late(found: Sequence[tuple[OnJob, LateFinish]], at: datetime) -> list[Late]:
    return [
        Late(
            job.call_sign,
            job.area or NO_AREA,
            _to_the_minute(at + timedelta(minutes=job.until_end or 0.0)),
            DOING.get(job.doing, str(job.doing)),
            _to_the_minute(at + timedelta(minutes=job.left.minutes)),
            f"{each.chance:.0%}",
            duration(each.minutes),
            "forecast" if job.left.forecast else "typical",
        )
        for job, each in found
    ]


# Moves


@dataclass(frozen=True, slots=True)
class ProposedRow:
    """A proposed move in words; `code` of its place."""

    call_sign: str
    kind: str
    area: str
    place: str
    to_area: str
    code: str
    drive: str
    arrives: datetime
    until: datetime
    gain: str
    reasons: tuple[str, ...]


def proposed(found: Sequence[Proposed], at: datetime) -> list[ProposedRow]:
    """The proposals, the best first."""
    return [
        ProposedRow(
            call_sign=each.move.call_sign,
            kind=KINDS[each.move.is_cross_cover],
            area=each.move.area or NO_AREA,
            place=each.place.name,
            to_area=each.move.post.area,
            code=each.place.code,
            drive=f"{each.move.drive:.0f} min",
            arrives=at + timedelta(minutes=each.move.drive),
            until=at + timedelta(minutes=each.move.drive + each.move.stays),
            gain=f"{each.move.gain:+.2f}",
            reasons=each.reasons,
        )
        for each in found
    ]


KINDS = {False: "Standby", True: "Cross-cover"}
HOW = dict(CoverMove.How.choices)


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move that was answered, in words."""

    key: int
    call_sign: str
    kind: str
    area: str
    place: str
    to_area: str
    asked: datetime
    by: str
    state: str
    until: datetime
    gain: str
    came: str
    stands: bool


def move_row(row: CoverMove) -> MoveRow:
    return MoveRow(
        key=row.pk,
        call_sign=row.call_sign,
        kind=KINDS[row.area != row.to_area],
        area=row.area or NO_AREA,
        place=row.place.name,
        to_area=row.to_area,
        asked=row.decided_at,
        by=row.decided_by,
        state=_state(row),
        until=row.stays_until,
        gain=f"{row.gives - row.takes:+.2f}",
        came=_came(row),
        stands=row.state in CoverMove.OPEN,
    )


def _state(row: CoverMove) -> str:
    if row.state == CoverMove.State.REFUSED:
        return f"Refused: {row.why}"
    if row.state == CoverMove.State.GOING:
        return f"On its way, to be there by {clock(row.arrive_by)}"
    if row.state == CoverMove.State.THERE:
        return f"There since {clock(row.arrived_at)}"
    return f"{HOW[row.how]} {clock(row.ended_at)}" + (f": {row.cause}" if row.cause else "")


def _came(row: CoverMove) -> str:
    """What a move gained, so far as it is over."""
    if row.came is None:
        return ""
    if row.arrived_at is None:
        return "It never stood there"
    return (
        f"{row.came['calls']} calls while it stood there: {row.came['from_there']} in reach from there, "
        f"{row.came['from_before']} from where it was"
    )
