"""Who of the office covers what on which day, and to whom the work of somebody who is away goes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .words import Code


class Away(Code):
    """Why somebody of the office is away."""

    ANNUAL = "annual", "holiday"
    SICKNESS = "sickness", "sickness"
    STUDY = "study", "training"
    OTHER = "other", "other leave"


class How(Code):
    """How somebody comes to cover a post on a day."""

    HOLDER = "holder", "holds the post"
    STAND_IN = "stand_in", "stands in"
    DEPUTY = "deputy", "deputy"
    NOBODY = "nobody", "nobody"


@dataclass(frozen=True, slots=True)
class Absence:
    """When a person is away, both days included."""

    person: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Post:
    """Something that somebody of the office does on certain days of the week (ISO, 1 to 7)."""

    key: int
    weekdays: frozenset[int]
    holder: int | None
    deputy: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One post on one day; person: None where nobody covers it."""

    post: int
    on: date
    person: int | None
    how: How


def is_away(person: int, on: date, absences: Iterable[Absence]) -> bool:
    return any(each.person == person and each.first <= on <= each.last for each in absences)


def plan(
    posts: Sequence[Post],
    absences: Sequence[Absence],
    stand_ins: Mapping[tuple[int, date], int],
    days: Sequence[date],
) -> list[Place]:
    """Each post on each of its days: whoever was named for the day, else the holder, else the deputy.

    stand_ins  (post, day) -> who was named for it
    Nobody covers anything while away, whoever they are.
    """
    return [
        _place(post, on, absences, stand_ins)
        for post in posts
        for on in days
        if on.isoweekday() in post.weekdays
    ]


def _place(
    post: Post, on: date, absences: Sequence[Absence], stand_ins: Mapping[tuple[int, date], int]
) -> Place:
    named = stand_ins.get((post.key, on))
    for person, how in ((named, How.STAND_IN), (post.holder, How.HOLDER), (post.deputy, How.DEPUTY)):
        if person is not None and not is_away(person, on, absences):
            return Place(post.key, on, person, how)
    return Place(post.key, on, None, How.NOBODY)


def spread(work: Mapping[int, Collection[int]], load: Mapping[int, int]) -> dict[int, int]:
    """Give each piece of work to whoever of those who may do it has least then; of equals, to the first.

    work  what is to be given -> who may have it
    load  person -> how much they have already, in the order in which they come
    Returns work -> person, without what nobody may have.
    """
    held = dict(load)
    given: dict[int, int] = {}
    for each, may in work.items():
        able = [person for person in held if person in may]
        if able:
            person = min(able, key=lambda name: held[name])
            given[each] = person
            held[person] += 1
    return given
