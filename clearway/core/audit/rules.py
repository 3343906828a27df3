"""Looks at identities that wait for their review, and places outside that take no checkpoint of the audit."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from ..layout.times import clock, day
from ..worklist.rules import Outcome, Rule, Values, Wanted, evaluate
from . import queries, seal
from .checkpoints import PAPER_EVERY
from .reviewing import POLICY, review_within

MOST_BEHIND = timedelta(minutes=5)  # of what is sealed and told within one; then something holds it


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


class Behind(NamedTuple):
    """What is on its way out of the database: since when the oldest row waits for a seal, and the oldest seal
    for each place; and the present."""

    unsealed: datetime | None
    untold: Mapping[str, datetime]
    at: datetime


def behind(found: Behind, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task where rows wait for a seal, and one for each place that waits for a checkpoint."""
    if found.unsealed is not None and found.at - found.unsealed > MOST_BEHIND:
        yield _behind(
            *("checkpoints:seals", "The audit is not sealed any more", found.unsealed),
            "Look for a transaction that stays open (pg_stat_activity), and whether a worker runs",
        )
    for place, since in found.untold.items():
        most = MOST_BEHIND + (PAPER_EVERY if place.startswith("paper:") else timedelta())
        if found.at - since > most:
            yield _behind(
                *(
                    f"checkpoints:{place}:late"[:150],
                    f"Checkpoints of the audit wait for {place}"[:150],
                    since,
                ),
                "See whether a worker runs, and whether the place answers",
            )


def _behind(subject: str, title: str, since: datetime, suggestion: str) -> Wanted:
    cause = f"The oldest that waits is of {day(since)}, {clock(since)}"
    return Wanted(subject, 2, title, cause, "administrator", suggestion=suggestion)


SEALS: Rule[Behind] = Rule(
    code="audit_behind",
    sentence="The audit is sealed and told outside within minutes; that it stopped is somebody's to mend.",
    source="Promise S7: a row is known outside within a minute",
    check=behind,
)


def of_places(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """The places are of the installation, so that every trust on it is told.

    One query without places, else four and one for each.
    """
    failing = queries.failing_places()
    found = [Place(row.place, row.problem, row.written_at, at) for row in failing]
    told = evaluate([CHECKPOINTS], found, policies, modes)
    if not settings.AUDIT_PLACES:
        return told
    known = {row.place for row in failing}  # these have a task already
    untold = {place: since for place, since in queries.waits_since().items() if place not in known}
    late = Behind(seal.waits_since(), untold, at)
    return [*told, *evaluate([SEALS], late, policies, modes)]


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. One query."""
    found = Waiting(queries.waiting_looks(organisation_id), at)
    return evaluate([LOOKS_TO_REVIEW], found, policies, modes)
