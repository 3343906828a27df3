"""A finding: what a feed said that cannot be right; kept beside the fact, never repaired in silence."""

from dataclasses import dataclass
from datetime import datetime
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
    proposed  the value that the evidence speaks for, where one can be derived; a person decides
    """

    code: str
    what: str
    evidence: str
    proposed: datetime | None = None
