"""Reading assignments as domain values."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat

from clearway.domain.ambulance.transitions import Assignment as Folded
from clearway.domain.ambulance.words import Category, JobState, JobStatus, ResourceKind

from .models import Assignment


def open_or_at_hospital_since(organisation_id: int, since: datetime) -> tuple[Folded, ...]:
    """Assignments that are open, or that arrived at a hospital since an instant; by key."""
    wanted = Q(is_open=True) | Q(at_hospital_at__gt=since)
    rows = Assignment.objects.filter(wanted, organisation_id=organisation_id).order_by("key")
    return tuple(_folded(rows))


def _folded(rows: QuerySet[Assignment]) -> Iterator[Folded]:
    # Without model instances: this is read for every picture, hundreds of rows at a time.
    for key, incident, call_sign, state, since, kind, category, code, stamps in rows.values_list(
        *("key", "incident", "call_sign", "state", "since", "kind", "category", "destination_code", "stamps")
    ):
        yield Folded(
            key=key,
            incident=incident,
            call_sign=call_sign,
            state=JobState(state),
            since=since,
            kind=ResourceKind(kind) if kind else None,
            category=Category(category) if category else None,
            destination=code,
            stamps={JobStatus(status): datetime.fromisoformat(at) for status, at in stamps.items()},
        )


def by_key(organisation_id: int, keys: Collection[str]) -> dict[str, Folded]:
    """The assignments of these keys. One query."""
    rows = Assignment.objects.filter(organisation_id=organisation_id, key__in=keys)
    return {folded.key: folded for folded in _folded(rows)}


def at_site(organisation_id: int, key: str, site_code: str) -> Folded | None:
    """One open assignment, if its destination is this site."""
    rows = Assignment.objects.filter(
        organisation_id=organisation_id, key=key, is_open=True, destination__code=site_code
    )
    return next(_folded(rows), None)


def streams_to(organisation_id: int, sites: Collection[str]) -> QuerySet[Any, Any]:
    """The streams of every assignment whose destination is one of these sites, for a subquery."""
    there = Assignment.objects.filter(organisation_id=organisation_id, destination__code__in=sites)
    return there.annotate(stream=Concat(Value("assignment:"), "key")).values_list("stream", flat=True)
