"""Who might not come to an appointment: what is known of bookings, and what a trust does with the risk.

A risk may only add help. Who may be called is here; nothing that ranks, offers, books or discharges reads it.
"""

from dataclasses import dataclass
from enum import IntEnum


class Result(IntEnum):
    """What became of a booking, as history and as what a model learns."""

    OPEN = -1
    KEPT = 0
    MISSED = 1
    LATE = 2  # the patient cancelled it late (LATE_HOURS)
    GONE = 3  # cancelled in time, or by the provider


LATE_HOURS = 48


@dataclass(frozen=True, slots=True)
class AttendancePolicy:
    """How risks are used (policy `attendance`).

    is_on        whether the riskiest are put onto the list of calls by themselves
    days_before  days before a visit on which its risk is judged and its call is due
    share        of the visits of a day that are rung, the riskiest first: what the office can ring
    weeks_back   how much of the past a model learns from
    """

    is_on: bool = True
    days_before: int = 4
    share: float = 0.1
    weeks_back: int = 104

    def __post_init__(self) -> None:
        if not 1 <= self.days_before <= 14:
            raise ValueError(f"Patients are rung 1 to 14 days before they come: {self}")
        if not 0 < self.share <= 0.5:
            raise ValueError(f"Between none and half of the visits of a day are rung: {self}")
        if not 8 <= self.weeks_back <= 520:
            raise ValueError(f"A model learns from 8 to 520 weeks: {self}")
