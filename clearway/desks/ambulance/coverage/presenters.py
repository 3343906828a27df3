"""The cover gap and late finishes in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock, duration, moment
from clearway.engine.ambulance.cover import Gap, LateFinish
from clearway.engine.ambulance.resources import Doing

from .planning import Cover, OnJob

NO_AREA = "Area unknown"
DOING = {
    Doing.GOING: "going to a job",
    Doing.ON_SCENE: "on scene",
    Doing.CONVEYING: "conveying",
    Doing.AT_HOSPITAL: "at hospital",
    Doing.WRAP_UP: "in wrap-up",
}
LEAST = 0.5  # crews too few from which a step is called short


@dataclass(frozen=True, slots=True)
class Cell:
    """One area in one step, in whole crews. short  "" where there are enough."""

    there: str
    needed: str
    short: str


@dataclass(frozen=True, slots=True)
class Row:
    area: str
    cells: tuple[Cell, ...]
    worst: float


def steps(cover: Cover) -> list[datetime]:
    """When each step begins."""
    return [cover.at + timedelta(minutes=cover.policy.step * k) for k in range(cover.policy.steps)]


def rows(cover: Cover) -> list[Row]:
    """The areas, the widest gap first, and all together at the end."""
    found = [_row(area or NO_AREA, gap) for area, gap in cover.gaps.items()]
    found.sort(key=lambda row: (-row.worst, row.area))
    together = Gap(
        tuple(map(sum, zip(*(gap.there for gap in cover.gaps.values()), strict=True))),
        tuple(map(sum, zip(*(gap.needed for gap in cover.gaps.values()), strict=True))),
    )
    return [*found, _row("All together", together)] if found else []


def _row(area: str, gap: Gap) -> Row:
    cells = [
        Cell(
            f"{there:.0f}",
            f"{needed:.0f}",
            f"{short:.0f}" if short >= LEAST else "",
        )
        for there, needed, short in zip(gap.there, gap.needed, gap.short, strict=True)
    ]
    return Row(area, tuple(cells), gap.worst)


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


def late(found: Sequence[tuple[OnJob, LateFinish]], at: datetime) -> list[Late]:
    return [
        Late(
            job.call_sign,
            job.area or NO_AREA,
            at + timedelta(minutes=job.until_end or 0.0),
            DOING.get(job.doing, str(job.doing)),
            at + timedelta(minutes=job.left.minutes),
            f"{each.chance:.0%}",
            duration(each.minutes),
            "forecast" if job.left.forecast else "typical",
        )
        for job, each in found
    ]
