"""What patients need at a visit, as the accessible information standard asks: arranged, and met or not.

Identified, recorded, flagged and shared is the patient's record (desks.outpatients.patients); this is the
fifth step, meeting a need, for each visit. Source: NHS England, accessible information standard (DAPB1605).
"""

from dataclasses import dataclass

# Kinds of need for which somebody does something before each visit; letters meet the others.
ARRANGED = ("interpreter", "support", "adjustment", "transport")


@dataclass(frozen=True, slots=True)
class SupportPolicy:
    """How many days before a visit what is not arranged becomes a task (policy `support`)."""

    days_before: int = 7

    def __post_init__(self) -> None:
        if not 1 <= self.days_before <= 28:
            raise ValueError("What is not arranged becomes a task 1 to 28 days before the visit.")
