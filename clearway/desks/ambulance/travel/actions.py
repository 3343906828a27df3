"""Entering road disruptions, ending them early, and taking them from a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.live.actions import announce
from clearway.core.organisation.models import Site
from clearway.domain.ambulance.disruptions import DisruptionKind
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.geography import Point, distance_km
from clearway.domain.shared.region import SiteKind
from clearway.interchange.datex2 import RoadRecord

from . import queries
from .models import RoadDisruption

SAME_AGAIN = timedelta(minutes=2)  # the same form sent twice so soon is one disruption
LONGEST = timedelta(days=31)
OUR_KM = 60.0  # records further than that from every hospital are not ours


@dataclass(frozen=True, slots=True)
class Entered:
    """A disruption as somebody enters it; place in words, distances in kilometres."""

    kind: DisruptionKind
    place: str
    centre: Point
    radius_km: float
    extra_minutes: float
    starts_at: datetime
    ends_at: datetime
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """What a file changed: disruptions entered anew, changed, ended, as they were, and too far away."""

    entered: int = 0
    changed: int = 0
    ended: int = 0
    same: int = 0
    elsewhere: int = 0


@transaction.atomic
def enter(wanted: Entered, *, organisation_id: int, by: Actor, at: datetime) -> RoadDisruption:
    """Enter a disruption; it is on every board at once. Sent twice within two minutes it is one.

    Raises NotAllowed.
    """
    check(wanted, at)
    again = RoadDisruption.objects.filter(
        organisation_id=organisation_id,
        kind=wanted.kind,
        place=wanted.place[:300],
        ended_at__isnull=True,
        entered_at__gt=at - SAME_AGAIN,
        reference=wanted.reference,
    ).first()
    if again and not wanted.reference:
        return again
    row = _insert(wanted, organisation_id, by, at)
    detail = {"kind": wanted.kind.value, "place": row.place, "until": wanted.ends_at.isoformat()}
    record(
        [Entry("travel.enter", f"disruption:{row.pk}", detail)],
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
    _tell(organisation_id, at)
    return row


def check(wanted: Entered, at: datetime) -> None:
    """Raises NotAllowed for a disruption that cannot be meant."""
    state, event = "as it stands", "Entering this disruption"
    if wanted.ends_at <= max(wanted.starts_at, at):
        raise NotAllowed(state, event, "It ends before it begins, or has ended already.")
    if wanted.ends_at - at > LONGEST:
        raise NotAllowed(state, event, "It lasts longer than 31 days; enter it again when that time is near.")
    if not (0 < wanted.radius_km <= 100 and 0 <= wanted.extra_minutes <= 600):
        raise NotAllowed(state, event, "The radius is up to 100 km and the extra time up to 600 minutes.")


@transaction.atomic
def end(key: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """End a disruption now. Ending one that is over changes nothing. Raises RoadDisruption.DoesNotExist."""
    row = RoadDisruption.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.ended_at is not None or row.ends_at <= at:
        return
    _end(row, by, at)
    _tell(organisation_id, at)


@transaction.atomic
def take(records: Iterable[RoadRecord], *, organisation_id: int, by: Actor, at: datetime) -> Import:
    """Bring the disruptions to what a file says; taking the same file again changes nothing.

    A record that the file names without an end or a delay gets the usual ones of its kind. Records that are
    over end theirs; what the file does not name stays as it is.
    """
    usual = queries.usual(organisation_id, at)
    hospitals = _hospitals(organisation_id)
    open_rows = {
        row.reference: row
        for row in RoadDisruption.objects.select_for_update()
        .filter(organisation_id=organisation_id, ended_at__isnull=True)
        .exclude(reference="")
    }
    counted = {"entered": 0, "changed": 0, "ended": 0, "same": 0, "elsewhere": 0}
    for each in records:
        row = open_rows.get(each.reference)
        wanted = _wanted(each, usual[each.kind], row, at)
        counted[_take_one(wanted, each.is_over, row, hospitals, organisation_id, by, at)] += 1
    if counted["entered"] or counted["changed"] or counted["ended"]:
        _tell(organisation_id, at)
    return Import(**counted)


def _wanted(each: RoadRecord, usual: queries.Usual, row: RoadDisruption | None, at: datetime) -> Entered:
    """A record with what it leaves open filled in; an end that was filled in before stays."""
    begins = max(each.starts_at, at)
    filled_in = row.ends_at if row else begins + timedelta(hours=usual.hours)
    return Entered(
        kind=each.kind,
        place=(each.words or each.reference)[:300],
        centre=each.centre,
        radius_km=min(each.radius_km, 100.0),
        extra_minutes=usual.extra_minutes
        if each.extra_minutes is None
        else min(max(each.extra_minutes, 0), 600),
        starts_at=each.starts_at,
        ends_at=min(each.ends_at or filled_in, at + LONGEST),
        reference=each.reference,
    )


def _take_one(
    wanted: Entered,
    is_over: bool,
    row: RoadDisruption | None,
    hospitals: list[Point],
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> str:
    over = is_over or wanted.ends_at <= max(at, wanted.starts_at)
    if row is None and (over or not is_ours(wanted.centre, wanted.radius_km, hospitals)):
        return "same" if over else "elsewhere"
    if row is not None and not over and _is_same(row, wanted, at):
        return "same"
    if row is not None:
        _end(row, by, at)
        if over:
            return "ended"
    made = _insert(wanted, organisation_id, by, at)
    detail = {"kind": wanted.kind.value, "place": wanted.place, "reference": wanted.reference}
    entry = Entry("travel.enter", f"disruption:{made.pk}", detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return "changed" if row else "entered"


def _is_same(row: RoadDisruption, wanted: Entered, at: datetime) -> bool:
    here = (row.kind, row.place, row.latitude, row.longitude, row.radius_km, row.extra_minutes, row.starts_at)
    there = (
        wanted.kind.value,
        wanted.place,
        *wanted.centre,
        wanted.radius_km,
        wanted.extra_minutes,
        wanted.starts_at,
    )
    # One that lasts longer than is kept is entered anew only when its kept end comes near.
    goes_on = wanted.ends_at == at + LONGEST and row.ends_at > at + timedelta(days=1)
    return here == there and (row.ends_at == wanted.ends_at or goes_on)


def is_ours(centre: Point, radius_km: float, hospitals: Iterable[Point]) -> bool:
    """Whether a disruption reaches to where it can matter to one of these hospitals."""
    return any(float(distance_km(*centre, *each)) <= OUR_KM + radius_km for each in hospitals)


def _hospitals(organisation_id: int) -> list[Point]:
    sites = Site.objects.filter(organisation_id=organisation_id).exclude(kind=SiteKind.STATION)
    return [Point(*each) for each in sites.values_list("latitude", "longitude")]


def _insert(wanted: Entered, organisation_id: int, by: Actor, at: datetime) -> RoadDisruption:
    return RoadDisruption.objects.create(
        organisation_id=organisation_id,
        kind=wanted.kind.value,
        place=wanted.place[:300],
        latitude=wanted.centre.latitude,
        longitude=wanted.centre.longitude,
        radius_km=wanted.radius_km,
        extra_minutes=wanted.extra_minutes,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        entered_at=at,
        entered_by=by.name[:150],
        reference=wanted.reference,
    )


def _end(row: RoadDisruption, by: Actor, at: datetime) -> None:
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    entry = Entry("travel.end", f"disruption:{row.pk}", {"place": row.place})
    record([entry], organisation_id=row.organisation_id, by=by, at=at)


def _tell(organisation_id: int, at: datetime) -> None:
    """Every hospital's expected arrivals may have changed."""
    sites = Site.objects.filter(organisation_id=organisation_id, kind=SiteKind.EMERGENCY_DEPARTMENT)
    announce("site", sites.values_list("code", flat=True), organisation_id=organisation_id, at=at)
