"""What happens next: the one queue of simulated events."""

import heapq
from collections.abc import Callable
from typing import Any


class Agenda:
    """Appointments in time order; equal times keep the order in which they were made. Seconds since 1970."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._made = 0
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []

    def at(self, when: float, do: Callable[..., None], *what: Any) -> None:
        """Have `do(*what)` done at `when`, at once if that is past."""
        self._made += 1
        heapq.heappush(self._heap, (max(when, self.now), self._made, do, what))

    def run(self, until: float) -> None:
        """Do everything due before `until`; the time then is `until`."""
        heap = self._heap
        while heap and heap[0][0] < until:
            self.now, _, do, what = heapq.heappop(heap)
            do(*what)
        self.now = max(self.now, until)
