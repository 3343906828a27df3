"""What hospitals say, in words: figures with their ages, the pressure level as a shape and a word.

Nothing here ticks: an age is given as the instant it counts from, so the same report makes the same page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.domain.ambulance.events import HospitalEvent
from clearway.domain.ambulance.hospitals import TAKEN_OF, HospitalStanding, Note, Relief
from clearway.domain.ambulance.words import HospitalMeasure, StatusSource
from clearway.domain.shared.facts import Fact
from clearway.engine.ambulance.reports import Figure, SiteReport

M = HospitalMeasure
SAME_WORD = timedelta(minutes=1)  # figures said within it were said together

LABEL: Mapping[HospitalMeasure, str] = {
    M.BOARDING: "Boarding",
    M.BOARDING_OVER_8H: "Boarding over 8 h",
    M.IN_DEPARTMENT: "In department",
    M.BEDS_FREE: "Beds free",
    M.MAJORS_TAKEN: "Majors taken",
    M.MAJORS_PLACES: "Majors places",
    M.RESUS_TAKEN: "Resus taken",
    M.RESUS_PLACES: "Resus places",
    M.RECEIVING_STAFF: "Staff receiving",
    M.COHORT_PLACES: "Cohort places",
    M.DISCHARGES_EXPECTED: "Discharges due",
    M.PRESSURE_LEVEL: "Pressure level",
}
# Shape and word of each level. Grey is normal; only the highest calls for somebody to act.
LEVELS: Mapping[int, tuple[str, str]] = {
    1: ("ring", "1 low"),
    2: ("ring", "2 moderate"),
    3: ("square", "3 severe"),
    4: ("triangle", "4 extreme"),
}
ACT = 4


def clashes(found: Iterable[Clash]) -> list[tuple[str, str, str]]:
    """Figures that two people said otherwise of one hospital."""
    return both_in_words(found, {m.value: label for m, label in LABEL.items()}, _figure_said)


def _figure_said(field: str, value: Any) -> str:
    return LEVELS[value][1] if field == M.PRESSURE_LEVEL and value else said(value)


REMARKS = 8
SPEAKER: Mapping[StatusSource, str] = {
    StatusSource.HALO: "HALO",
    StatusSource.HOSPITAL: "hospital",
    StatusSource.EOC: "control room",
    StatusSource.CAD: "CAD",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """What is known of one hospital beside its figures.

    by     who said each figure last
    note   the newest remark
    """

    by: Mapping[HospitalMeasure, StatusSource]
    note: Note | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure, or two that belong together as "18/20".

    text   "" where nobody said
    at     the age it carries, the older one of two; None when the row's own age holds for it
    """

    text: str = ""
    at: datetime | None = None
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """The pressure level. `is_to_act` gives it a colour."""

    shape: str = ""
    word: str = ""
    is_to_act: bool = False
    at: datetime | None = None
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Stand:
    """What a board shows of a hospital's own words. `said_at` is the age of each figure without its own."""

    level: Level = Level()
    boarding: Cell = Cell()
    majors: Cell = Cell()
    resus: Cell = Cell()
    said_at: datetime | None = None
    is_silent: bool = False


NOT_SAID = Stand()


@dataclass(frozen=True, slots=True)
class Awaited:
    """A relief that is waited for. said_at  its age; by  who said so"""

    expected_at: datetime
    words: str
    said_at: datetime
    by: str
    is_late: bool


def awaited(told: Iterable[HospitalStanding], codes: Mapping[str, str], now: datetime) -> dict[str, Awaited]:
    """Present code of a site -> the relief it waits for; none of what came or lapsed.

    codes  code of a site, present or former -> its present code
    """
    newest: dict[str, Relief] = {}
    for standing in told:
        code, relief = codes.get(standing.site, standing.site), standing.relief
        if relief is not None and (code not in newest or newest[code].place < relief.place):
            newest[code] = relief
    return {code: _awaited(each, now) for code, each in newest.items() if each.is_expected(now)}


