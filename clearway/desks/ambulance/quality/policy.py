"""Policies `quality_limits` and `quality_queue` as the rules and the queue take them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.quality import Limits

LIMITS, QUEUE = "quality_limits", "quality_queue"


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How soon findings are dealt with. Hours and days.

    due_hours         by severity, from when it was found
    answer_hours      for the hospital to answer a proposal
    months_published  days after its end on which a month is frozen
    pattern_days, pattern_least  over which, and how many, findings make a pattern
    """

    due_hours: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"critical": 4, "high": 12, "medium": 24, "low": 168})
    )
    answer_hours: float = 24
    months_published: int = 14
    pattern_days: int = 28
    pattern_least: int = 5

    def due_at(self, severity: str, found_at: datetime) -> datetime:
        """When a finding of this severity is due."""
        return found_at + timedelta(hours=self.due_hours.get(severity, 168))


def queue_policy(organisation_id: int, at: datetime) -> QueuePolicy:
    """The policy in force on the local day of `at`; the defaults where the trust has none. One query."""
    return queue_from(policies(organisation_id, [QUEUE], local(at).date()).get(QUEUE, {}))


def queue_from(values: Mapping[str, Any]) -> QueuePolicy:
    """The policy from its values."""
    return QueuePolicy(**values)


def limits(organisation_id: int, at: datetime) -> Limits:
    """The limits of the rules in force on the local day of `at`. One query."""
    return Limits(**policies(organisation_id, [LIMITS], local(at).date()).get(LIMITS, {}))
