"""A fact: an event, the source that said it and when we came to know it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar


class Dated(Protocol):
    """What every event has."""

    @property
    def message_id(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def sequence(self) -> int | None: ...


E = TypeVar("E", bound=Dated)
E_co = TypeVar("E_co", bound=Dated, covariant=True)

SKEW = timedelta(seconds=60)  # between a source's clock and ours; beyond it a time lies in the future


@dataclass(frozen=True, slots=True)
class Fact(Generic[E_co]):
    """One thing that a source said. Append-only: a later fact may contradict it, none replaces it."""

    event: E_co
    source: str
    known_at: datetime

    @property
    def placed_at(self) -> datetime:
        """When it counts as having happened: as said, but never later than it was known.

        A clock that runs ahead must not hold off everything true that comes after it. Up to a minute is
        taken as skew; the time as said stays in the fact and is a finding.
        """
        said = self.event.occurred_at
        return said if said <= self.known_at + SKEW else self.known_at


OrderKey = tuple[datetime, int, int, str, str]


def order_key(fact: Fact[E], rank: Callable[[E], int]) -> OrderKey:
    """Where a fact stands in the one order in which its stream is folded, whatever order facts arrived in.

    Occurred time first (see `placed_at`): a time entered late belongs where it happened. Equal seconds are
    legal, so then the source's sequence, the place of the status in its cycle (`rank`), the message id.
    See docs/adr/0005-order-of-a-stream.md.
    """
    event = fact.event
    sequence = -1 if event.sequence is None else event.sequence
    return fact.placed_at, sequence, rank(event), event.message_id, fact.source


def in_fixed_order(facts: Iterable[Fact[E]], rank: Callable[[E], int]) -> list[Fact[E]]:
    """The facts in that order, each message once.

    Where a source used one message id for two different events, the one known first is kept, as the unique
    key of the store does.
    """
    kept: dict[tuple[str, str], Fact[E]] = {}
    for fact in facts:
        key = fact.source, fact.event.message_id
        kept[key] = min(kept[key], fact, key=_first_known) if key in kept else fact
    return sorted(kept.values(), key=lambda fact: order_key(fact, rank))


def _first_known(fact: Fact[E]) -> tuple[datetime, str]:
    return fact.known_at, repr(fact.event)
