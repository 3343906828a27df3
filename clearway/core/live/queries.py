"""Where the live stream stands, and whether anything still feeds it."""

from datetime import datetime

from django.db.models import Max

from .models import Heartbeat, Push


def newest_push() -> int:
    """The id of the newest push: a page read now has everything up to it.

    Ask before reading the page's data, so that nothing can fall between.
    """
    return Push.objects.aggregate(newest=Max("id"))["newest"] or 0


def last_beat() -> datetime | None:
    """When the tailer last said that it is at work: a page read now is no younger. None before its first.

    The worker writes it every five seconds, so an age below ten says nothing.
    """
    return Heartbeat.objects.filter(name="tailer").values_list("at", flat=True).first()
