"""Reading that there are safeguarding concerns: without what was written in them."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from .models import Safeguarding

LISTED = timedelta(days=28)


def _rows(organisation_id: int) -> QuerySet[Safeguarding]:
    # What was written is read by the one page that records the look.
    return (
        Safeguarding.objects.filter(organisation_id=organisation_id)
        .defer("words")
        .select_related("taken", "by")
    )


def listed(organisation_id: int, at: datetime, own: int | None = None) -> list[Safeguarding]:
    """Those of the last four weeks, and older ones that nobody has acknowledged; newest first. One query.

    own  only those that this person raised
    """
    rows = _rows(organisation_id)
    rows = rows if own is None else rows.filter(by_id=own)
    return list((rows.filter(at__gt=at - LISTED) | rows.filter(taken=None)).order_by("-at", "-pk"))


def of_incident(organisation_id: int, incident: str) -> list[Safeguarding]:
    """Those of an incident. One query."""
    return list(_rows(organisation_id).filter(incident=incident).order_by("-at", "-pk"))


def waiting(organisation_id: int) -> list[Safeguarding]:
    """Those that nobody has acknowledged, oldest first. One query."""
    return list(_rows(organisation_id).filter(taken=None).order_by("at", "pk"))


def one(organisation_id: int, key: int) -> Safeguarding | None:
    """One, or None."""
    return _rows(organisation_id).filter(pk=key).first()
