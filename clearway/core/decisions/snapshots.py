"""What was known when a decision was taken: the boards' numbers and the age of every source."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from clearway.domain.shared.freshness import freshness

from ..feeds.models import Source

Picture = Callable[[int, datetime, datetime], dict[str, Any]]
_PICTURES: dict[str, Picture] = {}


def register(name: str, picture: Picture) -> None:
    """A desk adds its numbers: `picture(organisation_id, decided_at, now)` gives JSON without identity."""
    _PICTURES[name] = picture


def take(organisation_id: int, decided_at: datetime, now: datetime) -> dict[str, Any]:
    """Everything that was known at `decided_at`. Never raises: a decision is not lost with its picture."""
    return {
        "at": decided_at.isoformat(),
        "feeds": [_feed(source, decided_at) for source in _sources(organisation_id)],
        **{name: _safely(picture, organisation_id, decided_at, now) for name, picture in _PICTURES.items()},
    }


def _safely(picture: Picture, organisation_id: int, decided_at: datetime, now: datetime) -> dict[str, Any]:
    try:
        return picture(organisation_id, decided_at, now)
    except Exception as problem:  # shown in the log in place of the numbers
        return {"missing": f"The picture could not be taken: {type(problem).__name__}"}


def _sources(organisation_id: int) -> list[Source]:
    spoken = Source.objects.filter(organisation_id=organisation_id, enabled=True).exclude(kind="desk")
    return list(spoken.order_by("name"))


def _feed(source: Source, at: datetime) -> dict[str, Any]:
    age = None if source.received_at is None else max(0.0, (at - source.received_at).total_seconds())
    return {
        "name": source.name,
        "kind": source.kind,
        "heard_at": source.received_at.isoformat() if source.received_at else None,
        "age_seconds": None if age is None else round(age),
        "state": freshness(age, source.expected_interval_seconds).value,
    }
