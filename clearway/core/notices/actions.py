"""Putting a notice on every page, and taking it away. Call within the transaction of what it tells of."""

from datetime import datetime

from ..live.actions import announce
from .models import Notice


def put(
    key: str,
    words: str,
    *,
    address: str,
    ends_at: datetime | None,
    organisation_id: int,
    at: datetime,
) -> None:
    """Show this line on every page from now on, in place of one of the same key."""
    Notice.objects.update_or_create(
        organisation_id=organisation_id,
        key=key,
        defaults={"words": words[:300], "address": address, "ends_at": ends_at},
        create_defaults={
            "words": words[:300],
            "address": address,
            "ends_at": ends_at,
            "starts_at": at,
        },
    )
    announce("notice", [key], organisation_id=organisation_id, at=at)


def withdraw(key: str, *, organisation_id: int, at: datetime) -> None:
    """Show it no longer. Nothing happens where there is none."""
    Notice.objects.filter(organisation_id=organisation_id, key=key).delete()
    announce("notice", [key], organisation_id=organisation_id, at=at)