def _awaited(relief: Relief, now: datetime) -> Awaited:
    assert relief.expected_at is not None
    by = SPEAKER.get(relief.by, "feed")
    who = f"{by}, told by {relief.told_by}" if relief.told_by else by
    return Awaited(relief.expected_at, relief.words, relief.at, who, now > relief.expected_at)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure on the hospital's page, with who said it."""

    label: str
    text: str
    at: datetime
    is_old: bool
    by: str
    shape: str = ""
    is_to_act: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """All that a hospital says, as its own page shows it."""

    code: str
    lines: tuple[Line, ...]
    is_silent: bool
    note: str
    note_at: datetime | None


@dataclass(frozen=True, slots=True)
class Remark:
    """One report that carried words, or came by way of somebody."""

    at: datetime
    who: str
    words: str


def remarks(facts: Sequence[Fact[HospitalEvent]]) -> list[Remark]:
    """The newest reports that say more than figures."""
    told = [fact for fact in facts if fact.event.note or fact.event.told_by]
    return [
        Remark(fact.placed_at, _who(fact.event), fact.event.note or "Figures only") for fact in told[:REMARKS]
    ]


def _who(event: HospitalEvent) -> str:
    speaker = SPEAKER.get(event.source, "feed").capitalize() if event.source != "halo" else "HALO"
    return f"{speaker}, told by {event.told_by}" if event.told_by else speaker


def stand(report: SiteReport) -> Stand:
    """The few figures of the boards."""
    return Stand(
        level=_level(report),
        boarding=_cell(report, M.BOARDING),
        majors=_pair(report, M.MAJORS_TAKEN),
        resus=_pair(report, M.RESUS_TAKEN),
        said_at=report.said_at,
        is_silent=report.is_silent,
    )


def said_of(report: SiteReport, told: Telling | None) -> Said:
    """Everything that one hospital last said, in the order of the form."""
    by = told.by if told else {}
    note = told.note if told else None
    return Said(
        code=report.code,
        lines=tuple(
            _line(measure, label, report.figures[measure], by.get(measure))
            for measure, label in LABEL.items()
            if measure in report.figures
        ),
        is_silent=report.is_silent,
        note=note.words if note else "",
        note_at=note.at if note else None,
    )


def _line(measure: HospitalMeasure, label: str, figure: Figure, by: StatusSource | None) -> Line:
    shape, word = LEVELS[figure.value] if measure is M.PRESSURE_LEVEL else ("", str(figure.value))
    return Line(
        label=label,
        text=word,
        at=figure.said_at,
        is_old=figure.is_old,
        by=SPEAKER.get(by, "feed") if by else "",
        shape=shape,
        is_to_act=measure is M.PRESSURE_LEVEL and figure.value >= ACT and not figure.is_old,
    )


def _level(report: SiteReport) -> Level:
    figure = report.figures.get(M.PRESSURE_LEVEL)
    if figure is None:
        return Level()
    shape, word = LEVELS[figure.value]
    is_to_act = figure.value >= ACT and not figure.is_old
    return Level(shape, word, is_to_act, _own_age(report, figure.said_at), figure.is_old)


def _cell(report: SiteReport, measure: HospitalMeasure) -> Cell:
    figure = report.figures.get(measure)
    if figure is None:
        return Cell()
    return Cell(str(figure.value), _own_age(report, figure.said_at), figure.is_old)


def _pair(report: SiteReport, taken: HospitalMeasure) -> Cell:
    """Taken of places; "18/?" where the places were never said."""
    figures: Sequence[Figure | None] = [report.figures.get(measure) for measure in (taken, TAKEN_OF[taken])]
    known = [figure for figure in figures if figure is not None]
    if not known:
        return Cell()
    oldest = min(known, key=lambda figure: figure.said_at)
    text = "/".join("?" if figure is None else str(figure.value) for figure in figures)
    return Cell(text, _own_age(report, oldest.said_at), oldest.is_old)


def _own_age(report: SiteReport, at: datetime) -> datetime | None:
    newest = report.said_at
    return None if newest is not None and newest - at < SAME_WORD else at
