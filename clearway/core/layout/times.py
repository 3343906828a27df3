"""Times as people read them: 24-hour local clock, dates in words, durations in minutes.

Everything takes aware instants; Europe/London is for people only.
"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
NO_TIME = "no time"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\+\d\d:\d\d")


def local(at: datetime) -> datetime:
    """The same instant on a London clock. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError(f"A time without a zone cannot be shown: {at!r}")
    return at.astimezone(LONDON)


def clock(at: datetime | None) -> str:
    """ "14:02"; in the hour that comes twice a year "01:30 BST" and "01:30 GMT"."""
    if at is None:
        return NO_TIME
    there = local(at)
    text = f"{there:%H:%M}"
    return f"{text} {there.tzname()}" if _comes_twice(there) else text


def zone(at: datetime) -> str:
    """ "GMT" or "BST"."""
    return local(at).tzname() or ""


def day(at: datetime | None) -> str:
    """ "Mon 2 Nov 2026"."""
    return NO_TIME if at is None else f"{local(at):%a} {local(at).day} {local(at):%b %Y}"


def moment(at: datetime | None, now: datetime) -> str:
    """The clock time; with the date before it when that is not today's."""
    if at is None:
        return NO_TIME
    return clock(at) if local(at).date() == local(now).date() else f"{day(at)}, {clock(at)}"


def duration(minutes: float | None) -> str:
    """ "4 min", "1 h 12 min"; whole minutes that have passed. "No data" for None, never a minus sign."""
    if minutes is None:
        return "No data"
    whole = max(0, int(minutes))
    hours, rest = divmod(whole, 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def iso(at: datetime | None) -> str:
    """For machines: "2026-11-22T02:15:00Z"."""
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def in_text(text: str) -> str:
    """A sentence with its instants as London clocks: "2026-11-22 03:52:18+00:00" becomes "03:52:18"."""
    return _INSTANT.sub(lambda found: f"{local(datetime.fromisoformat(found[0])):%H:%M:%S}", text)


def typed(at: datetime) -> str:
    """What a datetime-local field holds: "2026-11-22T02:15", local."""
    return f"{local(at):%Y-%m-%dT%H:%M}"


def _comes_twice(there: datetime) -> bool:
    return there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
