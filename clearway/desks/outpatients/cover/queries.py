"""Reading who covers what, who is away, and what nobody covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from clearway.core.layout.times import local
from clearway.core.people.models import User
from clearway.core.people.queries import holding
from clearway.domain.outpatients import cover as rules
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS

from .models import Absence, OfficePost, StandIn

OFFICE_ROLES = ("outpatient_team_leader", "outpatient_coordinator", "junior_coordinator", "receptionist")
AHEAD = 14  # days for which the cover is looked at


def staff(organisation_id: int, at: datetime) -> QuerySet[User]:
    """Everybody who works in the office now, by name."""
    return holding(organisation_id, OFFICE_ROLES, at)


def posts(organisation_id: int) -> list[OfficePost]:
    """The posts that go on, by name. One query."""
    rows = OfficePost.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    return list(rows.select_related("holder", "deputy"))


def absences(organisation_id: int, first: date) -> list[Absence]:
    """Who is or will be away, granted or asked for, from a day on; soonest first. One query."""
    rows = Absence.objects.filter(organisation_id=organisation_id, ends_on__gte=first)
    return list(rows.exclude(decided=False).select_related("user"))


def away(organisation_id: int, on: date) -> set[int]:
    """Who is away on a day. One query."""
    rows = Absence.objects.filter(
        organisation_id=organisation_id, decided=True, starts_on__lte=on, ends_on__gte=on
    )
    return set(rows.values_list("user_id", flat=True))


def present(organisation_id: int, at: datetime) -> list[User]:
    """Who works in the office and is not away today. Two queries."""
    absent = away(organisation_id, local(at).date())
    return [each for each in staff(organisation_id, at) if each.pk not in absent]


def days(first: date, count: int = AHEAD) -> list[date]:
    """The days from `first` on that are no bank holidays."""
    every = [first + timedelta(days=number) for number in range(count)]
    return [each for each in every if each not in BANK_HOLIDAYS]


def plan(
    organisation_id: int, on: Sequence[date], *, with_absence: Absence | None = None
) -> list[rules.Place]:
    """Who covers each post on each of these days. Three queries.

    with_absence  one that is not granted, as if it were
    """
    if not on:
        return []
    granted = Absence.objects.filter(
        organisation_id=organisation_id, decided=True, starts_on__lte=on[-1], ends_on__gte=on[0]
    )
    known = [*granted, *([with_absence] if with_absence else [])]
    gone = [rules.Absence(each.user_id, each.starts_on, each.ends_on) for each in known]
    named = StandIn.objects.filter(post__organisation_id=organisation_id, on__in=on)
    stand_ins = {(row.post_id, row.on): row.user_id for row in named}
    return rules.plan([value(row) for row in posts(organisation_id)], gone, stand_ins, on)


def value(row: OfficePost) -> rules.Post:
    return rules.Post(row.pk, frozenset(row.weekdays), row.holder_id, row.deputy_id)


def gaps(organisation_id: int, at: datetime) -> list[rules.Place]:
    """What nobody covers in the next two weeks, soonest first. Three queries."""
    found = plan(organisation_id, days(local(at).date()))
    return sorted((each for each in found if each.person is None), key=lambda each: (each.on, each.post))


def gaps_made(row: Absence) -> list[rules.Place]:
    """What nobody would cover if this absence were granted, and somebody covers now. Six queries."""
    on = days(row.starts_on, (row.ends_on - row.starts_on).days + 1)
    now = {(each.post, each.on) for each in plan(row.organisation_id, on) if each.person is None}
    then = plan(row.organisation_id, on, with_absence=row)
    return [each for each in then if each.person is None and (each.post, each.on) not in now]


@dataclass(frozen=True, slots=True)
class Due:
    """What the rules look at. gaps: days that a post is without anybody; asked: absences undecided."""

    gaps: int = 0
    first: date | None = None
    asked: int = 0
    asked_since: datetime | None = None


def due(organisation_id: int, at: datetime) -> Due:
    """What nobody covers, and who waits for a decision. Four queries."""
    found = gaps(organisation_id, at)
    asked = list(_asked(organisation_id).values_list("asked_at", flat=True))
    return Due(len(found), found[0].on if found else None, len(asked), min(asked, default=None))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many posts there are, and how many days of the next two weeks nobody covers one. Three queries."""
    return len(posts(organisation_id)), len(gaps(organisation_id, at))


def _asked(organisation_id: int) -> QuerySet[Absence]:
    return Absence.objects.filter(Q(decided__isnull=True), organisation_id=organisation_id)
