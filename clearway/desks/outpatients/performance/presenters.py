"""Performance in words, and the geometry of its charts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from clearway.core.layout.spc_charts import (
    BOTTOM,
    CAUSES,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    VARIATIONS,
    WIDTH,
)
from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.performance import Chapter, Indicator, Kind, Reading, Unit
from clearway.domain.shared.direction import Better
from clearway.engine.shared.spc import (
    LEAST,
    Assurance,
    Chart,
    assurance,
    variation,
)

from .queries import Series

ASSURANCES = {
    Assurance.MEETS: "Meets its target each time",
    Assurance.FAILS: "Misses its target each time",
    Assurance.HIT_OR_MISS: "Hit or miss by chance",
}
LETTERS = {Assurance.MEETS: "P", Assurance.FAILS: "F", Assurance.HIT_OR_MISS: "?"}
WISHES = {
    Better.HIGHER: "Higher is better.",
    Better.LOWER: "Lower is better.",
    Better.NEITHER: "Neither way is better.",
}


@dataclass(frozen=True, slots=True)
class Icon:
    """A mark: a letter and its words. css: common, improvement, concern, neutral, meets, fails or miss."""

    css: str
    letter: str
    words: str

    def __str__(self) -> str:
        return f"{self.letter} {self.words}"


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator in the table of all. nothing: what stands where the last period has no value."""

    indicator: Indicator
    latest: str
    counts: str
    mean: str
    variation: Icon | None
    target: str
    assurance: Icon | None
    nothing: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One point of a chart. css as of an Icon; shape: round, up or down."""

    x: float
    y: float
    css: str
    shape: str
    title: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line over a stretch. css: mean, limit, target or grid; label "" where it has none."""

    x1: float
    x2: float
    y: float
    css: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart to be drawn: path of the line, dots, rules, labels below."""

    width: int
    height: int
    left: int
    path: str
    dots: tuple[Dot, ...]
    rules: tuple[Rule, ...]
    labels: tuple[tuple[float, str], ...]


def shown(value: float | None, indicator: Indicator) -> str:
    """ "8.4%", "1 : 2.4", "23 days", "412"; a dash where there is none."""
    if value is None:
        return "–"
    kind = indicator.kind
    if kind is Kind.SHARE:
        return f"{100 * value:.1f}%"
    if kind is Kind.RATIO:
        return f"1 : {value:.1f}"
    if kind is Kind.COUNT:
        return f"{value:,.0f}"
    return f"{value:,.1f} {kind}" if kind in (Kind.WEEKS, Kind.HOURS) else f"{value:,.0f} {kind}"


def counts(reading: Reading, indicator: Indicator) -> str:
    """Numerator and denominator, or how many stand behind a length of time."""
    if indicator.kind.is_centile or indicator.kind is Kind.COUNT:
        return f"{reading.bottom:,} counted"
    word = "of" if indicator.kind is Kind.SHARE else "to"
    return f"{reading.top:,.0f} {word} {reading.bottom:,}"


def row(series: Series) -> Row:
    """One line of the overview: the last whole period and what its chart shows."""
    indicator, last = series.indicator, series.readings[-1]
    target = series.target
    return Row(
        indicator,
        shown(last.value, indicator),
        counts(last, indicator),
        shown(series.chart.stretches[-1].mean, indicator) if series.chart else "–",
        variation_of(series, -1) if series.has_last else None,
        shown(target.value, indicator) if target else "None set",
        _assured(series),
        f"Nothing in the last {series.unit.value}",
    )


def by_chapter(indicators: Iterable[Indicator]) -> list[tuple[Chapter, list[Indicator]]]:
    """Indicators under their headings."""
    listed = list(indicators)
    found = [(chapter, [each for each in listed if each.chapter is chapter]) for chapter in Chapter]
    return [(chapter, those) for chapter, those in found if those]


def chapters(found: Sequence[Series]) -> list[tuple[Chapter, list[Row]]]:
    """The overview under its headings."""
    rows = {each.indicator.code: row(each) for each in found}
    return [
        (chapter, [rows[each.code] for each in those])
        for chapter, those in by_chapter(each.indicator for each in found)
    ]


def variation_of(series: Series, nth: int) -> Icon:
    """What the nth charted point shows."""
    assert series.chart is not None
    point = series.chart.points[nth]
    means = variation(point, series.indicator.better)
    letter = {1: "H", -1: "L", 0: "~"}[point.way]
    words = VARIATIONS[means] + (f": {CAUSES[point.cause]}" if point.way else "")
    return Icon(means.value, letter, words)


def _assured(series: Series) -> Icon | None:
    if series.chart is None or series.target is None:
        return None
    limits = series.chart.stretches[-1]
    found = assurance(limits, series.target.value, series.indicator.better)
    if found is None or limits.is_trial:
        return None
    css = {Assurance.MEETS: "meets", Assurance.FAILS: "fails", Assurance.HIT_OR_MISS: "miss"}[found]
    return Icon(css, LETTERS[found], ASSURANCES[found])


def period(start: date, unit: Unit) -> str:
    """ "2 Nov 2026" of a week, "Nov 2026" of a month."""
    return in_words(start) if unit is Unit.WEEK else f"{start:%b %Y}"


def sentence(series: Series) -> str:
    """What the chart shows, for whoever cannot see it."""
    if series.chart is None:
        return "There is nothing to draw yet."
    limits, unit = series.chart.stretches[-1], series.indicator
    last = variation_of(series, -1)
    trial = f" The limits are on trial: fewer than {LEAST} points." if limits.is_trial else ""
    count, value = len(series.charted), shown(series.chart.points[-1].value, unit)
    return (
        f"{count} {'point' if count == 1 else 'points'}, the last {value}. "
        f"Mean {shown(limits.mean, unit)}, limits {shown(max(0.0, limits.lower), unit)} to "
        f"{shown(limits.upper, unit)}. {last.words}.{trial}"
    )


def drawing(series: Series) -> Drawing | None:
    """The chart of a series; None where there is nothing to draw."""
    if series.chart is None:
        return None
    low, high = _span(series, series.chart)
    places = len(series.starts)
    step = (WIDTH - LEFT - RIGHT) / max(1, places - 1)

    def x(place: float) -> float:
        return round(LEFT + place * step, 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    dots = tuple(
        _dot(series, nth, x(place), y(series.chart.points[nth].value))
        for nth, place in enumerate(series.charted)
    )
    rules = [
        Rule(LEFT, WIDTH, y(value), "grid", shown(value, series.indicator)) for value in _ticks(low, high)
    ]
    for limits in series.chart.stretches:
        first, last = series.charted[limits.first], series.charted[limits.end - 1]
        for value, css in ((limits.mean, "mean"), (limits.lower, "limit"), (limits.upper, "limit")):
            if low <= value <= high:
                rules.append(Rule(x(max(0, first - 0.4)), x(min(places - 1, last + 0.4)), y(value), css))
    if series.target is not None:
        rules.append(Rule(LEFT, WIDTH, y(series.target.value), "target"))
    path = " ".join(f"{'M' if nth == 0 else 'L'}{dot.x} {dot.y}" for nth, dot in enumerate(dots))
    every = max(1, places // 8)
    labels = tuple(
        (x(place), _label(start, series.unit))
        for place, start in enumerate(series.starts)
        if place % every == 0
    )
    return Drawing(WIDTH, HEIGHT, LEFT, path, dots, tuple(rules), labels)


def _dot(series: Series, nth: int, x: float, y: float) -> Dot:
    assert series.chart is not None
    point, icon = series.chart.points[nth], variation_of(series, nth)
    start = series.starts[series.charted[nth]]
    title = f"{period(start, series.unit)}: {shown(point.value, series.indicator)}. {icon.words}"
    return Dot(x, y, icon.css, {1: "up", -1: "down", 0: "round"}[point.way], title)


def _span(series: Series, chart: Chart) -> tuple[float, float]:
    """Lowest and highest value that the chart has room for; nothing here is below nought."""
    values = [point.value for point in chart.points]
    values += [line for limits in chart.stretches for line in (limits.lower, limits.upper)]
    if series.target is not None:
        values.append(series.target.value)
    low, high = max(0.0, min(values)), max(values)
    if series.indicator.kind is Kind.SHARE:
        high = min(1.0, high) if max(point.value for point in chart.points) <= 1 else high
    room = (high - low) * 0.06 or max(0.01, high * 0.1)
    return max(0.0, low - room), high + room


def _ticks(low: float, high: float) -> Sequence[float]:
    return [low + (high - low) * nth / 4 for nth in range(5)]


def _label(start: date, unit: Unit) -> str:
    return f"{start.day} {start:%b}" if unit is Unit.WEEK else f"{start:%b %y}"
