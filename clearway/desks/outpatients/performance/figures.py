"""Performance as figures: the table of all indicators for its page and for reports, and its insights."""

from collections.abc import Sequence
from datetime import datetime

from clearway.core.layout.times import local
from clearway.domain.outpatients.performance import Unit
from clearway.domain.shared.figures import Chart, Figures

from . import presenters, queries
from .queries import Series

CHARTED = 12  # charts of a report; the table has every indicator
POINTS = ("Period", "Value", "Counted", "Shows")
COLUMNS = ("Indicator", "Last period", "Counted", "Mean", "Variation", "Target", "Assurance")


def performance(organisation_id: int, at: datetime) -> Figures:
    """Every indicator of the department by weeks, as its page shows it."""
    return of_series(queries.overview(organisation_id, Unit.WEEK, {}, at), at)


def of_series(found: Sequence[Series], at: datetime) -> Figures:
    """One row for each indicator, in the order given."""
    rows = [presenters.row(each) for each in found]
    concerns = sum(row.variation is not None and row.variation.css == "concern" for row in rows)
    better = sum(row.variation is not None and row.variation.css == "improvement" for row in rows)
    last = presenters.period(found[0].starts[-1], found[0].unit) if found else f"{local(at):%b %Y}"
    word = "week" if found and found[0].unit is Unit.WEEK else "month"
    sentence = (
        f"{len(rows)} indicators, the last whole {word} that of {last}: {concerns} of concern, "
        f"{better} improved."
    )
    table = tuple(_row(row) for row in rows)
    return Figures(sentence, COLUMNS, table, frozenset({1, 2, 3, 5}), charts(found))


def charts(found: Sequence[Series]) -> tuple[Chart, ...]:
    """The charts of those that show a change or have a target, in the order given: for print."""
    chosen = [each for each in found if each.chart and each.has_last and (_changes(each) or each.target)]
    return tuple(_chart(each) for each in chosen[:CHARTED])


def _changes(series: Series) -> bool:
    return presenters.variation_of(series, -1).css in ("concern", "improvement")


def _chart(series: Series) -> Chart:
    drawing = presenters.drawing(series)
    assert drawing is not None
    nth = {place: number for number, place in enumerate(series.charted)}
    rows = tuple(
        (
            presenters.period(start, series.unit),
            presenters.shown(each.value, series.indicator),
            presenters.counts(each, series.indicator),
            presenters.variation_of(series, nth[place]).letter if place in nth else "",
        )
        for place, (start, each) in enumerate(zip(series.starts, series.readings, strict=True))
    )
    return Chart(
        series.indicator.name,
        presenters.sentence(series),
        drawing.width,
        drawing.height,
        tuple((each.x1, each.x2, each.y, each.css, each.label) for each in drawing.rules),
        tuple((each.x, each.y, each.css, each.shape) for each in drawing.dots),
        drawing.labels,
        POINTS,
        rows[::-1],
    )


def _row(row: presenters.Row) -> tuple[str, ...]:
    shown = str(row.variation or row.nothing)
    met = str(row.assurance or "")
    return (row.indicator.name, row.latest, row.counts, row.mean, shown, row.target, met)
