"""What the register asks for: that each duty is done by its day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.domain.shared.region import Desk

from ..worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed
from . import queries
from .policy import NAME, made
from .queries import Overdue

PAGE = "/duties/"
POLICY = NAME
LEADER, OFFICER = "outpatient_team_leader", "service_delivery_officer"


def to_do(found: Sequence[Overdue], role: str = LEADER) -> Iterator[Wanted]:
    """One task for each duty past its day."""
    for each in found:
        yield Wanted(
            subject=f"recurring_duty:{each.key}",
            priority=3,
            title=f"{each.name} is overdue",
            cause=_cause(each),
            role=role,
            suggestion=f"Do it, and write down what shows it: {PAGE}{each.key}/",
        )


def _cause(each: Overdue) -> str:
    due_on = each.due_on
    return f"It was due on {due_on:%a} {due_on.day} {due_on:%b %Y}; {each.owner} does it"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The overdue duties of the ambulance desk. role  who sees to them"""

    found: Sequence[Overdue]
    role: str


def due(waiting: Waiting, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all that are overdue: on a shift there is no time for a task each."""
    count = len(waiting.found)
    if count:
        yield Wanted(
            subject="duties:ambulance",
            priority=3,
            title=f"{count} recurring {'duty is' if count == 1 else 'duties are'} overdue",
            cause=listed([f"{each.name}, {each.owner}" for each in waiting.found]),
            role=waiting.role,
            suggestion=f"See that they are done, or when they will be: {PAGE}",
            members=frozenset(f"recurring_duty:{each.key}" for each in waiting.found),
        )


DUTIES_OVERDUE: Rule[Waiting] = Rule(
    code="duties_overdue",
    sentence="Training, appraisals, checks of one's area and the green plan are done by their day.",
    source="Job description of the patient flow coordinator; intervals by policy recurring_duties",
    check=due,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now of the ambulance desk. One query."""
    role = made(policies.get(POLICY, {})).leads.get(Desk.AMBULANCE, OFFICER)
    found = queries.overdue(organisation_id, at, Desk.AMBULANCE)
    return evaluate([DUTIES_OVERDUE], Waiting(found, role), policies, modes)
