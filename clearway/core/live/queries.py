"""Where the live stream stands."""

from django.db.models import Max

from .models import Push


def newest_push() -> int:
    """The id of the newest push: a page read now has everything up to it.

    Ask before reading the page's data, so that nothing can fall between.
    """
    return Push.objects.aggregate(newest=Max("id"))["newest"] or 0
