"""Reports in words."""

from datetime import datetime

from clearway.core.people.roles import name_of
from clearway.domain.outpatients.reports import Unit, What
from clearway.domain.shared.outgoing import State

from .models import Report, SentReport

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
STATES = {
    State.QUEUED: "Is being made",
    State.READY: "Is being sent",
    State.SENDING: "Is being sent",
    State.HELD: "Held",
    State.SENT: "Sent, not read yet",
    State.DELIVERED: "Read",
    State.FAILED: "Failed",
    State.WITHDRAWN: "Not sent",
}
TROUBLE = (State.HELD, State.FAILED)


def title(what: str) -> str:
    """ "Waiting times and capacity"."""
    said = What(what).meaning
    return said[:1].upper() + said[1:]


def cadence(row: Report) -> str:
    """ "Each Monday", "Monthly, on working day 3"."""
    if row.unit == Unit.WEEKDAY:
        return f"Each {DAYS[row.number - 1]}"
    return f"Monthly, on {'working day' if row.unit == Unit.WORKING_DAY else 'day'} {row.number}"


def role(row: Report) -> str:
    """In which role its recipient receives it."""
    return name_of(row.role)


def state(row: SentReport) -> str:
    """Where one that was sent stands."""
    return STATES[State(row.outgoing.state)]


def is_trouble(row: SentReport) -> bool:
    return row.outgoing.state in TROUBLE


def since(row: SentReport) -> datetime:
    """When it came to stand so."""
    return row.outgoing.since
