"""Months of handovers: as they stand, as they were frozen, what changed since, and what looks like gaming."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.ambulance.handover_month import Change, Counted, Figures, by_site, changes, counted
from clearway.domain.ambulance.quality_trends import Heap, heaps
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.errors import NotAllowed

from ..incidents import queries as incidents
from . import queries
from .models import FindingCase, HandoverMonth
from .policy import limits, queue_policy

J = JobStatus
SHOWN = 12  # months in the list
MOVED = timedelta(days=7)  # by so much an arrival may have been corrected since its case was opened
NAMED = 50  # critical findings named in a frozen month
TIMES = {J.AT_HOSPITAL.value: J.AT_HOSPITAL, J.HANDOVER.value: J.HANDOVER}


@dataclass(frozen=True, slots=True)
class Month:
    """One month. figures  as they stand now; frozen  the newest revision, if any; changed  since then

    published_on  the day on which it is frozen
    bars          open findings of it by severity; critical  the keys of the critical ones, 50 at most
    """

    begins: date
    figures: Mapping[str, Figures]
    frozen: HandoverMonth | None
    changed: list[Change]
    published_on: date
    bars: Mapping[str, int]
    critical: list[int]


def first_day(at: datetime, back: int = 0) -> date:
    """The first day of the local month so many months before an instant."""
    there = local(at).date()
    months = there.year * 12 + there.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def after(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=32)).replace(day=1)


def span(month: date) -> tuple[datetime, datetime]:
    """From local midnight of its first day to that of the next month."""
    return queries.midnight(month), queries.midnight(after(month))


def standing(organisation_id: int, month: date, at: datetime) -> Month:
    """A month as it stands. Nine queries."""
    frozen = newest(organisation_id, month)
    now = by_site(counted_between(organisation_id, *span(month), at))
    policy = queue_policy(organisation_id, at)
    open_rows = FindingCase.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    begin, end = span(month)
    open_rows = open_rows.filter(happened_at__gte=begin, happened_at__lt=end)
    bars = dict(open_rows.values_list("severity").annotate(Count("pk")).order_by())
    critical = open_rows.filter(severity="critical").order_by("happened_at", "pk")[:NAMED]
    return Month(
        begins=month,
        figures=now,
        frozen=frozen,
        changed=changes(frozen.figures, now) if frozen else [],
        published_on=after(month) + timedelta(days=policy.months_published),
        bars=bars,
        critical=[case.pk for case in critical],
    )


def newest(organisation_id: int, month: date) -> HandoverMonth | None:
    """The newest revision of a month. One query."""
    rows = HandoverMonth.objects.filter(organisation_id=organisation_id, month=month)
    return rows.order_by("-revision").first()


def revisions(organisation_id: int, month: date) -> list[HandoverMonth]:
    """Every revision, newest first. One query."""
    rows = HandoverMonth.objects.filter(organisation_id=organisation_id, month=month)
    return list(rows.order_by("-revision"))


def listed(organisation_id: int, at: datetime) -> list[tuple[date, HandoverMonth | None]]:
    """The last months, newest first, each with its newest revision. One query."""
    months = [first_day(at, back) for back in range(SHOWN)]
    rows = HandoverMonth.objects.filter(organisation_id=organisation_id, month__in=months)
    frozen = {row.month: row for row in rows.order_by("revision")}
    return [(month, frozen.get(month)) for month in months]


def counted_between(organisation_id: int, begin: datetime, end: datetime, at: datetime) -> list[Counted]:
    """How each arrival of a time counts, with the times that people recorded as changed at the source.

    Such a time stands in for the one it was recorded against; once the source says another, that one counts.
    """
    codes = incidents.sites_of(organisation_id)
    ended = FindingCase.objects.filter(
        happened_at__gte=begin - MOVED,
        happened_at__lt=end + MOVED,
        organisation_id=organisation_id,
        ended=FindingCase.Ended.PERSON,
        agreed__isnull=False,
        what__in=TIMES,
        stream__startswith="assignment:",
    )
    agreed: dict[str, dict[JobStatus, FindingCase]] = {}
    for case in ended.order_by("ended_at"):
        agreed.setdefault(case.stream.partition(":")[2], {})[TIMES[case.what]] = case
    longest = limits(organisation_id, at).absurd_handover * 60
    found = []
    for each in incidents.arrived_between(organisation_id, begin, end):
        stands = {
            status: case.agreed
            for status, case in agreed.get(each.key, {}).items()
            if case.agreed is not None and each.stamps.get(status) == case.original
        }
        row = counted(each, codes.get(each.destination or "", ""), stands, longest)
        if row is not None:
            found.append(row)
    return found


def _kept(**fields: Any) -> HandoverMonth:
    """The revision, unless a colleague's has just taken its number. Raises NotAllowed."""
    try:
        with transaction.atomic():
            return HandoverMonth.objects.create(**fields)
    except IntegrityError:
        why = "A colleague has just frozen it. Look at the month again."
        raise NotAllowed("frozen", "Freezing this month", why) from None


