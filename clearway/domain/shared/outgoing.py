"""Where a message that leaves the trust stands, and what may come next.

The table is the whole rule: a state is left only by a line that stands here.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from .errors import NotAllowed


class State(StrEnum):
    """queued   written with what causes it, not made yet
    ready     made, looked at again, and waiting for its carrier
    held      something is in the way that a person has to see to
    sending   given to its carrier, which has not answered yet
    sent      has left the house
    delivered the carrier says that it arrived
    failed    the carrier says that it did not leave or did not arrive
    withdrawn is not sent any more
    """

    QUEUED = "queued"
    READY = "ready"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


NEXT: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.QUEUED: frozenset({State.READY, State.HELD, State.WITHDRAWN}),
        State.READY: frozenset({State.QUEUED, State.SENDING, State.SENT, State.HELD, State.WITHDRAWN}),
        State.HELD: frozenset({State.QUEUED, State.SENT, State.WITHDRAWN}),
        State.SENDING: frozenset({State.READY, State.SENT, State.HELD, State.FAILED}),
        State.SENT: frozenset({State.DELIVERED, State.FAILED}),
        State.FAILED: frozenset({State.QUEUED, State.WITHDRAWN}),
        State.DELIVERED: frozenset(),
        State.WITHDRAWN: frozenset(),
    }
)
WAITING = frozenset({State.QUEUED, State.READY, State.HELD, State.SENDING})  # nothing has left yet
LEFT = frozenset({State.SENT, State.DELIVERED})
SAYS_WHY = frozenset({State.HELD, State.FAILED, State.WITHDRAWN})


def check(state: str, to: State, why: str = "") -> None:
    """Raises NotAllowed for a step that the table does not have, or that lacks its reason."""
    event = f"Making this message {to.value}"
    if to not in NEXT[State(state)]:
        raise NotAllowed(state, event, "Somebody changed it meanwhile. Look at it as it stands now.")
    if to in SAYS_WHY and not why.strip():
        raise NotAllowed(state, event, "Say why.")
