"""One task for every message that nobody has acknowledged in time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed

from . import queries
from .models import DeskMessageTo

POLICY = "contacts"
MINUTES = 10.0  # where the trust has no policy


def unanswered(found: Sequence[DeskMessageTo], _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One for all: in the list one sees whom to ring first."""
    if found:
        number = f"{len(found)} recipient{' has' if len(found) == 1 else 's have'}"
        yield Wanted(
            subject="messages:unanswered",
            priority=2,
            title=f"{number} not acknowledged a message",
            cause=listed([f"{each.name}, sent {clock(each.of.at)}" for each in found]),
            role="patient_flow_coordinator",
            suggestion="Ring or call them by radio, and record the contact: /messages/",
            since=found[0].of.at,
            members=frozenset(f"message:{each.pk}" for each in found),
        )


MESSAGE_UNANSWERED: Rule[Sequence[DeskMessageTo]] = Rule(
    code="message_unanswered",
    sentence="Who has not acknowledged a message of the desk in time is rung.",
    source="Clearway proposal; minutes by policy contacts",
    check=unanswered,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. One query."""
    minutes = float(policies.get(POLICY, {}).get("message_minutes", MINUTES))
    found = queries.unanswered(organisation_id, minutes, at)
    return evaluate([MESSAGE_UNANSWERED], found, policies, modes)
