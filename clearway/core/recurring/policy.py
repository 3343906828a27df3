"""Policy `recurring_duties` as the domain takes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clearway.domain.shared.recurring import Kind, RecurringPolicy, Unit

from ..layout.times import local
from ..organisation.queries import policies

NAME = "recurring_duties"
# Where a trust has not said otherwise (assumed: a year is usual for training and appraisals).
KINDS = (
    {"code": "training", "says": "Training", "every": 12, "unit": "months"},
    {"code": "review", "says": "A review or appraisal", "every": 12, "unit": "months"},
    {"code": "policy", "says": "A policy read and understood", "every": 12, "unit": "months"},
    {"code": "audit", "says": "An audit", "every": 1, "unit": "months"},
    {"code": "check", "says": "A check of the office", "every": 3, "unit": "months"},
)


def recurring_policy(organisation_id: int, at: datetime) -> RecurringPolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> RecurringPolicy:
    """The policy from its values. Raises TypeError and ValueError where it is not whole."""
    kinds = tuple(_kind(**row) for row in values.get("kinds", KINDS))
    return RecurringPolicy(kinds, values.get("leads", {}))


def _kind(code: str, says: str, every: int, unit: str, items: tuple[str, ...] = ()) -> Kind:
    return Kind(code, says, every, Unit(unit), tuple(items))
