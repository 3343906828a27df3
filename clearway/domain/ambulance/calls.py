"""The incident's own clock: call, category, place, end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from ..shared.facts import Fact, in_fixed_order
from ..shared.geography import Point
from .events import CallEvent
from .words import CallStatus, Category

# The response clock starts at the earliest of the triage code, the first allocation, and this many seconds
# after call connect (Ambulance Response Programme 2017; dated configuration, see docs/reference/rules.md).
CLOCK_START_SECONDS: Mapping[Category, int] = MappingProxyType(
    {Category.C1: 30, Category.C2: 240, Category.C3: 240, Category.C4: 240}
)
_RANK = {status: place for place, status in enumerate(CallStatus)}


@dataclass(frozen=True, slots=True)
class Incident:
    """What the facts of one incident add up to: the newest category, the first stamp of each status."""

    key: str
    category: Category | None = None
    nature: str | None = None
    position: Point | None = None
    area: str | None = None
    stamps: Mapping[CallStatus, datetime] = field(default_factory=dict)


def fold(facts: Iterable[Fact[CallEvent]]) -> Incident:
    """What the call facts of one incident add up to. Never raises; needs at least one fact."""
    ordered = in_fixed_order(facts, rank=lambda event: _RANK[event.status])
    incident = Incident(key=ordered[0].event.incident)
    stamps: dict[CallStatus, datetime] = {}
    for fact in ordered:
        stamps.setdefault(fact.event.status, fact.event.occurred_at)
        incident = _described(incident, fact.event)
    return replace(incident, stamps=MappingProxyType(stamps))


def clock_start(incident: Incident, first_allocated_at: datetime | None) -> datetime | None:
    """When the response clock of the incident began, or None where its category has none or is unknown.

    A stamp from before the call cannot start its clock and is passed over.
    """
    stamps, category = incident.stamps, incident.category
    if CallStatus.CLOCK_START in stamps:
        return stamps[CallStatus.CLOCK_START]
    if category is None or category not in CLOCK_START_SECONDS or CallStatus.CALL_CONNECT not in stamps:
        return None
    connected = stamps[CallStatus.CALL_CONNECT]
    latest = connected + timedelta(seconds=CLOCK_START_SECONDS[category])
    candidates = (stamps.get(CallStatus.CATEGORY_SET), first_allocated_at, latest)
    return min(at for at in candidates if at is not None and at >= connected)


def _described(incident: Incident, event: CallEvent) -> Incident:
    placed = event.latitude is not None and event.longitude is not None
    return replace(
        incident,
        category=event.category or incident.category,
        nature=event.nature or incident.nature,
        area=event.area or incident.area,
        position=Point(event.latitude or 0.0, event.longitude or 0.0) if placed else incident.position,
    )
