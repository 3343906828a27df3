"""Columns that a person may leave out of a board.

Rows are drawn once for everybody, so a column is left out by classes: `no-KEY` on the table hides each cell
and head with the class `col-KEY`, and shows `also-KEY` in what opens beneath a row. The board's style sheet
has the rule of each key.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column. is_usual: shown to who has chosen nothing; is_fixed: to everybody, whatever they chose."""

    key: str
    label: str
    is_usual: bool = True
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a board as one person sees it."""

    board: str
    every: Sequence[Column]
    shown: frozenset[str]

    @property
    def left_out(self) -> str:
        """The classes of the table."""
        return " ".join(f"no-{each.key}" for each in self.every if each.key not in self.shown)


def usual(board: str, every: Sequence[Column]) -> Columns:
    """The board as it is for who has chosen nothing."""
    return Columns(board, every, frozenset(each.key for each in every if each.is_usual or each.is_fixed))


def chosen(board: str, every: Sequence[Column], keys: Sequence[str]) -> Columns:
    """The board with these columns and the fixed ones; a key that is no column of it is passed over."""
    return Columns(board, every, frozenset(each.key for each in every if each.is_fixed or each.key in keys))
