"""A fact: an event, the source that said it and when we came to know it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class Fact(Generic[E_co]):
    """One thing that a source said. Append-only: a later fact may contradict it, none replaces it."""

    event: E_co
    source: str
    known_at: datetime


def in_fixed_order(facts: Iterable[Fact[E]], rank: Callable[[E], int]) -> list[Fact[E]]:
    """The one order in which the facts of a stream are folded, whatever order they arrived in.

    By source sequence when a single source numbered all of them; otherwise by occurred time, then by
    `rank` (the place of the status in its cycle, since equal seconds are legal), then by message id.
    """
    listed = list(facts)
    if len({fact.source for fact in listed}) == 1 and all(fact.event.sequence is not None for fact in listed):
        return sorted(listed, key=lambda fact: (fact.event.sequence or 0, fact.event.message_id))
    return sorted(
        listed,
        key=lambda fact: (fact.event.occurred_at, rank(fact.event), fact.event.message_id, fact.source),
    )
