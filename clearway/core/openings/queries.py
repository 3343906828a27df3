"""What a person has opened with a reason and may see still."""

from collections.abc import Collection
from datetime import datetime

from .models import Opening


def standing(organisation_id: int, user_id: int, subjects: Collection[str], at: datetime) -> Opening | None:
    """The opening by which this person sees one of these of this organisation now. One query."""
    rows = Opening.objects.filter(organisation=organisation_id, user=user_id, subject__in=subjects)
    rows = rows.filter(opened_at__lte=at, ends_at__gt=at)
    return rows.order_by("-ends_at").first()
