"""HQ18: the list of who is in a cohort held against the board. Source: docs/reference/rules.md."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from ..shared.findings import Finding
from .hospitals import Cohort
from .quality import Limits
from .quality_said import clock
from .transitions import Assignment
from .words import JobStatus

J = JobStatus
Found = dict[str, list[Finding]]  # key of the assignment -> what is found of it
OUT = (J.COHORT_ENDED, J.QUEUING, J.HANDOVER)  # what takes a patient out of the cohort, or puts them back


def inspect_cohorts(
    lists: Mapping[str, Cohort], assignments: Iterable[Assignment], site_of: Mapping[str, str], limits: Limits
) -> Found:
    """Where the newest list of a site and the board disagree on patients or on who looks after them.

    Both are held against each other at the instant of the list, and what began or ended within so many
    minutes of it is left out: nobody writes a list in a second.
    lists  code of the site -> its list; site_of  key of an assignment -> code of its site
    """
    found: Found = defaultdict(list)
    near = timedelta(minutes=limits.cohort_minutes)
    for each in assignments:
        listed = lists.get(site_of.get(each.key, ""))
        if listed is not None:
            found[each.key] += _disagree(each, listed, near)
    return {key: findings for key, findings in found.items() if findings}


def _disagree(each: Assignment, listed: Cohort, near: timedelta) -> Iterator[Finding]:
    words = f"list of {clock(listed.at)}"
    was_in = _in_cohort(each, listed.at, near)
    if was_in is None:
        return
    if each.key not in listed.lines:
        if was_in:
            started = clock(each.stamps[J.COHORT_STARTED])
            yield Finding("HQ18", J.COHORT_STARTED, f"{words}: not named, in the cohort since {started}")
        return
    if not was_in:
        yield Finding("HQ18", J.COHORT_STARTED, f"{words}: named, and by the board in no cohort")
        return
    carer = listed.lines[each.key]
    if carer and each.carer and carer != each.carer:
        yield Finding("HQ18", "carer", f"{words}: with {carer}, by the board with {each.carer}")


def _in_cohort(each: Assignment, at: datetime, near: timedelta) -> bool | None:
    """Whether the patient was in the cohort at an instant by the board; None too near to a change.

    Of a patient who was in it twice only the last time is known: of the time before nothing is said.
    """
    started = each.stamps.get(J.COHORT_STARTED)
    if started is None:
        arrived = each.stamps.get(J.AT_HOSPITAL)
        return None if arrived is not None and abs(arrived - at) <= near else False
    if started >= at - near:
        turned = [each.stamps[status] for status in OUT if status in each.stamps]
        was_before = any(turn < started for turn in turned)
        return None if was_before or started <= at + near else False
    ends = [each.stamps[status] for status in OUT if each.stamps.get(status, started) > started]
    end = min(ends, default=None)
    if end is None or end > at + near:
        return True
    return None if end >= at - near else False
