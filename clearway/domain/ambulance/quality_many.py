"""Rules that hold several assignments against each other. Sources: docs/reference/rules.md."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from ..shared.findings import Finding
from .quality import Limits
from .quality_said import clock
from .transitions import Assignment
from .words import JobStatus

J = JobStatus
# Arrivals of one resource further apart are not held against each other, so that whoever asks knows how far
# back to read: what a rule found must not vanish because what it rests on is no longer read.
APART = timedelta(hours=24)
Found = dict[str, list[Finding]]  # key of the assignment -> what is found of it
# Minutes of free driving from one site to another, by their codes; None where nobody can say.
Drive = Callable[[str, str], float | None]


@dataclass(frozen=True, slots=True)
class Pressed:
    """One handover as somebody pressed it: `by` is the person's key at its source."""

    key: str
    site: str
    at: datetime
    by: str


def inspect_many(
    assignments: Sequence[Assignment], site_of: Mapping[str, str], drive: Drive, limits: Limits
) -> Found:
    """What assignments show together, by key.

    site_of  key of an assignment -> present code of its site; those without one are left out where it counts
    """
    found: Found = defaultdict(list)
    there = [each for each in assignments if J.AT_HOSPITAL in each.stamps]
    for rule in (
        _twice(there),
        _two_at_once(there),
        _too_fast(there, site_of, drive, limits),
        _relieved(there, site_of, limits),
    ):
        for key, finding in rule:
            found[key].append(finding)
    return dict(found)


def together(pressed: Iterable[Pressed], limits: Limits) -> Found:
    """HQ12: handovers that one person pressed at one site within the same minute, three or more."""
    found: Found = {}
    groups: dict[tuple[str, str], list[Pressed]] = defaultdict(list)
    for each in sorted(pressed, key=lambda each: (each.at, each.key)):
        groups[each.site, each.by].append(each)
    within = timedelta(seconds=limits.together_seconds)
    for rows in groups.values():
        for first in rows:
            near = [each for each in rows if first.at <= each.at <= first.at + within]
            if len(near) >= limits.together_count:
                for each in near:
                    words = f"{len(near)} handovers from {clock(near[0].at)} to {clock(near[-1].at)}"
                    found.setdefault(each.key, [Finding("HQ12", J.HANDOVER, words)])
    return found


def _twice(there: Iterable[Assignment]) -> Iterator[tuple[str, Finding]]:
    """HQ26. The one whose key comes first stands; the others say it again."""
    same: dict[tuple[str, str, datetime], list[Assignment]] = defaultdict(list)
    for each in there:
        same[each.incident, each.call_sign, each.stamps[J.AT_HOSPITAL]].append(each)
    for (_, _, at), rows in same.items():
        for each in sorted(rows, key=lambda row: row.key)[1:]:
            yield each.key, Finding("HQ26", J.AT_HOSPITAL, f"arrival {clock(at)} recorded {len(rows)} times")


def _two_at_once(there: Iterable[Assignment]) -> Iterator[tuple[str, Finding]]:
    """HQ24. From arrival until the resource was clear or released; equal seconds are legal."""
    for rows in _by_resource(there).values():
        for before, after in _near(rows):
            gone, came = _gone(before), after.stamps[J.AT_HOSPITAL]
            if before.incident == after.incident and before.stamps[J.AT_HOSPITAL] == came:
                continue  # the same arrival twice is HQ26
            if gone is None or gone > came:
                until = f"until {clock(gone)}" if gone else "and not clear"
                words = f"there from {clock(before.stamps[J.AT_HOSPITAL])} {until}, again {clock(came)}"
                yield after.key, Finding("HQ24", J.AT_HOSPITAL, words)


def _too_fast(
    there: Iterable[Assignment], site_of: Mapping[str, str], drive: Drive, limits: Limits
) -> Iterator[tuple[str, Finding]]:
    """HQ34. From the last word at one hospital to the arrival at another."""
    for rows in _by_resource(there).values():
        for before, after in _near(rows):
            here, next_ = site_of.get(before.key), site_of.get(after.key)
            left, came = _gone(before), after.stamps[J.AT_HOSPITAL]
            if here is None or next_ is None or here == next_ or left is None or left > came:
                continue
            needs = drive(here, next_)
            took = (came - left).total_seconds() / 60
            if needs is not None and took < limits.fastest_share * needs:
                words = f"{took:.0f} minutes from {clock(left)}, driving takes {needs:.0f}"
                yield after.key, Finding("HQ34", J.AT_HOSPITAL, words)


def _relieved(
    there: Iterable[Assignment], site_of: Mapping[str, str], limits: Limits
) -> Iterator[tuple[str, Finding]]:
    """HQ35. Another crew came to the same patient at the hospital, without having brought them."""
    same: dict[str, list[Assignment]] = defaultdict(list)
    for each in there:
        same[each.incident].append(each)
    near = timedelta(minutes=limits.relief_minutes)
    for rows in same.values():
        for first in rows:
            over = first.stamps.get(J.HANDOVER)
            for relief in rows:
                if relief is first or over is None or J.LEFT_SCENE in relief.stamps:
                    continue
                came, ended = relief.stamps[J.AT_HOSPITAL], relief.stamps.get(J.HANDOVER)
                is_there = site_of.get(relief.key) == site_of.get(first.key)
                waits_on = ended is None or ended > over + near
                if is_there and abs(over - came) <= near and waits_on:
                    words = f"handover {clock(over)}, relief came {clock(came)}"
                    yield first.key, Finding("HQ35", J.HANDOVER, words, ended)


def _by_resource(there: Iterable[Assignment]) -> dict[str, list[Assignment]]:
    found: dict[str, list[Assignment]] = defaultdict(list)
    for each in sorted(there, key=lambda row: (row.stamps[J.AT_HOSPITAL], row.key)):
        found[each.call_sign].append(each)
    return found


def _near(rows: Sequence[Assignment]) -> Iterator[tuple[Assignment, Assignment]]:
    for before, after in pairwise(rows):
        if after.stamps[J.AT_HOSPITAL] - before.stamps[J.AT_HOSPITAL] <= APART:
            yield before, after


def _gone(assignment: Assignment) -> datetime | None:
    """When the resource was done with the job there."""
    stamps = assignment.stamps
    ends = [stamps[each] for each in (J.CLEAR, J.RELEASED) if each in stamps]
    return min(ends, default=None)
