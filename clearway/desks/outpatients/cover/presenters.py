"""The cover of the office as a table of posts and days, and who is away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from clearway.domain.outpatients.cover import Away, How, Place

from .models import Absence, OfficePost

SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Cell:
    """One post on one day. name: who covers it, "" where nobody does; note: how, where that is not usual."""

    on: date
    is_wanted: bool
    name: str = ""
    note: str = ""

    @property
    def is_gap(self) -> bool:
        return self.is_wanted and not self.name


@dataclass(frozen=True, slots=True)
class Row:
    """One post over the days."""

    key: int
    name: str
    cells: tuple[Cell, ...]


def table(
    posts: Sequence[OfficePost], places: Sequence[Place], days: Sequence[date], names: Mapping[int, str]
) -> list[Row]:
    """Posts down, days across."""
    found = {(each.post, each.on): each for each in places}
    return [
        Row(post.pk, post.name, tuple(_cell(found.get((post.pk, on)), on, names) for on in days))
        for post in posts
    ]


def _cell(place: Place | None, on: date, names: Mapping[int, str]) -> Cell:
    if place is None:
        return Cell(on, False)
    if place.person is None:
        return Cell(on, True)
    note = "" if place.how is How.HOLDER else place.how.meaning
    return Cell(on, True, names.get(place.person, "somebody who left"), note)


def weekdays(row: OfficePost) -> str:
    """ "Mon, Wed"; "every day"."""
    return (
        "every day" if len(row.weekdays) == len(SHORT) else ", ".join(SHORT[day - 1] for day in row.weekdays)
    )


def days_of(row: Absence) -> str:
    """ "2 Nov to 5 Nov 2026"."""
    last = f"{row.ends_on:%-d %b %Y}"
    return last if row.starts_on == row.ends_on else f"{row.starts_on:%-d %b} to {last}"


def kind_of(row: Absence) -> str:
    return Away(row.kind).meaning


def uncovered(places: Sequence[Place], posts: Mapping[int, str]) -> str:
    """What nobody would cover, post by post with its days; "" where everything is covered."""
    days: dict[int, list[str]] = {}
    for each in places:
        days.setdefault(each.post, []).append(f"{each.on:%a %-d %b}")
    return "; ".join(f"{posts.get(key, 'A post')}: {', '.join(named)}" for key, named in days.items())
