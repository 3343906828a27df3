"""The boards that a screen on a wall may show. The desks name theirs; none of them shows who a patient is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.http import HttpResponse

from ..people.reach import Sites

Draw = Callable[[Any, str, Sites], HttpResponse]


@dataclass(frozen=True, slots=True)
class Board:
    """One board.

    topics  of the live stream, beside the age of the feeds; fragments of them hold no identity
    draw    the page: of a request, with the words for what it shows, and the sites that it may show
    """

    name: str
    desk: str
    topics: frozenset[str]
    draw: Draw


_BOARDS: dict[str, Board] = {}
BOARDS: Mapping[str, Board] = MappingProxyType(_BOARDS)


def register(code: str, board: Board) -> None:
    """A desk adds a board of its own."""
    _BOARDS[code] = board
