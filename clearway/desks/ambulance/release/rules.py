"""What exceptions ask for: another look at each crew that was to stay for a while."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed
from clearway.domain.ambulance.release import Kind

from ..incidents import queries as incidents
from . import queries
from .policy import NAME, made
from .queries import Standing

POLICY = NAME


@dataclass(frozen=True, slots=True)
class Found:
    """The exceptions of patients who still wait and that are due another look, with the names of reasons."""

    due: Sequence[Standing]
    says: Mapping[str, str]


def look_again(found: Found, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all exceptions that are due another look."""
    rows = found.due
    if rows:
        yield Wanted(
            subject="release:look",
            priority=2,
            title=f"{len(rows)} exception{'' if len(rows) == 1 else 's'} to a release: look again",
            cause=_cause(rows, found.says),
            role="patient_flow_coordinator",
            suggestion="Open Releases: release each crew, or record why it stays and until when",
            since=min(each.record.look_at for each in rows if each.record.look_at),
            members=frozenset(f"assignment:{each.assignment}" for each in rows),
        )


def _cause(rows: Sequence[Standing], says: Mapping[str, str]) -> str:
    return listed(
        [
            f"{each.call_sign}, {says.get(each.record.reason, each.record.reason).lower()},"
            f" due {clock(each.record.look_at)}"
            for each in rows
            if each.record.look_at
        ]
    )


RELEASE_LOOK: Rule[Found] = Rule(
    code="release_look",
    sentence="A crew that was not released is looked at again when somebody said it would be.",
    source="Policy handover_release; the 45 minute rule wants a release or a documented exception",
    check=look_again,
)
RULES = (RELEASE_LOOK,)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. Two queries."""
    says = {each.code: each.says for each in made(policies.get(POLICY, {})).reasons}
    return evaluate(RULES, Found(due(organisation_id, at), says), policies, modes)


def due(organisation_id: int, at: datetime) -> list[Standing]:
    """The exceptions due another look, the longest due first; none of whoever waits no more. Two queries."""
    rows = [
        each
        for each in queries.standing(organisation_id, at).values()
        if each.record.kind is Kind.EXCEPTION and each.record.look_at and each.record.look_at <= at
    ]
    jobs = incidents.by_key(organisation_id, [each.assignment for each in rows])
    waiting = [each for each in rows if each.assignment in jobs and jobs[each.assignment].patient_is_waiting]
    return sorted(waiting, key=lambda each: (each.record.look_at or at, each.assignment))
