"""What cover asks for: late finishes seen coming, in one task for all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import CannotSay, Outcome, Rule, Values, Wanted, evaluate, listed
from clearway.engine.ambulance.cover import LateFinish
from clearway.engine.ambulance.feeds import basis

from .. import situation as situations
from . import planning
from .planning import OnJob
from .policy import NAME, made

POLICIES = frozenset({NAME})


@dataclass(frozen=True, slots=True)
class Finishes:
    """Who will probably finish late; `can_say` whether what it rests on is fresh."""

    at: datetime
    found: Sequence[tuple[OnJob, LateFinish]]
    can_say: bool


def late(seen: Finishes, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task of the coordinator for all crews that will probably finish late."""
    if not seen.can_say:
        raise CannotSay
    if seen.found:
        number = f"{len(seen.found)} crew{'' if len(seen.found) == 1 else 's'}"
        ordered = sorted(seen.found, key=lambda pair: pair[0].call_sign)
        named = listed(
            [
                f"{job.call_sign}, shift ends {clock(seen.at + timedelta(minutes=job.until_end or 0.0))}"
                for job, _ in ordered
            ]
        )
        yield Wanted(
            subject="late_finishes",
            priority=3,
            title=f"{number} will probably finish late",
            cause=named,
            role="patient_flow_coordinator",
            suggestion="Open Cover: see who can relieve whom, and tell the station",
            members=frozenset(job.call_sign for job, _ in ordered),
        )


LATE_FINISH: Rule[Finishes] = Rule(
    code="late_finish",
    sentence="Crews whose job will probably run past the end of their shift are named before it does.",
    source="Policy cover; the coordinator assists with barriers and with staff welfare",
    check=late,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. The reading is that of the round."""
    policy = made(policies.get(NAME, {}))
    reading = situations.reading(organisation_id, at)
    feed = basis(reading.situation, reading.ground.policy.freshness).cad
    found = planning.late_finishes(planning.jobs_of(reading, policy), policy)
    seen = Finishes(at, found, feed.freshness.may_be_relied_on)
    return evaluate([LATE_FINISH], seen, policies, modes)
