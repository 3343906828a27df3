"""Values for tests: only what a claim is about need be named, the rest is filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from clearway.domain.ambulance import transitions
from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, JobEvent
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import Availability, CallStatus, JobState, JobStatus
from clearway.domain.shared.facts import Fact

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def minute(count: float) -> datetime:
    """So many minutes after the start of the test's day."""
    return START + timedelta(minutes=count)


def job(status: JobStatus, at: float = 0, **more: Any) -> JobEvent:
    """A status of crew A101 at incident I1, `at` minutes into the day."""
    said = {"message_id": f"{status}@{at}", "incident": "I1", "call_sign": "A101", **more}
    return JobEvent(occurred_at=minute(at), status=status, **said)


def call(status: CallStatus, at: float = 0, **more: Any) -> CallEvent:
    """A call status of incident I1, `at` minutes into the day."""
    said = {"message_id": f"{status}@{at}", "incident": "I1", **more}
    return CallEvent(occurred_at=minute(at), status=status, **said)


def availability(status: Availability, at: float = 0, **more: Any) -> AvailabilityEvent:
    """An availability status of crew A101, `at` minutes into the day."""
    said = {"message_id": f"{status}@{at}", "call_sign": "A101", **more}
    return AvailabilityEvent(occurred_at=minute(at), status=status, **said)


def fact(event: Any, source: str = "cad", known: float = 1000) -> Fact[Any]:
    """The event as `source` said it, known so many minutes into the day."""
    return Fact(event=event, source=source, known_at=minute(known))


def folded(stamps: dict[JobStatus, float], **more: Any) -> Assignment:
    """The assignment that such statuses, in minutes, add up to."""
    assignment, _ = transitions.fold([fact(job(status, at, **more)) for status, at in stamps.items()])
    return assignment


def standing_in(state: JobState) -> Assignment:
    """An assignment in a given state."""
    return Assignment(key="I1/A101", incident="I1", call_sign="A101", state=state)
