"""What pressure asks for: what levels ask of each role, what is past its time, and triggers above a level."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import clock
from clearway.core.people.roles import ROLES
from clearway.core.worklist.rules import CannotSay, Mode, Outcome, Rule, Values, Wanted, evaluate, together
from clearway.domain.ambulance.pressure import Ladder

from . import queries
from .models import ActionCard, TrustLevel
from .policy import TITLES
from .queries import LadderNow

OFFICER = "service_delivery_officer"
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
        priority=2,
        title=_of(len(found.levels), "level", "to be reviewed", len(found.cards)),
        cause="; ".join(causes),
        role=OFFICER,
        suggestion="Open Pressure: review the level, and ask who has not ticked what was asked",
        since=min(since),
    )


def _title(row: TrustLevel) -> str:
    return f"{TITLES[Ladder(row.ladder)]} {row.level}"


def _of(levels: int, noun: str, what: str, cards: int) -> str:
    said = [f"{levels} {noun}{'' if levels == 1 else 's'} {what}"] if levels else []
    said += [f"{cards} action{'' if cards == 1 else 's'} past their time"] if cards else []
    return ", ".join(said)


def asked(cards: Sequence[ActionCard], _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each role while it has not answered what a level asks of it."""
    for role in sorted({each.role for each in cards if each.role in ROLES}):
        mine = [each for each in cards if each.role == role]
        said = [f"{each.says} ({_title(each.entered)}, by {clock(each.due_at)})" for each in mine[:NAMED]]
        more = [f"{len(mine) - NAMED} more actions"] if len(mine) > NAMED else []
        yield Wanted(
            subject=f"pressure:asked:{role}",
            priority=2 if any(each.entered.ladder == Ladder.CSP for each in mine) else 3,
            title=f"A level of the trust asks {len(mine)} action{'' if len(mine) == 1 else 's'} of you",
            cause="; ".join([*said, *more]),
            role=role,
            suggestion="Open Pressure: do each and tick it, or say why it is not done",
            members=frozenset(f"card:{each.pk}" for each in mine),
        )


def above(ladders: Sequence[LadderNow], _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each ladder whose triggers point above the level that is set. A person decides."""
    if not any(each.counts for each in ladders):
        raise CannotSay("What the triggers rest on is too old")
    for each in ladders:
        if each.row is None or not each.above:
            continue
        yield Wanted(
            subject=f"pressure:above:{each.plan.ladder}",
            priority=2,
            title=f"Triggers point above the {each.plan.title}, which is {each.plan.named(each.row.level)}",
            cause="; ".join(f"{pulled.trigger.says} points to {pulled.level}" for pulled in each.above),
            role=OFFICER,
            suggestion="Open Pressure: set the level that is right, or leave it and say why",
        )


PRESSURE_ASKED: Rule[Sequence[ActionCard]] = Rule(
    code="pressure_asked",
    sentence="What a level of the trust asks of a role is a task of that role until it is answered.",
    source="Policy action_cards",
    check=asked,
)
PRESSURE_ABOVE: Rule[Sequence[LadderNow]] = Rule(
    code="pressure_above",
    sentence="Triggers that point above the level that is set are a task; they set nothing.",
    source="Policies reap and clinical_safety_plan",
    check=above,
)
PRESSURE_OVERDUE: Rule[Overdue] = Rule(
    code="pressure_overdue",
    sentence="A level of the trust past its review, and what it asks past its time, are one task.",
    source="Policies reap, clinical_safety_plan and action_cards",
    check=overdue,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What the rules of levels and actions want now. Two queries."""
    levels = [each for each in queries.newest(organisation_id).values() if each.review_by <= at]
    cards = [each for each in queries.open_cards(organisation_id) if each.answered_at is None]
    late = [each for each in cards if each.due_at <= at]
    return together(
        evaluate([PRESSURE_ASKED], cards, policies, modes),
        evaluate([PRESSURE_OVERDUE], Overdue(levels, late), policies, modes),
    )


def triggers(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What the rule of triggers wants now. Three queries beside the reading."""
    if modes.get(PRESSURE_ABOVE.code) == Mode.OFF:
        return evaluate([PRESSURE_ABOVE], [], policies, modes)
    found = list(queries.ladders(organisation_id, at).values())
    return evaluate([PRESSURE_ABOVE], found, policies, modes)
