"""The clock on the wall of a simulated region."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


class Civil:
    """Civil time of one time zone for seconds since 1970; remembers the offset of each hour."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._offsets: dict[int, float] = {}

    def offset(self, at: float) -> float:
        """Seconds to add to UTC. Zones change their offset on the quarter hour at the finest."""
        quarter = int(at // 900)
        if quarter not in self._offsets:
            offset = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self._zone).utcoffset()
            self._offsets[quarter] = offset.total_seconds() if offset else 0.0
        return self._offsets[quarter]

    def hour(self, at: float) -> float:
        """Hours since civil midnight, 0 to 24."""
        return (at + self.offset(at)) % 86_400 / 3600

    def day(self, at: float) -> date:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at + self.offset(at))).date()

    def instant(self, day: date, hour: float) -> float:
        """Seconds since 1970 of this civil hour of this day."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return (midnight + timedelta(hours=hour)).timestamp()
