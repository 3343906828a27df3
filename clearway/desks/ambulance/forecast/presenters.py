"""Forecasts in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from clearway.domain.ambulance.situation import Situation, instant
from clearway.engine.ambulance.forecast import HOUR_OF_WEEK, LAST_K, MODEL, NONE, RATE

from .models import Warned
from .queries import Read, Score

SHOWN = (0, 30, 60, 120)
ROUND = 5  # minutes: a forecast is not known to the minute, and a row that ticks would be pushed for nothing
METHODS: Mapping[str, str] = {
    MODEL: "Model",
    RATE: "Queue divided by rate",
    LAST_K: "Mean of the last handovers",
    HOUR_OF_WEEK: "Same hour of week",
    NONE: "Cannot say",
}


@dataclass(frozen=True, slots=True)
class Ahead:
    """The wait for one arrival: "25–55 min", and the middle of it. Empty where nothing can be said."""

    minutes: int
    span: str
    middle: str


@dataclass(frozen=True, slots=True)
class Row:
    """One hospital on the forecast page.

    made_at   of the situation, to the minute
    warnings  what is likely to be passed, gravest first
    """

    key: str
    name: str
    ahead: tuple[Ahead, ...]
    method: str
    is_model: bool
    can_say: bool
    why: tuple[str, ...]
    warnings: tuple[str, ...]
    made_at: datetime | None


def rows(situation: Situation, read: Read, standing: Iterable[Warned] = ()) -> list[Row]:
    """Every hospital in board order."""
    warned: dict[str, list[str]] = {}
    for each in standing:
        warned.setdefault(each.site_code, []).append(
            f"Mean over {each.limit} likely within {each.within} min"
        )
    return [
        Row(
            key=code,
            name=situation.sites.name[row],
            ahead=tuple(ahead(read, row, minutes) for minutes in SHOWN),
            method=METHODS[read.forecast.method[row]],
            is_model=read.forecast.method[row] == MODEL,
            can_say=read.forecast.method[row] != NONE,
            why=read.forecast.why[row],
            warnings=tuple(warned.get(code, ())[:1]),
            made_at=instant(situation.at - situation.at % 60),
        )
        for row, code in enumerate(situation.sites.code)
    ]


def ahead(read: Read, row: int, minutes: int) -> Ahead:
    """The 80% interval and the middle for an arrival so many minutes from now."""
    made = read.forecast
    step = int(minutes / made.step_minutes)
    low, middle, high = (float(grid[row, step]) for grid in (made.p10, made.p50, made.p90))
    if np.isnan(low):
        return Ahead(minutes, "", "")
    return Ahead(minutes, span(low, high), f"{_rounded(middle)}")


def span(low: float, high: float) -> str:
    """ "25–55 min", rounded to five minutes outwards."""
    return f"{int(low // ROUND * ROUND)}–{int(-(-high // ROUND) * ROUND)} min"


def board_spans(situation: Situation, read: Read, minutes: int = 30) -> Mapping[str, str]:
    """Site code -> the interval for an arrival in so many minutes; those that cannot be said are left out."""
    found = {code: ahead(read, row, minutes).span for row, code in enumerate(situation.sites.code)}
    return {code: words for code, words in found.items() if words}


def now_and_in_an_hour(situation: Situation, read: Read) -> Mapping[str, tuple[Ahead, Ahead]]:
    """Site code -> the wait for an arrival now and in an hour; those that cannot be said are left out."""
    found = {
        code: (ahead(read, row, 0), ahead(read, row, 60)) for row, code in enumerate(situation.sites.code)
    }
    return {code: pair for code, pair in found.items() if pair[0].span}


def _rounded(minutes: float) -> int:
    return int(round(minutes / ROUND) * ROUND)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One line of the score table; minutes with a decimal, "" where nothing is known."""

    name: str
    lead: str
    vehicles: int
    errors: tuple[tuple[str, bool], ...]
    gain: str
    crps: str
    inside: str
    bias: str


def score_rows(scores: Sequence[Score], names: Mapping[str, str]) -> list[ScoreRow]:
    """The score table: by hospital and lead, the best of each line marked."""
    return [
        ScoreRow(
            name=names.get(each.site_code, each.site_code),
            lead="All" if each.lead_minutes is None else f"{each.lead_minutes}",
            vehicles=each.vehicles,
            errors=tuple(
                (_decimal(each.errors.get(name)), each.best == name)
                for name in (MODEL, LAST_K, RATE, HOUR_OF_WEEK)
            ),
            gain=_gain(each),
            crps=_decimal(each.crps),
            inside="" if each.inside is None else f"{each.inside:.0%}",
            bias="" if each.bias is None else f"{each.bias:+.1f}",
        )
        for each in scores
    ]


def _gain(score: Score) -> str:
    beside = score.beside.get(LAST_K)
    return f"{1 - beside.model / beside.error:.0%}" if beside and beside.error else ""


def _decimal(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
