"""What a silent feed asks for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import numpy as np

from clearway.domain.shared.freshness import Freshness, FreshnessPolicy, freshness

from ..layout.times import clock
from ..worklist.rules import Rule, Values, Wanted
from .queries import FRESHNESS


class Feeds(Protocol):
    """The columns of a situation's sources: names, kinds, seconds between words, second of the last word."""

    @property
    def name(self) -> tuple[str, ...]: ...
    @property
    def kind(self) -> tuple[str, ...]: ...
    @property
    def expected_interval(self) -> Any: ...
    @property
    def received(self) -> Any: ...


class WithFeeds(Protocol):
    """Any desk's situation."""

    @property
    def at(self) -> float: ...
    @property
    def feeds(self) -> Feeds: ...


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    kind: str
    interval: float
    age: float | None


def silent_feeds(situation: WithFeeds, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """A task for every source that is stale or lost. A late one is only marked where its numbers stand."""
    policy = FreshnessPolicy(**policies[FRESHNESS])
    for source in _sources(situation):
        state = freshness(source.age, source.interval, policy)
        yield _wanted(source, state, policy, situation.at)


def _sources(situation: WithFeeds) -> Iterator[_Source]:
    feeds = situation.feeds
    for name, kind, interval, received in zip(
        feeds.name, feeds.kind, feeds.expected_interval, feeds.received, strict=True
    ):
        age = None if np.isnan(received) else situation.at - float(received)
        yield _Source(name, kind, float(interval), age)


def _wanted(source: _Source, state: Freshness, policy: FreshnessPolicy, at: float) -> Wanted:
    stale_after = float(policy.stale_after_intervals)
    heard = None if source.age is None else datetime.fromtimestamp(at - source.age, UTC)
    words = "Never heard" if heard is None else f"Last heard {clock(heard)}"
    return Wanted(
        subject=f"source:{source.name}",
        priority=_priority(source, state),
        title=f"Nothing comes from {source.name}",
        cause=f"{words}; it should speak every {source.interval:g} s",
        role="patient_flow_coordinator",
        suggestion="Do not take what rests on it for the present; ask its owner, and use the telephone",
        since=heard and heard + timedelta(seconds=source.interval * stale_after),
        reading=policy.lost_after_intervals if source.age is None else source.age / source.interval,
        threshold=stale_after,
    )


def _priority(source: _Source, state: Freshness) -> int:
    """Without its CAD a desk is blind. A source that never spoke is a matter of setting up."""
    if source.age is None:
        return 3
    return 1 if state is Freshness.LOST and source.kind == "cad" else 2


SILENT_FEED: Rule[WithFeeds] = Rule(
    code="silent_feed",
    sentence="A source that has been silent for several of its intervals is somebody's to chase.",
    source="Policy feed_freshness; no number without its age",
    check=silent_feeds,
    policies=(FRESHNESS,),
)
