"""Reading what was reported and how it stands."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from clearway.domain.shared.concerns import ConcernPolicy, Standing, State, Step, Taken, standing

from .models import Concern, ConcernStep
from .policy import concern_policy

MOST = 500  # of a list


@dataclass(frozen=True, slots=True)
class Reported:
    """One report and how it stands."""

    row: Concern
    stands: Standing

    @property
    def is_open(self) -> bool:
        return self.stands.state is not State.CLOSED


@dataclass(frozen=True, slots=True)
class Open:
    """One that is open, in words and without who reported it, as a situation report shows it.

    owner  code of the role that answers for it; due  by when it is acknowledged, or closed
    """

    key: int
    desk: str
    kind: str
    severity: str
    place: str
    what: str
    owner: str
    state: str
    reported_at: datetime
    due: datetime | None
    is_overdue: bool


def stands(row: Concern, policy: ConcernPolicy, at: datetime | None = None) -> Standing:
    """How one stands; `at`: as it stood then. Its steps are read with it or in one query."""
    taken = [
        Taken(Step(each.step), each.at, each.severity, each.to)
        for each in row.steps.all()
        if at is None or each.at <= at
    ]
    return standing(row.at, row.severity, row.owner, taken, policy)


def _open_rows(organisation_id: int, at: datetime) -> QuerySet[Concern]:
    rows = Concern.objects.filter(organisation_id=organisation_id, at__lte=at)
    closed = Concern.objects.filter(steps__step=Step.CLOSED, steps__at__lte=at)
    return rows.exclude(pk__in=closed.filter(organisation_id=organisation_id).values("pk"))


def open_reports(organisation_id: int, policy: ConcernPolicy, at: datetime) -> list[Reported]:
    """Every report that is open at an instant, what is due first. Two queries."""
    rows = _open_rows(organisation_id, at).prefetch_related("steps")
    found = [Reported(row, stands(row, policy, at)) for row in rows]
    return sorted(found, key=lambda each: (each.stands.due or at, each.row.pk))


def open_ones(organisation_id: int, at: datetime) -> list[Open]:
    """Every report that is open at an instant, in words, what is due first. Three queries."""
    policy = concern_policy(organisation_id, at)
    return [
        Open(
            key=each.row.pk,
            desk=each.row.desk,
            kind=policy.kind(each.row.kind).says,
            severity=policy.severity(each.stands.severity).says,
            place=each.row.place,
            what=each.row.what,
            owner=each.stands.owner,
            state=each.stands.state,
            reported_at=each.row.at,
            due=each.stands.due,
            is_overdue=each.stands.is_overdue(at),
        )
        for each in open_reports(organisation_id, policy, at)
    ]


def listed(
    organisation_id: int,
    policy: ConcernPolicy,
    at: datetime,
    *,
    state: str = "all",
    kind: str = "",
    severity: str = "",
    only_of: int | None = None,
    most: int | None = MOST,
) -> list[Reported]:
    """Reports, newest first, `most` of those that fit; of one person alone with `only_of`. Two queries.

    state  "open", "overdue", "closed" or "all"
    """
    judged = ConcernStep.objects.filter(of=OuterRef("pk")).exclude(severity="").order_by("-at", "-pk")
    now = Coalesce(Subquery(judged.values("severity")[:1]), "severity")
    rows = Concern.objects.filter(organisation_id=organisation_id).annotate(severity_now=now)
    for name, value in (("kind", kind), ("by_id", only_of), ("severity_now", severity)):
        rows = rows.filter(**{name: value}) if value else rows
    if state != "all":
        closed = Exists(ConcernStep.objects.filter(of=OuterRef("pk"), step=Step.CLOSED))
        rows = rows.filter(closed if state == "closed" else ~closed)
    rows = rows.select_related("by").prefetch_related("steps").order_by("-at", "-pk")
    if state == "overdue":  # by the policy, which the database does not know: of the open ones, which are few
        found = [Reported(row, stands(row, policy)) for row in rows]
        return [each for each in found if each.stands.is_overdue(at)][:most]
    return [Reported(row, stands(row, policy)) for row in rows[:most]]


def one(organisation_id: int, key: int, only_of: int | None = None) -> Concern | None:
    """One report; None where there is none, or it is another's."""
    whose = Q() if only_of is None else Q(by_id=only_of)
    rows = Concern.objects.filter(whose, organisation_id=organisation_id, pk=key)
    return rows.select_related("by").prefetch_related("steps").first()
