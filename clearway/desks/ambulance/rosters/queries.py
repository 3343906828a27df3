"""Reading rosters, the shifts in force, and who was on duty when."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from clearway.core.feeds.queries import first_heard
from clearway.core.layout.times import LONDON, local
from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import stations
from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.rosters import LONGEST_SHIFT, Duty, RosterShift, hours_within
from clearway.domain.ambulance.words import Availability, ResourceKind

from ..facts import queries as facts
from ..resources import queries as resources
from .models import PlannedShift, Roster

LATEST_END = timedelta(hours=4)  # that a crew is still on duty after its shift
ON_OR_OFF = (Availability.BOOKING_ON, Availability.OFF)


def value_of(row: PlannedShift) -> RosterShift:
    """The domain value of one row."""
    return RosterShift(
        row.call_sign, row.starts_at, row.ends_at, row.station, ResourceKind(row.kind), row.skill
    )


def in_force(organisation_id: int) -> QuerySet[PlannedShift]:
    """The shifts that no later roster has replaced."""
    return PlannedShift.objects.filter(organisation_id=organisation_id, replaced_by=None)


def between(organisation_id: int, begin: datetime, end: datetime) -> QuerySet[PlannedShift]:
    """The shifts in force of which any part lies between two instants, in order."""
    rows = in_force(organisation_id).filter(starts_at__lt=end, ends_at__gt=begin)
    return rows.order_by("starts_at", "call_sign")


def around(organisation_id: int, shifts: Iterable[RosterShift]) -> dict[int, RosterShift]:
    """The shifts in force of these call signs around the times of these shifts, by key. One query."""
    shifts = list(shifts)
    if not shifts:
        return {}
    begin = min(each.starts_at for each in shifts) - timedelta(days=1)
    end = max(each.ends_at for each in shifts) + timedelta(days=1)
    call_signs = {each.call_sign for each in shifts}
    rows = in_force(organisation_id).filter(call_sign__in=call_signs, starts_at__lt=end, ends_at__gt=begin)
    return {row.pk: value_of(row) for row in rows}


def called(organisation_id: int) -> dict[str, str]:
    """What each station may be called, in small letters -> its code. One query."""
    return {
        name.casefold(): site.code
        for site in stations(organisation_id)
        for name in (site.code, site.key, site.name)
    }


def station_names(organisation_id: int) -> dict[str, Site]:
    """The stations by code. One query."""
    return {site.code: site for site in stations(organisation_id)}


def rosters(organisation_id: int) -> QuerySet[Roster]:
    """The files, newest first, without what is in them."""
    return Roster.objects.filter(organisation_id=organisation_id).defer("raw").order_by("-came_at", "-pk")


def newest_taken(organisation_id: int) -> datetime | None:
    """When a roster was last taken: the age of what is planned. One query."""
    rows = rosters(organisation_id).filter(taken_at__isnull=False).order_by("-taken_at")
    return rows.values_list("taken_at", flat=True).first()


def day_edges(day: date, zone: ZoneInfo = LONDON) -> list[datetime]:
    """The instants at which the hours of a civil day begin, and its end: 23 or 25 hours twice a year."""
    begin = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC)
    hours = round((end - begin).total_seconds() / 3600)
    return [begin + timedelta(hours=hour) for hour in range(hours + 1)]


def today(at: datetime) -> date:
    """The civil day of an instant."""
    return local(at).date()


def duties(
    organisation_id: int,
    seen: Mapping[str, ResourceStanding],
    call_signs: Collection[str],
    begin: datetime,
    at: datetime,
) -> list[Duty]:
    """Who was on duty at any time since `begin`, by the facts of booking on and off. Two queries.

    seen        what is said of those on shift now: one that never said that it booked on has been on duty
                since its shift began, or since it was first heard
    call_signs  who else is looked for
    """
    since = begin - LONGEST_SHIFT - LATEST_END
    names = {*call_signs, *seen, *resources.heard_since(organisation_id, since)}
    told = facts.events_with_status(
        organisation_id, [f"resource:{name}" for name in names], ON_OR_OFF, since, at
    )
    found = []
    for name in sorted(names):
        spans = _spans(name, told.get(f"resource:{name}", ()))
        standing = seen.get(name)
        on_now = standing is not None and standing.availability not in (None, Availability.OFF)
        if on_now and standing is not None and (not spans or spans[-1].ended is not None):
            ended = spans[-1].ended if spans else None
            began = max(filter(None, (standing.shift_start or standing.since or at, ended)))
            spans.append(Duty(name, min(began, at), None))
        found += [
            each
            for each in spans
            if (each.ended is None or each.ended > begin)
            # Nobody is on duty for two days: an end that was never heard ends what it belongs to.
            and (each.ended is not None or on_now)
        ]
    return found


@dataclass(frozen=True, slots=True)
class UnitHours:
    """Unit-hours of a time, as far as anybody could know who was there.

    known_from  since when anybody could; None where nobody could in it
    planned     from then on, None where no roster has a shift in the whole time
    there       of crews on duty from then on, None where nobody could know
    to_come     planned after the instant that was looked from
    """

    known_from: datetime | None
    planned: float | None
    there: float | None
    to_come: float | None


def unit_hours(
    organisation_id: int,
    seen: Mapping[str, ResourceStanding],
    begin: datetime,
    end: datetime,
    at: datetime,
) -> UnitHours:
    """Planned and actual unit-hours from begin to end, as known at an instant. Five queries."""
    shifts = [value_of(row) for row in between(organisation_id, begin, end)]
    told = duties(organisation_id, seen, {each.call_sign for each in shifts}, begin, at)
    until = min(end, at)
    # A source may tell of times before it was first heard; what lies before both nobody knows.
    said = [first_heard(organisation_id) or at, *(each.began for each in told)]
    known_from = max(begin, min(said))

    def planned(since: datetime, to: datetime) -> float:
        return sum(hours_within(each.starts_at, each.ends_at, (since, to))[0] for each in shifts)

    if known_from >= until:
        return UnitHours(None, None, None, planned(until, end) if shifts else None)
    there = sum(hours_within(each.began, each.ended, (known_from, until))[0] for each in told)
    return UnitHours(
        known_from,
        planned(known_from, until) if shifts else None,
        there,
        planned(until, end) if shifts and until < end else None,
    )


def _spans(name: str, events: Iterable[AvailabilityEvent]) -> list[Duty]:
    spans = list[Duty]()
    for event in sorted(events, key=lambda each: each.occurred_at):
        lasting = spans and spans[-1].ended is None
        if event.status is Availability.BOOKING_ON and not lasting:
            spans.append(Duty(name, event.occurred_at, None))
        elif event.status is Availability.OFF and lasting:
            spans[-1] = Duty(name, spans[-1].began, event.occurred_at)
    return spans


def by_area(rows: Iterable[PlannedShift]) -> dict[str, list[PlannedShift]]:
    """Shifts by the name of their area."""
    found: dict[str, list[PlannedShift]] = defaultdict(list)
    for row in rows:
        found[row.area].append(row)
    return found
