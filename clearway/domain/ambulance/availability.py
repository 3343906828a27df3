"""The availability axis of a resource: on shift, free, on a break, unavailable and why.

It is independent of the job axis: a crew clears its job before it books unavailable, otherwise the job's
clock would absorb the time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from ..shared.errors import NotAllowed
from ..shared.facts import Fact, in_fixed_order
from ..shared.findings import Finding
from .events import AvailabilityEvent
from .words import Availability, Category, JobState, ResourceKind, Standing

A = Availability

# What may follow what. Staying in a state with another standing or reason is always allowed.
FOLLOWS: Mapping[Availability, frozenset[Availability]] = MappingProxyType(
    {
        A.OFF: frozenset({A.BOOKING_ON}),
        A.BOOKING_ON: frozenset({A.AVAILABLE, A.UNAVAILABLE, A.RESTRICTED, A.OFF}),
        A.AVAILABLE: frozenset({A.UNAVAILABLE, A.BREAK_TRAVEL, A.ON_BREAK, A.RESTRICTED, A.OFF}),
        A.UNAVAILABLE: frozenset({A.AVAILABLE, A.RESTRICTED, A.OFF}),
        A.BREAK_TRAVEL: frozenset({A.ON_BREAK, A.AVAILABLE, A.RESTRICTED, A.UNAVAILABLE}),
        A.ON_BREAK: frozenset({A.AVAILABLE, A.RESTRICTED, A.UNAVAILABLE}),
        A.RESTRICTED: frozenset({A.AVAILABLE, A.UNAVAILABLE, A.BREAK_TRAVEL, A.ON_BREAK, A.OFF}),
    }
)

LONGEST_OVERRUN = timedelta(hours=4)  # beyond the end of a shift; what comes later belongs to another one

_RANK = {status: place for place, status in enumerate(Availability)}


@dataclass(frozen=True, slots=True)
class ResourceStanding:
    """What the availability facts of one resource add up to.

    availability  None where no source ever said: then only its jobs are known
    """

    call_sign: str
    availability: Availability | None = Availability.OFF
    since: datetime | None = None
    standing: Standing | None = None
    reason: str | None = None
    kind: ResourceKind | None = None
    station: str | None = None
    skill: str | None = None
    shift_start: datetime | None = None
    shift_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class AllocationPolicy:
    """Who may be sent from a restricted state or an interruptible break."""

    restricted: frozenset[Category] = frozenset({Category.C1, Category.C2})
    interruptible_break: frozenset[Category] = frozenset({Category.C1})


def rank(event: AvailabilityEvent) -> int:
    """The place of the event's status in the order of a shift; orders statuses of the same second."""
    return _RANK[event.status]


def fold(facts: Iterable[Fact[AvailabilityEvent]]) -> tuple[ResourceStanding, tuple[Finding, ...]]:
    """What the availability facts of one resource add up to. Never raises; needs at least one fact."""
    ordered = in_fixed_order(facts, rank)
    standing = ResourceStanding(ordered[0].event.call_sign, availability=None)
    findings: list[Finding] = []
    for fact in ordered:
        findings += inspect(standing.availability, fact)
        standing = apply(standing, fact)
    return standing, tuple(findings)


def apply(before: ResourceStanding, fact: Fact[AvailabilityEvent]) -> ResourceStanding:
    """The standing after one more fact that is the newest of its stream."""
    event = fact.event
    changed = event.status is not before.availability or event.reason != before.reason
    shift_start, shift_end = _shift(before, fact)
    return replace(
        before,
        availability=event.status,
        since=fact.placed_at if changed or before.since is None else before.since,
        standing=event.standing,
        reason=event.reason,
        kind=event.kind or before.kind,
        station=event.station or before.station,
        skill=event.skill or before.skill,
        shift_start=shift_start,
        shift_end=shift_end,
    )


def _shift(
    before: ResourceStanding, fact: Fact[AvailabilityEvent]
) -> tuple[datetime | None, datetime | None]:
    """Start and end of the shift that a fact belongs to, as far as any source said.

    What was said of an earlier shift says nothing of this one: it is another after booking off, when it
    starts after the old one ended, and when the old one ended longer ago than any crew stays on.
    """
    event, ended = fact.event, before.shift_end
    begins_anew = before.availability is A.OFF and event.status is not A.OFF
    if ended is not None:
        begins_anew |= fact.placed_at > ended + LONGEST_OVERRUN
        begins_anew |= event.shift_start is not None and event.shift_start >= ended
    if begins_anew:
        return event.shift_start, event.shift_end
    return event.shift_start or before.shift_start, event.shift_end or before.shift_end


def is_legal(before: Availability | None, after: Availability) -> bool:
    """Whether this change skips no step. From the unknown, every step is legal."""
    return before is None or before is after or after in FOLLOWS[before]


def check_allocate(
    standing: ResourceStanding, job: JobState, category: Category, policy: AllocationPolicy
) -> None:
    """Whether this resource may be sent to such an incident. Raises NotAllowed with the reason."""
    if not job.is_over:
        why = "ask the crew for an early clear first." if job is JobState.WRAP_UP else "it is on a job."
        raise NotAllowed(job.value.replace("_", " "), "allocation", why[0].upper() + why[1:])
    refusal = _refusal(standing, category, policy)
    if refusal:
        stands = standing.availability.value.replace("_", " ") if standing.availability else "not known"
        raise NotAllowed(stands, "allocation", refusal)


def _refusal(standing: ResourceStanding, category: Category, policy: AllocationPolicy) -> str | None:
    if standing.availability is A.AVAILABLE:
        return None
    if standing.availability is A.RESTRICTED:
        return None if category in policy.restricted else f"Restricted: not for {category}."
    if standing.availability is A.ON_BREAK and standing.standing is Standing.INTERRUPTIBLE:
        return (
            None
            if category in policy.interruptible_break
            else f"This break is not interrupted for {category}."
        )
    if standing.availability is A.ON_BREAK:
        return "A protected break is never interrupted."
    return "It is not available."


def inspect(before: Availability | None, fact: Fact[AvailabilityEvent]) -> Iterator[Finding]:
    """What cannot be right in one more fact: a step skipped (AV01), a time in the future (AV02)."""
    event = fact.event
    said = event.occurred_at.isoformat(sep=" ", timespec="seconds")
    if not is_legal(before, event.status):
        was, then = (before.value if before else "unknown"), event.status.value
        yield Finding("AV01", event.status, f"{then} at {said} straight from {was}".replace("_", " "))
    if fact.placed_at != event.occurred_at:
        known = fact.known_at.isoformat(sep=" ", timespec="seconds")
        yield Finding("AV02", event.status, f"{said}, received {known}")
