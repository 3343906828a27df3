"""Onward requests in words. A row holds no identity, so that it can be pushed to every screen of a side."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from clearway.domain.shared.onward import AHEAD, State, Step

from .models import OnwardRequest, OnwardStep

STATES: Mapping[State, str] = MappingProxyType(
    {
        State.SENT: "Sent, not read yet",
        State.RECEIVED: "Registered, no slot yet",
        State.HELD: "Slot held",
        State.BOOKED: "Booked",
        State.MISSED: "Did not attend",
        State.SEEN: "Seen",
        State.DISCHARGED: "Seen and discharged",
        State.REFUSED: "Refused",
        State.WITHDRAWN: "Withdrawn",
        State.ENDED: "Ended without being seen",
    }
)
STEPS: Mapping[Step, str] = MappingProxyType(
    {
        Step.SEND: "Sent",
        Step.RECEIVE: "Registered",
        Step.HOLD: "Slot held",
        Step.LET_GO: "Held slot given back",
        Step.BOOK: "Booked",
        Step.FREE: "Appointment cancelled",
        Step.MISS: "Did not attend",
        Step.SEE: "Seen",
        Step.DISCHARGE: "Discharged",
        Step.REOPEN: "Taken back by the service",
        Step.END: "Ended without being seen",
        Step.REFUSE: "Refused",
        Step.WITHDRAW: "Withdrawn",
        Step.ASK_BACK: "The sender asks for it back",
        Step.KEEP: "The service goes on with it",
        Step.NOTE: "Told",
    }
)
MARKS = {State.REFUSED: "p2", State.ENDED: "p2", State.MISSED: "p2", State.SENT: "p3"}


@dataclass(frozen=True, slots=True)
class Row:
    """One request in a list. other  the organisation on the other side; css  of the mark of its state."""

    key: int
    service: str
    kind: str
    other: str
    incident: str
    crew: str
    number: str
    state: str
    css: str
    sent_at: datetime
    since: datetime
    due_at: datetime
    waits_for_a_slot: bool


def row_of(row: OnwardRequest, other: str) -> Row:
    """A request as one side lists it."""
    state = State(row.state)
    return Row(
        key=row.pk,
        service=row.service_name,
        kind=row.kind_words,
        other=other,
        incident=row.incident,
        crew=row.crew,
        number=row.number,
        state=state_words(row),
        css=f"mark-{MARKS[state]}" if state in MARKS else "",
        sent_at=row.sent_at,
        since=row.since,
        due_at=row.due_at,
        waits_for_a_slot=state is State.SENT or (state in AHEAD and state is not State.BOOKED),
    )


def state_words(row: OnwardRequest) -> str:
    words = STATES[State(row.state)]
    return f"{words}; asked for back" if row.is_wanted_back else words


@dataclass(frozen=True, slots=True)
class Told:
    """One step: by name where it was one's own organisation, else by organisation."""

    what: str
    at: datetime
    who: str
    words: str


def steps(row: OnwardRequest, organisation_id: int) -> list[Told]:
    """Every step in its order. One query."""
    rows = OnwardStep.objects.filter(request=row).select_related("organisation")
    return [
        Told(
            STEPS[Step(each.step)],
            each.at,
            each.by if each.organisation_id == organisation_id else each.organisation.name,
            each.words,
        )
        for each in rows
    ]
