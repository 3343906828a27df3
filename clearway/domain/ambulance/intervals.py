"""The intervals between the time stamps of a job: one table of what is measured from where to where."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from .words import JobStatus

J = JobStatus

INTERVALS: Mapping[str, tuple[JobStatus, JobStatus]] = MappingProxyType(
    {
        "mobilisation": (J.ALLOCATED, J.MOBILE),
        "running": (J.MOBILE, J.AT_SCENE),
        "on_scene": (J.AT_SCENE, J.LEFT_SCENE),
        "conveyance": (J.LEFT_SCENE, J.AT_HOSPITAL),
        "handover": (J.AT_HOSPITAL, J.HANDOVER),  # the national arrival-to-handover time
        "wrap_up": (J.HANDOVER, J.CLEAR),  # handover to clear
        "turnaround": (J.AT_HOSPITAL, J.CLEAR),
        "job_cycle": (J.ALLOCATED, J.CLEAR),
    }
)


def minutes(stamps: Mapping[JobStatus, datetime], interval: str) -> float | None:
    """Minutes of the named interval, or None when a stamp is missing or the two contradict each other.

    A negative duration is never shown; the finding beside it says why there is no number.
    """
    start, end = (stamps.get(status) for status in INTERVALS[interval])
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds() / 60


def lost_minutes(handover_minutes: float, beyond: float) -> float:
    """Crew minutes lost in one handover beyond a limit (15 locally, 30 in national figures: say which)."""
    return max(0.0, handover_minutes - beyond)
