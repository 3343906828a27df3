"""Pressure in words: a level only as far as the figures carry it, and every figure with its age.

Nothing here ticks: an age is given as the instant it counts from, so the same figures make the same page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.core.layout.times import clock, day, local
from clearway.core.people.roles import ROLES
from clearway.domain.ambulance.pressure import Judged, Ladder, Plan, Pulled, Standing, pointed_to

from ..liaison.presenters import ACT
from ..liaison.presenters import LEVELS as SHAPES
from .models import ActionCard, TrustLevel
from .policy import SHORT
from .queries import Declared, LadderNow, Levels, SitePressure, SystemPressure


def clashes(found: Iterable[Clash], plan: Plan) -> list[tuple[str, str, str]]:
    """What two people set otherwise on one ladder."""

    def says(field: str, value: Any) -> str:
        if field == "level":
            return plan.named(value)
        if field == "review_by":
            at = datetime.fromisoformat(value)
            return f"{day(at)}, {clock(at)}"
        return said(value)

    return both_in_words(found, {"outlook": "Expected on the coming seven days"}, says)


@dataclass(frozen=True, slots=True)
class Mark:
    """A level as shape and word. `is_to_act` gives it a colour."""

    shape: str
    words: str
    is_to_act: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one hospital. `text` is "" where nobody said it; `level` 0 where it does not count."""

    label: str
    text: str = ""
    unit: str = ""
    level: int = 0
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One hospital."""

    code: str
    name: str
    says: Mark | None
    missing: str
    points: str
    declared: Mark | None
    declared_at: datetime | None
    declared_is_old: bool
    disagrees: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Hospitals that are looked at together."""

    key: str
    name: str
    says: Mark
    points: str


@dataclass(frozen=True, slots=True)
class Pull:
    """One trigger: what it is about, its value, and what it points to."""

    says: str
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One ladder of the trust."""

    ladder: str
    title: str
    set: Mark | None
    at: datetime | None
    by: str
    why: str
    review_by: datetime | None
    is_overdue: bool
    outlook: tuple[tuple[str, int], ...]
    pulls: tuple[Pull, ...]
    points_to: str
    is_above: bool
    seen_at: datetime | None
    counts: bool


@dataclass(frozen=True, slots=True)
class CardRow:
    """One action card."""

    key: int
    level: str
    says: str
    owner: str
    due_at: datetime
    is_late: bool
    state: str
    answered_at: datetime | None
    by: str
    because: str


def rows(levels: Levels) -> list[Row]:
    """Every hospital, the most pressed first."""
    return [row(each) for each in sorted(levels.sites, key=_order)]


def _order(each: SitePressure) -> tuple[float, float, str]:
    points = each.standing.points if each.standing else None
    return (-points.least, -points.most, each.name) if points else (0, 0, each.name)


def row(each: SitePressure) -> Row:
    """One hospital."""
    standing, said = each.standing, each.declared
    return Row(
        code=each.code,
        name=each.name,
        says=_says(standing) if standing else None,
        missing=_missing(standing) if standing else "",
        points=_points(standing.points.least, standing.points.most) if standing else "",
        declared=_declared(said) if said else None,
        declared_at=said.at if said else None,
        declared_is_old=said is not None and said.is_old,
        disagrees=each.disagrees,
        cells=tuple(_cell(judged) for judged in standing.judged) if standing else (),
    )


def _says(standing: Standing) -> Mark | None:
    if standing.unknown == len(standing.judged):
        return None
    return bounded(standing.least, standing.most)


def bounded(least: int, most: int) -> Mark:
    """A level between two: named only where both are the same."""
    shape, word = SHAPES[least]
    if least == most:
        return Mark(shape, word, least >= ACT)
    return Mark("", "not known" if (least, most) == (1, 4) else f"{least} to {most}")


def in_words(standing: Standing) -> str:
    """ "at least 3 with 2 of 9 unknown": the level as somebody would say it on the telephone."""
    count = len(standing.judged)
    if (standing.least, standing.most) == (min(SHAPES), max(SHAPES)):
        return f"not known, {standing.unknown} of {count} unknown"
    without = f" with {standing.unknown} of {count} unknown" if standing.unknown else ""
    if standing.level is not None:
        return SHAPES[standing.level][1] + without
    if standing.most == max(SHAPES):
        return f"at least {standing.least}{without}"
    return f"{standing.least} to {standing.most}{without}"


def _missing(standing: Standing) -> str:
    count = len(standing.judged)
    return f"{standing.unknown} of {count} unknown" if standing.unknown else f"all {count} known"


def _points(least: float, most: float) -> str:
    return f"{least:.3g}" if least == most else f"{least:.3g} to {most:.3g}"


def _declared(said: Declared) -> Mark:
    shape, word = SHAPES[said.level]
    return Mark(shape, word, said.level >= ACT and not said.is_old)


def _cell(each: Judged) -> Cell:
    if each.value is None:
        return Cell(each.parameter.short)
    text = f"{each.value.number:.1f}".removesuffix(".0")
    unit = _unit(each.parameter.unit)
    return Cell(each.parameter.short, text, unit, each.level or 0, each.value.at, said_by(each.value.by))


def _unit(unit: str) -> str:
    return unit if unit == "%" else f" {unit}" if unit else ""


def said_by(by: str) -> str:
    """Who said a figure: a role's name, who told it, or that Clearway worked it out."""
    return ROLES[by].name if by in ROLES else by or "worked out"


