"""The places and clinical rules of a region as columns: built once, used for every case."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance import destination_answers, destinations
from clearway.domain.ambulance.destination_answers import RoleAnswer
from clearway.domain.ambulance.destinations import (
    Alternative,
    AlternativeKind,
    Case,
    DestinationRule,
)
from clearway.domain.ambulance.words import Need
from clearway.domain.shared.region import Policy, Region, Site, SiteKind

from .conveyance import utc_offset

Mask = npt.NDArray[np.bool_]
Column = npt.NDArray[np.float64]
DAY, NEVER = 86_400.0, np.nan
DAY_MINUTES, WEEK_MINUTES = 1440, 7 * 1440
WEEK_MINUTES_IN_1970 = 3 * DAY_MINUTES  # 1 January 1970 was a Thursday


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where a patient might be taken: departments first, in the order of the pack, then alternatives.

    latitude, longitude  degrees; those of the first department for a service that is no place
    opens, closes        minutes after civil midnight, NaN where always open
    days                 (n, 7) open on that weekday, Monday first
    with_hours           rows of those that are not open at all times; open_in_week  for each of these rows,
                         whether it is open in each minute of the civil week from Monday 00:00
    roles, unconfirmed   role -> which departments hold it
    part_time            role -> opens, closes of the departments that hold it at some hours only
    kind                 row in the rulebook's kinds, -1 for a department
    is_department        the first `departments` rows
    travels              a journey leads there
    capacity             patients an hour that an alternative takes, NaN where nobody said
    answer, minutes, accepts  of an alternative's kind (see AlternativeKind); 0 for a department
    """

    code: tuple[str, ...]
    name: tuple[str, ...]
    area: tuple[str | None, ...]
    latitude: Column
    longitude: Column
    opens: Column
    closes: Column
    days: Mask
    with_hours: npt.NDArray[np.intp]
    open_in_week: Mask
    roles: Mapping[str, Mask]
    unconfirmed: Mapping[str, Mask]
    part_time: Mapping[str, tuple[Column, Column]]
    kind: npt.NDArray[np.int16]
    is_department: Mask
    departments: int
    travels: Mask
    confirmed: Mask
    capacity: Column
    answer: Column
    minutes: Column
    accepts: Column

    @property
    def alternatives_confirmed(self) -> bool:
        """Somebody answers for at least one alternative: else none is ever considered."""
        return bool(self.confirmed[self.departments :].any())

    def with_any(self, roles: Iterable[str], confirmed: bool = True) -> Mask:
        """Which hold one of these roles, confirmed or not."""
        held = self.roles if confirmed else self.unconfirmed
        masks = [held[role] for role in roles if role in held]
        if not masks:
            return np.zeros(len(self.code), dtype=np.bool_)
        return np.asarray(np.logical_or.reduce(masks), dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """Everything of a region that decides where a patient may go. Built once, used for every case.

    answers  code of a department -> what somebody answered about its roles
    """

    places: Places
    rules: tuple[DestinationRule, ...]
    answers: Mapping[str, tuple[RoleAnswer, ...]]
    kinds: tuple[AlternativeKind, ...]
    listed: tuple[Alternative, ...]
    timezone: ZoneInfo
    row_of: Mapping[str, int]

    @classmethod
    def of(cls, sites: Sequence[Site], policies: Sequence[Policy], timezone: str) -> "Rulebook":
        """From the sites and policies of a region. Raises ValueError for a policy that makes no sense."""
        kinds = destinations.kinds_of(policies)
        listed = destinations.directory_of(policies, sites, kinds)
        answers = destination_answers.roles_of(policies)
        departments = destination_answers.answered(
            [site for site in sites if site.kind is SiteKind.EMERGENCY_DEPARTMENT], answers
        )
        hours = destination_answers.hours_of(answers)
        places = places_of(departments, listed, [kind.kind for kind in kinds], kinds, hours)
        return cls(
            places=places,
            rules=destinations.rules_of(policies),
            answers=MappingProxyType(
                {code: tuple(each for each in answers if each.site == code) for code in places.code}
            ),
            kinds=kinds,
            listed=listed,
            timezone=ZoneInfo(timezone),
            row_of=MappingProxyType({code: row for row, code in enumerate(places.code)}),
        )

    def applied(self, case: Case) -> tuple[DestinationRule, ...]:
        """Every rule that holds for a patient, in order."""
        return _applied(self, case.age, case.needs)

    @classmethod
    def of_region(cls, region: Region) -> "Rulebook":
        return cls.of(region.sites, region.policies, region.timezone)


@lru_cache(maxsize=1024)
def _applied(rules: Rulebook, age: int | None, needs: frozenset[Need]) -> tuple[DestinationRule, ...]:
    return tuple(rule for rule in rules.rules if rule.holds(age, needs))


def open_at(places: Places, arrival: Column, timezone: ZoneInfo) -> Mask:
    """Which places are open at their own arrival times, seconds since 1970."""
    is_open = np.ones(len(arrival), dtype=np.bool_)
    rows = places.with_hours
    if len(rows):
        civil = arrival[rows] + utc_offset(timezone, float(arrival[0]))
        minute = (civil // 60).astype(np.int64) + WEEK_MINUTES_IN_1970
        is_open[rows] = places.open_in_week[np.arange(len(rows)), minute % WEEK_MINUTES]
    return is_open


def _in_week(opens: Column, closes: Column, days: Mask) -> Mask:
    """(n, WEEK_MINUTES) open in that minute of the civil week: hours begin and end on the minute."""
    week = np.zeros((len(opens), WEEK_MINUTES), dtype=np.bool_)
    whole = np.isnan(opens)
    begins = np.where(whole, 0, opens).astype(np.int64)
    ends = np.where(whole, DAY_MINUTES, closes + np.where(closes <= opens, DAY_MINUTES, 0)).astype(np.int64)
    for row, day in np.argwhere(days).tolist():
        midnight = day * DAY_MINUTES
        week[row, midnight + begins[row] : midnight + ends[row]] = True
        week[row, : max(0, midnight + ends[row] - WEEK_MINUTES)] = True  # after Sunday comes Monday
    return week


def holds_at(places: Places, role: str, arrival: Column, timezone: ZoneInfo) -> Mask:
    """Which departments hold a role that they are confirmed to have, at their own arrival times."""
    opens, closes = places.part_time[role]
    return _within(opens, closes, (arrival + utc_offset(timezone, float(arrival[0]))) % DAY / 60)


def _within(opens: Column, closes: Column, minute: Column) -> Mask:
    """Open at that minute of the day, NaN hours always; closing before opening spans midnight."""
    spans = closes <= opens
    within = np.where(spans, (minute >= opens) | (minute < closes), (opens <= minute) & (minute < closes))
    return np.asarray(np.isnan(opens) | within)


def places_of(
    departments: Sequence[Site],
    listed: Sequence[Alternative],
    kind_codes: Sequence[str],
    kinds: Sequence[AlternativeKind],
    hours: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType({}),
) -> Places:
    """Departments and alternatives as columns.

    hours  role -> code of a department -> when it holds that role, where not at all hours
    """
    first = departments[0]
    kind_row = {code: row for row, code in enumerate(kind_codes)}
    count = len(departments)
    travels = [each.position is not None and kinds[kind_row[each.kind]].travels for each in listed]
    spots = [
        each.position if each.position is not None else (first.latitude, first.longitude) for each in listed
    ]

    def of_kind(name: str) -> Column:
        return np.array([0.0] * count + [float(getattr(kinds[kind_row[each.kind]], name)) for each in listed])

    opens = _clock_minutes([*(site.opens for site in departments), *(each.opens for each in listed)])
    closes = _clock_minutes([*(site.closes for site in departments), *(each.closes for each in listed)])
    days = np.array([[True] * 7] * count + [[day == "1" for day in each.days] for each in listed])
    with_hours = np.flatnonzero(~np.isnan(opens) | ~days.all(axis=1))
    return Places(
        code=(*(site.code for site in departments), *(each.code for each in listed)),
        name=(*(site.name for site in departments), *(each.name for each in listed)),
        area=(*(site.area for site in departments), *(each.area for each in listed)),
        latitude=np.array([*(site.latitude for site in departments), *(spot[0] for spot in spots)]),
        longitude=np.array([*(site.longitude for site in departments), *(spot[1] for spot in spots)]),
        opens=opens,
        closes=closes,
        days=days,
        with_hours=with_hours,
        open_in_week=_in_week(opens[with_hours], closes[with_hours], days[with_hours]),
        roles=_role_masks([site.roles for site in departments], len(listed)),
        unconfirmed=_role_masks([site.unconfirmed_roles for site in departments], len(listed)),
        part_time=_role_hours([site.code for site in departments], len(listed), hours),
        kind=np.array([-1] * count + [kind_row[each.kind] for each in listed], dtype=np.int16),
        is_department=np.array([True] * count + [False] * len(listed), dtype=np.bool_),
        departments=count,
        travels=np.array([True] * count + travels, dtype=np.bool_),
        answer=of_kind("answer_minutes"),
        minutes=of_kind("minutes"),
        accepts=of_kind("accepts_share"),
        capacity=np.array([NEVER] * count + [_number(each.capacity_per_hour) for each in listed]),
        confirmed=np.array([True] * count + [each.confirmed for each in listed], dtype=np.bool_),
    )


def _number(value: float | None) -> float:
    return NEVER if value is None else value


def _role_masks(held: Sequence[tuple[str, ...]], more: int) -> Mapping[str, Mask]:
    names = {role for roles in held for role in roles}
    return MappingProxyType(
        {
            name: np.array([name in roles for roles in held] + [False] * more, dtype=np.bool_)
            for name in sorted(names)
        }
    )


def _role_hours(
    codes: Sequence[str], more: int, hours: Mapping[str, Mapping[str, tuple[str, str]]]
) -> Mapping[str, tuple[Column, Column]]:
    always: list[str | None] = [None] * more
    return MappingProxyType(
        {
            role: (
                _clock_minutes([*(of[code][0] if code in of else None for code in codes), *always]),
                _clock_minutes([*(of[code][1] if code in of else None for code in codes), *always]),
            )
            for role, of in sorted(hours.items())
        }
    )


def _clock_minutes(clocks: Iterable[str | None]) -> Column:
    minutes = [NEVER if clock is None else int(clock[:2]) * 60.0 + int(clock[3:]) for clock in clocks]
    return np.array(minutes, dtype=np.float64)