@transaction.atomic
def freeze(organisation_id: int, month: date, signed: str, *, by: Actor, at: datetime) -> HandoverMonth:
    """Freeze a month, or a revision of it with what changed. Only people do. Raises NotAllowed.

    signed  why, where critical findings of it are open; else it is not publishable
    """
    what = "Freezing this month"
    if by.user_id is None:
        raise NotAllowed("nobody", what, "Only a person freezes a month.")
    if after(month) > local(at).date():
        raise NotAllowed("runs", what, "The month is not over.")
    stands = standing(organisation_id, month, at)
    if stands.frozen is None and local(at).date() < stands.published_on:
        raise NotAllowed("early", what, f"It is frozen from {stands.published_on:%-d %B %Y} on.")
    if stands.frozen is not None and not stands.changed:
        raise NotAllowed("same", what, "Nothing has changed since it was frozen.")
    if stands.critical and not signed.strip():
        why = "Critical findings are open. End them, or say why it is published all the same."
        raise NotAllowed("critical", what, why)
    row = _kept(
        organisation_id=organisation_id,
        month=month,
        revision=stands.frozen.revision + 1 if stands.frozen else 1,
        frozen_at=at,
        frozen_by=by.name,
        figures={site: asdict(each) for site, each in stands.figures.items()},
        open_findings={"counts": dict(stands.bars), "critical": stands.critical},
        signed=signed.strip()[:300] if stands.critical else "",
        changes=[asdict(each) for each in stands.changed],
    )
    detail: dict[str, Any] = {"revision": row.revision, "signed": row.signed, "changes": len(row.changes)}
    entry = Entry("quality.freeze", f"month:{month:%Y-%m}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


@dataclass(frozen=True, slots=True)
class Gaming:
    """What looks as if times were made to fit. heaps  (site or person's key, at which site, heap)

    crossing  changes of a time that move a wait below a limit, by site: how many, and how many still open
    """

    heaps: list[tuple[str, str, Heap]]
    crossing: list[tuple[str, int, int]]


def gaming(organisation_id: int, month: date, at: datetime) -> Gaming:
    """Waits of a month that heap before a limit, by site and by person, and changes across one."""
    begin, end = span(month)
    rules = limits(organisation_id, at)
    found = [
        ("", site, heap)
        for site, minutes in sorted(queries.waits_by_site(organisation_id, begin, end).items())
        for heap in heaps(minutes, rules)
    ]
    found += [
        (user, site, heap)
        for (user, site), minutes in sorted(queries.waits_by_user(organisation_id, begin, end).items())
        for heap in heaps(minutes, rules)
    ]
    cases = FindingCase.objects.filter(
        organisation_id=organisation_id, code="HQ31", happened_at__gte=begin, happened_at__lt=end
    )
    every = dict(cases.values_list("site").annotate(Count("pk")).order_by())
    still = dict(cases.filter(ended_at__isnull=True).values_list("site").annotate(Count("pk")).order_by())
    crossing = [(site, count, still.get(site, 0)) for site, count in sorted(every.items())]
    return Gaming(found, crossing)
