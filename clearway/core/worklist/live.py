"""Rows of the worklist for the screens that follow it."""

from collections.abc import Collection
from datetime import datetime

from django.template.loader import render_to_string

from ..live.fragments import Fragment
from . import presenters
from .actions import TOPIC
from .models import Task


def render(organisation_id: int, keys: Collection[str], at: datetime) -> list[Fragment]:
    """The row of every task that changed; empty for one that is no longer to do. One query."""
    tasks = (
        Task.objects.filter(organisation_id=organisation_id, pk__in=[int(key) for key in keys])
        .select_related("site", "owner")
        .order_by("id")
    )
    return [
        Fragment(TOPIC, str(task.pk), _row(task, at), site=task.site.code if task.site else None)
        for task in tasks
    ]


def _row(task: Task, at: datetime) -> str:
    if task.state not in Task.TO_DO:
        return ""
    return render_to_string("worklist/row.html", {"line": presenters.line(task, at)})
