"""Writing what the frame of the pages lets a person set."""

from datetime import datetime

from django.db import transaction

from ..audit.actions import Actor, Entry, record
from ..people.models import User

THEMES = ("light", "dark")


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
