"""Reading the notices that are shown."""

from datetime import datetime

from django.db.models import Q

from .models import Notice


def shown(organisation_id: int, at: datetime) -> list[Notice]:
    """Those in force at an instant, oldest first; one query."""
    begun = Notice.objects.filter(organisation_id=organisation_id, starts_at__lte=at)
    return list(begun.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at)))
