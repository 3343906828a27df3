"""A review time rings: one task for each person whose decisions are to be looked at again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from clearway.domain.shared.region import Desk

from ..layout.times import clock
from ..people.roles import ROLES
from ..worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed
from . import queries
from .models import Decision

NAMED = 3  # decisions in a cause; more are counted


def desk_of(role: str) -> Desk:
    """At which desk somebody in this role decides."""
    held = ROLES[role].permissions if role in ROLES else frozenset()
    return Desk.AMBULANCE if "handovers.read" in held else Desk.OUTPATIENTS


def due(found: Sequence[Decision], _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each owner, whatever the number."""
    owners = dict.fromkeys(row.by_id for row in found)
    for owner in owners:
        rows = [row for row in found if row.by_id == owner]
        named = listed(
            [f"entry {row.pk}, review {clock(row.review_at)}: {row.decision[:80]}" for row in rows], NAMED
        )
        yield Wanted(
            subject=f"decisions:{desk_of(rows[0].role)}:{owner}",
            priority=3,
            title=f"{len(rows)} decision{'' if len(rows) == 1 else 's'} of {rows[0].by} to review",
            cause=named[:500],
            role=rows[-1].role,
            suggestion="Open the entry: say what came of it, amend it, or write that it stands",
            since=min(row.review_at for row in rows if row.review_at),
        )


DECISION_REVIEW: Rule[Sequence[Decision]] = Rule(
    code="decision_review",
    sentence="A decision is looked at again when its review time comes.",
    source="Job description: reflection and amendments to decisions; hazard H13",
    check=due,
)


def outcomes(
    organisation_id: int,
    policies: Mapping[str, Values],
    modes: Mapping[str, str],
    at: datetime,
    *,
    desk: Desk,
) -> list[Outcome]:
    """What this rule wants now of one desk's decisions; those of another desk are left alone. Two queries."""
    found = [row for row in queries.ringing(organisation_id, at) if desk_of(row.role) is desk]
    about = frozenset(f"decisions:{desk}:{owner}" for owner in queries.writers(organisation_id))
    asked = evaluate([DECISION_REVIEW], found, policies, modes)
    return [replace(each, about=about) if each.rule == DECISION_REVIEW.code else each for each in asked]
