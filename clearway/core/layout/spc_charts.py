"""XmR charts as figures keep them: drawn alike on pages and in print, each with the table of its points.

The rules are those of the NHS programme Making Data Count (see engine.shared.spc).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clearway.domain.shared.direction import Better
from clearway.domain.shared.figures import Chart
from clearway.engine.shared.spc import LEAST, RUN, Cause, Limits, Variation, variation, xmr
from clearway.engine.shared.spc import Chart as Read

CAUSES = {
    Cause.OUTSIDE: "outside the limits",
    Cause.TREND: f"one of {RUN} or more that go one way",
    Cause.TWO_OF_THREE: "one of two in three close to a limit",
    Cause.SHIFT: f"one of {RUN} or more on one side of the mean",
    Cause.COMMON: "usual variation",
}
VARIATIONS = {
    Variation.COMMON: "Usual variation",
    Variation.IMPROVEMENT: "Improvement",
    Variation.CONCERN: "Concern",
    Variation.NEUTRAL: "Change",
}
RULES = (
    "XmR charts by the rules of Making Data Count (NHS England): a special cause is a point outside the "
    f"limits, {RUN} or more points that go one way, two of three points close to a limit, or {RUN} or more "
    "points on one side of the mean."
)
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 260, 56, 28, 14, 34
COLUMNS = ("Period", "Value", "Counted", "Shows")
LABELS = 8  # below a chart


@dataclass(frozen=True, slots=True)
class Plotted:
    """One point: what its period is called, in a table and below the chart, its value, and what it rests on.

    value  None where there is none: the point is left out of the chart, and says so in the table
    """

    name: str
    label: str
    value: float | None
    counted: str = ""


def chart(
    title: str,
    series: Sequence[Plotted],
    better: Better,
    shown: Callable[[float], str],
    target: float | None = None,
) -> Chart | None:
    """The chart of a series in the order of time; None where it has fewer than two values, which show nothing
    of how they vary. Nothing in it is below 0."""
    places = [place for place, each in enumerate(series) if each.value is not None]
    values = [each.value for each in series if each.value is not None]
    if len(values) < 2:
        return None
    read = xmr(values)
    low, high = _span(read, target)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(series) - 1)

    def x(place: float) -> float:
        return round(LEFT + place * step, 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    shapes = {1: "up", -1: "down", 0: "round"}
    dots = tuple(
        (x(place), y(point.value), variation(point, better).value, shapes[point.way])
        for place, point in zip(places, read.points, strict=True)
    )
    ticks = [low + (high - low) * nth / 4 for nth in range(5)]
    rules = [(float(LEFT), float(WIDTH), y(tick), "grid", shown(tick)) for tick in ticks]
    limits = read.stretches[-1]
    for value, kind in ((limits.mean, "mean"), (limits.lower, "limit"), (limits.upper, "limit")):
        if low <= value <= high:
            rules.append((x(places[0]), x(places[-1]), y(value), kind, ""))
    if target is not None:
        rules.append((float(LEFT), float(WIDTH), y(target), "target", ""))
    every = max(1, -(-len(series) // LABELS))
    return Chart(
        title,
        _sentence(read, better, shown, limits, target),
        WIDTH,
        HEIGHT,
        tuple(rules),
        dots,
        tuple((x(place), each.label) for place, each in enumerate(series) if place % every == 0),
        COLUMNS,
        _rows(series, read, places, better, shown),
    )


def _rows(
    series: Sequence[Plotted],
    read: Read,
    places: Sequence[int],
    better: Better,
    shown: Callable[[float], str],
) -> tuple[tuple[str, ...], ...]:
    """The points, newest first."""
    marks = dict(zip(places, read.points, strict=True))
    letters = {1: "H", -1: "L", 0: "~"}
    return tuple(
        (
            each.name,
            "No data" if each.value is None else shown(each.value),
            each.counted,
            f"{letters[marks[place].way]} {VARIATIONS[variation(marks[place], better)]}"
            if place in marks
            else "",
        )
        for place, each in reversed(list(enumerate(series)))
    )


def _sentence(
    read: Read, better: Better, shown: Callable[[float], str], limits: Limits, target: float | None
) -> str:
    """What the chart shows, for whoever cannot see it."""
    last, count = read.points[-1], len(read.points)
    means = VARIATIONS[variation(last, better)] + (f": {CAUSES[last.cause]}" if last.way else "")
    trial = f" The limits are on trial: fewer than {LEAST} points." if limits.is_trial else ""
    aim = "" if target is None else f" Standard {shown(target)}."
    return (
        f"{count} {'point' if count == 1 else 'points'}, the last {shown(last.value)}. "
        f"Mean {shown(limits.mean)}, limits {shown(max(0.0, limits.lower))} to {shown(limits.upper)}. "
        f"{means}.{aim}{trial}"
    )


def _span(read: Read, target: float | None) -> tuple[float, float]:
    """Lowest and highest value that the chart has room for."""
    values = [point.value for point in read.points]
    values += [line for limits in read.stretches for line in (limits.lower, limits.upper)]
    values += [] if target is None else [target]
    low, high = max(0.0, min(values)), max(values)
    room = (high - low) * 0.06 or max(0.01, high * 0.1)
    return max(0.0, low - room), high + room
