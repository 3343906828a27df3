"""Reading the waiting list."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Avg, Count, Exists, F, Min, OuterRef, Prefetch, Q, QuerySet, Value

from clearway.core.layout.times import LONDON, local
from clearway.core.organisation.models import Site
from clearway.engine.outpatients.capacity import DEMAND_DAYS, HORIZON_DAYS, Seats, seats

from ..patients import queries as patients
from .models import Contact, Entry, in_order

ROWS = 50
STEP_HOLDS = timedelta(days=14)  # an invitation older than this is no next step
STEPS = ("invitation", "reminder", "offer")
Queue = tuple[int, str]  # service and kind: who waits in one line


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of the list; "" and None for anything.

    site     code of a site that the patient can come to
    need     kind of access or communication need
    over     who has waited longer than so many days
    booked   with those that have an appointment
    """

    service: int | None = None
    site: str = ""
    priority: str = ""
    kind: str = ""
    need: str = ""
    breached: bool = False
    over: int | None = None
    no_step: bool = False
    booked: bool = False


def chosen(filters: Filters, organisation_id: int, at: datetime) -> QuerySet[Entry]:
    """The entries that are asked for, in no order."""
    rows = Entry.objects.filter(organisation_id=organisation_id)
    rows = rows.filter(state__in=("waiting", "booked")) if filters.booked else rows.filter(state="waiting")
    if filters.service is not None:
        rows = rows.filter(service_id=filters.service)
    if filters.priority:
        rows = rows.filter(priority=filters.priority)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.site:
        rows = rows.filter(Q(patient__sites=[]) | Q(patient__sites__contains=[filters.site]))
    if filters.need:
        needs: Any = Entry._meta.get_field("patient").related_model._meta.get_field("needs").related_model
        own = needs.objects.filter(patient=OuterRef("patient"), kind=filters.need, ended_at=None)
        rows = rows.filter(
            Q(Exists(own)) | Q(patient_id__in=patients.who_need(organisation_id, filters.need))
        )
    if filters.breached:
        rows = rows.filter(treat_by__lt=local(at).date())
    if filters.over is not None:
        rows = rows.filter(waits_from__lt=local(at).date() - timedelta(days=filters.over))
    return _without_step(rows, at) if filters.no_step else rows


def _without_step(rows: QuerySet[Entry], at: datetime) -> QuerySet[Entry]:
    reached = Contact.objects.filter(entry=OuterRef("pk"), purpose__in=STEPS, at__gt=at - STEP_HOLDS)
    today = local(at).date()
    return rows.filter(~Exists(reached), Q(due_on=None) | Q(due_on__lte=today), state="waiting")


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of the list.

    total   of all that were asked for
    needs, flags  patient -> what holds of them, under whichever record of theirs
    places  entry -> place in its line, for those that wait
    ahead   line -> its free seats
    """

    rows: tuple[Entry, ...]
    number: int
    total: int
    places: Mapping[int, int]
    ahead: Mapping[Queue, Seats]
    needs: Mapping[int, Sequence[Any]]
    flags: Mapping[int, Sequence[Any]]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS))


def ptl(filters: Filters, number: int, *, organisation_id: int, at: datetime) -> Page:
    """One page of the list, by clinical priority, treat-by and wait. A fixed number of queries."""
    asked = chosen(filters, organisation_id, at)
    total = asked.count()
    number = max(1, min(number, -(-total // ROWS) or 1))
    keys = list(asked.order_by(*in_order()).values_list("pk", flat=True)[(number - 1) * ROWS : number * ROWS])
    rows = with_people(Entry.objects.filter(pk__in=keys).order_by(*in_order()))
    waiting = [row for row in rows if row.state == "waiting"]
    return Page(
        tuple(rows),
        number,
        total,
        places({(row.service_id, row.kind) for row in waiting}, [row.pk for row in waiting], organisation_id),
        free_seats(organisation_id, local(at).date()),
        *_held(rows),
    )


def alone(row: Entry) -> Page:
    """One entry by itself, without its place in the line. Four queries."""
    return Page((row,), 1, 1, {}, {}, *_held([row]))


def _held(rows: Collection[Entry]) -> tuple[dict[int, list[Any]], dict[int, list[Any]]]:
    """Needs and flags of the patients of some entries. Four queries."""
    people = {row.patient_id for row in rows}
    return patients.needs_of(people), patients.flags_of(people)


def with_people(rows: QuerySet[Entry]) -> list[Entry]:
    """The entries with what a line shows: patient, last contact, next appointment."""
    return list(
        rows.select_related("patient", "service", "pathway", "referral").prefetch_related(
            Prefetch("contacts", Contact.objects.order_by("-at", "-id")),
            "appointments__slot__session__room__site",
        )
    )


def listed(keys: Collection[int], rows: QuerySet[Entry] | None = None) -> dict[int, Entry]:
    """Entries by id, with patient and service: of all, or of these rows. One query."""
    found = (Entry.objects.all() if rows is None else rows).filter(pk__in=keys)
    return {row.pk: row for row in found.select_related("patient__merged_into", "service")}


def places(queues: Collection[Queue], keys: Collection[int], organisation_id: int) -> dict[int, int]:
    """Entry -> its place in its line, 1 for the next. One pass over the index of those lines."""
    if not keys:
        return {}
    services, kinds = zip(*sorted(queues), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [organisation_id, sorted(set(services)), sorted(set(kinds)), sorted(keys)])
        return dict(cursor.fetchall())


PLACES = """
SELECT id, place FROM (
    SELECT id, row_number() OVER (
        PARTITION BY service_id, kind
        ORDER BY priority DESC, treat_by ASC NULLS LAST, waits_from ASC NULLS LAST, id
    ) AS place
    FROM outpatients_entry
    WHERE organisation_id = %s AND state = 'waiting' AND service_id = ANY(%s) AND kind = ANY(%s)
) line WHERE id = ANY(%s)
"""

FREE = """
SELECT session.service_id, slot.kind, (slot.starts_at AT TIME ZONE 'Europe/London')::date,
       sum(slot.seats), sum(slot.seats - coalesce(taken.count, 0)) FILTER (WHERE slot.blocked = '')
