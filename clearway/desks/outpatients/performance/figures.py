"""Performance as figures: the table of all indicators for its page and for reports, and its insights."""

from collections.abc import Sequence
from datetime import datetime

from clearway.core.layout.times import local
from clearway.domain.outpatients.performance import Unit
from clearway.domain.outpatients.reports import Figures

from . import presenters, queries
from .queries import Series

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
    return Figures(sentence, COLUMNS, tuple(_row(row) for row in rows), frozenset({1, 2, 3, 5}))


def _row(row: presenters.Row) -> tuple[str, ...]:
    shown = str(row.variation or row.nothing)
    met = str(row.assurance or "")
    return (row.indicator.name, row.latest, row.counts, row.mean, shown, row.target, met)
