"""Who calls: incidents with their time, category, place and need.

Counts are Poisson around a rate that a whole day shares, region-wide and by area, so that days differ more
than Poisson days do, as real ones do (variance over mean of 8.8 in the South West's daily responses).
"""

import math
from dataclasses import dataclass
from datetime import date

from clearway.domain.ambulance.words import Category
from clearway.domain.shared.region import Region

from ..shared.chance import Chance, Luck
from ..shared.civil import Civil
from . import luck
from .parameters import Demand, Regime

KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Call:
    """One incident as it will turn out: the control room learns of it bit by bit.

    luck  decides every length and turn of its course, read by place (see luck.py)
    """

    key: str
    connected_at: float
    category: Category
    latitude: float
    longitude: float
    area: str
    nature: str
    age: int
    sex: str
    by_phone: bool
    conveyed: bool
    to_minor_unit: bool
    luck: Luck


class Callers:
    """The people of a region, calling."""

    def __init__(self, region: Region, demand: Demand, regime: Regime, seed: int) -> None:
        self._demand, self._civil = demand, Civil(region.timezone)
        self._chance = Chance(seed, "demand")
        self._per_day, self._by_phone = regime.incidents_per_day, regime.by_phone
        self._hours = [share / sum(demand.hour) for share in demand.hour]
        self._areas = {area: share / sum(demand.areas.values()) for area, share in demand.areas.items()}
        self._stations = {site.code: site for site in region.sites if site.code in demand.places}
        self._places: dict[str, dict[str, float]] = {area: {} for area in demand.areas}
        for code, place in demand.places.items():
            area = self._stations[code].area
            if area in self._places and place.people > 0:
                self._places[area][code] = place.people
        self._day: date | None = None
        self._factors: dict[str, float] = {}
        self._made = 0

    def between(self, start: float, end: float) -> list[Call]:
        """The calls that connect from start up to end, at most an hour apart, in time order."""
        self._begin_day(self._civil.day(start))
        share = self._hours[int(self._civil.hour(start))] * (end - start) / 3600
        times = [
            (self._chance.between(start, end), area)
            for area, factor in self._factors.items()
            for _ in range(self._chance.count(self._per_day * share * self._areas[area] * factor))
            if self._places[area]
        ]
        return [self._call(at, area) for at, area in sorted(times)]

    def _begin_day(self, day: date) -> None:
        if day == self._day:
            return
        self._day, demand = day, self._demand
        shared = self._chance.factor(demand.region_daily_deviation)
        shared *= demand.weekday[day.weekday()] * demand.month[day.month - 1]
        self._factors = {
            area: shared * self._chance.factor(demand.area_daily_deviation) for area in self._areas
        }

    def _call(self, at: float, area: str) -> Call:
        chance, demand = self._chance, self._demand
        category = chance.one_of(demand.categories)
        latitude, longitude = self._position(area)
        self._made += 1
        natures = demand.natures.get(category) or ("not stated",)
        child = chance.happens(demand.child_share)
        return Call(
            key=f"{self._day:%y%m%d}-{self._made:06d}",
            connected_at=at,
            category=category,
            latitude=latitude,
            longitude=longitude,
            area=area,
            nature=natures[int(chance.share() * len(natures))],
            age=int(chance.between(0, 16)) if child else min(102, 16 + int(chance.between(0, 1) ** 0.7 * 84)),
            sex="female" if chance.happens(0.52) else "male",
            by_phone=chance.happens(demand.hear_and_treat.get(category, 0.0) * self._by_phone),
            conveyed=chance.happens(demand.conveyed.get(category, 0.0)),
            to_minor_unit=chance.happens(demand.minor_unit_share),
            luck=chance.luck(luck.PLACES),
        )

    def _position(self, area: str) -> tuple[float, float]:
        code = self._chance.one_of(self._places[area])
        station, spread = self._stations[code], self._demand.places[code].spread_km / math.sqrt(2)
        north, east = self._chance.normal(0, spread), self._chance.normal(0, spread)
        latitude = station.latitude + north / KM_PER_DEGREE
        longitude = station.longitude + east / (KM_PER_DEGREE * math.cos(math.radians(latitude)))
        return round(latitude, 5), round(longitude, 5)
