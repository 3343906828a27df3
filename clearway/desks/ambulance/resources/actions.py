"""Keeping the availability of resources as their facts add up."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from clearway.core.feeds.models import Source
from clearway.core.live.actions import announce
from clearway.domain.ambulance import availability
from clearway.domain.ambulance.events import AvailabilityEvent, JobEvent
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.facts import Fact, order_key

from ..facts import queries as facts_of
from ..quality import actions as findings
from .models import Resource
from .queries import standing_of


def follow(
    jobs: Sequence[JobEvent], changes: Sequence[AvailabilityEvent], *, source: Source, at: datetime
) -> None:
    """Bring the resources that these newly appended events touch to the present.

    A call sign that only ever had jobs gets a row too: it exists, and nothing is known of its shift.
    """
    organisation_id = source.organisation_id
    call_signs = {event.call_sign for event in jobs} | {event.call_sign for event in changes}
    rows = {
        row.call_sign: row
        for row in Resource.objects.filter(organisation_id=organisation_id, call_sign__in=call_signs)
    }
    for call_sign in call_signs - rows.keys():
        rows[call_sign] = Resource(organisation_id=organisation_id, call_sign=call_sign)
    fresh = [Fact(event, source.name, at) for event in changes]
    late = _apply_newest(rows, fresh)
    _fold_again(rows, late, organisation_id, at)
    _save(rows)
    announce("resource", call_signs, organisation_id=organisation_id, at=at)


def fold_anew(call_signs: Collection[str], *, organisation_id: int, at: datetime) -> None:
    """Bring resources to what the facts that are left add up to; of one without any, nothing is known."""
    listed = Resource.objects.filter(organisation_id=organisation_id, call_sign__in=call_signs)
    rows = {row.call_sign: row for row in listed}
    for row in rows.values():
        for name in FOLDED:
            setattr(row, name, None)
    findings.forget(organisation_id, [f"resource:{call_sign}" for call_sign in call_signs], at)
    _fold_again(rows, set(rows), organisation_id, at)
    _save(rows)
    announce("resource", rows, organisation_id=organisation_id, at=at)


FOLDED = [
    "availability",
    "since",
    "standing",
    "reason",
    "kind",
    "station",
    "skill",
    "shift_start",
    "shift_end",
    "folded_to",
]


def _save(rows: Mapping[str, Resource]) -> None:
    Resource.objects.bulk_create(
        [rows[call_sign] for call_sign in sorted(rows)],  # in one order: positions are moved at the same time
        update_conflicts=True,
        unique_fields=["organisation", "call_sign"],
        update_fields=FOLDED,
    )


def _apply_newest(rows: Mapping[str, Resource], facts: Iterable[Fact[AvailabilityEvent]]) -> set[str]:
    """Apply facts that are the newest of their resource; return the call signs that need folding again."""
    late = set()
    for fact in sorted(facts, key=lambda fact: order_key(fact, availability.rank)):
        row = rows[fact.event.call_sign]
        place = _place(fact)
        if row.folded_to is not None and place <= row.folded_to:
            late.add(row.call_sign)
            continue
        _note_findings(row, fact)
        _write_standing(row, availability.apply(standing_of(row), fact), place)
    return late


def _note_findings(row: Resource, fact: Fact[AvailabilityEvent]) -> None:
    before = Availability(row.availability) if row.availability else None
    for found in availability.inspect(before, fact):
        findings.add(found, organisation_id=row.organisation_id, stream=fact.event.stream, at=fact.known_at)


def _fold_again(
    rows: Mapping[str, Resource], call_signs: set[str], organisation_id: int, at: datetime
) -> None:
    streams = facts_of.by_stream(organisation_id, {f"resource:{call_sign}" for call_sign in call_signs})
    for facts in streams.values():
        changes = facts_of.of_kind(AvailabilityEvent, facts)
        standing, found = availability.fold(changes)
        findings.replace({f"resource:{standing.call_sign}": found}, organisation_id, at)
        newest = max(_place(fact) for fact in changes)
        _write_standing(rows[standing.call_sign], standing, newest)


def _place(fact: Fact[AvailabilityEvent]) -> list[Any]:
    placed_at, *rest = order_key(fact, availability.rank)
    return [placed_at.timestamp(), *rest]


def _write_standing(row: Resource, standing: availability.ResourceStanding, place: list[Any]) -> None:
    row.availability = standing.availability
    row.since = standing.since
    row.standing = standing.standing
    row.reason = standing.reason
    row.kind = standing.kind or row.kind
    row.station = standing.station
    row.skill = standing.skill
    row.shift_start = standing.shift_start
    row.shift_end = standing.shift_end
    row.folded_to = place
