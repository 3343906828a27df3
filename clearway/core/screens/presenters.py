"""Screens in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import codes
from .boards import BOARDS
from .models import Screen
from .queries import LIFE, place_of

DARK_AFTER = timedelta(minutes=2)  # a screen says every 20 seconds that it shows


@dataclass(frozen=True, slots=True)
class Row:
    """One screen as the list shows it. standing: "on", "dark", "waiting", "silent" or "off"."""

    key: int
    name: str
    shows: str
    standing: str
    code: str
    seen_at: datetime | None
    made_at: datetime
    made_by: str
    off_at: datetime | None
    off_by: str


def rows(found: Iterable[Screen], at: datetime) -> list[Row]:
    return [
        Row(
            key=each.pk,
            name=each.name,
            shows=shows(each),
            standing=_standing(each, at),
            code=codes.spaced(each.code),
            seen_at=each.seen_at,
            made_at=each.made_at,
            made_by=each.made_by,
            off_at=each.taken_off_at,
            off_by=each.taken_off_by,
        )
        for each in found
    ]


def shows(screen: Screen) -> str:
    """The board, and what of it: "Handovers: Upper Valley"."""
    board = BOARDS[screen.board].name if screen.board in BOARDS else screen.board
    return f"{board}: {place}" if (place := place_of(screen)) else board


def _standing(screen: Screen, at: datetime) -> str:
    if screen.taken_off_at is not None:
        return "off"
    if screen.seen_at is None:
        return "waiting" if at - screen.made_at < LIFE else "silent"
    return "on" if at - screen.seen_at < DARK_AFTER else "dark"
