"""Letting the keys of forms go."""

from datetime import datetime, timedelta

from .models import SentForm

KEPT = timedelta(
    days=2
)  # nobody is signed in for longer than half a day, and a browser may come back to a page


def forget(at: datetime) -> int:
    """Delete what was sent so long ago that it comes from no open page. Returns how many there were."""
    return SentForm.objects.filter(at__lt=at - KEPT).delete()[0]
