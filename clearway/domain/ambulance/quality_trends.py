"""Rules over many handovers: days, weeks, devices. Sources: docs/reference/rules.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from ..shared.findings import Finding
from .quality import Limits
from .quality_said import THRESHOLDS

BESIDE = 2  # minutes on either side of the last one before a limit, that it is held against
FEWEST_HEAPED = 5  # fewer in that minute may be chance, whatever the statistic says
FEWEST_MESSAGES = 5  # of a device, before its clock is judged


@dataclass(frozen=True, slots=True)
class Heap:
    """One limit at which handovers heap: how many in the last minute, and beside it in a minute."""

    limit: int
    in_last_minute: int
    beside: float
    z: float


def heaps(minutes: Sequence[float], limits: Limits) -> list[Heap]:
    """The limits before which more waits end than in the minutes beside, by more than chance.

    The count of the last minute is held against the mean of the two minutes before and the two after, both
    taken as Poisson counts: z = (x - m) / sqrt(m + m/4), m at least 1.
    """
    found = []
    for limit in THRESHOLDS:
        last = _between(minutes, limit - 1, limit)
        others = _between(minutes, limit - 1 - BESIDE, limit - 1) + _between(minutes, limit, limit + BESIDE)
        beside = others / (2 * BESIDE)
        base = max(beside, 1.0)
        z = (last - beside) / sqrt(base * (1 + 1 / (2 * BESIDE)))
        if z > limits.heaping_z and last >= FEWEST_HEAPED:
            found.append(Heap(limit, last, beside, z))
    return found


def heaping(minutes: Sequence[float], who: str, limits: Limits) -> Iterator[Finding]:
    """HQ32 of one site or one person over a week. who  words for the evidence, without a name"""
    for heap in heaps(minutes, limits):
        words = f"{who}: {heap.in_last_minute} in the minute before {heap.limit}, {heap.beside:.1f} beside it"
        yield Finding("HQ32", f"before_{heap.limit}", f"{words} (z {heap.z:.1f})")


def unknown_share(known: int, unknown: int, limits: Limits) -> Iterator[Finding]:
    """HQ33 of one site on one day."""
    every = known + unknown
    if every < limits.least_a_day or not unknown:
        return
    share = unknown / every
    if share > limits.unknown_amber:
        level = "red" if share > limits.unknown_red else "amber"
        yield Finding("HQ33", "handover", f"{unknown} of {every} unknown, {share:.1%}: {level}")


def skews(lags: Mapping[str, Sequence[float]], limits: Limits) -> dict[str, Finding]:
    """HQ28, by device: seconds from its clock to ours, of each of its messages of late.

    The line delays messages and never hastens them, so the smallest lag of a device is the nearest to the
    offset of its clock. It is held against the median of the smallest lags of all, which is the line's own.
    """
    least = {device: min(each) for device, each in lags.items() if len(each) >= FEWEST_MESSAGES}
    if not least:
        return {}
    usual = median(least.values())
    return {
        device: Finding(
            "HQ28", "clock", f"{abs(lag - usual):.0f} seconds {'slow' if lag > usual else 'fast'}"
        )
        for device, lag in least.items()
        if abs(lag - usual) > limits.skew_seconds
    }


def _between(minutes: Sequence[float], begin: float, end: float) -> int:
    """How many lie in (begin, end]: a wait of exactly fifteen minutes is within fifteen."""
    return sum(begin < each <= end for each in minutes)
