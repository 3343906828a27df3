"""Reading what a person has set for the frame of the pages."""

from collections.abc import Sequence
from typing import Any

from ..people.models import SavedView, ShownColumns
from . import columns
from .columns import Column, Columns


def saved_views(user: Any, board: str) -> list[SavedView]:
    """The person's saved views of one board, by name; one query."""
    return list(SavedView.objects.filter(user=user, board=board))


def columns_of(user: Any, board: str, every: Sequence[Column]) -> Columns:
    """The board's columns as the person chose them; one query."""
    keys = ShownColumns.objects.filter(user=user, board=board).values_list("columns", flat=True).first()
    return columns.usual(board, every) if keys is None else columns.chosen(board, every, keys)
