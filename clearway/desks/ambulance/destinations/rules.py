"""What somebody has to look at again: a rule or a confirmed role that advice rested on, past its review."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies_named, policy_value
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed
from clearway.domain.ambulance.destination_answers import ROLE_PREFIX, Stands, role_of
from clearway.domain.ambulance.destinations import RULE_PREFIX, DestinationRule, rule_of

from ..advice import queries as advice
from ..advice.queries import Rested
from .queries import words

LOOK_BACK = timedelta(hours=24)
NAMED = 4  # in a sentence; more are counted


@dataclass(frozen=True, slots=True)
class Overdue:
    """Rules and confirmed roles past their review that advice of the last day used: words and the day."""

    used: Sequence[tuple[str, str]]


def review(overdue: Overdue, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all of them: they are answered for on one page."""
    if not overdue.used:
        return
    named = listed([f"{name} ({day})" for name, day in overdue.used], NAMED)
    yield Wanted(
        subject="destinations:review",
        priority=3,
        title="Advice rested on rules or roles past their review",
        cause=f"Past the day of review and used within a day: {named}.",
        role="clinical_lead",
        suggestion="Open What destinations can do: confirm each as it stands, or with a change",
    )


DESTINATION_REVIEW: Rule[Overdue] = Rule(
    code="destination_review",
    sentence="A destination rule or role that advice used is looked at again when its review is past.",
    source="Rules are clinical policy with an owner and a day of review",
    check=review,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. Two queries; one while nothing is past its review."""
    return evaluate([DESTINATION_REVIEW], overdue(organisation_id, at), policies, modes)


def overdue(organisation_id: int, at: datetime) -> Overdue:
    """What is past its review of what the advice of the last day rested on."""
    today = local(at).date()
    versions = policies_named(organisation_id, (RULE_PREFIX, ROLE_PREFIX), today)
    rules = [rule_of(policy_value(each)) for each in versions if each.name.startswith(RULE_PREFIX)]
    late = {each.name: each for each in versions if each.review_on < today}
    if not late:
        return Overdue(())
    rested = advice.rested(organisation_id, at - LOOK_BACK, at)
    roles = [role_of(policy_value(each)) for name, each in late.items() if name.startswith(ROLE_PREFIX)]
    found = [
        (rule.name, rule.signed.review_on)
        for rule in rules
        if f"{RULE_PREFIX}{rule.code}" in late and any(_applies(rule, each) for each in rested)
    ]
    asked = [
        (each.taken, {*rule.requires, *rule.fallback})
        for each in rested
        for rule in rules
        if _applies(rule, each)
    ]
    found += [
        (f"{words(answer.role)} at {answer.site}", answer.signed.review_on)
        for answer in roles
        if answer.stands is Stands.CONFIRMED
        and any(answer.site == taken and answer.role in wanted for taken, wanted in asked)
    ]
    return Overdue(found)


def _applies(rule: DestinationRule, rested: Rested) -> bool:
    return rule.ages.holds(rested.age) and (not rule.needs or bool(rule.needs & rested.needs))
