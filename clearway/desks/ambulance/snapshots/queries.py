"""Reading what was kept of the desk."""

from datetime import datetime

from .models import Snapshot


def is_kept(organisation_id: int, at: datetime) -> bool:
    """Whether there is a snapshot of that very instant."""
    return Snapshot.objects.filter(organisation_id=organisation_id, at=at).exists()


def before(organisation_id: int, at: datetime) -> tuple[int, bytes] | None:
    """The newest snapshot not after an instant: the transaction it may lack facts from, and its body."""
    kept = Snapshot.objects.filter(organisation_id=organisation_id, at__lte=at).order_by("-at").first()
    return None if kept is None else (kept.after_xid, bytes(kept.body))
