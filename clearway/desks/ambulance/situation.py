"""The only reading from tables into the frozen value that the engine takes."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import connection
from django.db.models import Q

from clearway.core.feeds.models import SILENT, Source
from clearway.core.feeds.queries import last_heard, switched_on
from clearway.domain.ambulance import availability as availability_axis
from clearway.domain.ambulance import hospitals as hospital_reports
from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.events import AvailabilityEvent, HospitalEvent
from clearway.domain.ambulance.hospitals import HospitalStanding
from clearway.domain.ambulance.situation import Around, Feed, Place, Situation, compose
from clearway.domain.ambulance.transitions import Assignment as Folded
from clearway.domain.ambulance.words import Availability, JobStatus
from clearway.domain.shared.geography import Point

from . import ground as grounds
from .advice.queries import Binding
from .facts import queries as facts
from .ground import Ground
from .incidents import queries as incidents
from .incidents.folding import fold_jobs
from .incidents.queries import LOOK_BACK
from .resources import queries as resources
from .resources.queries import Seen
from .snapshots import actions as keep_snapshots
from .snapshots import queries as snapshots

POSITION_LOOK_BACK = timedelta(hours=2)


class Rows(msgspec.Struct, frozen=True):
    """What a situation is read from, as values: the body of a snapshot."""

    assignments: tuple[Folded, ...]
    resources: tuple[ResourceStanding, ...]
    heard: dict[int, datetime] = {}  # source id -> its last word; raw batches go sooner than snapshots
    hospitals: tuple[HospitalStanding, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A situation with what it was read from: the ground, and what is said of each resource, by call sign."""

    situation: Situation
    ground: Ground
    seen: Mapping[str, Seen]

    def home_areas(self) -> dict[str, str]:
        """The area of each crew's station, by call sign; "" where nobody said the station, or knows it."""
        areas = self.ground.areas
        return {name: areas.get(each.standing.station or "", "") for name, each in self.seen.items()}


def read(organisation_id: int, at: datetime) -> Situation:
    """The situation as it stands. A fixed number of queries, whatever the size of the region."""
    return reading(organisation_id, at).situation


def reading(organisation_id: int, at: datetime) -> Reading:
    """The situation as it stands, with what it was read from.

    A process that reads again fetches only the rows that were written since (see core.live.remembered): six
    queries at most.
    """
    ground = grounds.now(organisation_id, at)
    seen = resources.seen_of_late(organisation_id, at)
    rows = Rows(
        incidents.open_or_at_hospital_of_late(organisation_id, at),
        tuple(each.standing for each in seen.values() if each.standing.availability),
        hospitals=ground.hospitals,
    )
    since = at - LOOK_BACK
    places = {name: each.place for name, each in seen.items() if each.place and each.place.at > since}
    feeds = [_feed(source, source.received_at) for source in _sources(organisation_id)]
    return Reading(_compose(at, rows, places, feeds, ground), ground, seen)


def as_known(organisation_id: int, at: datetime) -> Situation:
    """The situation as it was known at a past instant: the snapshot before it plus the facts known since."""
    return known_reading(organisation_id, at).situation


def known_reading(organisation_id: int, at: datetime) -> Reading:
    """The same with its ground. What was said of resources is left out."""
    ground = grounds.as_of(organisation_id, at)
    rows = _known_rows(organisation_id, at)
    received = rows.heard | last_heard(organisation_id, at)
    sources = _sources(organisation_id, switched_on(organisation_id, at))
    feeds = [_feed(source, received.get(source.pk)) for source in sources]
    return Reading(_compose(at, rows, _known_places(organisation_id, at), feeds, ground), ground, {})


def standings_as_known(organisation_id: int, at: datetime) -> tuple[ResourceStanding, ...]:
    """What the availability facts known at a past instant add up to, for everybody on shift then."""
    known = _known_rows(organisation_id, at).resources
    return tuple(each for each in known if each.availability not in (None, Availability.OFF))


def shown(organisation_id: int, at: datetime, known_at: datetime | None) -> Reading:
    """What a page shows: the present, or a past instant as it was known then."""
    return known_reading(organisation_id, known_at) if known_at else reading(organisation_id, at)


def take_snapshot(organisation_id: int, at: datetime) -> None:
    """Keep what is known now, so that later instants need only the facts known since. Once for an instant."""
    if snapshots.is_kept(organisation_id, at):
        return
    after_xid = facts.oldest_open_transaction()  # read first: what is still open then is read again later
    rows = _known_rows(organisation_id, at)
    rows = msgspec.structs.replace(rows, heard=rows.heard | last_heard(organisation_id, at))
    body = zlib.compress(msgspec.json.encode(rows, enc_hook=dict))
    keep_snapshots.keep(organisation_id, at, body, after_xid)


