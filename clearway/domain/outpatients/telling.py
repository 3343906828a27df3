"""What another system is told of appointments and clocks: one snapshot, in our own terms."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self


class What(StrEnum):
    """What happened that is told."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    ARRIVED = "arrived"
    NOT_ARRIVED = "not arrived"  # the check-in was taken back
    ATTENDED = "attended"
    MISSED = "missed"
    REOPENED = "reopened"  # the outcome was taken back
    CLOCK = "clock"


# Which of them a peer asks for by which word.
KINDS: Mapping[What, str] = {
    What.BOOKED: "bookings",
    What.MOVED: "moves",
    What.CANCELLED: "cancellations",
    What.ARRIVED: "arrivals",
    What.NOT_ARRIVED: "arrivals",
    What.ATTENDED: "outcomes",
    What.MISSED: "outcomes",
    What.REOPENED: "outcomes",
    What.CLOCK: "clocks",
}


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that one message says, as it stood when it happened.

    happened_at  when; messages of one thing leave in this order
    number       our number of the patient; nhs_number: ten digits, "" for none
    placer       our id of the appointment, the same after every move
    clinic, state, reason  our codes; clinic "" where the session is of no clinic
    status       RTT status code; pathway, issuer  its identifier and who gave it
    event, event_on  of the clock: what happened, and on which day
    """

    what: What
    happened_at: datetime
    number: str
    nhs_number: str
    family_name: str
    given_names: str
    born_on: date
    sex: str = ""
    placer: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    clinic: str = ""
    state: str = ""
    reason: str = ""
    status: str = ""
    pathway: str = ""
    issuer: str = ""
    started_on: date | None = None
    treat_by: date | None = None
    ended_on: date | None = None
    event: str = ""
    event_on: date | None = None

    def kept(self) -> dict[str, Any]:
        """As a table keeps it."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def again(cls, kept: Mapping[str, Any]) -> Self:
        """What was kept."""
        made: dict[str, Any] = dict(kept)
        for name in INSTANTS:
            made[name] = made[name] and datetime.fromisoformat(made[name])
        for name in DAYS:
            made[name] = made[name] and date.fromisoformat(made[name])
        return cls(**made | {"what": What(made["what"])})


INSTANTS = ("happened_at", "starts_at", "ends_at")
DAYS = ("born_on", "started_on", "treat_by", "ended_on", "event_on")


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the other system calls the same: its number of the patient, its ids; "" where it told none."""

    number: str = ""
    appointment: str = ""
    referral: str = ""
