"""A stream as networks deliver it: some messages twice, some late, some first with bytes missing."""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
TWICE, LATE, CUT = 0.10, 0.10, 0.01  # shares, as the list of promises sets them
BEHIND = 20  # messages that a late one lets pass, at most


def disturbed(stream: Sequence[T], cut: Callable[[T], T], chance: random.Random) -> list[T]:
    """The stream with a tenth repeated, a tenth late, and a hundredth sent before with bytes missing.

    A sender sends again what was refused, so what was cut comes whole afterwards.
    """
    placed: list[tuple[float, T]] = []
    for place, each in enumerate(stream):
        at = place + (chance.uniform(1, BEHIND) if chance.random() < LATE else 0)
        placed.append((at, each))
        if chance.random() < TWICE:
            placed.append((at + chance.uniform(0, 5 * BEHIND), each))
        if chance.random() < CUT:
            placed.append((at - 0.5, cut(each)))
    return [each for _, each in sorted(placed, key=lambda pair: pair[0])]
