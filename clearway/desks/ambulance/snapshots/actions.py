"""Keeping what is known of the desk at an instant."""

from datetime import datetime

from .models import Snapshot


def keep(organisation_id: int, at: datetime, body: bytes, after_xid: int) -> None:
    """Keep a snapshot, unless one of that instant is kept already."""
    Snapshot.objects.get_or_create(
        organisation_id=organisation_id, at=at, defaults={"body": body, "after_xid": after_xid}
    )
