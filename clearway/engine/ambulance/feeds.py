"""What a picture rests on: how fresh the sources are, and what they can know at all."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from clearway.domain.ambulance.situation import Feeds, Situation, instant
from clearway.domain.shared.freshness import Freshness, FreshnessPolicy, freshness

CAD, POSITIONS = "cad", "positions"


@dataclass(frozen=True, slots=True)
class FeedState:
    """The least fresh of the sources of one kind.

    name      None when the region has no source of that kind: then everything it would tell is unknown
    heard_at  None when it was never heard
    """

    name: str | None
    freshness: Freshness
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a picture of handovers rests on.

    knows_handover, knows_destination  whether any source can know these at all
    """

    cad: FeedState
    positions: FeedState
    knows_handover: bool
    knows_destination: bool


def basis(situation: Situation, policy: FreshnessPolicy) -> Basis:
    """The state of the sources at the time of the situation."""
    known = frozenset[str]().union(*situation.feeds.knows)
    return Basis(
        cad=_least_fresh(situation.feeds, CAD, situation.at, policy),
        positions=_least_fresh(situation.feeds, POSITIONS, situation.at, policy),
        knows_handover="handover" in known,
        knows_destination="destination" in known,
    )


def _least_fresh(feeds: Feeds, kind: str, at: float, policy: FreshnessPolicy) -> FeedState:
    order = list(Freshness)
    states = [
        FeedState(
            feeds.name[row],
            freshness(_age(feeds, row, at), float(feeds.expected_interval[row]), policy),
            instant(float(feeds.received[row])),
        )
        for row in range(len(feeds.name))
        if feeds.kind[row] == kind
    ]
    nothing = FeedState(None, Freshness.LOST, None)
    return max(states, key=lambda state: order.index(state.freshness), default=nothing)


def _age(feeds: Feeds, row: int, at: float) -> float | None:
    received = float(feeds.received[row])
    return None if np.isnan(received) else at - received
