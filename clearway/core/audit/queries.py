"""Reading the audit."""

from dataclasses import dataclass
from datetime import datetime

from .models import Action, Seal

PAGE = 200  # rows shown at a time


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; empty fields leave everything in.

    subject  the beginning of it, e.g. "task:" or "incident:2026-1234"
    actor    the whole name: a user name or a process
    verb     the beginning of it, e.g. "people."
    before   id of an action: only what comes before it, for the next page
    """

    subject: str = ""
    actor: str = ""
    verb: str = ""
    start: datetime | None = None
    end: datetime | None = None
    before: int | None = None


def actions(organisation_id: int, wanted: Filter, limit: int = PAGE) -> list[Action]:
    """Actions of one trust, newest first. One query."""
    rows = Action.objects.filter(organisation_id=organisation_id)
    if wanted.subject:
        rows = rows.filter(subject__startswith=wanted.subject)
    if wanted.actor:
        rows = rows.filter(actor=wanted.actor)
    if wanted.verb:
        rows = rows.filter(verb__startswith=wanted.verb)
    if wanted.start:
        rows = rows.filter(at__gte=wanted.start)
    if wanted.end:
        rows = rows.filter(at__lt=wanted.end)
    if wanted.before:
        rows = rows.filter(pk__lt=wanted.before)
    return list(rows.order_by("-id")[:limit])


def head() -> Seal | None:
    """The newest seal: its digest is what to keep outside the database."""
    return Seal.objects.order_by("-id").first()
