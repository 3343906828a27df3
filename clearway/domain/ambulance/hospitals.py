"""What a hospital says of itself, added up: the newest word on every figure, each with its own age."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from types import MappingProxyType

from ..shared.facts import Fact, OrderKey, order_key
from .events import HospitalEvent
from .words import HospitalMeasure, StatusSource


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
class HospitalStanding:
    """What the reports of one site add up to."""

    site: str
    figures: Mapping[HospitalMeasure, Said] = field(default_factory=dict)
    note: Note | None = None

    @property
    def reported_at(self) -> datetime | None:
        """When anything was last said."""
        times = [said.at for said in (*self.figures.values(), self.note) if said is not None]
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
    return replace(before, figures=MappingProxyType(figures), note=note)
