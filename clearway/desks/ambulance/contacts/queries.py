"""Reading contacts, and counting them."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from .models import Contact

SHOWN = 200  # of a list; a period is counted whole
OF_LATE = timedelta(hours=12)


def between(organisation_id: int, begin: datetime, end: datetime) -> QuerySet[Contact]:
    """Contacts of a time, newest first; with those that were corrected."""
    rows = Contact.objects.filter(organisation_id=organisation_id, at__gt=begin, at__lte=end)
    return rows.select_related("superseded_by").order_by("-at", "-pk")


def chosen(
    rows: QuerySet[Contact], *, kind: str = "", reason: str = "", task: int | None = None
) -> QuerySet[Contact]:
    """Of these, those with one kind of people, of one reason, about one task."""
    for name, value in (("kind", kind), ("reason", reason), ("task", task)):
        rows = rows.filter(**{name: value}) if value else rows
    return rows


def one(organisation_id: int, key: int) -> Contact | None:
    """One contact, or None."""
    return Contact.objects.filter(organisation_id=organisation_id, pk=key).first()


def by_keys(organisation_id: int, keys: Collection[str]) -> list[Contact]:
    """These contacts. One query."""
    rows = Contact.objects.filter(organisation_id=organisation_id, pk__in=[int(key) for key in keys])
    return list(rows.select_related("superseded_by"))


def of_crew(organisation_id: int, call_sign: str, at: datetime) -> list[Contact]:
    """What was said with a crew in the last twelve hours and stands, newest first. One query."""
    return _standing(organisation_id, Q(kind="crew", key=call_sign), at)


def of_site(organisation_id: int, codes: Collection[str], at: datetime) -> list[Contact]:
    """The same of a hospital and its HALO."""
    return _standing(organisation_id, Q(kind__in=("hospital", "halo"), key__in=list(codes)), at)


def of_incident(organisation_id: int, incident: str) -> list[Contact]:
    """What was said about an incident and stands, newest first. One query."""
    rows = Contact.objects.filter(organisation_id=organisation_id, incident=incident, superseded_by=None)
    return list(rows.order_by("-at", "-pk")[:SHOWN])


def _standing(organisation_id: int, whom: Q, at: datetime) -> list[Contact]:
    rows = Contact.objects.filter(whom, organisation_id=organisation_id, superseded_by=None)
    return list(rows.filter(at__gt=at - OF_LATE).order_by("-at", "-pk")[:SHOWN])


def counted(rows: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """How many of each reason and result."""
    return Counter(rows)
