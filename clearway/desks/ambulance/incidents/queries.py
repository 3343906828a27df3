"""Reading assignments as domain values."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from clearway.core.live.remembered import Remembered
from clearway.core.organisation.queries import site_by_code
from clearway.domain.ambulance.transitions import Assignment as Folded
from clearway.domain.ambulance.words import Category, JobState, JobStatus, ResourceKind
from clearway.domain.shared.geography import Point

from .models import Assignment, Incident

LOOK_BACK = timedelta(hours=24)
LONGEST_HANDOVER = 12 * 3600  # seconds; what lasted longer is doubtful


def open_or_at_hospital_of_late(organisation_id: int, at: datetime) -> tuple[Folded, ...]:
    """Assignments that are open, or that arrived at a hospital of late; by key. Two queries."""
    return tuple(_REMEMBERED.read(organisation_id, at).values())


def _current_rows(organisation_id: int, at: datetime) -> QuerySet[Assignment]:
    wanted = Q(is_open=True) | Q(at_hospital_at__gt=at - LOOK_BACK)
    return Assignment.objects.filter(wanted, organisation_id=organisation_id).order_by("key")


_FIELDS = (
    *("key", "incident", "call_sign", "state", "since", "kind", "category", "destination_code", "stamps"),
    "carer",
)


def _folded(values: Sequence[Any]) -> Folded:
    key, incident, call_sign, state, since, kind, category, code, stamps, carer = values
    return Folded(
        key=key,
        incident=incident,
        call_sign=call_sign,
        state=JobState(state),
        since=since,
        kind=ResourceKind(kind) if kind else None,
        category=Category(category) if category else None,
        destination=code,
        stamps={JobStatus(status): datetime.fromisoformat(at) for status, at in stamps.items()},
        carer=carer,
    )


_REMEMBERED = Remembered(_current_rows, "key", _FIELDS, _folded)


def scenes(organisation_id: int, keys: Collection[str]) -> dict[str, Point]:
    """Where each of these incidents was, for those whose place is known; one query."""
    rows = Incident.objects.filter(organisation_id=organisation_id, key__in=keys)
    return {
        key: Point(latitude, longitude)
        for key, latitude, longitude in rows.values_list("key", "latitude", "longitude")
        if latitude is not None and longitude is not None
    }


def allocations(
    organisation_id: int, call_signs: Collection[str], since: datetime
) -> dict[str, list[datetime]]:
    """When each of these crews was sent somewhere since then; by call sign. One query."""
    rows = Assignment.objects.filter(
        organisation_id=organisation_id, call_sign__in=call_signs, known_at__gt=since
    )
    found: dict[str, list[datetime]] = {}
    for call_sign, stamps in rows.values_list("call_sign", "stamps"):
        if JobStatus.ALLOCATED in stamps:
            found.setdefault(call_sign, []).append(datetime.fromisoformat(stamps[JobStatus.ALLOCATED]))
    return found


def by_key(organisation_id: int, keys: Collection[str]) -> dict[str, Folded]:
    """The assignments of these keys. One query."""
    rows = Assignment.objects.filter(organisation_id=organisation_id, key__in=keys)
    return {values[0]: _folded(values) for values in rows.values_list(*_FIELDS)}


def with_status(
    organisation_id: int, incidents: Collection[str], statuses: Collection[JobStatus]
) -> set[str]:
    """Those of these incidents of which some assignment has one of these statuses. One query."""
    rows = Assignment.objects.filter(
        organisation_id=organisation_id,
        incident__in=incidents,
        stamps__has_any_keys=[each.value for each in statuses],
    )
    return set(rows.values_list("incident", flat=True))


def lately(organisation_id: int, known_from: datetime) -> tuple[Folded, ...]:
    """The assignments that are open or of which something became known since then; by key. One query."""
    wanted = Q(is_open=True) | Q(known_at__gte=known_from)
    rows = Assignment.objects.filter(wanted, organisation_id=organisation_id).order_by("key")
    return tuple(_folded(values) for values in rows.values_list(*_FIELDS))


def changed(organisation_id: int, known_from: datetime) -> tuple[Folded, ...]:
    """The assignments of which something became known since then, open or not; by key. One query."""
    rows = Assignment.objects.filter(organisation_id=organisation_id, known_at__gte=known_from)
    return tuple(_folded(values) for values in rows.order_by("key").values_list(*_FIELDS))


def arrived_between(organisation_id: int, begin: datetime, end: datetime) -> tuple[Folded, ...]:
    """The assignments that came to a hospital from begin to before end; by key. One query."""
    return arrived_in(organisation_id, [(begin, end)])


def arrived_in(organisation_id: int, spans: Iterable[tuple[datetime, datetime]]) -> tuple[Folded, ...]:
    """The assignments that came to a hospital in any of these times, each from its begin to before its end.
    By key. One query."""
    in_one = Q(pk__in=())
    for begin, end in spans:
        in_one |= Q(at_hospital_at__gte=begin, at_hospital_at__lt=end)
    rows = Assignment.objects.filter(in_one, organisation_id=organisation_id)
    return tuple(_folded(values) for values in rows.order_by("key").values_list(*_FIELDS))


def ended_between(organisation_id: int, begin: datetime, end: datetime) -> tuple[Folded, ...]:
    """The assignments that came to where they stand from begin to before end; by key. One query."""
    rows = Assignment.objects.filter(organisation_id=organisation_id, since__gte=begin, since__lt=end)
    return tuple(_folded(values) for values in rows.order_by("key").values_list(*_FIELDS))


def sites_of(organisation_id: int) -> dict[str, str]:
    """Code of a site, present or former -> its present code. One query."""
    return {code: site.code for code, site in site_by_code(organisation_id).items()}


def site_names(organisation_id: int) -> dict[str, str]:
    """Present code of a site -> its name. One query."""
    return {site.code: site.name for site in site_by_code(organisation_id).values()}


@dataclass(frozen=True, slots=True)
class About:
    """What a finding on an assignment is shown with; no identity."""

    key: str
    incident: str
    call_sign: str
    site: str
    arrived: datetime | None
    since: datetime | None
    stamps: dict[str, str]


def about(organisation_id: int, keys: Collection[str]) -> dict[str, About]:
    """What is known of these assignments, by key. One query."""
    rows = Assignment.objects.filter(organisation_id=organisation_id, key__in=keys)
    fields = "key", "incident", "call_sign", "destination__code", "at_hospital_at", "since", "stamps"
    found: Any = rows.values_list(*fields)
    return {
        key: About(key, incident, call_sign, site or "", arrived, since, stamps)
        for key, incident, call_sign, site, arrived, since, stamps in found
    }


def at_site(organisation_id: int, key: str, site_code: str) -> Folded | None:
    """One open assignment, if its destination is this site."""
    rows = Assignment.objects.filter(
        organisation_id=organisation_id, key=key, is_open=True, destination__code=site_code
    )
    return next((_folded(values) for values in rows.values_list(*_FIELDS)), None)


def streams_to(organisation_id: int, sites: Collection[str]) -> QuerySet[Any, Any]:
    """The streams of every assignment whose destination is one of these sites, for a subquery."""
    there = Assignment.objects.filter(organisation_id=organisation_id, destination__code__in=sites)
    return there.annotate(stream=Concat(Value("assignment:"), "key")).values_list("stream", flat=True)


WAITS_AT_MOST = timedelta(hours=12)
NO_CREW_WANTED = (Category.C5,)  # answered by telephone


def without_a_crew(organisation_id: int, at: datetime) -> list[tuple[str, Category, Point, datetime]]:
    """Open incidents to which nobody has been sent: key, category, place and when they were given it.

    One query. Those without a place are left out, as nobody can be sent there.
    """
    rows = _held(organisation_id, at).filter(latitude__isnull=False, longitude__isnull=False)
    fields = "key", "category", "latitude", "longitude", "category_set_at"
    found: Any = rows.order_by("category_set_at", "key").values_list(*fields)
    return [
        (key, Category(category), Point(latitude, longitude), since)
        for key, category, latitude, longitude, since in found
        if category not in NO_CREW_WANTED
    ]


def places_between(organisation_id: int, since: datetime, until: datetime) -> list[Point]:
    """Where the incidents were whose calls connected between two instants, of those located. One query."""
    rows = Incident.objects.filter(
        organisation_id=organisation_id,
        call_connect_at__gte=since,
        call_connect_at__lt=until,
        latitude__isnull=False,
        longitude__isnull=False,
    ).exclude(category__in=NO_CREW_WANTED)
    found: Any = rows.values_list("latitude", "longitude")
    return [Point(latitude, longitude) for latitude, longitude in found]


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an incident is, and what is known of its patient without identity."""

    position: Point | None
    age: int | None


