"""How many alarms fall to one person: the measures of the alarm budget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)  # EEMUA 191 counts the alarms of one operator in ten minutes
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One call for somebody's attention.

    role       who is asked
    closed_at  when its cause had gone or it was answered; None while it stands
    is_again   a task that was there already asked anew, because it became more urgent
    """

    rule: str
    role: str
    priority: int
    at: datetime
    closed_at: datetime | None = None
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """What one person had to look at over a time.

    per_hour             mean
    most_in_an_hour      in any hour, wherever it begins
    most_in_ten_minutes  likewise
    most_standing        most that had been open for over an hour at once
    """

    alarms: int
    per_hour: float
    most_in_an_hour: int
    most_in_ten_minutes: int
    most_standing: int


def rate(alarms: Iterable[Alarm], since: datetime, until: datetime) -> Rate:
    """The rate of those raised in [since, until). Raises ValueError for a time that is none."""
    if until <= since:
        raise ValueError("A rate needs a time that lasts.")
    every = sorted(alarms, key=lambda alarm: alarm.at)
    times = [alarm.at for alarm in every if since <= alarm.at < until]
    return Rate(
        alarms=len(times),
        per_hour=len(times) / ((until - since) / HOUR),
        most_in_an_hour=most_within(times, HOUR),
        most_in_ten_minutes=most_within(times, WINDOW),
        most_standing=_most_standing(every, since, until),
    )


def most_within(times: Sequence[datetime], window: timedelta = WINDOW) -> int:
    """The most of these times (ascending) in any window, wherever it begins."""
    most = start = 0
    for end, at in enumerate(times):
        while at - times[start] >= window:
            start += 1
        most = max(most, end - start + 1)
    return most


def _most_standing(alarms: Iterable[Alarm], since: datetime, until: datetime) -> int:
    """The most tasks that had been open for over an hour at one instant of [since, until)."""
    changes = []
    for alarm in alarms:
        begins, ends = max(alarm.at + HOUR, since), min(alarm.closed_at or until, until)
        if not alarm.is_again and begins < ends:
            changes += [(begins, 1), (ends, -1)]
    most = now = 0
    for _, change in sorted(changes):  # of two at one instant the end comes first
        now += change
        most = max(most, now)
    return most
