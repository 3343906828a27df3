"""Reading what was kept of the desk."""

from datetime import datetime

from .models import Snapshot


def before(organisation_id: int, at: datetime) -> tuple[datetime, bytes] | None:
    """The instant and the body of the newest snapshot not after an instant."""
    kept = Snapshot.objects.filter(organisation_id=organisation_id, at__lte=at).order_by("-at").first()
    return None if kept is None else (kept.at, bytes(kept.body))
