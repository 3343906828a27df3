"""The handover figures of a month, and what changed since they were frozen.

Definitions: AmbSYS counts known handovers, their total, mean and 90th centile, those over 15, 30 and 60
minutes, the time beyond 30, and unknown ones; the local figures add those over 45 and the time beyond 15. A
limit is passed when the wait is longer than it to the second. Times beyond 15 and beyond 30 are never added
or compared.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType

from .quality_said import THRESHOLDS
from .transitions import Assignment
from .words import JobState, JobStatus

J = JobStatus
CENTILE = 0.9


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one site, or of all. Seconds.

    known     handovers with a time that can be counted
    doubtful  with times that cannot be: reversed, or longer than is counted before somebody confirms it
    unknown   the crew is gone and nobody said when the patient was handed over
    over_15 ...  how many known ones lasted longer than so many minutes
    """

    known: int
    doubtful: int
    unknown: int
    total: int
    mean: float | None
    centile_90: int | None
    over_15: int
    over_30: int
    over_45: int
    over_60: int
    beyond_15: int
    beyond_30: int


@dataclass(frozen=True, slots=True)
class Counted:
    """One arrival as it counts: seconds to the handover, None where it is unknown or doubtful."""

    site: str
    seconds: int | None
    is_doubtful: bool = False


def counted(
    assignment: Assignment,
    site: str,
    agreed: Mapping[JobStatus, datetime] = MappingProxyType({}),
    longest: float = 12 * 3600,
) -> Counted | None:
    """How one arrival counts; None while its patient waits, or where it says no arrival.

    agreed   times that a person recorded as changed at the source, which the facts do not say yet
    longest  seconds; what lasted longer is doubtful
    """
    stamps = {**assignment.stamps, **agreed}
    arrived, over = stamps.get(J.AT_HOSPITAL), stamps.get(J.HANDOVER)
    if arrived is None:
        return None
    if over is None:
        gone = assignment.state is JobState.CLEAR and not assignment.patient_is_waiting
        return Counted(site, None) if gone else None
    took = int((over - arrived).total_seconds())
    if took < 0 or took > longest:
        return Counted(site, None, is_doubtful=True)
    return Counted(site, took)


def figures(rows: Iterable[Counted]) -> Figures:
    """The figures of these arrivals."""
    listed = list(rows)
    times = sorted(each.seconds for each in listed if each.seconds is not None)
    doubtful = sum(each.is_doubtful for each in listed)
    over = {limit: sum(took > limit * 60 for took in times) for limit in THRESHOLDS}
    return Figures(
        known=len(times),
        doubtful=doubtful,
        unknown=len(listed) - len(times) - doubtful,
        total=sum(times),
        mean=round(sum(times) / len(times), 1) if times else None,
        centile_90=times[math.ceil(CENTILE * len(times)) - 1] if times else None,
        over_15=over[15],
        over_30=over[30],
        over_45=over[45],
        over_60=over[60],
        beyond_15=sum(max(0, took - 900) for took in times),
        beyond_30=sum(max(0, took - 1800) for took in times),
    )


def by_site(rows: Sequence[Counted]) -> dict[str, Figures]:
    """The figures of each site, and of all under ""."""
    sites = sorted({each.site for each in rows if each.site})
    found = {site: figures(each for each in rows if each.site == site) for site in sites}
    return {"": figures(rows), **found}


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of one site that is another than it was frozen with."""

    site: str
    figure: str
    before: float | None
    after: float | None


def changes(before: Mapping[str, Mapping[str, float | None]], after: Mapping[str, Figures]) -> list[Change]:
    """What is other than it was. before  as it was frozen: site -> figure -> value"""
    found = []
    for site in sorted(before.keys() | after.keys()):
        old = before.get(site, {})
        new = asdict(after[site]) if site in after else {}
        for figure in sorted(old.keys() | new.keys(), key=_place):
            if old.get(figure) != new.get(figure):
                found.append(Change(site, figure, old.get(figure), new.get(figure)))
    return found


def _place(figure: str) -> int:
    names = list(Figures.__dataclass_fields__)
    return names.index(figure) if figure in names else len(names)
