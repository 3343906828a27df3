"""Reading who is unavailable, what was said about it, and what it has cost."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.unavailability import (
    Decision,
    Episode,
    Reason,
    Timer,
    UnavailabilityPolicy,
    allowed_until,
    episodes,
    hours_lost,
    minutes_allowed,
    timer,
)
from clearway.domain.shared.facts import SKEW

from ..facts import queries as facts
from .models import SignedLimit, Unavailability

LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Standing:
    """One that lasts, judged at an instant. `until` is None where it has no limit."""

    row: Unavailability
    reason: Reason
    until: datetime | None
    timer: Timer


def lasting(organisation_id: int, policy: UnavailabilityPolicy, at: datetime) -> list[Standing]:
    """Every one that lasts, with its limit: what is longest over first. Three queries with what was said."""
    signed = decisions(organisation_id, at)
    rows = Unavailability.objects.filter(organisation_id=organisation_id, ended_at=None, since__lte=at)
    found = [judged(row, policy, signed, at) for row in rows.prefetch_related("words")]
    order = {each: place for place, each in enumerate(Timer)}
    return sorted(
        found, key=lambda each: (order[each.timer], each.until or at + LOOK_BACK, each.row.call_sign)
    )


def judged(
    row: Unavailability, policy: UnavailabilityPolicy, signed: Iterable[Decision], at: datetime
) -> Standing:
    """One as it stands with its limit."""
    reason = policy.reason(row.said, row.corrected)
    until = allowed_until(row.since, minutes_allowed(reason, list(signed), at), row.extended)
    return Standing(row, reason, until, timer(row.since, until, reason, policy, at))


def decisions(organisation_id: int, at: datetime) -> list[Decision]:
    """The signed limits in force at an instant. One query."""
    return [
        Decision(frozenset(row.codes), row.minutes, row.begins, row.ends)
        for row in signed_limits(organisation_id, at)
    ]


def signed_limits(organisation_id: int, at: datetime) -> QuerySet[SignedLimit]:
    """The rows behind decisions, newest first."""
    rows = SignedLimit.objects.filter(organisation_id=organisation_id, begins__lte=at, ends__gt=at)
    return rows.order_by("-begins", "-pk")


def told(
    organisation_id: int, call_signs: Collection[str], since: datetime, at: datetime
) -> Mapping[str, tuple[Episode, ...]]:
    """The times of these resources that began since then, from their facts; by call sign. One query."""
    streams = {f"resource:{call_sign}": call_sign for call_sign in call_signs}
    known = facts.by_stream(organisation_id, list(streams), at, known_from=since - SKEW)
    return {
        call_sign: episodes(facts.of_kind(AvailabilityEvent, known.get(stream, ())), since)
        for stream, call_sign in streams.items()
    }


def of_late(organisation_id: int, since: datetime) -> QuerySet[Unavailability]:
    """Those that lasted at some time after an instant."""
    lasted = Q(ended_at__isnull=True) | Q(ended_at__gt=since)
    return Unavailability.objects.filter(lasted, organisation_id=organisation_id)


def lost(
    organisation_id: int, policy: UnavailabilityPolicy, begin: datetime, end: datetime
) -> dict[tuple[str, str], float]:
    """Unit-hours lost between two instants, by reason code and area. One query."""
    found: dict[tuple[str, str], float] = {}
    for row in of_late(organisation_id, begin).filter(since__lt=end):
        key = policy.reason(row.said, row.corrected).code, row.area
        found[key] = found.get(key, 0.0) + hours_lost(row.since, row.ended_at, begin, end)
    return {key: hours for key, hours in found.items() if hours > 0}


def call_sign_of(organisation_id: int, key: int) -> str:
    """Whose time of being unavailable this is; "" where there is none. One query."""
    rows = Unavailability.objects.filter(organisation_id=organisation_id, pk=key)
    return rows.values_list("call_sign", flat=True).first() or ""
