"""Writing what the frame of the pages lets a person set."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from ..audit.actions import Actor, Entry, record
from ..people.models import SavedView, ShownColumns, User

THEMES = ("light", "dark")
MOST_NAME, MOST_QUERY = 60, 500
MOST_COLUMNS, MOST_KEY = 60, 30


def choose_theme(user: User, theme: str, *, organisation_id: int | None, by: Actor, at: datetime) -> None:
    """Keep the screen's theme as the person's setting. Raises ValueError for a theme there is not."""
    if theme not in THEMES:
        raise ValueError(f"There is no theme {theme!r}; the themes are {', '.join(THEMES)}")
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(theme=theme)
        record(
            [Entry("layout.choose_theme", f"user:{user.pk}", {"theme": theme})],
            organisation_id=organisation_id,
            by=by,
            at=at,
        )


def save_view(
    user: User, board: str, name: str, query: str, *, organisation_id: int, by: Actor, at: datetime
) -> None:
    """Keep a board's filter under a name; the same name again replaces it. Raises ValueError for no name."""
    name, query = name.strip(), query.removeprefix("?")
    if not name:
        raise ValueError("Give the view a name.")
    if len(name) > MOST_NAME or len(query) > MOST_QUERY:
        raise ValueError(f"A view's name has at most {MOST_NAME} letters, its filter {MOST_QUERY}.")
    with transaction.atomic():
        SavedView.objects.update_or_create(user=user, board=board, name=name, defaults={"query": query})
        record(
            [Entry("layout.save_view", f"user:{user.pk}", {"board": board, "name": name, "query": query})],
            organisation_id=organisation_id,
            by=by,
            at=at,
        )


def delete_view(user: User, board: str, name: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Forget one of the person's own views; one that is gone already stays gone."""
    with transaction.atomic():
        SavedView.objects.filter(user=user, board=board, name=name).delete()
        record(
            [Entry("layout.delete_view", f"user:{user.pk}", {"board": board, "name": name})],
            organisation_id=organisation_id,
            by=by,
            at=at,
        )


def choose_columns(
    user: User, board: str, columns: Sequence[str], *, organisation_id: int, by: Actor, at: datetime
) -> None:
    """Keep which columns of a board the person looks at. Raises ValueError for what cannot be columns."""
    if not board or len(columns) > MOST_COLUMNS or any(len(key) > MOST_KEY for key in columns):
        raise ValueError(f"A board has a name and at most {MOST_COLUMNS} columns.")
    with transaction.atomic():
        ShownColumns.objects.update_or_create(user=user, board=board, defaults={"columns": list(columns)})
        _record_columns(user, {"board": board, "columns": list(columns)}, organisation_id, by, at)


def usual_columns(user: User, board: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Forget what the person chose, so that the board has its usual columns."""
    with transaction.atomic():
        ShownColumns.objects.filter(user=user, board=board).delete()
        _record_columns(user, {"board": board, "columns": "usual"}, organisation_id, by, at)


def _record_columns(
    user: User, detail: dict[str, object], organisation_id: int, by: Actor, at: datetime
) -> None:
    entry = Entry("layout.choose_columns", f"user:{user.pk}", detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)
