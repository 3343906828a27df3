"""Comparing appointments here with those of another system: what differs, and what to do about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# States that are one to both sides: another system knows no difference between them.
STANDS: Mapping[str, str] = {
    "booked": "booked",
    "held": "booked",  # kept of theirs, once, that was booked there and held here
    "arrived": "seen",
    "attended": "seen",
    "missed": "missed",
    "cancelled": "ended",
    "lapsed": "ended",
    "made in error": "ended",
}
ENDED = "ended"


class Kind(StrEnum):
    """On which side something is that is not on the other."""

    HERE = "here only"
    THERE = "there only"
    DIFFERING = "differing"


class Todo(StrEnum):
    """What is done about a difference."""

    SEND = "send again"
    READ = "read their waiting message"
    MOVE = "move here"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Ours:
    """An appointment here. ids: of it and of all that it took the place of; numbers: of the patient

    filler   what they call it, "" where they have told none
    said_at  when what we told them last happened; told_at: their newest telling; None for never
    """

    ids: tuple[int, ...]
    filler: str
    numbers: frozenset[str]
    clinic: str
    starts_at: datetime
    state: str
    said_at: datetime | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Theirs:
    """An appointment there, in our codes; "" for what is not known. filler: their id; placer: ours"""

    filler: str
    placer: str
    number: str
    clinic: str
    starts_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One of them. fields: patient, time, clinic, state; waiting: their message that waits here"""

    kind: Kind
    ours: Ours | None
    theirs: Theirs | None
    fields: tuple[str, ...]
    todo: Todo
    waiting: int | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many stand alike on both sides, and every one that does not."""

    alike: int
    differences: tuple[Difference, ...]


def reconcile(ours: Sequence[Ours], theirs: Sequence[Theirs], waiting: Mapping[str, int]) -> Reconciled:
    """Compare by their id, else by ours. What has ended on one side and is unknown on the other is alike.

    waiting  their id of an appointment -> their message about it that waits for a person here
    """
    by_filler = {each.filler: each for each in ours if each.filler}
    by_id = {str(key): each for each in ours for key in each.ids}
    left, found, alike = {each.ids: each for each in ours}, [], 0
    for there in theirs:
        here = by_filler.get(there.filler) or _by_our_id(by_id.get(there.placer), there)
        if here is not None:
            left.pop(here.ids, None)
        difference = _difference(here, there, waiting.get(there.filler))
        alike += difference is None
        found += [difference] if difference else []
    for here in left.values():
        difference = _difference(here, None, waiting.get(here.filler))
        alike += difference is None
        found += [difference] if difference else []
    return Reconciled(alike, tuple(found))


def _by_our_id(here: Ours | None, there: Theirs) -> Ours | None:
    """Ours of that id, unless they have told another id of theirs for it: then one of both is wrong."""
    if here is not None and here.filler and there.filler and here.filler != there.filler:
        return None
    return here


def _difference(here: Ours | None, there: Theirs | None, waiting: int | None) -> Difference | None:
    stands_here = STANDS[here.state] if here else ENDED
    stands_there = STANDS[there.state] if there else ENDED
    if stands_here == stands_there == ENDED:
        return None
    if here is None or there is None:
        kind = Kind.HERE if there is None else Kind.THERE
        todo = Todo.READ if waiting else Todo.SEND if kind is Kind.HERE else Todo.ASK
        return Difference(kind, here, there, (), todo, waiting)
    fields = _fields(here, there, stands_here == stands_there)
    if not fields:
        return None
    return Difference(Kind.DIFFERING, here, there, fields, _todo(here, there, fields, waiting), waiting)


def _fields(here: Ours, there: Theirs, is_state: bool) -> tuple[str, ...]:
    differs = {
        "patient": bool(there.number and here.numbers) and there.number not in here.numbers,
        "time": there.starts_at is not None and there.starts_at != here.starts_at,
        "clinic": bool(there.clinic) and there.clinic != here.clinic,
        "state": not is_state,
    }
    return tuple(name for name, does in differs.items() if does)


def _todo(here: Ours, there: Theirs, fields: tuple[str, ...], waiting: int | None) -> Todo:
    """Whoever spoke last is right; who that is must be known, and moved only where the patient is."""
    if waiting:
        return Todo.READ
    if "patient" in fields:
        return Todo.ASK
    if here.said_at is not None and (here.told_at is None or here.said_at >= here.told_at):
        return Todo.SEND
    is_booked = "state" not in fields and here.state == there.state == "booked"
    if here.told_at is not None and is_booked and there.number in here.numbers:
        return Todo.MOVE
    return Todo.ASK
