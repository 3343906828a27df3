"""A freed slot and the offers of it: what may become of each, and how a trust wants it done.

A freed slot ends filled, expired or withdrawn, and never twice. Who is asked and says yes first has it; who
is asked and is not first is thanked, and keeps their place on the list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ..shared.errors import NotAllowed
from .words import Code

LONDON = ZoneInfo("Europe/London")


class Mode(StrEnum):
    """What happens by itself when a slot is freed."""

    OFF = "off"
    SUGGEST = "suggest"
    AUTOMATIC = "automatic"


class Freed(StrEnum):
    """Where a freed slot stands."""

    OPEN = "open"
    FILLED = "filled"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Said(Code):
    """What somebody says who is asked about a freed slot."""

    YES = "yes", "says yes"
    NO = "no", "says no"
    LATER = "later", "will ring back"
    NOBODY = "nobody", "no answer"


KEYS: Mapping[str, Said] = MappingProxyType({"y": Said.YES, "n": Said.NO, "b": Said.LATER, "x": Said.NOBODY})


@dataclass(frozen=True, slots=True)
class Band:
    """Notice with which slots are freed: from `over` hours on, to under `under`; None for no end."""

    name: str
    over: int
    under: int | None


BANDS = (
    Band("under 24 hours", 1, 24),
    Band("24 to 48 hours", 24, 48),
    Band("2 to 7 days", 48, 168),
    Band("more than 7 days", 168, None),
)


@dataclass(frozen=True, slots=True)
class RecyclingPolicy:
    """How freed slots are offered (policy `recycling`). The values are assumed until a trust sets its own.

    mode            off, suggest or automatic
    notice_hours    of a patient who was not asked about short notice
    needs_hours     in which an interpreter, transport or equipment is arranged
    gain_days       a booked patient is asked to come earlier for so many days at least
    early_days      before a follow-up is due it may be offered, at most
    most_offers     of short notice to one patient within `offer_days`
    urgent_days     a first visit's slot within so many days is offered to urgent patients alone,
    urgent_hours    until so many hours before it begins; 0 days: to anybody
    latest_minutes  so long before it begins nobody is asked any more
    most_at_once    patients who are asked about one slot at the same time
    disappointed    what one person who says yes too late weighs, an empty slot being 1
    by_text         patients who want texts are asked by text, as equals of those who are rung
    from_hour, to_hour  London hours of the day between which patients are asked
    """

    mode: Mode = Mode.SUGGEST
    notice_hours: int = 72
    needs_hours: int = 48
    gain_days: int = 14
    early_days: int = 7
    most_offers: int = 3
    offer_days: int = 28
    urgent_days: int = 0
    urgent_hours: int = 72
    latest_minutes: int = 60
    most_at_once: int = 5
    disappointed: float = 0.25
    by_text: bool = False
    from_hour: int = 8
    to_hour: int = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "mode", Mode(self.mode))
        whole = (self.notice_hours, self.needs_hours, self.offer_days, self.latest_minutes)
        days = (self.gain_days, self.early_days, self.urgent_days, self.urgent_hours)
        if min(*whole, *days) < 0 or min(self.most_offers, self.most_at_once) < 1:
            raise ValueError(f"Notice and days are no less than 0, and somebody is asked: {self}")
        if not 0 < self.disappointed < 1:
            raise ValueError(f"Disappointing somebody weighs more than nothing, less than a slot: {self}")
        if not 0 <= self.from_hour < self.to_hour <= 24:
            raise ValueError(f"Patients are asked from one hour of a day to a later one: {self}")

    def texting(self, from_hour: int, to_hour: int) -> "RecyclingPolicy":
        """The policy where texts leave between these hours alone.

        The time to answer never runs while a text waits for the morning: nobody is asked outside both hours.
        Where they have none in common, nobody is asked by text.
        """
        begins, ends_at = max(self.from_hour, from_hour), min(self.to_hour, to_hour)
        if not self.by_text:
            return self
        if begins >= ends_at:
            return replace(self, by_text=False)
        return replace(self, from_hour=begins, to_hour=ends_at)

    def is_for_urgent(self, kind: str, seconds: float) -> bool:
        """Whether a freed slot of a kind that begins in so many seconds is offered to the urgent alone.

        Whoever is referred urgently tomorrow has only what is free then: a slot that goes to somebody who
        would be seen anyway is gone for them (docs/explanation/department.md).
        """
        return kind == "new" and 3600 * self.urgent_hours < seconds <= 86_400 * self.urgent_days

    def last_offer_at(self, starts_at: datetime) -> datetime:
        """The instant after which nobody is asked about a slot that begins at `starts_at`."""
        return starts_at - timedelta(minutes=self.latest_minutes)

    def may_ask(self, at: datetime) -> bool:
        """Whether patients are asked at this hour of the day."""
        return self.from_hour <= at.astimezone(LONDON).hour < self.to_hour

    def minutes_to_ask(self, at: datetime, until: datetime) -> float:
        """Minutes between two instants in which patients may be asked."""
        spans = (self._within(begin, end) for begin, end in self._days(at, until))
        return sum(spans, timedelta()).total_seconds() / 60

    def after(self, at: datetime, minutes: float) -> datetime:
        """The instant by which so many minutes, in which patients may be asked, have passed since `at`.

        It is one at which patients may be asked, or the end of a day's hours: for no minutes at night the
        next morning.
        """
        left = timedelta(minutes=minutes)
        for begin, end in self._days(at, at + timedelta(days=366)):
            if begin < end and left <= end - begin:
                return begin + left
            left -= self._within(begin, end)
        raise ValueError(f"No offer stands for a year: {minutes} minutes.")

    def _days(self, at: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The part between two instants of each London day's hours, as UTC instants; empty parts too."""
        on = at.astimezone(LONDON).date()
        while on <= until.astimezone(LONDON).date():
            midnight = datetime.combine(on, time(), LONDON)
            begin = midnight.replace(hour=self.from_hour).astimezone(UTC)
            end = (midnight + timedelta(hours=self.to_hour)).astimezone(UTC)
            yield max(begin, at), min(end, until)
            on += timedelta(days=1)

    @staticmethod
    def _within(begin: datetime, end: datetime) -> timedelta:
        return max(end - begin, timedelta())


def ends(state: Freed, end: Freed) -> Freed:
    """The state after an end. Raises NotAllowed for a slot that has ended already."""
    if state is not Freed.OPEN:
        raise NotAllowed(state, f"Marking this freed slot as {end}", "It has ended already.")
    return end
