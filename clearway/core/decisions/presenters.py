"""Decisions in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..clashes import Clash, both_in_words, said
from ..layout.times import clock, day
from ..people.roles import name_of
from .actions import JOINT_MODEL, is_late
from .export import PARTS
from .models import Decision


def clashes(found: Iterable[Clash]) -> list[tuple[str, str, str]]:
    """What two people wrote otherwise in the correction of one entry."""
    names = {**PARTS, "review_at": "Review at", "decided_at": "Taken at"}
    return both_in_words(found, names, _said)


def _said(field: str, value: Any) -> str:
    if not (field.endswith("_at") and value):
        return said(value)
    at = datetime.fromisoformat(value)
    return f"{day(at)}, {clock(at)}"


@dataclass(frozen=True, slots=True)
class Hospital:
    """One line of the picture: None is what was not known."""

    name: str
    waiting: int | None
    longest_minutes: float | None
    inbound: int | None


@dataclass(frozen=True, slots=True)
class FeedAge:
    name: str
    state: str
    age_minutes: float | None


@dataclass(frozen=True, slots=True)
class Has:
    """Who was told, or has it, and when that was written."""

    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log as it is read.

    more         what the joint decision model asks besides, where it was written
    replaced_by  id of the entry that corrects it: then it is struck through
    missing      why the picture has no numbers, if it has none
    """

    key: int
    where: str
    decided_at: datetime
    written_at: datetime
    was_late: bool
    late_reason: str
    who: str
    known: str
    options: str
    decision: str
    reason: str
    more: tuple[tuple[str, str], ...]
    told: tuple[Has, ...]
    notes: tuple[tuple[datetime, str, str, str], ...]
    review_at: datetime | None
    screen: str
    replaced_by: int | None
    corrects: int | None
    hospitals: tuple[Hospital, ...]
    feeds: tuple[FeedAge, ...]
    missing: str


def entries(decisions: Iterable[Decision]) -> list[Entry]:
    return [entry(decision) for decision in decisions]


def entry(row: Decision) -> Entry:
    """One decision with its picture."""
    handovers: dict[str, Any] = row.snapshot.get("handovers", {})
    successor = getattr(row, "superseded_by", None)
    return Entry(
        key=row.pk,
        where=row.site.name if row.site else "Whole region",
        decided_at=row.decided_at,
        written_at=row.written_at,
        was_late=is_late(row.decided_at, row.written_at),
        late_reason=row.late_reason,
        who=f"{row.by.display_name}, {name_of(row.role)}",
        known=row.known,
        options=row.options,
        decision=row.decision,
        reason=row.reason,
        more=tuple((PARTS[name], getattr(row, name)) for name in JOINT_MODEL if getattr(row, name)),
        notes=tuple((each.at, each.by, each.get_kind_display(), each.words) for each in row.notes.all()),
        told=tuple(Has(each.words, each.at) for each in row.told.all()),
        review_at=row.review_at,
        screen=row.screen,
        replaced_by=successor.pk if successor else None,
        corrects=row.supersedes.pk if row.supersedes else None,
        hospitals=tuple(_hospital(values) for values in handovers.get("hospitals", ())),
        feeds=tuple(_feed(values) for values in row.snapshot.get("feeds", ())),
        missing=str(handovers.get("missing", "")),
    )


def _hospital(values: dict[str, Any]) -> Hospital:
    return Hospital(values["name"], values["waiting"], values["longest_minutes"], values["inbound"])


def _feed(values: dict[str, Any]) -> FeedAge:
    age = values["age_seconds"]
    return FeedAge(values["name"], values["state"], None if age is None else age / 60)
