"""What was known when a decision was taken: the boards' numbers and the age of every source."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from clearway.domain.shared.freshness import FreshnessPolicy, freshness

from ..feeds.models import SILENT, Source
from ..feeds.queries import freshness_policy, last_heard

Picture = Callable[[int, datetime, datetime], dict[str, Any]]
_PICTURES: dict[str, Picture] = {}


def register(name: str, picture: Picture) -> None:
    """A desk adds its numbers: `picture(organisation_id, decided_at, now)` gives JSON without identity."""
    _PICTURES[name] = picture


def take(organisation_id: int, decided_at: datetime, now: datetime) -> dict[str, Any]:
    """Everything that was known at `decided_at`. Never raises: a decision is not lost with its picture."""
    heard = last_heard(organisation_id, decided_at)
    policy = freshness_policy(organisation_id, decided_at)
    sources = _sources(organisation_id)
    return {
        "at": decided_at.isoformat(),
        "feeds": [_feed(source, heard.get(source.pk), decided_at, policy) for source in sources],
        **{name: _safely(picture, organisation_id, decided_at, now) for name, picture in _PICTURES.items()},
    }


def _safely(picture: Picture, organisation_id: int, decided_at: datetime, now: datetime) -> dict[str, Any]:
    try:
        with transaction.atomic():  # what the database refuses of it does not take the decision with it
            return picture(organisation_id, decided_at, now)
    except Exception as problem:  # shown in the log in place of the numbers
        return {"missing": f"The picture could not be taken: {type(problem).__name__}"}


def _sources(organisation_id: int) -> list[Source]:
    spoken = Source.objects.filter(organisation_id=organisation_id, enabled=True).exclude(kind__in=SILENT)
    return list(spoken.order_by("name"))


def _feed(source: Source, heard_at: datetime | None, at: datetime, policy: FreshnessPolicy) -> dict[str, Any]:
    age = None if heard_at is None else (at - heard_at).total_seconds()
    return {
        "name": source.name,
        "kind": source.kind,
        "heard_at": heard_at.isoformat() if heard_at else None,
        "age_seconds": None if age is None else round(age),
        "state": freshness(age, source.expected_interval_seconds, policy).value,
    }
