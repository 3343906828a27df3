"""What delays ask for: a call where a STACK stays away, an officer where it lasts, a question in wrap-up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock, local
from clearway.core.organisation.queries import policies as policies_of
from clearway.core.worklist.queries import MODES
from clearway.core.worklist.rules import CannotSay, Mode, Outcome, Rule, Values, Wanted, evaluate
from clearway.domain.ambulance.delays import Awaited, Phase, Rung

from .. import situation as situations
from . import queries
from .policy import NAMES, made
from .presenters import escalated, is_passed_on, is_spoken_to
from .queries import Standing

NAMED = 5  # crews in a cause; more are counted
POLICIES = set(NAMES)
Test = Callable[[Standing], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """Every crew on scene or in wrap-up; is_heard  whether the control room's source may be relied on."""

    standing: Sequence[Standing]
    is_heard: bool
    answer: float = 10

    def crews(self, phase: Phase, test: Test) -> list[Standing]:
        """Those of a phase that pass a test, the longest over first. Raises CannotSay."""
        if not self.is_heard:
            raise CannotSay("The control room's source is not heard: nobody knows who is where.")
        chosen = [each for each in self.standing if each.clock.phase is phase and test(each)]
        return sorted(chosen, key=lambda each: (each.since_rung, each.clock.call_sign))


def due(found: Found, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all crews that are due a STACK, where they are not asked by themselves."""
    rows = found.crews(Phase.SCENE, lambda each: each.is_due_a_stack)
    yield from _task(
        rows,
        "stack_due",
        "due a STACK",
        3,
        "patient_flow_coordinator",
        "Open Delays: ask each, on its own page or by radio",
    )


def over(found: Found, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all crews whose STACK stays away, one of the officer and one of the commander."""
    silent = found.crews(Phase.SCENE, _is_silent)
    yield from _task(
        silent,
        "silent",
        "on scene: no STACK has come",
        3,
        "patient_flow_coordinator",
        "Open Delays: call each by radio, and write down its STACK as it is read back",
        since=lambda each: (
            (each.row.asked_at or each.runs_from) + timedelta(minutes=found.answer)
            if each.row
            else each.runs_from
        ),
    )
    officer = found.crews(Phase.SCENE, lambda each: _is_for(each, Rung.OFFICER))
    yield from _task(
        officer,
        "officer",
        "on scene longer than nine in ten",
        2,
        "service_delivery_officer",
        "Open Delays: answer what was escalated, and decide what frees each",
    )
    commander = found.crews(Phase.SCENE, lambda each: _is_for(each, Rung.COMMANDER))
    yield from _task(
        commander,
        "commander",
        "on scene longer than 99 in 100",
        2,
        "local_commander",
        "Call the crew, go there or send somebody, and write down the answer in Delays",
    )


def wrap_up(found: Found, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all crews over the wrap-up standard, and one of the officer for those far over it."""
    asked = found.crews(Phase.WRAP_UP, lambda each: each.rung is Rung.CONTACT and not is_spoken_to(each))
    yield from _task(
        asked,
        "wrap_up",
        "in wrap-up over the standard",
        3,
        "patient_flow_coordinator",
        "Open Delays, Wrap-up: ask for the reason, and record it",
    )
    officer = found.crews(Phase.WRAP_UP, lambda each: _is_for(each, Rung.OFFICER))
    yield from _task(
        officer,
        "wrap_up_officer",
        "in wrap-up far over the standard",
        2,
        "service_delivery_officer",
        "Open Delays, Wrap-up: decide with the coordinator what frees each",
    )


def _is_silent(each: Standing) -> bool:
    """It was asked, the answer is late, and nobody has spoken to it since."""
    if each.awaited is not Awaited.UNANSWERED or each.row is None or each.row.asked_at is None:
        return False
    asked = each.row.asked_at
    return not any(word.at >= asked for word in each.words)


def _is_for(each: Standing, rung: Rung) -> bool:
    """It has reached this rung and nobody passed it on since, or what was escalated has no answer."""
    if each.rung is not rung:
        return rung is Rung.OFFICER and escalated(each) is not None
    return escalated(each) is not None or not is_passed_on(each)


def _since(each: Standing) -> datetime:
    return each.since_rung


def _task(
    rows: Sequence[Standing],
    subject: str,
    title: str,
    priority: int,
    role: str,
    suggestion: str,
    since: Callable[[Standing], datetime] = _since,
) -> Iterator[Wanted]:
    if rows:
        yield Wanted(
            subject=f"delays:{subject}",
            priority=priority,
            title=f"{len(rows)} crew{'' if len(rows) == 1 else 's'} {title}",
            cause=_cause(rows),
            role=role,
            suggestion=suggestion,
            since=min(map(since, rows)),
        )


def _cause(rows: Sequence[Standing]) -> str:
    named = "; ".join(
        f"{each.clock.call_sign}, {each.clock.category or 'no category'}, since {clock(each.runs_from)}"
        for each in rows[:NAMED]
    )
    return named + (f"; and {len(rows) - NAMED} more" if len(rows) > NAMED else "")


STACK_DUE: Rule[Found] = Rule(
    code="stack_due",
    sentence="A crew on scene for long is asked for a STACK report, on its own page.",
    source="Policy on_scene; the coordinator requests and collates STACK reports",
    check=due,
)
ON_SCENE_OVER: Rule[Found] = Rule(
    code="on_scene_over",
    sentence="A crew without its STACK is called; one far over its norm is the officer's or the commander's.",
    source="Policy on_scene; the coordinator contacts delayed crews promptly and escalates",
    check=over,
)
WRAP_UP_OVER: Rule[Found] = Rule(
    code="wrap_up_over",
    sentence="A crew in wrap-up over the standard is asked why; far over it is the officer's.",
    source="Policy wrap_up; the coordinator watches wrap-up and escalates through the officer",
    check=wrap_up,
)
RULES = (ON_SCENE_OVER, WRAP_UP_OVER)


def asks_by_itself(organisation_id: int, at: datetime) -> bool:
    """Whether crews are asked for their STACK with nobody at the desk (policy `rule_modes`). One query."""
    modes = policies_of(organisation_id, [MODES], local(at).date()).get(MODES, {})
    return bool(modes.get(STACK_DUE.code) == Mode.ACT)


def outcomes(
    organisation_id: int,
    policies: Mapping[str, Values],
    modes: Mapping[str, str],
    at: datetime,
) -> list[Outcome]:
    """What these rules want now. A fixed number of queries."""
    policy, reading = made(policies), situations.reading(organisation_id, at)
    standing = queries.standing(organisation_id, reading, policy, at)
    found = Found(standing, queries.is_heard(reading), policy.scene.answer)
    if modes.get(STACK_DUE.code) == Mode.ACT:  # crews are asked by themselves: nothing is left to do
        return [*evaluate(RULES, found, policies, modes), Outcome(STACK_DUE.code)]
    return evaluate([STACK_DUE, *RULES], found, policies, modes)
