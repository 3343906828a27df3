"""Risks, reach and help in words; and what was measured of a model as tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from clearway.domain.outpatients.reminders import Way, route
from clearway.engine.outpatients.attendance_measures import MEANINGS, PSI_ACT, PSI_WATCH

from .models import AttendanceModel
from .queries import Drift, Row

KINDS = {
    "simple": "Logistic regression on two features",
    "logistic": "Logistic regression on every feature",
    "additive": "Additive steps of every feature",
}
LEAST_USE = 0.55  # area under the curve below which a model tells little


@dataclass(frozen=True, slots=True)
class Line:
    """One booking of the list, in words."""

    appointment: int
    entry: int | None
    person: int
    patient: str
    number: str
    when: datetime
    who: str
    where: str
    risk: str
    reasons: tuple[str, ...]
    reach: str
    help: tuple[tuple[str, str], ...]
    call: str
    may_ring: bool
    aside: str


def line(row: Row, connected: Any) -> Line:
    """Words for one row. connected: channels that a provider takes away."""
    visit, score = row.visit, row.score
    session, patient = visit.slot.session, visit.patient.stands
    aside = getattr(visit, "attendance_set_aside", None)
    call = row.call
    if aside is not None:
        said = f"Set aside by {aside.by}: {aside.why}"
    elif call is not None:
        said = call.get_state_display() + _tried(call.tries)
    else:
        said = "Confirmed" if visit.confirmed_at else "Not on the list of calls yet"
    is_open = call is None or call.state == "to_ring"
    return Line(
        visit.pk,
        visit.entry_id,
        visit.patient.person_id,
        str(patient),
        patient.mobile or patient.phone or "No number is known",
        visit.starts_at,
        session.clinician.name,
        session.room.site.name,
        percent(score.risk),
        tuple(score.reasons),
        _reach(row, connected),
        tuple(_help(row)),
        said,
        is_open and aside is None and visit.confirmed_at is None,
        "" if aside is None else aside.why,
    )


def _tried(tries: int) -> str:
    if not tries:
        return ""
    return ", tried once" if tries == 1 else f", tried {tries} times"


def _reach(row: Row, connected: Any) -> str:
    found = route(row.reach, connected)
    if found.way is Way.CALL:
        return f"By telephone only. {found.why}"
    return {Way.TEXT: "By text and telephone", Way.EMAIL: "By email and telephone"}[found.way]


def _help(row: Row) -> Iterator[tuple[str, str]]:
    """What could be offered: (words, what the page leads to: support, visit or patient)."""
    for asked in row.asked:
        if not asked.is_arranged:
            yield f"Arrange: {asked.words}", "support"
    if not any(asked.need.kind == "transport" for asked in row.asked):
        yield "Ask about transport", "patient"
    yield "Ask whether another time is better", "visit"
    if row.carers:
        yield "A carer is recorded: ask whether they should be told too", "patient"
    if route(row.reach, ("text", "email")).way is Way.CALL:
        yield "Ask for a mobile number or an email address", "patient"


def percent(share: float) -> str:
    """ "31%"; small ones with one digit more."""
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the report: ours beside the simple model, with intervals."""

    name: str
    meaning: str
    ours: str
    simple: str


def measures(report: Mapping[str, Any]) -> list[Measure]:
    """What was measured of the chosen model beside the simple one."""
    ours, simple = (report["measures"][kind] for kind in (report["chosen"], "simple"))
    return [
        Measure(name, meaning, _interval(ours[code]), _interval(simple[code]))
        for code, (name, meaning) in MEANINGS.items()
    ]


def _interval(found: tuple[float, float, float]) -> str:
    value, low, high = found
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def verdict(report: Mapping[str, Any]) -> str:
    """What the report comes to, in a sentence."""
    value, low, high = report["measures"][report["chosen"]]["auc"]
    if low <= 0.5 or value < LEAST_USE:
        return (
            "It hardly tells who will miss a visit from who will come: its list would be little better than "
            "one drawn by lot. Do not put it in use for what it finds."
        )
    tenth = report["measures"][report["chosen"]]["recall"][0]
    return (
        f"Ringing the riskiest {report['share']:.0%} would have reached {tenth:.0%} of those who missed. Of "
        f"two bookings of which one was missed, the missed one had the greater risk {value:.0%} of the time "
        f"({low:.0%} to {high:.0%})."
    )


def folds(model: AttendanceModel) -> list[tuple[str, int, int, datetime, datetime]]:
    """Name, bookings, missed, and between which instants they were judged."""
    names = {"learn": "Learned from", "choose": "Chosen and calibrated on", "test": "Tested on"}
    return [
        (
            name,
            fold["count"],
            fold["missed"],
            datetime.fromtimestamp(fold["since"], UTC),
            datetime.fromtimestamp(fold["until"], UTC),
        )
        for code, name in names.items()
        for fold in [model.report["folds"][code]]
    ]


@dataclass(frozen=True, slots=True)
class Plot:
    """A calibration chart: dots in a square, and the words of each."""

    size: int
    left: int
    bottom: int
    dots: tuple[tuple[float, float, str], ...]
    ticks: tuple[tuple[float, float, str], ...]


def calibration(report: Mapping[str, Any]) -> Plot:
    """Told across, happened upwards; on the line both are the same."""
    size, left, bottom = 300, 44, 30
    greatest = float(max(max(each["told"], each["happened"]) for each in report["curve"]))
    top = max(1, ceil(greatest * 25 + 0.2)) / 25  # four ticks at whole percents

    def across(value: float) -> float:
        return round(float(left + value / top * (size - left - 24)), 1)

    def up(value: float) -> float:
        return round(float(size - bottom - value / top * (size - bottom - 10)), 1)

    dots = tuple(
        (
            across(each["told"]),
            up(each["happened"]),
            f"Told {percent(each['told'])}, happened {percent(each['happened'])}, {each['count']} bookings",
        )
        for each in report["curve"]
    )
    ticks = tuple((across(top * nth / 4), up(top * nth / 4), percent(top * nth / 4)) for nth in range(1, 5))
    return Plot(size, left, bottom, dots, ticks)


def drift_words(found: Drift) -> str:
    """How far it has moved, by the usual reading of the index; only the risk itself asks for a new model."""
    if found.index >= PSI_ACT:
        return "Moved far: train anew" if found.code == "risk" else "Moved far"
    return "Moved somewhat: watch it" if found.index >= PSI_WATCH else "As it was"
