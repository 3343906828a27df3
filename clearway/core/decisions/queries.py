"""Reading the decision log."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from ..layout.times import local
from .models import Decision, DecisionNote


def between(organisation_id: int, start: datetime, end: datetime) -> list[Decision]:
    """Entries taken in [start, end), newest first, each with what superseded it. Two queries."""
    return list(
        Decision.objects.filter(organisation_id=organisation_id, decided_at__gte=start, decided_at__lt=end)
        .select_related("by", "site", "superseded_by", "supersedes")
        .prefetch_related("told", "notes")
        .order_by("-decided_at", "-id")
    )


def to_review(organisation_id: int, at: datetime) -> list[Decision]:
    """Entries whose review time came on this local day or comes next, and that still stand."""
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return list(
        Decision.objects.filter(
            organisation_id=organisation_id, review_at__isnull=False, superseded_by__isnull=True
        )
        .filter(review_at__gte=midnight)
        .select_related("by", "site")
        .prefetch_related("told")
        .order_by("review_at")[:50]
    )


def ringing(organisation_id: int, at: datetime) -> list[Decision]:
    """Entries that stand, whose review time has come and that nobody has reviewed since. One query."""
    looked = (DecisionNote.Kind.REVIEWED, DecisionNote.Kind.OUTCOME)
    reviewed = DecisionNote.objects.filter(
        decision=OuterRef("pk"), kind__in=looked, at__gte=OuterRef("review_at")
    )
    rows = Decision.objects.filter(
        ~Exists(reviewed), organisation_id=organisation_id, review_at__lte=at, superseded_by__isnull=True
    )
    return list(rows.select_related("by").order_by("review_at", "id"))


def writers(organisation_id: int) -> set[int]:
    """Everybody who has written a review time into the log. One query."""
    rows = Decision.objects.filter(organisation_id=organisation_id, review_at__isnull=False)
    return set(rows.values_list("by_id", flat=True).distinct())


def one(organisation_id: int, key: int) -> Decision:
    """One entry. Raises Decision.DoesNotExist."""
    return Decision.objects.select_related("by", "site", "superseded_by", "supersedes").get(
        pk=key, organisation_id=organisation_id
    )
