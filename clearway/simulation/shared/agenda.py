"""What happens next: the one queue of simulated events."""

import heapq
from collections.abc import Callable, Iterator
from typing import Any

Entry = tuple[float, int, Callable[..., object], tuple[Any, ...]]
SPAN = 1200.0  # seconds kept in order at a time; a short heap is a quick one


class Agenda:
    """Appointments in time order; equal times keep the order in which they were made. Seconds since 1970."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._made = 0
        self._heap: list[Entry] = []
        self._horizon = now  # everything due before it is in the heap, the rest in its own span
        self._later: dict[int, list[Entry]] = {}

    def at(self, when: float, do: Callable[..., object], *what: Any) -> None:
        """Have `do(*what)` done at `when`, at once if that is past."""
        self._made += 1
        when = when if when > self.now else self.now
        if when < self._horizon:
            heapq.heappush(self._heap, (when, self._made, do, what))
        else:
            self._later.setdefault(int(when // SPAN), []).append((when, self._made, do, what))

    def run(self, until: float) -> None:
        """Do everything due before `until`; the time then is `until`."""
        while True:
            heap, pop = self._heap, heapq.heappop
            while heap and heap[0][0] < until:
                self.now, _, do, what = pop(heap)
                do(*what)
            if self._horizon >= until or not self._later:
                break
            self._open_next_span()
        self.now = max(self.now, until)

    def pending(self, before: float) -> Iterator[Entry]:
        """What is due before an instant, in no order: for whoever asks what would happen."""
        yield from self._heap
        for span, entries in self._later.items():
            if span * SPAN < before:
                yield from entries

    def _open_next_span(self) -> None:
        span = min(self._later)
        self._horizon = (span + 1) * SPAN
        for entry in self._later.pop(span, ()):
            heapq.heappush(self._heap, entry)