def scenes_said(organisation_id: int, keys: Collection[str]) -> dict[str, Scene]:
    """What is known of each of these incidents, for those that a call speaks of. One query."""
    found = Incident.objects.filter(organisation_id=organisation_id, key__in=keys)
    return {
        key: Scene(None if latitude is None or longitude is None else Point(latitude, longitude), age)
        for key, latitude, longitude, age in found.values_list("key", "latitude", "longitude", "patient_age")
    }


def crews_of(organisation_id: int, incident: str) -> list[str]:
    """The crews that were sent to an incident, who holds it still first, then the newest. One query."""
    rows = Assignment.objects.filter(organisation_id=organisation_id, incident=incident)
    return list(rows.order_by("-is_open", "-known_at").values_list("call_sign", flat=True))


def held(organisation_id: int, at: datetime) -> dict[Category, int]:
    """Open incidents to which nobody has been sent, counted by category. One query."""
    counted = _held(organisation_id, at).values_list("category").annotate(Count("pk")).order_by()
    return {Category(category): number for category, number in counted}


def _held(organisation_id: int, at: datetime) -> QuerySet[Incident]:
    sent = Assignment.objects.filter(organisation_id=organisation_id, incident=OuterRef("key"))
    return Incident.objects.filter(
        ~Exists(sent),
        organisation_id=organisation_id,
        closed_at__isnull=True,
        category__isnull=False,
        category_set_at__gt=at - WAITS_AT_MOST,
        category_set_at__lte=at,
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """One sending of a crew: its key, incident and state, and when it began.

    is_moved  all of it stands in another job now
    """

    key: str
    incident: str
    state: JobState
    began_at: datetime
    stamps: Mapping[JobStatus, datetime]

    @property
    def is_moved(self) -> bool:
        return self.state is JobState.STOOD_DOWN and not self.stamps


def sent(organisation_id: int, call_sign: str, since: datetime) -> list[Sent]:
    """Every sending of one crew of which something is known since an instant, oldest first. One query."""
    rows = Assignment.objects.filter(organisation_id=organisation_id, call_sign=call_sign, known_at__gt=since)
    found = []
    for key, incident, state, began, stamps in rows.values_list(
        "key", "incident", "state", "since", "stamps"
    ):
        told = {JobStatus(status): datetime.fromisoformat(at) for status, at in stamps.items()}
        found.append(
            Sent(
                key,
                incident,
                JobState(state),
                min([*told.values(), *([began] if began else [])], default=since),
                told,
            )
        )
    return sorted(found, key=lambda each: (each.began_at, each.key))


def sex_and_age(organisation_id: int, keys: Collection[str]) -> dict[str, tuple[str | None, int | None]]:
    """Sex and age of the patients of these incidents: operational, no identity. One query."""
    rows = Incident.objects.filter(organisation_id=organisation_id, key__in=keys)
    return {key: (sex, age) for key, sex, age in rows.values_list("key", "patient_sex", "patient_age")}


@dataclass(frozen=True, slots=True)
class Run:
    """One incident of a day as its crews went through it, without identity.

    at_scene  when the first crew was there; crews_at_scene  how many were
    """

    category: Category | None
    clock_start: datetime | None
    at_scene: datetime | None
    crews_at_scene: int
    conveyed: bool
    closed_at: datetime | None
    connect: datetime | None
    answer: datetime | None


def runs(organisation_id: int, since: datetime, at: datetime) -> list[Run]:
    """The incidents whose clock, or call, began in a time. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.category, i.clock_start_at, min((a.stamps->>'at_scene')::timestamptz),"
            " count(*) FILTER (WHERE a.stamps ? 'at_scene'),"
            " COALESCE(bool_or(a.stamps ? 'left_scene' OR a.stamps ? 'at_hospital'), FALSE),"
            " i.closed_at, i.call_connect_at, i.call_answer_at"
            " FROM ambulance_incident i LEFT JOIN ambulance_assignment a"
            "  ON a.organisation_id = i.organisation_id AND a.incident = i.key"
            " WHERE i.organisation_id = %s"
            "  AND COALESCE(i.clock_start_at, i.category_set_at, i.call_connect_at) > %s"
            "  AND COALESCE(i.clock_start_at, i.category_set_at, i.call_connect_at) <= %s"
            " GROUP BY i.id",
            [organisation_id, since, at],
        )
        return [Run(Category(category) if category else None, *rest) for category, *rest in cursor]


def handovers_by_day(
    organisation_id: int, begin: datetime, end: datetime
) -> dict[date, tuple[int, int, int]]:
    """Local day of arrival -> handovers known, their seconds, and those longer than 30 minutes. One query.

    Counted as domain.ambulance.handover_month counts, but for times that people have agreed since.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (at_hospital_at AT TIME ZONE 'Europe/London')::date, count(*), sum(took)::bigint,"
            " count(*) FILTER (WHERE took > 1800) FROM (SELECT at_hospital_at,"
            "  extract(epoch FROM (stamps->>'handover')::timestamptz - at_hospital_at)::int AS took"
            "  FROM ambulance_assignment WHERE organisation_id = %s"
            "  AND at_hospital_at >= %s AND at_hospital_at < %s AND stamps ? 'handover') AS taken"
            " WHERE took BETWEEN 0 AND %s GROUP BY 1",
            [organisation_id, begin, end, LONGEST_HANDOVER],
        )
        return {day: (count, seconds, over) for day, count, seconds, over in cursor}


