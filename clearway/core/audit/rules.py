"""Looks at identities that wait for their review, and places outside that take no checkpoint of the audit."""

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


class Place(NamedTuple):
    """How it stands with one place: why it takes no checkpoint, since when, and the last that it took."""

    place: str
    problem: str
    written_at: datetime | None
    at: datetime


def untold(found: Sequence[Place], policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each place that takes no checkpoint."""
    for each in found:
        told = each.written_at
        last = f"The last is of {day(told)}, {clock(told)}" if told else "It has never had one"
        yield Wanted(
            subject=f"checkpoints:{each.place}"[:150],
            priority=2,
            title=f"No checkpoint of the audit reaches {each.place}"[:150],
            cause=f"{last}. {each.problem}"[:300],
            role="administrator",
            suggestion="Have the place mended; where the audit is in doubt, see How to check the audit",
        )


CHECKPOINTS: Rule[Sequence[Place]] = Rule(
    code="audit_checkpoints",
    sentence="A place outside the database that takes no checkpoint of the audit is somebody's to mend.",
    source="Setting CLEARWAY_AUDIT_PLACES; what is in no other place can be rewritten unseen",
    check=untold,
)


def of_places(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """The places are of the installation, so that every trust on it is told. One query."""
    found = [Place(row.place, row.problem, row.written_at, at) for row in queries.failing_places()]
    return evaluate([CHECKPOINTS], found, policies, modes)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. One query."""
    found = Waiting(queries.waiting_looks(organisation_id), at)
    return evaluate([LOOKS_TO_REVIEW], found, policies, modes)