def _compose(
    at: datetime, rows: Rows, places: dict[str, Place], feeds: Sequence[Feed], ground: Ground
) -> Situation:
    return compose(
        at,
        [(site.code, site.name, site.point) for site in ground.sites],
        _relevant(rows.assignments, at),
        [each for each in rows.resources if each.availability is not Availability.OFF],
        places,
        feeds,
        {former: site.code for site in ground.sites for former in site.former_codes},
        Around(
            hospitals=rows.hospitals,
            bound=_bound(rows.assignments, ground.bound),
            passed=ground.passed,
            diverts=ground.diverts,
            disruptions=ground.disruptions,
        ),
    )


def _bound(assignments: Iterable[Folded], accepted: Mapping[str, Binding]) -> dict[str, str]:
    """Where crews are bound by advice: once a crew has left, only by what it was told on its way."""
    left = {each.key: each.stamps.get(JobStatus.LEFT_SCENE) for each in assignments if each.key in accepted}
    return {
        key: code
        for key, (code, told_at) in accepted.items()
        if (left_at := left.get(key)) is None or (told_at is not None and told_at > left_at)
    }


def _relevant(assignments: Iterable[Folded], at: datetime) -> list[Folded]:
    since = at - LOOK_BACK
    return [
        assignment
        for assignment in assignments
        if assignment.is_open or assignment.stamps.get(JobStatus.AT_HOSPITAL, since) > since
    ]


def _sources(organisation_id: int, on: Collection[int] | None = None) -> Iterable[Source]:
    """The sources that a picture rests on: those of these ids, or those enabled now."""
    chosen = Q(enabled=True) if on is None else Q(pk__in=on)
    return Source.objects.filter(chosen, organisation_id=organisation_id).exclude(kind__in=SILENT)


def _feed(source: Source, received_at: datetime | None) -> Feed:
    return Feed(
        source.name, source.kind, source.expected_interval_seconds, received_at, frozenset(source.knows)
    )


def _known_rows(organisation_id: int, at: datetime) -> Rows:
    snapshot = snapshots.before(organisation_id, at)
    if snapshot is None:
        after_xid, before, touched = (
            0,
            Rows((), ()),
            facts.streams_known(organisation_id, at - 2 * LOOK_BACK, at),
        )
    else:
        after_xid, body = snapshot
        before = msgspec.json.decode(zlib.decompress(body), type=Rows)
        touched = facts.streams_recorded(organisation_id, after_xid, at)
    folded_whole = [stream for stream in touched if not stream.startswith(("incident:", "hospital:"))]
    known_facts = facts.by_stream(organisation_id, folded_whole, known_by=at)
    assignments = {each.key: each for each in before.assignments}
    standings = {standing.call_sign: standing for standing in before.resources}
    for stream, known in known_facts.items():
        if stream.startswith("assignment:"):
            folded, _ = fold_jobs(known)
            assignments[folded.key] = folded
        else:
            standing, _ = availability_axis.fold(facts.of_kind(AvailabilityEvent, known))
            standings[standing.call_sign] = standing
    return Rows(
        tuple(_relevant((assignments[key] for key in sorted(assignments)), at)),
        tuple(standings[call_sign] for call_sign in sorted(standings)),
        before.heard,
        hospitals=_known_reports(organisation_id, before.hospitals, touched, after_xid, at),
    )


def _known_reports(
    organisation_id: int,
    before: Iterable[HospitalStanding],
    touched: Iterable[str],
    from_xid: int,
    at: datetime,
) -> tuple[HospitalStanding, ...]:
    """What hospitals had said: they speak for ever, so only what is newer than the snapshot is read."""
    spoken = [stream for stream in touched if stream.startswith("hospital:")]
    told = {standing.site: standing for standing in before}
    for known in facts.by_stream(organisation_id, spoken, at, from_xid).values():
        for fact in facts.of_kind(HospitalEvent, known):
            site = fact.event.site
            told[site] = hospital_reports.apply(told.get(site, HospitalStanding(site)), fact)
    return tuple(told[site] for site in sorted(told))


def _known_places(organisation_id: int, at: datetime) -> dict[str, Place]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (call_sign) call_sign, latitude, longitude, occurred_at"
            " FROM ambulance_position"
            " WHERE organisation_id = %s AND occurred_at > %s AND occurred_at <= %s AND known_at <= %s"
            " ORDER BY call_sign, occurred_at DESC",
            [organisation_id, at - POSITION_LOOK_BACK, at, at],
        )
        return {
            call_sign: Place(Point(latitude, longitude), occurred_at)
            for call_sign, latitude, longitude, occurred_at in cursor.fetchall()
        }
