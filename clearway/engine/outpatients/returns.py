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


MOST_CHANGE = 0.1  # of a total between two months; assumed
FOUR_WEEKS = 28  # days


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about the figures of a month to look at before they are sent.

    code  of the check;  figure  which it is about: a treatment function, or incomplete, completed or new
    """

    code: str
    says: str
    figure: str


def doubts(now: Returns, before: Returns) -> list[Doubt]:
    """What cannot be right in the figures of a month, or is unlike the month before.

    Source: NHS England, Recording and reporting referral to treatment waiting times, 5.0, annex B. Part
    2a is in no figure here: no decision to admit is recorded, so that it cannot exceed part 2.
    """
    found = []
    if (now.last_day - now.first_day).days >= FOUR_WEEKS:  # else who waits four weeks came before the span
        four = counting.band_of(FOUR_WEEKS) + 1
        for place, function in enumerate(now.functions):
            short, new = int(now.incomplete.counts[place, :four].sum()), int(now.new_periods[place])
            if short > new:
                named = function or "no function"
                found.append(
                    Doubt("DQ33", f"{named}: {short} wait at most four weeks, and {new} are new", named)
                )
    for what, count, last in (
        ("incomplete", now.incomplete.total, before.incomplete.total),
        ("completed", now.completed, before.completed),
        ("new", int(now.new_periods.sum()), int(before.new_periods.sum())),
    ):
        if count == last and count:
            found.append(Doubt("DQ34", f"{what}: {count:,}, exactly as many as the month before", what))
        elif last and abs(count - last) > MOST_CHANGE * last:
            found.append(Doubt("DQ34", f"{what}: {count:,} after {last:,} the month before", what))
    return found


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
