"""Messages and their recipients in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import clock

from .models import DeskMessage, DeskMessageTo
from .queries import step_of


@dataclass(frozen=True, slots=True)
class Had:
    """One recipient and how far the message came."""

    name: str
    state: str
    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One message as its senders see it."""

    key: int
    at: datetime
    words: str
    by: str
    to: tuple[Had, ...]
    is_replaced: bool


@dataclass(frozen=True, slots=True)
class Mine:
    """One message as its recipient sees it. `key` names the recipient."""

    key: int
    at: datetime
    words: str
    by: str
    to: str
    acknowledged: str
    replies: tuple[str, ...]


def row(each: DeskMessage) -> Row:
    """One message."""
    to = tuple(Had(one.name, _state(one), _replies(one)) for one in each.to.all())
    return Row(each.pk, each.at, each.words, each.by, to, getattr(each, "superseded_by", None) is not None)


def mine(found: Iterable[DeskMessageTo]) -> list[Mine]:
    """The messages of a recipient."""
    lines = []
    for each in found:
        had = step_of(each, "acknowledged")
        said = f"{clock(had.at)}, {had.by}" if had else ""
        lines.append(Mine(each.pk, each.of.at, each.of.words, each.of.by, each.name, said, _replies(each)))
    return lines


def _state(each: DeskMessageTo) -> str:
    for step in ("acknowledged", "shown"):
        had = step_of(each, step)
        if had is not None:
            return f"{step} {clock(had.at)}, {had.by}"
    return "sent, not shown yet"


def _replies(each: DeskMessageTo) -> tuple[str, ...]:
    return tuple(f"{clock(one.at)}, {one.by}: {one.words}" for one in each.steps.all() if one.words)