FROM outpatients_slot slot
JOIN outpatients_session session ON session.id = slot.session_id AND session.state = 'open'
LEFT JOIN (
    SELECT slot_id, count(*) FROM outpatients_appointment
    WHERE organisation_id = %(organisation)s AND starts_at >= %(start)s AND starts_at < %(end)s
      AND state IN ('held', 'booked', 'arrived', 'attended', 'missed')
    GROUP BY slot_id
) taken ON taken.slot_id = slot.id
WHERE slot.organisation_id = %(organisation)s AND slot.starts_at >= %(start)s AND slot.starts_at < %(end)s
GROUP BY 1, 2, 3
"""


def midnight(day: date) -> datetime:
    """When a day begins in London."""
    return datetime(day.year, day.month, day.day, tzinfo=LONDON)


def free_seats(organisation_id: int, today: date) -> dict[Queue, Seats]:
    """Line -> the free seats of open clinics from tomorrow on, over the horizon. One query."""
    tomorrow = today + timedelta(days=1)
    span = {"start": midnight(tomorrow), "end": midnight(tomorrow + timedelta(days=HORIZON_DAYS))}
    free: dict[Queue, list[tuple[date, int]]] = defaultdict(list)
    planned: dict[Queue, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(FREE, {"organisation": organisation_id, **span})
        for service, kind, day, all_seats, left in cursor.fetchall():
            planned[service, kind] += int(all_seats)
            free[service, kind].append((day, int(left or 0)))
    return {queue: seats(days, planned[queue], today=tomorrow) for queue, days in free.items()}


def every(organisation_id: int) -> QuerySet[Entry]:
    """Every entry of the trust's lists, for who tells other systems of them."""
    return Entry.objects.filter(organisation_id=organisation_id)


def every_contact(organisation_id: int) -> QuerySet[Contact]:
    """Every attempt of the trust to reach a patient, for who tells other systems of them."""
    return Contact.objects.filter(organisation_id=organisation_id)


def to_book(patient_ids: Collection[int], organisation_id: int) -> list[Entry]:
    """What these records wait for with nothing booked, the first to come first. One query."""
    rows = Entry.objects.filter(organisation_id=organisation_id, patient_id__in=patient_ids, state="waiting")
    return list(rows.order_by(*in_order()))


def entry(entry_id: int, organisation_id: int) -> Entry:
    """One entry with its people. Raises Entry.DoesNotExist."""
    rows = with_people(Entry.objects.filter(pk=entry_id, organisation_id=organisation_id))
    if not rows:
        raise Entry.DoesNotExist(f"There is no entry {entry_id}.")
    return rows[0]


def services(organisation_id: int) -> list[tuple[int, str]]:
    """Key and name of every service that is open, by name."""
    model: Any = Entry._meta.get_field("service").related_model
    rows = model.objects.filter(organisation_id=organisation_id, is_open=True).order_by("name")
    return list(rows.values_list("pk", "name"))


@dataclass(frozen=True, slots=True)
class Demand:
    """One line in numbers: who waits, since when, and what came in over the last weeks.

    oldest, mean_days  of those who wait already; a follow-up that is not due yet does not
    """

    service: int
    kind: str
    waiting: int
    oldest: date | None
    mean_days: float | None
    came: int


def demand(organisation_id: int, at: datetime) -> list[Demand]:
    """Every line that somebody waits in or joined lately. Two queries."""
    today = local(at).date()
    rows = Entry.objects.filter(organisation_id=organisation_id)
    since = midnight(today - timedelta(days=DEMAND_DAYS))
    came = {
        (row["service"], row["kind"]): row["count"]
        for row in rows.filter(added_at__gte=since)
        .exclude(why__in=("duplicate", "error"))
        .values("service", "kind")
        .annotate(count=Count("pk"))
    }
    due = Q(waits_from__lte=today)
    waiting = {
        (row["service"], row["kind"]): row
        for row in rows.filter(state="waiting")
        .values("service", "kind")
        .annotate(
            count=Count("pk"),
            oldest=Min("waits_from", filter=due),
            mean=Avg(Value(today) - F("waits_from"), filter=due),
        )
    }
    return [_demand(queue, waiting.get(queue), came.get(queue, 0)) for queue in sorted(waiting.keys() | came)]


def _demand(queue: Queue, row: Mapping[str, Any] | None, came: int) -> Demand:
    if row is None:
        return Demand(*queue, 0, None, None, came)
    mean = row["mean"]
    days = mean.total_seconds() / 86400 if isinstance(mean, timedelta) else mean
    return Demand(*queue, row["count"], row["oldest"], None if days is None else float(days), came)


def ids(rows: Iterable[Entry]) -> list[int]:
    return [row.pk for row in rows]


def sites(organisation_id: int) -> list[tuple[str, str]]:
    """Code and name of every site with a room for clinics, by name."""
    rows = Site.objects.filter(organisation_id=organisation_id, rooms__isnull=False)
    return list(rows.order_by("name").values_list("code", "name").distinct())