def lost_by_day(organisation_id: int, begin: datetime, end: datetime, standard: float) -> dict[date, float]:
    """Local day of arrival -> seconds beyond a standard, in minutes, of the same handovers. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (at_hospital_at AT TIME ZONE 'Europe/London')::date, sum(greatest(0, took - %s))"
            " FROM (SELECT at_hospital_at,"
            "  extract(epoch FROM (stamps->>'handover')::timestamptz - at_hospital_at)::int AS took"
            "  FROM ambulance_assignment WHERE organisation_id = %s"
            "  AND at_hospital_at >= %s AND at_hospital_at < %s AND stamps ? 'handover') AS taken"
            " WHERE took BETWEEN 0 AND %s GROUP BY 1",
            [standard * 60, organisation_id, begin, end, LONGEST_HANDOVER],
        )
        return {day: float(seconds) for day, seconds in cursor}


def responses_by_day(
    organisation_id: int, begin: datetime, end: datetime
) -> dict[tuple[date, Category], tuple[int, float, int]]:
    """(local day, category) -> responses, their minutes, and all incidents, reached or not. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, category, count(took), coalesce(sum(took), 0), count(*) FROM ("
            " SELECT (COALESCE(i.clock_start_at, i.category_set_at, i.call_connect_at)"
            "   AT TIME ZONE 'Europe/London')::date AS day, i.category,"
            "  (SELECT extract(epoch FROM min((a.stamps->>'at_scene')::timestamptz) - i.clock_start_at) / 60"
            "   FROM ambulance_assignment a WHERE a.organisation_id = i.organisation_id"
            "   AND a.incident = i.key AND a.stamps ? 'at_scene'"
            "   HAVING min((a.stamps->>'at_scene')::timestamptz) >= i.clock_start_at) AS took"
            " FROM ambulance_incident i WHERE i.organisation_id = %s AND i.category IS NOT NULL"
            "  AND COALESCE(i.clock_start_at, i.category_set_at, i.call_connect_at) > %s"
            "  AND COALESCE(i.clock_start_at, i.category_set_at, i.call_connect_at) <= %s) AS each"
            " GROUP BY 1, 2",
            [organisation_id, begin, end],
        )
        return {
            (day, Category(category)): (reached, float(minutes), count)
            for day, category, reached, minutes, count in cursor
        }


def oldest_held(organisation_id: int, at: datetime) -> dict[Category, datetime]:
    """Since when the oldest open incident of each category waits for a crew. One query."""
    rows = _held(organisation_id, at).values_list("category").annotate(Min("category_set_at")).order_by()
    return {Category(category): since for category, since in rows}
