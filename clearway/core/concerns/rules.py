"""What reports ask for: one task for each role until they are acknowledged, one for all that are overdue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clearway.domain.shared.concerns import ConcernPolicy, State
from clearway.domain.shared.region import Desk

from ..layout.times import day
from ..people.roles import ROLES, name_of
from ..worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed
from . import queries
from .policy import NAME, made
from .queries import Reported

PAGE = "/concerns/"
POLICY = NAME
NAMED = 4  # reports in a cause; more are counted


@dataclass(frozen=True, slots=True)
class Waiting:
    """The open reports of one desk, at an instant."""

    desk: Desk
    found: Sequence[Reported]
    policy: ConcernPolicy
    at: datetime


def due(waiting: Waiting, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all that are overdue, of the role of the policy; one for each owner of new ones."""
    overdue = [each for each in waiting.found if each.stands.is_overdue(waiting.at)]
    if overdue:
        yield Wanted(
            subject=f"concerns:{waiting.desk}:overdue",
            priority=2,
            title=_many(overdue, "overdue"),
            cause=_cause(overdue, waiting.policy),
            role=waiting.policy.escalate.get(waiting.desk, overdue[0].stands.owner),
            suggestion=f"See that each is taken up: {PAGE}?state=overdue",
            members=_members(overdue),
        )
    new = [each for each in waiting.found if each.stands.state is State.REPORTED and each not in overdue]
    for role in sorted({each.stands.owner for each in new}):
        if role in ROLES and "tasks.work" in ROLES[role].permissions:
            of = [each for each in new if each.stands.owner == role]
            yield Wanted(
                subject=f"concerns:{waiting.desk}:{role}",
                priority=3,
                title=_many(of, "to be acknowledged"),
                cause=_cause(of, waiting.policy),
                role=role,
                suggestion=f"Read them and acknowledge: {PAGE}?state=open",
                members=_members(of),
            )


def _members(found: Sequence[Reported]) -> frozenset[str]:
    return frozenset(f"concern:{each.row.pk}" for each in found)


def _many(found: Sequence[Reported], what: str) -> str:
    return f"{len(found)} report{'' if len(found) == 1 else 's'} of a hazard, risk or incident {what}"


def _cause(found: Sequence[Reported], policy: ConcernPolicy) -> str:
    return listed(
        [
            f"{policy.kind(each.row.kind).says}, {name_of(each.stands.owner).lower()},"
            f" since {day(each.row.at)}"
            for each in found
        ]
    )


CONCERN_DUE: Rule[Waiting] = Rule(
    code="concern_due",
    sentence="A reported hazard, risk or incident is acknowledged and closed in time by who owns it.",
    source="Both job descriptions ask for reports of hazards, risks and incidents; times by policy concerns",
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
    """What this rule wants now of one desk's reports; those of another desk are left alone. Two queries."""
    policy = made(policies.get(POLICY, {}))
    found = [each for each in queries.open_reports(organisation_id, policy, at) if each.row.desk == desk]
    about = frozenset(f"concerns:{desk}:{what}" for what in ("overdue", *ROLES))
    asked = evaluate([CONCERN_DUE], Waiting(desk, found, policy, at), policies, modes)
    return [replace(each, about=about) if each.rule == CONCERN_DUE.code else each for each in asked]
