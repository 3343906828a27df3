"""A clock in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from clearway.domain.outpatients.clock_events import EventKind
from clearway.domain.outpatients.clocks import Pathway, Period
from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.words import TREATMENT_FUNCTIONS, MeasurementType

from . import models


def day(on: date | None) -> str:
    """ "Mon 6 Jan 2025"; "Not known" where there is none."""
    return "Not known" if on is None else in_words(on)


@dataclass(frozen=True, slots=True)
class Clock:
    """One period of a pathway as a row."""

    number: int
    state: str
    started: str
    ended: str
    days: str
    treat_by: str
    breach: str
    is_over: bool
    says: str
    rule: str


@dataclass(frozen=True, slots=True)
class Step:
    """One event and what it did."""

    on: str
    key: str
    what: str
    says: str
    rule: str
    source: str
    recorded: models.ClockEvent | None


def headline(explained: Pathway) -> str:
    """Where the clock stands, in a sentence."""
    period = explained.open_period
    if period is None:
        meaning = explained.state.meaning
        return f"{meaning[:1].upper()}{meaning[1:]}."
    if period.start is None or period.days is None:
        return "The patient waits and nobody knows since when. Find the start."
    waited = "1 day" if period.days == 1 else f"{period.days} days"
    over = "" if period.is_within_standard else " This is over the standard."
    return f"The clock runs: {waited} since {in_words(period.start)}.{over}"


def clocks(explained: Pathway) -> list[Clock]:
    """The periods, newest first."""
    return [_clock(period) for period in reversed(explained.periods)]


def _clock(period: Period) -> Clock:
    days = "Not known" if period.days is None else f"{period.days} ({period.band} weeks)"
    return Clock(
        number=period.number,
        state=period.state.meaning,
        started=day(period.start),
        ended="Runs" if period.ended_on is None else day(period.ended_on),
        days=days,
        treat_by=day(period.treat_by),
        breach=day(period.first_breach_day),
        is_over=period.is_within_standard is False,
        says=period.says,
        rule=period.reference,
    )


def steps(explained: Pathway, rows: Iterable[models.ClockEvent]) -> list[Step]:
    """What happened, oldest first, each with the sentence and the rule."""
    kept = {row.key: row for row in rows}
    last = {row.replaces: row for row in kept.values() if row.replaces}
    found = []
    for step in explained.steps:
        row = kept.get(step.event.key)
        while row is not None and row.key in last:
            row = last[row.key]
        found.append(
            Step(
                on=in_words(step.event.on),
                key=row.key if row else step.event.key,
                what=step.event.kind.meaning,
                says=step.says,
                rule=step.reference,
                source=row.source if row else "",
                recorded=row,
            )
        )
    return found


def title(row: models.Pathway) -> str:
    """What a pathway is called."""
    function = TREATMENT_FUNCTIONS.get(row.function, row.function)
    return f"{function}, {MeasurementType(row.measurement).meaning}"


def event_words(row: models.ClockEvent) -> str:
    """An event in a list to choose from."""
    return f"{in_words(row.on)}: {EventKind(row.kind).meaning}"
