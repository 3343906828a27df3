"""Reading what a person has set for the frame of the pages."""

from typing import Any

from ..people.models import SavedView


def saved_views(user: Any, board: str) -> list[SavedView]:
    """The person's saved views of one board, by name; one query."""
    return list(SavedView.objects.filter(user=user, board=board))
