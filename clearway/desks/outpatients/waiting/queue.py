"""Reading the standing queue of what the checks found: by rule, by owner, by who took it."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from clearway.core.people import queries as people
from clearway.core.people.models import User
from clearway.core.people.roles import roles_with

from .models import Checked, Finding

STALE = timedelta(minutes=10)  # the worker asks every minute; later than this it does not, and a page asks
NOBODY = "nobody"


def checked(organisation_id: int) -> Checked | None:
    """When the checks were asked last; None before the first time. One query."""
    return Checked.objects.filter(organisation_id=organisation_id).first()


def is_stale(organisation_id: int, at: datetime) -> bool:
    """Whether nobody has asked the checks lately."""
    last = checked(organisation_id)
    return last is None or not -STALE <= at - last.at <= STALE


def findings(organisation_id: int, *, rule: str = "", fixer: str = "", who: str = "") -> QuerySet[Finding]:
    """What is found and not explained, errors first, then oldest. who  a user name, or NOBODY"""
    rows = Finding.objects.filter(organisation_id=organisation_id, explained_at__isnull=True)
    if rule:
        rows = rows.filter(code=rule)
    if fixer:
        rows = rows.filter(fixer=fixer)
    if who:
        rows = rows.filter(Q(owner=None) if who == NOBODY else Q(owner__username=who))
    return rows.select_related("owner").order_by("severity", "since", "code", "subject")


def counts(organisation_id: int) -> Counter[str]:
    """Code -> how many are found and not explained. One query."""
    rows = Finding.objects.filter(organisation_id=organisation_id, explained_at__isnull=True)
    return Counter(dict(rows.values_list("code").annotate(Count("pk")).order_by()))


def explained(organisation_id: int) -> QuerySet[Finding]:
    """The figures of the last return that somebody explained, newest first."""
    rows = Finding.objects.filter(organisation_id=organisation_id, explained_at__isnull=False)
    return rows.order_by("-explained_at", "pk")


def takers(organisation_id: int, at: datetime) -> QuerySet[User]:
    """Who may be given a finding: everybody who may change what it is about, by name."""
    roles = [role.code for role in roles_with("waiting.write")]
    return people.holding(organisation_id, roles, at)


def subjects(rows: Collection[Finding]) -> list[str]:
    """What these are about, each once."""
    return list(dict.fromkeys(row.subject for row in rows))
