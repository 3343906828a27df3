"""The monthly and weekly return figures, counted from the periods of many pathways.

Only consultant-led pathways are counted. Nullified periods are in no figure. A completed period is counted
under the treatment function that stopped it, an open one under its current function.
Source: NHS England, Recording and reporting referral to treatment waiting times, version 5.0, section 10.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from clearway.domain.outpatients import counting
from clearway.domain.outpatients.words import RETURNED_AS, ClockState, RttStatus

from .bulk_clocks import STATE_CODE, Clocks, Flags, Ints, day_number

UNKNOWN = counting.BANDS  # the column after the last band: no start is known
STOPS = np.array([int(status) for status in RttStatus if status.stops])


class Span(StrEnum):
    """How long a return looks back from its last day."""

    MONTHLY = "monthly"
    WEEKLY = "weekly"

    def first_day(self, last: date) -> date:
        """The first of the month, or six days before."""
        return last.replace(day=1) if self is Span.MONTHLY else last - timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Waits:
    """Periods counted by treatment function and week band. counts  (functions, bands and unknown)"""

    counts: Ints

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    @property
    def unknown(self) -> int:
        return int(self.counts[:, UNKNOWN].sum())

    @property
    def within_standard(self) -> int:
        """At most 18 weeks."""
        return int(self.counts[:, : counting.band_of(counting.STANDARD_DAYS) + 1].sum())

    def over(self, weeks: int) -> int:
        """Longer than so many weeks, one of counting.LONG_WAITS."""
        return int(self.counts[:, counting.band_of(counting.LONG_WAITS[weeks]) + 1 : UNKNOWN].sum())

    @property
    def share_within(self) -> float | None:
        """Of those whose wait is known; None where there is none."""
        known = self.total - self.unknown
        return self.within_standard / known if known else None


@dataclass(frozen=True, slots=True)
class Returns:
    """The figures of one span.

    functions    treatment functions of the rows, "" where none was given
    incomplete   open at the end of the last day
    completed_admitted, completed_non_admitted  clocks stopped within the span
    new_periods  (functions) clock starts within the span
    open_before, opened, completed, nullified, handed_on  how the list came to its length:
        open_before + opened - completed - nullified - handed_on = incomplete.total
    """

    span: Span
    first_day: date
    last_day: date
    functions: tuple[str, ...]
    incomplete: Waits
    completed_admitted: Waits
    completed_non_admitted: Waits
    new_periods: Ints
    open_before: int
    opened: int
    completed: int
    nullified: int
    handed_on: int

    @property
    def meets_standard(self) -> bool | None:
        """92 of 100 open pathways within 18 weeks."""
        share = self.incomplete.share_within
        return None if share is None else share >= counting.STANDARD_SHARE


def returns(clocks: Clocks, counted: Flags, span: Span) -> Returns:
    """The figures of the span that ends on the clocks' day.

    counted  (pathways) whose waits belong in the return
    """
    first, last = day_number(span.first_day(clocks.as_of)), day_number(clocks.as_of)
    mine = counted[clocks.pathway]
    functions, row = _functions(clocks.function)
    count = len(functions)
    is_nullified = clocks.period_state == STATE_CODE[ClockState.NULLIFIED]
    ended_now = mine & (clocks.ended_on >= first) & (clocks.ended_on <= last)
    stopped = ended_now & np.isin(clocks.period_status, STOPS) & ~is_nullified
    handed_on = ended_now & (clocks.period_state == STATE_CODE[ClockState.TRANSFERRED])
    new = mine & ~is_nullified & (clocks.start >= first) & (clocks.start <= last)

    def waits(chosen: Flags) -> Waits:
        return _by_band(row[chosen], clocks.band[chosen], count)

    return Returns(
        span=span,
        first_day=span.first_day(clocks.as_of),
        last_day=clocks.as_of,
        functions=functions,
        incomplete=waits(mine & clocks.is_open),
        completed_admitted=waits(stopped & clocks.admitted),
        completed_non_admitted=waits(stopped & ~clocks.admitted),
        new_periods=np.bincount(row[new], minlength=count),
        open_before=int((mine & (clocks.opened_on < first) & (clocks.ended_on >= first)).sum()),
        opened=int((mine & (clocks.opened_on >= first)).sum()),
        completed=int(stopped.sum()),
        nullified=int((ended_now & is_nullified).sum()),
        handed_on=int(handed_on.sum()),
    )


def _functions(function: npt.NDArray[np.int16]) -> tuple[tuple[str, ...], Ints]:
    """The functions as they are returned, and for each period its place among them."""
    codes, place = np.unique(function, return_inverse=True)
    names = ["" if code == 0 else f"{code:03}" for code in codes.tolist()]
    returned = [RETURNED_AS.get(name, name) for name in names]
    rows = sorted(set(returned))
    return tuple(rows), np.array([rows.index(name) for name in returned], dtype=np.int64)[place]


def _by_band(row: Ints, band: npt.NDArray[np.int16], count: int) -> Waits:
    columns = counting.BANDS + 1
    column = np.where(band < 0, UNKNOWN, band).astype(np.int64)
    return Waits(np.bincount(row * columns + column, minlength=count * columns).reshape(count, columns))
