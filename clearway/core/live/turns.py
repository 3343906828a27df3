"""Work that every organisation with a desk needs once in a while, a piece at a time."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from clearway.domain.shared.region import Desk

from ..organisation.queries import with_desk

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class Turns:
    """One organisation after another, spread evenly over `every`: nothing else waits for more than one.

    desk  only organisations that have it
    """

    every: timedelta
    desk: Desk = Desk.AMBULANCE
    _next_at: datetime = LONG_AGO
    _between: timedelta = timedelta()
    _waiting: deque[int] = field(default_factory=deque)

    def whose(self, at: datetime) -> int | None:
        """The organisation whose turn has come at this instant, if one's has. One query a round."""
        if at < self._next_at:
            return None
        if not self._waiting:
            self._waiting.extend(with_desk(self.desk))
            self._between = self.every / max(1, len(self._waiting))
        self._next_at = at + self._between
        return self._waiting.popleft() if self._waiting else None
