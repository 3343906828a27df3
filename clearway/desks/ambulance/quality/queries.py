"""Reading findings back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Count, Q, QuerySet

from clearway.core.layout.times import LONDON, local
from clearway.core.people.reach import Sites
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.findings import Finding as Found

from ..facts import queries as facts
from ..incidents import queries as incidents
from .models import Finding, FindingCase

MOST = 50
J = JobStatus


def by_stream(organisation_id: int, streams: Collection[str]) -> dict[str, list[Found]]:
    """The findings of these streams, those of their own facts first. One query."""
    return _by_stream(Finding.objects.filter(organisation_id=organisation_id, stream__in=streams))


def of_positions(organisation_id: int, streams: Collection[str]) -> dict[str, list[Found]]:
    """What positions have shown of these streams. One query, none for none."""
    rows = Finding.objects.filter(organisation_id=organisation_id, stream__in=list(streams))
    return _by_stream(rows.filter(origin=Finding.Origin.POSITIONS)) if streams else {}


def of_facts(organisation_id: int, streams: Collection[str]) -> dict[str, list[Found]]:
    """What the facts of these streams alone show, in their order. One query."""
    rows = Finding.objects.filter(organisation_id=organisation_id, stream__in=streams)
    return _by_stream(rows.filter(origin=Finding.Origin.FACTS))


def _by_stream(rows: QuerySet[Finding]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = defaultdict(list)
    for row in rows.order_by("origin", "place"):
        found[row.stream].append(Found(row.code, row.what, row.evidence, row.proposed))
    return found


Beside = dict[tuple[str, str, str], tuple[str, datetime]]


def beside(organisation_id: int, streams: Collection[str]) -> Beside:
    """The value that stands beside what these streams say, while it does: what was agreed, else proposed.

    (stream, rule, field) -> "agreed" or "proposed", and the time. One query.
    """
    has_value = Q(agreed__isnull=False) | Q(proposed__isnull=False)
    rows = FindingCase.objects.filter(has_value, organisation_id=organisation_id, stream__in=streams)
    rows = rows.exclude(ended=FindingCase.Ended.SOURCE)
    found: Beside = {}
    fields = "stream", "code", "what", "proposed", "agreed"
    for stream, code, what, proposed, agreed in rows.values_list(*fields):
        value = agreed or proposed
        if value is not None:
            found[stream, code, what] = ("agreed" if agreed else "proposed", value)
    return found


def not_ended(organisation_id: int, streams: Collection[str]) -> list[tuple[str, datetime]]:
    """What people have not ended of what was found of these streams: its site and since when. One query."""
    rows = FindingCase.objects.filter(organisation_id=organisation_id, stream__in=streams, ended_at=None)
    return list(rows.values_list("site", "found_at"))


def of_assignments(
    organisation_id: int, keys: Iterable[str], known_by: datetime | None = None
) -> list[Finding]:
    """The newest findings on these assignments, at most 50; those known by an instant if one is given."""
    streams = [f"assignment:{key}" for key in keys]
    found = Finding.objects.filter(organisation_id=organisation_id, stream__in=streams)
    if known_by is not None:
        found = found.filter(known_at__lte=known_by)
    return list(found.order_by("-known_at", "stream", "place")[:MOST])


def newest(organisation_id: int, sites: Sites, code: str | None = None) -> QuerySet[Finding]:
    """Findings in reach of these sites, newest first; of one rule if given."""
    rows = _within(organisation_id, sites).order_by("-known_at", "stream", "place")
    return rows.filter(code=code) if code else rows


def by_rule(organisation_id: int, sites: Sites) -> dict[str, int]:
    """How many findings in reach of these sites there are of each rule, by code."""
    counted = _within(organisation_id, sites).values("code").annotate(n=Count("id"))
    return dict(counted.order_by("code").values_list("code", "n"))


def _within(organisation_id: int, sites: Sites) -> QuerySet[Finding]:
    """Every finding, or those on assignments that went to one of the sites.

    What belongs to no site (a resource, an unknown destination) is for those who see the whole region.
    """
    found = Finding.objects.filter(organisation_id=organisation_id)
    if sites is None:
        return found
    spoken_of = Q(stream__in=[f"hospital:{code}" for code in sites])
    return found.filter(spoken_of | Q(stream__in=incidents.streams_to(organisation_id, sites)))


def cases_by_rule(organisation_id: int, begin: datetime, end: datetime) -> list[tuple[str, int, int, int]]:
    """Of each rule: cases found in a time, ended in it, and open at its end. One query."""
    rows = FindingCase.objects.filter(organisation_id=organisation_id, found_at__lt=end)
    counted = rows.values_list("code").annotate(
        in_it=Count("pk", filter=Q(found_at__gte=begin)),
        settled=Count("pk", filter=Q(ended_at__gte=begin, ended_at__lt=end)),
        still=Count("pk", filter=Q(ended_at__isnull=True) | Q(ended_at__gte=end)),
    )
    return [row for row in counted.order_by("code") if any(row[1:])]


def blind_sources(organisation_id: int) -> list[str]:
    """The sources of positions that are silent, so that rules on positions cannot be checked. One query."""
    rows = Finding.objects.filter(organisation_id=organisation_id, code="HQ37")
    return [row.stream.partition(":")[2] for row in rows.order_by("stream")]


def unknown_days_back(organisation_id: int, at: datetime, most: int) -> int:
    """How many days ago the oldest day lies of which HQ33 stands; at most so many. One query."""
    rows = Finding.objects.filter(organisation_id=organisation_id, code="HQ33")
    days = [date.fromisoformat(each.rpartition(":")[2]) for each in rows.values_list("stream", flat=True)]
    backs = [back for day in days if (back := (local(at).date() - day).days) <= most]
    return max(backs, default=0)


def whole_days(at: datetime, count: int) -> list[date]:
    """The last whole local days before an instant, oldest first."""
    today = local(at).date()
    return [today - timedelta(days=back) for back in range(count, 0, -1)]


def week_of(day: date) -> date:
    """The Monday of the last whole week that ends on or before a day."""
    return day - timedelta(days=day.weekday() + (0 if day.weekday() == 6 else 7))


def whole_week(monday: date) -> tuple[datetime, datetime]:
    """From local midnight of a Monday to that of the next."""
    return midnight(monday), midnight(monday + timedelta(days=7))


def midnight(day: date) -> datetime:
    """The instant at which a local day begins."""
    return datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC)


def known_by_site_and_day(
    organisation_id: int, days: Sequence[date]
) -> dict[tuple[str, date], tuple[int, int]]:
    """(site, day) -> handovers known and unknown, of patients who came on these days and whose crew is clear.

    Only of sources that can know a handover. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.code, (a.at_hospital_at AT TIME ZONE 'Europe/London')::date,"
            " count(*) FILTER (WHERE a.stamps ? 'handover'),"
            " count(*) FILTER (WHERE NOT a.stamps ? 'handover' AND a.state = 'clear')"
            " FROM ambulance_assignment a JOIN core_site s ON s.id = a.destination_id"
            " JOIN core_source f ON f.organisation_id = a.organisation_id AND f.name = a.source"
            " WHERE a.organisation_id = %s AND a.at_hospital_at >= %s AND a.at_hospital_at < %s"
            " AND f.knows @> ARRAY['handover']::varchar[] GROUP BY 1, 2",
            [organisation_id, midnight(days[0]), midnight(days[-1] + timedelta(days=1))],
        )
        return {(code, day): (known, unknown) for code, day, known, unknown in cursor}


