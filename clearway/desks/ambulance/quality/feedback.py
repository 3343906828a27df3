"""Patterns of findings by crew, station or hospital, and the feedback that was given about them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.people.reach import Sites
from clearway.domain.shared.errors import NotAllowed

from . import queries, queue
from .models import Feedback, FindingCase
from .policy import queue_policy

FIELDS = {Feedback.About.CREW: "call_sign", Feedback.About.STATION: "station", Feedback.About.SITE: "site"}
MOST = 60  # patterns shown
FURTHEST = timedelta(days=92)  # into the future that a visit may be planned


@dataclass(frozen=True, slots=True)
class Pattern:
    """So many findings of one rule about one crew, station or hospital, over the days of the policy."""

    about: str
    key: str
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Given:
    """Feedback with how many findings came before and after; after is None while its days run."""

    row: Feedback
    after: int
    days: int
    is_over: bool


def patterns(organisation_id: int, sites: Sites, at: datetime) -> list[Pattern]:
    """Who has findings of one rule often enough that feedback may help, the most first. Three queries."""
    policy = queue_policy(organisation_id, at)
    since = at - timedelta(days=policy.pattern_days)
    rows = queue.within(organisation_id, sites).filter(found_at__gt=since)
    found = []
    for about, field in FIELDS.items():
        grouped = rows.exclude(**{field: ""}).values_list(field, "code").annotate(count=Count("pk"))
        for key, code, count in grouped.filter(count__gte=policy.pattern_least).order_by("-count", field):
            found.append(Pattern(about.value, key, code, count))
    return sorted(found, key=lambda each: (-each.count, each.about, each.key, each.code))[:MOST]


def given(organisation_id: int, at: datetime) -> list[Given]:
    """The feedback of the last year, newest first, with what came after. One query a feedback."""
    days = queue_policy(organisation_id, at).pattern_days
    rows = Feedback.objects.filter(organisation_id=organisation_id, made_at__gt=at - timedelta(days=366))
    found = []
    for row in rows.order_by("-on", "-pk")[:MOST]:
        begin = queries.midnight(row.on)
        end = begin + timedelta(days=days)
        # Of a note of the same day, what was found before it is not what came after it.
        after = row.made_at if row.on == local(row.made_at).date() else begin
        found.append(Given(row, _count(row, after, min(end, at)), days, end <= at))
    return found


def _count(row: Feedback, begin: datetime, end: datetime) -> int:
    return _between(row.organisation_id, row.about, row.key, row.code, begin, end)


def _between(organisation_id: int, about: str, key: str, code: str, begin: datetime, end: datetime) -> int:
    rows = FindingCase.objects.filter(
        organisation_id=organisation_id, code=code, found_at__gte=begin, found_at__lt=end
    )
    return rows.filter(**{FIELDS[Feedback.About(about)]: key}).count()


@dataclass(frozen=True, slots=True)
class Plan:
    """Feedback to be given, or that was: about whom, of which rule, how, when, by whom, and what is said."""

    about: str
    key: str
    code: str
    kind: str
    on: date
    owner: str
    words: str


@transaction.atomic
def give(plan: Plan, *, organisation_id: int, by: Actor, at: datetime) -> Feedback:
    """Record a note, a visit or a session, with the findings of the days before it. Raises NotAllowed."""
    what, today = "Recording this feedback", local(at).date()
    if plan.on > today + FURTHEST:
        raise NotAllowed("far", what, "Choose a day within the next three months.")
    days = queue_policy(organisation_id, at).pattern_days
    end = queries.midnight(plan.on) if plan.on < today else at
    begin = end - timedelta(days=days)
    before = _between(organisation_id, plan.about, plan.key, plan.code, begin, end)
    if not before:
        raise NotAllowed("none", what, f"There was no such finding in the {days} days before.")
    row = Feedback.objects.create(
        organisation_id=organisation_id,
        about=plan.about,
        key=plan.key,
        code=plan.code,
        kind=plan.kind,
        on=plan.on,
        owner=plan.owner,
        words=plan.words,
        before=before,
        made_at=at,
        made_by=by.name,
    )
    detail = {"rule": plan.code, "kind": plan.kind, "on": plan.on.isoformat(), "before": before}
    entry = Entry("quality.feedback", f"{plan.about}:{plan.key}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row
