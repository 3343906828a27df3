"""What the register asks for: that each duty is done by its day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from clearway.domain.shared.region import Desk

from ..worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed
from . import queries
from .policy import NAME, made
from .queries import Overdue

PAGE = "/duties/"
POLICY = NAME
LEADER, OFFICER = "outpatient_team_leader", "service_delivery_officer"


def to_do(found: Sequence[Overdue], role: str = LEADER) -> Iterator[Wanted]:
    """One task for each duty past its day; of people's own one for each kind, because a task is read by more
    than may see whose they are."""
    for each in found:
        if each.is_own:
            continue
        yield Wanted(
            subject=f"recurring_duty:{each.key}",
            priority=3,
            title=f"{each.name} is overdue",
            cause=_cause(each),
            role=role,
            suggestion=f"Do it, and write down what shows it: {PAGE}{each.key}/",
        )
    for kind, rows in _own(found).items():
        yield Wanted(
            subject=f"recurring_duties:{kind}",
            priority=3,
            title=f"People's own duties are overdue: {kind}, {len(rows)}",
            cause=f"The first was due on {_day(min(each.due_on for each in rows))}",
            role=role,
            suggestion=f"See whose they are, and when they will be done: {PAGE}",
            reading=float(len(rows)),
            threshold=1.0,
            members=_keys(rows),
        )


def _own(found: Sequence[Overdue]) -> Mapping[str, list[Overdue]]:
    """People's own duties by kind."""
    own = [each for each in found if each.is_own]
    return {kind: [each for each in own if each.kind == kind] for kind in sorted({e.kind for e in own})}


def _keys(found: Sequence[Overdue]) -> frozenset[str]:
    return frozenset(f"recurring_duty:{each.key}" for each in found)


def _day(due_on: date) -> str:
    return f"{due_on:%a} {due_on.day} {due_on:%b %Y}"


def _cause(each: Overdue) -> str:
    return f"It was due on {_day(each.due_on)}; {each.owner} does it"


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
            cause=listed(_words(waiting.found)),
            role=waiting.role,
            suggestion=f"See that they are done, or when they will be: {PAGE}",
            members=_keys(waiting.found),
        )


def _words(found: Sequence[Overdue]) -> list[str]:
    """Each duty; of people's own the kinds and how many."""
    own = [f"{kind} of people: {len(rows)}" for kind, rows in _own(found).items()]
    return [*(f"{each.name}, {each.owner}" for each in found if not each.is_own), *own]


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
