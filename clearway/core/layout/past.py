"""Which instant a board is asked to show: now, or as it was known at `?at=2026-11-22T02:15`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..retention.queries import periods
from .times import LONDON, clock, day

OLDEST = timedelta(days=400)  # where the trust's policy does not say how long snapshots are kept


@dataclass(frozen=True, slots=True)
class Asked:
    """known_at  the instant asked for, None for now
    error     why what was asked cannot be shown, in a sentence; then now is shown
    """

    known_at: datetime | None = None
    error: str = ""


def asked(request: Any) -> Asked:
    """Read `at` from the address: a local time as a person types it, or an instant with its offset."""
    text = request.GET.get("at", "").strip()
    if not text:
        return Asked()
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return Asked(error=f"“{text[:40]}” is not a time. Write it like 2026-11-22T02:15.")
    kept = periods(request.organisation.pk, request.at).get("snapshots", OLDEST)
    return _checked(given, request.at, kept)


def _checked(given: datetime, now: datetime, kept: timedelta) -> Asked:
    at = (given if given.tzinfo else given.replace(tzinfo=LONDON)).astimezone(UTC)
    if given.tzinfo is None and at.astimezone(LONDON).replace(tzinfo=None) != given:
        return Asked(
            error=f"{given:%H:%M} did not exist that night: the clocks went forward. Choose another time."
        )
    if at > now:
        return Asked(error=f"{clock(at)} on {day(at)} is still to come. Choose a time that has passed.")
    if at < now - kept:
        why = f"{day(at)} is more than {kept.days} days ago, and what was known then is not kept."
        return Asked(error=f"{why} Choose a later time.")
    return Asked(known_at=at)
