"""What a long wait at a hospital asks for: the ladder of steps of the policy `handover_ladder`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import CannotSay, Rule, Values, Wanted
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.freshness import FreshnessPolicy, freshness

LADDER_POLICY, FRESHNESS, LIMITS = "handover_ladder", "feed_freshness", "quality_limits"
NAMED = 5  # call signs in a cause; more are counted
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder: from `minutes` after arrival, do `action`.

    priority  of the task; None for a notice that the board shows and nobody has to answer
    """

    minutes: float
    name: str
    action: str
    priority: int | None
    role: str


@dataclass(frozen=True, slots=True)
class _Wait:
    call_sign: str
    arrived: float
    minutes: float


def steps(values: Values) -> tuple[Step, ...]:
    """The ladder, lowest step first."""
    made = (
        Step(
            minutes=step["minutes"],
            name=step["name"],
            action=step["action"],
            priority=step.get("priority"),
            role=step.get("role", "patient_flow_coordinator"),
        )
        for step in values["steps"]
    )
    return tuple(sorted(made, key=lambda step: step.minutes))


def climb(situation: Situation, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task per hospital, at the step of its longest wait. Below the first step with a priority: none.

    Raises CannotSay when no source that knows of handovers is fresh enough: silence alone makes waits grow.
    """
    _check_handovers_are_known(situation, FreshnessPolicy(**policies[FRESHNESS]))
    ladder = [step for step in steps(policies[LADDER_POLICY]) if step.priority is not None]
    if not ladder:
        return
    waits = _waits_by_site(situation, float(policies[LIMITS]["absurd_handover"]))
    for site, here in sorted(waits.items()):
        yield _wanted(situation.sites.code[site], situation.sites.name[site], here, ladder)


def _check_handovers_are_known(situation: Situation, policy: FreshnessPolicy) -> None:
    feeds = situation.feeds
    ages = (
        (situation.at - received, interval)
        for received, interval, knows in zip(
            feeds.received, feeds.expected_interval, feeds.knows, strict=True
        )
        if "handover" in knows
    )
    if not any(freshness(float(age), float(every), policy).may_be_relied_on for age, every in ages):
        raise CannotSay("No source that knows of handovers is fresh enough.")


def _waits_by_site(situation: Situation, beyond_belief: float) -> dict[int, list[_Wait]]:
    """Patients waiting at each site, longest first. A wait beyond belief is a finding (HQ10), not a task."""
    table = situation.assignments
    arrived = table.stamp(JobStatus.AT_HOSPITAL)
    minutes = (situation.at - arrived) / MINUTE
    waiting = table.patient_is_waiting & (table.site >= 0) & (minutes >= 0) & (minutes <= beyond_belief)
    found: dict[int, list[_Wait]] = {}
    for row in np.flatnonzero(waiting):
        wait = _Wait(table.call_sign[row], float(arrived[row]), float(minutes[row]))
        found.setdefault(int(table.site[row]), []).append(wait)
    return {
        site: sorted(waits, key=lambda wait: (wait.arrived, wait.call_sign)) for site, waits in found.items()
    }


def _wanted(code: str, name: str, waits: Sequence[_Wait], ladder: Sequence[Step]) -> Wanted:
    first, longest = ladder[0], waits[0]
    step = max(
        (step for step in ladder if step.minutes <= longest.minutes),
        key=lambda step: step.minutes,
        default=first,
    )
    past = [wait for wait in waits if wait.minutes >= first.minutes] or [longest]
    return Wanted(
        subject=f"site:{code}",
        priority=step.priority or 3,
        title=f"{name}: {step.name} ({step.minutes:g} min)",
        cause=_cause(past, first),
        role=step.role,
        suggestion=step.action,
        site_code=code,
        since=_instant(longest.arrived + first.minutes * MINUTE),
        reading=longest.minutes,
        threshold=float(first.minutes),
        step=float(step.minutes),
    )


def _cause(past: Sequence[_Wait], first: Step) -> str:
    named = ", ".join(f"{wait.call_sign} since {clock(_instant(wait.arrived))}" for wait in past[:NAMED])
    more = f" and {len(past) - NAMED} more" if len(past) > NAMED else ""
    return f"Waiting {first.minutes:g} min or longer: {named}{more}"


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


LADDER: Rule[Situation] = Rule(
    code="handover_ladder",
    sentence="A patient who waits long at a hospital brings the next step of the handover ladder.",
    source="Policy handover_ladder, after the 45 minute rule",
    check=climb,
    policies=(LADDER_POLICY, FRESHNESS, LIMITS),
    many="Hospitals on the handover ladder",
)
