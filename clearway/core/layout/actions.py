"""Writing what the frame of the pages lets a person set."""

from datetime import datetime

from django.db import transaction

from ..audit.actions import Actor, Entry, record
from ..people.models import SavedView, User

THEMES = ("light", "dark")
MOST_NAME, MOST_QUERY = 60, 500


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
