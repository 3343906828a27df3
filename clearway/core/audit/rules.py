"""Looks at identities that wait for their review."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ..layout.times import clock, day
from ..worklist.rules import Outcome, Rule, Values, Wanted, evaluate
from . import queries
from .reviewing import POLICY, review_within


class Waiting(NamedTuple):
    """The looks that wait, id and time, the first one first; and the present."""

    looks: Sequence[tuple[int, datetime]]
    at: datetime


def to_review(found: Waiting, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all that wait; it becomes more urgent when the first has waited too long."""
    if not found.looks:
        return
    number, (_, first) = len(found.looks), found.looks[0]
    due = first + review_within(dict(policies.get(POLICY, {})))
    yield Wanted(
        subject="identity:review",
        priority=2 if found.at >= due else 3,
        title=f"{number} look{'' if number == 1 else 's'} at who a patient is to review",
        cause=f"The first was on {day(first)}, {clock(first)}; due on {day(due)}",
        role="privacy_officer",
        suggestion="Open Looks to review: say of each whether its reason holds",
        since=first,
        members=frozenset(f"look:{key}" for key, _ in found.looks),
    )


LOOKS_TO_REVIEW: Rule[Waiting] = Rule(
    code="looks_to_review",
    sentence="A look at who a patient is, is reviewed by somebody else within the days of the policy.",
    source="Policy identity_looks",
    check=to_review,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. One query."""
    found = Waiting(queries.waiting_looks(organisation_id), at)
    return evaluate([LOOKS_TO_REVIEW], found, policies, modes)
