"""What a trust chooses where the guidance on clocks leaves a choice, and the standard a wait is held to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from .counting import STANDARD_DAYS, BandLabels, BreachDay
from .words import MeasurementType, Priority


class Switch(StrEnum):
    """The choices that the guidance leaves open."""

    MISS_DISCHARGE_STOPS_AT_MISS = "miss_discharge_stops_at_miss"
    SECOND_MISS_NULLIFIES = "second_miss_nullifies"
    LATE_ARRIVAL_IS_MISS = "late_arrival_is_miss"


SWITCHES: Mapping[Switch, str] = MappingProxyType(
    {
        Switch.MISS_DISCHARGE_STOPS_AT_MISS: (
            "When a patient is discharged after missing a later appointment, the clock stops on the day "
            "of that appointment. Off: on the day of the discharge."
        ),
        Switch.SECOND_MISS_NULLIFIES: (
            "Missing the first appointment again, after it was rebooked, nullifies the new clock too. "
            "Off: the clock goes on and a clinician decides."
        ),
        Switch.LATE_ARRIVAL_IS_MISS: (
            "Arriving too late to be seen counts as a missed appointment. Off: the clock goes on."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """What a trust has chosen, and the standard that a wait is held to.

    standard_days  last day inside the standard
    goal_days      a local aim within it, if there is one
    breach_day     which day is labelled the breach date; both are always given
    """

    switches: frozenset[Switch] = field(default_factory=frozenset)
    measurement: MeasurementType = MeasurementType.CONSULTANT_LED
    standard_days: int = STANDARD_DAYS
    goal_days: int | None = None
    breach_day: BreachDay = BreachDay.FIRST_DAY_OVER
    labels: BandLabels = field(default_factory=BandLabels)

    def __post_init__(self) -> None:
        if self.standard_days < 1 or not 0 < (self.goal_days or 1) <= self.standard_days:
            raise ValueError(
                f"A goal lies within the standard, not {self.goal_days} in {self.standard_days}."
            )
        if self.measurement is MeasurementType.CONSULTANT_LED and self.standard_days != STANDARD_DAYS:
            raise ValueError(f"The national standard is {STANDARD_DAYS} days; got {self.standard_days}.")


def allied_health_policy(
    priority: Priority = Priority.ROUTINE, switches: frozenset[Switch] = frozenset()
) -> ClockPolicy:
    """The same rules for measurement type 02: 18 weeks at most, aims of 2 weeks (urgent) and 8 (routine).

    The aims are proposals for a trust to set.
    """
    goal = 56 if priority is Priority.ROUTINE else 14
    return ClockPolicy(switches, MeasurementType.ALLIED_HEALTH, STANDARD_DAYS, goal)
