"""How old what a source told us may be before it must not be taken for the present."""

from dataclasses import dataclass
from enum import StrEnum
from math import isnan


class Freshness(StrEnum):
    """How far the newest word of a source can be trusted as the present, best first."""

    FRESH = "fresh"
    LATE = "late"
    STALE = "stale"
    LOST = "lost"

    @property
    def may_be_relied_on(self) -> bool:
        """Nothing is advised on a source that is stale or lost."""
        return self in (Freshness.FRESH, Freshness.LATE)


@dataclass(frozen=True, slots=True)
class FreshnessPolicy:
    """Limits in multiples of the source's expected interval (policy feed_freshness). They must rise."""

    late_after_intervals: float = 2
    stale_after_intervals: float = 4
    lost_after_intervals: float = 20

    def __post_init__(self) -> None:
        limits = (self.late_after_intervals, self.stale_after_intervals, self.lost_after_intervals)
        if not 0 < limits[0] < limits[1] < limits[2]:
            raise ValueError(f"Limits must rise from late over stale to lost; got {limits}")


def freshness(
    age_seconds: float | None, interval_seconds: float, policy: FreshnessPolicy | None = None
) -> Freshness:
    """The state of a source last heard `age_seconds` ago that should speak every `interval_seconds`.

    age_seconds  None (or NaN): never heard. Negative when its clock or ours is ahead: counts as just now.
    Exactly at a limit is still within it.
    """
    policy = policy or FreshnessPolicy()
    if age_seconds is None or isnan(age_seconds):
        return Freshness.LOST
    intervals = age_seconds / interval_seconds
    if intervals > policy.lost_after_intervals:
        return Freshness.LOST
    if intervals > policy.stale_after_intervals:
        return Freshness.STALE
    return Freshness.LATE if intervals > policy.late_after_intervals else Freshness.FRESH
