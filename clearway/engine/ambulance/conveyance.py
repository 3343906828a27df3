"""Where to take a patient: the plain policy that every better one is measured against.

Nearest open department. It looks at the road and the opening hours only, so it is what a crew without advice
does; it is advice and never an order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from math import inf, isnan
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import Situation
from clearway.domain.shared.region import Site

from .travel import PLAIN, Network

DAY_MINUTES = 1440
QUARTER = 900.0  # seconds; zones change their offset on the quarter hour at the finest


@dataclass(frozen=True, slots=True)
class Destinations:
    """The sites that may be chosen, with their opening hours: policy, built once from the region.

    opens, closes  minutes after civil midnight, NaN where always open; closing before opening spans midnight
    timezone       of the opening hours
    """

    codes: tuple[str, ...]
    opens: npt.NDArray[np.float64]
    closes: npt.NDArray[np.float64]
    timezone: ZoneInfo

    @classmethod
    def among(cls, sites: Iterable[Site], timezone: str) -> "Destinations":
        """The given sites, all of them eligible."""
        chosen = tuple(sites)
        return cls(
            codes=tuple(site.code for site in chosen),
            opens=_clock_minutes(site.opens for site in chosen),
            closes=_clock_minutes(site.closes for site in chosen),
            timezone=ZoneInfo(timezone),
        )

    def is_open(self, row: int, arrival: float) -> bool:
        """Whether one of the sites is open at its arrival time, seconds since 1970."""
        opens, closes = float(self.opens[row]), float(self.closes[row])
        if isnan(opens):
            return True
        minute = self._civil_minute(arrival)
        return opens <= minute < closes if opens <= closes else minute >= opens or minute < closes

    def _civil_minute(self, at: float) -> float:
        return (at + utc_offset(self.timezone, at)) / 60 % DAY_MINUTES


class Choice(NamedTuple):
    """One possible destination. `row` is its row in the situation's sites."""

    row: int
    code: str
    minutes: float


def nearest_hospital(
    situation: Situation,
    destinations: Destinations,
    latitude: float,
    longitude: float,
    blue_light: float = 1.0,
    network: Network = PLAIN,
    within: float = inf,
) -> tuple[Choice, ...]:
    """The eligible sites that will be open when a crew leaving now arrives, nearest by road first.

    Empty when none is open or the situation knows none of them. Ties are broken by site code.
    blue_light  share of the normal driving time, see travel.minutes
    network     what is known of the roads; disruptions in force count
    within      minutes beyond the nearest; what is farther is left out
    """
    if not situation.sites.code:
        return ()
    rows = _rows(destinations.codes, situation.sites.code)
    minutes = network.minutes(
        latitude,
        longitude,
        situation.sites,
        at=situation.at,
        disruptions=situation.disruptions,
        blue_light=blue_light,
    )
    ranked: list[Choice] = []
    furthest = inf
    for took, code, place in sorted(zip(minutes[rows].tolist(), destinations.codes, count())):
        if took > furthest:
            break
        row = int(rows[place])
        if row >= 0 and took < inf and destinations.is_open(place, situation.at + took * 60):
            ranked.append(Choice(row, code, took))
            furthest = ranked[0].minutes + within
    return tuple(ranked)


@lru_cache(maxsize=32)
def _rows(codes: tuple[str, ...], known: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """The row of each code among the known ones, -1 for none."""
    place = {code: row for row, code in enumerate(known)}
    return np.array([place.get(code, -1) for code in codes], dtype=np.int64)


def utc_offset(timezone: ZoneInfo, at: float) -> float:
    """Seconds to add to UTC at an instant, seconds since 1970."""
    return _offset(timezone, at // QUARTER)


@lru_cache(maxsize=256)
def _offset(timezone: ZoneInfo, quarter: float) -> float:
    """Seconds to add to UTC in a quarter of an hour, counted since 1970."""
    offset = datetime.fromtimestamp(quarter * QUARTER, UTC).astimezone(timezone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def _clock_minutes(clocks: Iterable[str | None]) -> npt.NDArray[np.float64]:
    minutes = [float("nan") if clock is None else int(clock[:2]) * 60.0 + int(clock[3:]) for clock in clocks]
    return np.array(minutes, dtype=np.float64)
