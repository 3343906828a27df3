"""When an incident is somebody's work, so that who its patient is opens without breaking the glass.

Quality rule S5: a patient opens only through a work item in one's own area. On this desk the area is where
the permission holds: one's own hospital for who works at its door, the whole region for the control room.
The work items are those of the desk's own boards and lists.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# As long as the handover board keeps an arrival, and as a shift's corrections take.
ON_THE_BOARDS = timedelta(hours=24)
# How long a finding is worked on. Source: Clearway proposal, the 90 days within which a month is corrected.
CORRECTED_WITHIN = timedelta(days=90)
# A concern that its queue has acknowledged is followed as long as the list of concerns shows it.
FOLLOWED_FOR = timedelta(days=28)


class Work(StrEnum):
    """The work item through which an incident is opened."""

    BOARDS = "boards"  # a call or a crew of it is on the boards, or was in the last day
    FINDING = "finding"  # what a feed said of it cannot be right, and nobody has ended that yet
    CONCERN = "concern"  # a safeguarding concern that one raised oneself


@dataclass(frozen=True, slots=True)
class Sending:
    """One crew that was sent: the present code of its destination, and every time that is known of it."""

    site: str | None
    is_open: bool
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding that has not ended: the site that it is of, "" for none, and since when it stands."""

    site: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Concern:
    """A safeguarding concern that the person raised."""

    at: datetime
    is_acknowledged: bool


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of an incident that somebody may have to work on; `calls` are the times of its call."""

    calls: tuple[datetime, ...] = ()
    sendings: tuple[Sending, ...] = ()
    findings: tuple[Finding, ...] = ()
    concerns: tuple[Concern, ...] = ()


def work(of: Traces, area: Collection[str] | None, at: datetime) -> Work | None:
    """The work item that makes an incident one's own at an instant; None where there is none.

    area  codes of the sites that the person sees, None for the whole region. Who sees some sites only has
          no calls, which belong to no site. A time in the future says nothing.
    """
    here = [each for each in of.sendings if area is None or each.site in area]
    times = [time for each in here for time in each.times]
    times += of.calls if area is None else ()
    if any(each.is_open for each in here) or any(at - ON_THE_BOARDS < time <= at for time in times):
        return Work.BOARDS
    found = (each.found_at for each in of.findings if area is None or each.site in area)
    if any(at - CORRECTED_WITHIN < each for each in found):
        return Work.FINDING
    if any(not each.is_acknowledged or at - FOLLOWED_FOR < each.at for each in of.concerns):
        return Work.CONCERN
    return None