def waits_by_site(organisation_id: int, begin: datetime, end: datetime) -> dict[str, list[float]]:
    """Minutes from arrival to handover of who came in a period, by site. One query."""
    found: dict[str, list[float]] = defaultdict(list)
    codes = incidents.sites_of(organisation_id)
    for each in incidents.arrived_between(organisation_id, begin, end):
        arrived, over = each.stamps.get(J.AT_HOSPITAL), each.stamps.get(J.HANDOVER)
        if each.destination in codes and arrived and over and over >= arrived:
            found[codes[each.destination]].append((over - arrived).total_seconds() / 60)
    return found


def waits_by_user(organisation_id: int, begin: datetime, end: datetime) -> dict[tuple[str, str], list[float]]:
    """The same by who pressed the handover and where, for sources that say who. Two queries."""
    codes = incidents.sites_of(organisation_id)
    by_key = {each.key: each for each in incidents.arrived_between(organisation_id, begin, end)}
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for key, user in facts.who_pressed(organisation_id, "handover", begin, end + timedelta(days=1)):
        each = by_key.get(key)
        if each is None or each.destination not in codes or J.HANDOVER not in each.stamps:
            continue
        took = each.stamps[J.HANDOVER] - each.stamps[J.AT_HOSPITAL]
        if took >= timedelta(0):
            found[user, codes[each.destination]].append(took.total_seconds() / 60)
    return found
