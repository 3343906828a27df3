"""What pressure asks for: levels whose review is past, and actions that nobody has answered in time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate
from clearway.domain.ambulance.pressure import Ladder

from . import queries
from .models import ActionCard, TrustLevel
from .policy import TITLES

NAMED = 4  # actions in a cause; more are counted


@dataclass(frozen=True, slots=True)
class Overdue:
    """Levels whose review is past, and open action cards past their time that nobody has answered."""

    levels: Sequence[TrustLevel]
    cards: Sequence[ActionCard]


def overdue(found: Overdue, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all of it: whoever holds it opens Pressure and sees each."""
    if not found.levels and not found.cards:
        return
    since = [each.review_by for each in found.levels] + [each.due_at for each in found.cards]
    causes = [f"{_title(each)} was to be reviewed by {clock(each.review_by)}" for each in found.levels]
    causes += [
        f"{each.says} ({_title(each.entered)}, by {clock(each.due_at)})" for each in found.cards[:NAMED]
    ]
    if len(found.cards) > NAMED:
        causes.append(f"{len(found.cards) - NAMED} more actions")
    yield Wanted(
        subject="pressure:overdue",
        priority=2 if found.levels else 3,
        title=_of(len(found.levels), "level", "to be reviewed", len(found.cards)),
        cause="; ".join(causes),
        role="service_delivery_officer",
        suggestion="Open Pressure: review the level, and ask who has not ticked what was asked",
        since=min(since),
    )


def _title(row: TrustLevel) -> str:
    return f"{TITLES[Ladder(row.ladder)]} {row.level}"


def _of(levels: int, noun: str, what: str, cards: int) -> str:
    said = [f"{levels} {noun}{'' if levels == 1 else 's'} {what}"] if levels else []
    said += [f"{cards} action{'' if cards == 1 else 's'} past their time"] if cards else []
    return ", ".join(said)


PRESSURE_OVERDUE: Rule[Overdue] = Rule(
    code="pressure_overdue",
    sentence="A level of the trust past its review, and what it asks past its time, are one task.",
    source="Policies reap, clinical_safety_plan and action_cards",
    check=overdue,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. Two queries."""
    levels = [each for each in queries.newest(organisation_id).values() if each.review_by <= at]
    cards = [
        each for each in queries.open_cards(organisation_id) if each.answered_at is None and each.due_at <= at
    ]
    return evaluate([PRESSURE_OVERDUE], Overdue(levels, cards), policies, modes)
