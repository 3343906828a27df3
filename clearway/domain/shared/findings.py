"""A finding: what a feed said that cannot be right; kept beside the fact, never repaired in silence."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How soon a finding must be dealt with (docs/reference/rules.md)."""

    CRITICAL = "critical"  # the number must not be published
    HIGH = "high"  # same shift
    MEDIUM = "medium"  # same day
    LOW = "low"  # trend


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule.

    code      the rule, e.g. "HQ02"; its sentence, severity and fixer stand in the rule table
    what      the status or field concerned
    evidence  the values that contradict each other, in words without identity
    """

    code: str
    what: str
    evidence: str
