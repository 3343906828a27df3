"""The last 24 hours of a hospital as coordinates: the template only draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import local
from clearway.domain.ambulance.words import HospitalMeasure
from clearway.engine.ambulance.handovers import HandoverPolicy, Hour

from ..liaison.queries import Hour as SaidHour

WIDTH, LEFT, BAND, GAP = 960, 44, 84, 34  # user units of the drawing
STEP = (WIDTH - LEFT) / 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `title` is its value in words. `beyond` marks a value over the limit of its band."""

    x: float
    y: float
    width: float
    height: float
    title: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line at a value, with its label."""

    y: float
    label: str
    is_limit: bool


@dataclass(frozen=True, slots=True)
class Band:
    """One measure: title, bars, lines; `base` is the y of zero."""

    title: str
    title_y: float
    base: float
    bars: tuple[Bar, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    left: int
    bands: tuple[Band, ...]
    hours: tuple[tuple[float, str], ...]
    hours_y: float


def drawn(day: Sequence[Hour], policy: HandoverPolicy) -> Chart:
    """Three bands over one axis of hours: arrivals, mean handover, handovers beyond the limit."""
    starts = [hour.begins_at for hour in day]
    arrivals = [float(hour.arrivals) for hour in day]
    means = [hour.mean_minutes for hour in day]
    beyond = [float(hour.beyond_all_within) for hour in day]
    bands = (
        _band(0, "Arrivals per hour", starts, arrivals, "arrivals"),
        _band(1, "Mean handover, minutes", starts, means, "minutes mean", limit=policy.all_within),
        _band(2, f"Handovers beyond {policy.all_within:.0f} minutes", starts, beyond, "beyond"),
    )
    return _chart(bands, starts)


def said(hours: Sequence[SaidHour]) -> Chart:
    """What a hospital said of itself: boarding, and majors taken beside the newest count of places."""
    starts = [hour.begins_at for hour in hours]

    def column(measure: HospitalMeasure) -> list[float | None]:
        return [hour.figures.get(measure) for hour in hours]

    places = next((each for each in reversed(column(HospitalMeasure.MAJORS_PLACES)) if each), None)
    taken = column(HospitalMeasure.MAJORS_TAKEN)
    bands = (
        _band(0, "Boarding, last said in the hour", starts, column(HospitalMeasure.BOARDING), "boarding"),
        _band(1, "Majors taken, last said in the hour", starts, taken, "taken", limit=places),
    )
    return _chart(bands, starts)


def _chart(bands: tuple[Band, ...], starts: Sequence[datetime]) -> Chart:
    hours = tuple(
        (round(LEFT + place * STEP + STEP / 2, 1), f"{local(begins_at):%H}")
        for place, begins_at in enumerate(starts)
        if place % 2 == 0
    )
    height = len(bands) * (BAND + GAP) + 8
    return Chart(WIDTH, height, LEFT, bands, hours, height - 4)


def _band(
    place: int,
    title: str,
    starts: Sequence[datetime],
    values: Sequence[float | None],
    unit: str,
    limit: float | None = None,
) -> Band:
    top = place * (BAND + GAP) + 22
    base = top + BAND
    most = max([*(value for value in values if value is not None), limit or 0, 1])
    scale = _round_up(most)
    bars = tuple(
        _bar(
            column,
            base,
            value / scale * BAND,
            f"{local(begins_at):%H}:00, {value:.0f} {unit}",
            limit,
            value,
        )
        for column, (begins_at, value) in enumerate(zip(starts, values, strict=True))
        if value is not None
    )
    is_near_limit = limit is not None and limit > 0.85 * scale  # two labels would stand on each other
    lines = [Rule(base, "0", False), Rule(top, "" if is_near_limit else f"{scale:.0f}", False)]
    if limit is not None:
        lines.append(Rule(round(base - limit / scale * BAND, 1), f"{limit:.0f}", True))
    return Band(title, top - 10, base, bars, tuple(lines))


def _bar(column: int, base: float, height: float, title: str, limit: float | None, value: float) -> Bar:
    return Bar(
        x=round(LEFT + column * STEP + 3, 1),
        y=round(base - height, 1),
        width=round(STEP - 6, 1),
        height=round(height, 1),
        title=title,
        beyond=limit is not None and value > limit,
    )


def _round_up(most: float) -> float:
    for step in (2, 4, 5, 10, 20, 30, 40, 50, 60, 80, 100, 120, 150, 180, 240, 300, 400, 500):
        if most <= step:
            return float(step)
    return float(most)
