"""What a hospital says of itself, added up: the newest word on every figure, each with its own age."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from types import MappingProxyType

from ..shared.errors import CannotParse
from ..shared.facts import Fact, OrderKey, order_key
from ..shared.findings import Finding
from .events import HospitalEvent
from .words import HospitalMeasure, StatusSource

# Each count of patients beside the count of places that holds them.
TAKEN_OF: Mapping[HospitalMeasure, HospitalMeasure] = MappingProxyType(
    {
        HospitalMeasure.MAJORS_TAKEN: HospitalMeasure.MAJORS_PLACES,
        HospitalMeasure.RESUS_TAKEN: HospitalMeasure.RESUS_PLACES,
    }
)
LAPSES = timedelta(minutes=30)  # after its time nobody waits for a relief that did not come (a proposal)
FARTHEST = timedelta(hours=24)  # a relief farther ahead is a mistyped time
LEVELS = (1, 2, 3, 4)  # of pressure; source: NHS England, OPEL framework


@dataclass(frozen=True, slots=True)
class Said:
    """One figure: what was said, when that was true, who said it, and its place in the order of facts."""

    value: int
    at: datetime
    by: StatusSource
    place: OrderKey


@dataclass(frozen=True, slots=True)
class Note:
    """The newest remark, when it was made, and its place in the order of facts."""

    words: str
    at: datetime
    place: OrderKey


@dataclass(frozen=True, slots=True)
class Cohort:
    """The newest list of who is in the cohort.

    lines  key of the assignment -> who looks after its patient, "" where nobody says
    """

    lines: Mapping[str, str]
    at: datetime
    by: StatusSource
    place: OrderKey


@dataclass(frozen=True, slots=True)
class Relief:
    """What was last said to be expected.

    expected_at  None where it came, or nothing is expected any more
    """

    expected_at: datetime | None
    words: str
    at: datetime
    by: StatusSource
    told_by: str
    place: OrderKey

    def is_expected(self, now: datetime) -> bool:
        """Whether it is still waited for: it has not come, and is not so late that it has lapsed."""
        return self.expected_at is not None and now <= self.expected_at + LAPSES


@dataclass(frozen=True, slots=True)
class HospitalStanding:
    """What the reports of one site add up to."""

    site: str
    figures: Mapping[HospitalMeasure, Said] = field(default_factory=dict)
    note: Note | None = None
    cohort: Cohort | None = None
    relief: Relief | None = None

    @property
    def reported_at(self) -> datetime | None:
        """When anything was last said."""
        told = (*self.figures.values(), self.note, self.cohort, self.relief)
        times = [said.at for said in told if said is not None]
        return max(times, default=None)


def fold(facts: Iterable[Fact[HospitalEvent]]) -> HospitalStanding:
    """What the reports of one site add up to, in whatever order they come; needs at least one fact."""
    known = list(facts)
    return reduce(apply, known, HospitalStanding(known[0].event.site))


def apply(before: HospitalStanding, fact: Fact[HospitalEvent]) -> HospitalStanding:
    """The standing after one more report. A figure is replaced only by one whose place is later."""
    event, at, place = fact.event, fact.placed_at, order_key(fact, rank=lambda event: 0)
    figures = dict(before.figures)
    for measure, value in event.counts.items():
        if measure not in figures or figures[measure].place < place:
            figures[measure] = Said(value, at, event.source, place)
    note = before.note
    if event.note and (note is None or note.place < place):
        note = Note(event.note, at, place)
    cohort = before.cohort
    if event.cohort is not None and (cohort is None or cohort.place < place):
        lines = {each.assignment: each.cared_by or "" for each in event.cohort}
        cohort = Cohort(lines, at, event.source, place)
    relief = before.relief
    if event.relief is not None and (relief is None or relief.place < place):
        said = event.relief
        relief = Relief(said.expected_at, said.words or "", at, event.source, event.told_by or "", place)
    return replace(before, figures=MappingProxyType(figures), note=note, cohort=cohort, relief=relief)


def merged(one: HospitalStanding, other: HospitalStanding) -> HospitalStanding:
    """What the reports under two codes of one site add up to, under the code of `one`."""
    figures = dict(one.figures)
    for measure, said in other.figures.items():
        if measure not in figures or figures[measure].place < said.place:
            figures[measure] = said
    notes = [note for note in (one.note, other.note) if note is not None]
    newest = max(notes, key=lambda note: note.place, default=None)
    lists = [each for each in (one.cohort, other.cohort) if each is not None]
    cohort = max(lists, key=lambda each: each.place, default=None)
    reliefs = [each for each in (one.relief, other.relief) if each is not None]
    relief = max(reliefs, key=lambda each: each.place, default=None)
    return replace(one, figures=MappingProxyType(figures), note=newest, cohort=cohort, relief=relief)


def check_sense(event: HospitalEvent) -> None:
    """Refuse what no hospital can mean. Raises CannotParse with the field, the reason and the fix."""
    level = event.counts.get(HospitalMeasure.PRESSURE_LEVEL)
    if level is not None and level not in LEVELS:
        raise CannotParse(
            "field counts.pressure_level",
            "A pressure level is 1, 2, 3 or 4.",
            "Send the level, not its points.",
        )
    if not event.counts and not event.note and event.cohort is None and event.relief is None:
        raise CannotParse(
            "field counts",
            "It holds no figure, and there is neither a note, a cohort list nor a relief.",
            "Send at least one figure of now.",
        )
    expected = event.relief.expected_at if event.relief else None
    if expected is not None and not event.occurred_at <= expected <= event.occurred_at + FARTHEST:
        raise CannotParse(
            "field relief.expected_at",
            "It is not within 24 hours after the report.",
            "Send when the relief is expected.",
        )
    named = [each.assignment for each in event.cohort or ()]
    if len(set(named)) < len(named):
        raise CannotParse(
            "field cohort", "It names one assignment twice.", "Name everybody in the cohort once."
        )


def inspect(standing: HospitalStanding) -> tuple[Finding, ...]:
    """What cannot all be right in the figures of one site as they stand."""
    return tuple(
        Finding("HS01", taken, f"{figures[taken].value} in {figures[places].value} places")
        for figures in (standing.figures,)
        for taken, places in TAKEN_OF.items()
        if taken in figures and places in figures and figures[taken].value > figures[places].value
    )