def together(levels: Levels) -> list[Together]:
    """Hospitals that are looked at together, with their weighted level."""
    return [_together(place, each) for place, each in enumerate(levels.systems)]


def _together(place: int, each: SystemPressure) -> Together:
    points = _points(each.points.least, each.points.most)
    return Together(f"system-{place}", each.system.name, bounded(each.least, each.most), points)


def panel(now: LadderNow, at: datetime) -> Panel:
    """One ladder of the trust with its triggers."""
    plan, held = now.plan, now.row
    points_to = pointed_to(now.pulled)
    return Panel(
        ladder=plan.ladder,
        title=plan.title,
        set=Mark(SHAPES[held.level][0], plan.named(held.level), held.level >= ACT) if held else None,
        at=held.at if held else None,
        by=held.by if held else "",
        why=held.why if held else "",
        review_by=held.review_by if held else None,
        is_overdue=held is not None and held.review_by <= at,
        outlook=outlook(held, at) if held else (),
        pulls=tuple(_pull(each) for each in now.pulled),
        points_to=plan.named(points_to) if points_to else "",
        is_above=bool(now.above),
        seen_at=now.seen_at,
        counts=now.counts,
    )


def outlook(held: TrustLevel, at: datetime) -> tuple[tuple[str, int], ...]:
    """The days that REAP looks ahead, from the day on which it was set, without those that are past."""
    first, today = local(held.at).date(), local(at).date()
    days = ((first + timedelta(days=ahead), level) for ahead, level in enumerate(held.outlook))
    return tuple((f"{each:%a} {each.day} {each:%b}", level) for each, level in days if each >= today)


def _pull(each: Pulled) -> Pull:
    text = "unknown" if each.value is None else f"{each.value:.0f}{_unit(each.trigger.unit)}"
    return Pull(each.trigger.says, text, each.level or 0)


def strip(levels: Mapping[Ladder, LadderNow], at: datetime) -> tuple[Panel, ...]:
    """The ladders in short, for other boards."""
    return tuple(panel(each, at) for each in levels.values())


def card(each: ActionCard, at: datetime) -> CardRow:
    """One action card."""
    entered = each.entered
    answered = each.answered_at is not None
    return CardRow(
        key=each.pk,
        level=f"{SHORT[Ladder(entered.ladder)]} {entered.level}",
        says=each.says,
        owner=ROLES[each.role].name if each.role in ROLES else each.role.replace("_", " ").capitalize(),
        due_at=each.due_at,
        is_late=not answered and each.closed_at is None and each.due_at <= at,
        state=("Not done" if each.because else "Done") if answered else "Nobody has answered",
        answered_at=each.answered_at,
        by=each.answered_by,
        because=each.because,
    )
