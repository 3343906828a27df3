"""What standing advice asks somebody to do: a crew that is silent, an answer that has changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import Mode, Outcome, Rule, Values, Wanted, evaluate
from clearway.domain.ambulance.situation import Situation

from . import queries
from .inbound import Inbound, inbound
from .models import Advice, CrewMessage
from .reading import read

ROLE = "patient_flow_coordinator"
POLICY = "conveyance_advice"


@dataclass(frozen=True, slots=True)
class Told:
    """The messages that crews should have, the advice that has changed, and who is inbound unlooked at."""

    at: datetime
    messages: Sequence[CrewMessage]
    changed: Sequence[Advice]
    inbound: Sequence[Inbound] = ()


def silent(told: Told, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task per crew that has neither acknowledged its message nor read it back in time."""
    after = timedelta(minutes=policies[POLICY].get("silence_minutes", 5))
    for message in told.messages:
        if not message.is_answered and told.at - message.made_at >= after:
            came = "it was delivered" if message.delivered_at else "it has not appeared on the crew's page"
            yield Wanted(
                subject=f"crew:{message.call_sign}",
                priority=2,
                title=f"{message.call_sign} has not acknowledged its advice",
                cause=f"Sent at {clock(message.made_at)}; {came}.",
                role=ROLE,
                suggestion="Call the crew by radio, have it read back, and record that on its advice page",
            )


def changed(told: Told, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task per crew whose answer has changed and whom nobody has told."""
    for advice in told.changed:
        yield Wanted(
            subject=f"crew:{advice.call_sign}",
            priority=2,
            title=f"The advice for {advice.call_sign} has changed",
            cause=f"{advice.because} Since {clock(advice.given_at)}; it goes to {advice.taken_name}."[:500],
            role=ROLE,
            suggestion="Open Advice: tell the crew, or keep it on its way with a reason",
        )


def unlooked(told: Told, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task per crew that might do better elsewhere and was never advised."""
    for each in told.inbound:
        yield Wanted(
            subject=f"crew:{each.call_sign}",
            priority=2,
            title=f"{each.call_sign} is inbound and nobody has looked",
            cause=f"It goes to {each.name}. {each.why}"[:500],
            role=ROLE,
            suggestion="Open Advice: say needs and turn it, or keep it on its way with a reason",
        )


CREW_SILENT: Rule[Told] = Rule(
    code="crew_silent",
    sentence="A crew that does not acknowledge its advice is called.",
    source="A message counts only when it has been seen; policy conveyance_advice",
    check=silent,
    policies=(POLICY,),
    many="Crews that have not acknowledged their advice",
)
ADVICE_CHANGED: Rule[Told] = Rule(
    code="advice_changed",
    sentence="A crew whose advice has changed is told, or kept on its way with a reason.",
    source="A warning, a divert or a closure supersedes the advice before it",
    check=changed,
    many="Crews whose advice has changed",
)
CREW_INBOUND: Rule[Told] = Rule(
    code="crew_inbound",
    sentence="A crew inbound without advice is looked at when its place is shut or another is better.",
    source="A crew that conveys without asking drives on to a divert or a queue; policy conveyance_advice",
    check=unlooked,
    many="Crews inbound where others might do better, and nobody has looked",
    from_one=True,
)
RULES: Sequence[Rule[Told]] = (CREW_SILENT, ADVICE_CHANGED, CREW_INBOUND)
POLICIES = {name for rule in RULES for name in rule.policies}


def outcomes(
    organisation_id: int,
    policies: Mapping[str, Values],
    modes: Mapping[str, str],
    situation: Situation,
    at: datetime,
) -> list[Outcome]:
    """What these rules want now. Two queries, and those of reading for advice."""
    standing = queries.standing(organisation_id)
    told = Told(
        at,
        sorted(queries.messages(organisation_id).values(), key=lambda each: each.call_sign),
        [each for each in standing.values() if each.state == Advice.State.TO_TELL],
        _unlooked(organisation_id, modes, situation, standing, at),
    )
    return evaluate(RULES, told, policies, modes)


def _unlooked(
    organisation_id: int,
    modes: Mapping[str, str],
    situation: Situation,
    standing: Mapping[str, Advice],
    at: datetime,
) -> Sequence[Inbound]:
    if modes.get(CREW_INBOUND.code) == Mode.OFF:
        return ()
    return inbound(read(organisation_id, at, situation), standing)
