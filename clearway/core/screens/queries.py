"""Reading screens: by the key that a browser brings, and all of a trust."""

from datetime import datetime, timedelta

from django.db.models import Q

from ..feeds.actions import key_hash
from ..people.reach import Sites
from .models import Screen

LIFE = timedelta(minutes=10)  # of a code, from when the screen shows it, and again from when it was entered
HISTORY = timedelta(days=30)  # how long the list shows a screen that was taken off


def with_key(token: str) -> Screen | None:
    """The screen that keeps this key, also one that was taken off; one query."""
    kept = key_hash(token)
    found = Screen.objects.filter(Q(token_hash=kept) | Q(next_hash=kept))
    return found.select_related("organisation", "area", "site").first()


def waiting_for(code: str, at: datetime) -> Screen | None:
    """The screen that somebody put up by this code in the last minutes; one query."""
    return Screen.objects.filter(code=code, made_at__gt=at - LIFE).first() if code else None


def sites_of(screen: Screen) -> Sites:
    """The sites that it may show; one query where it shows an area."""
    if screen.site is not None:
        return frozenset({screen.site.code, *screen.site.former_codes})
    if screen.area is None:
        return None
    rows = screen.area.sites.values_list("code", "former_codes")
    return frozenset(code for own, former in rows for code in (own, *former))


def place_of(screen: Screen) -> str:
    """The words for what it shows of its board; empty for all of the trust."""
    place = screen.site or screen.area
    return place.name if place else ""


def screens(organisation_id: int, at: datetime) -> list[Screen]:
    """Those of a trust, by name, and those taken off of late after them; one query."""
    of_late = Q(taken_off_at__isnull=True) | Q(taken_off_at__gt=at - HISTORY)
    rows = Screen.objects.filter(of_late, organisation_id=organisation_id).select_related("area", "site")
    return sorted(rows, key=lambda row: (row.taken_off_at is not None, row.name, row.pk))
