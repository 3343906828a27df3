"""What delays ask for: a call where a STACK stays away, an officer where it lasts, a question in wrap-up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock, local
from clearway.core.organisation.queries import policies as policies_of
from clearway.core.worklist.queries import MODES
from clearway.core.worklist.rules import CannotSay, Mode, Outcome, Rule, Values, Wanted, evaluate, listed
from clearway.domain.ambulance.delays import Awaited, Phase, Rung

from .. import situation as situations
from . import queries
from .policy import NAMES, made
from .presenters import NO_AREA, escalated, is_passed_on, is_spoken_to
from .queries import Standing

MEMBER = 150  # characters of one member that a task keeps
OFFICER = "service_delivery_officer"
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
    """One task for all crews whose STACK stays away, the officer's, and one of each area's commander."""
    silent = found.crews(Phase.SCENE, lambda each: each.awaited is Awaited.UNANSWERED)
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
    yield from _of_the_officer(found)
    yield from _of_the_commanders(found)


def _of_the_officer(found: Found) -> Iterator[Wanted]:
    past = found.crews(Phase.SCENE, lambda each: _is_officers(each) and each.clock.waits_since is None)
    yield from _task(
        past,
        "officer",
        "on scene past the officer's minute",
        2,
        OFFICER,
        "Open Delays: decide what frees each, and write down the answer",
    )
    waiting = found.crews(Phase.SCENE, lambda each: _is_officers(each) and each.clock.waits_since is not None)
    yield from _task(
        waiting,
        "backup",
        "waiting long for a vehicle that conveys",
        2,
        OFFICER,
        "Open Delays: decide with the dispatcher which vehicle each gets, and write down the answer",
    )
    yield from _unanswered(found, Phase.SCENE, "escalated", "on scene")


def _unanswered(found: Found, phase: Phase, subject: str, where: str) -> Iterator[Wanted]:
    """What somebody escalated and nobody answered, however long it lasts."""
    rows = found.crews(phase, lambda each: each.rung is not Rung.COMMANDER and escalated(each) is not None)
    yield from _task(
        rows,
        subject,
        f"{where}: escalated, no answer yet",
        2,
        OFFICER,
        "Open Delays: answer what was escalated",
        since=lambda each: word.at if (word := escalated(each)) else each.since_rung,
    )


def _of_the_commanders(found: Found) -> Iterator[Wanted]:
    """One task for each area: its commander answers for no other's crews."""
    rows = found.crews(Phase.SCENE, _is_commanders)
    for area in sorted({each.area for each in rows}):
        yield from _task(
            [each for each in rows if each.area == area],
            f"commander:{area}",
            f"on scene longer than 99 in 100, {area or NO_AREA.lower()}",
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
    officer = found.crews(Phase.WRAP_UP, _is_officers)
    yield from _task(
        officer,
        "wrap_up_officer",
        "in wrap-up far over the standard",
        2,
        OFFICER,
        "Open Delays, Wrap-up: decide with the coordinator what frees each",
    )
    yield from _unanswered(found, Phase.WRAP_UP, "wrap_up_escalated", "in wrap-up")


def _is_officers(each: Standing) -> bool:
    """It has reached the officer's rung, and nobody passed it on since."""
    return each.rung is Rung.OFFICER and escalated(each) is None and not is_passed_on(each)


def _is_commanders(each: Standing) -> bool:
    """It has reached the commander's rung, and nobody passed it on since or nobody answered."""
    return each.rung is Rung.COMMANDER and (escalated(each) is not None or not is_passed_on(each))


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
            members=frozenset(map(_member, rows)),
        )


def _member(each: Standing) -> str:
    """One crew at one incident: on its next one it is another, and brings an answered task back."""
    return f"{each.clock.call_sign} {each.clock.incident}"[:MEMBER]


def _cause(rows: Sequence[Standing]) -> str:
    return listed(
        [
            f"{each.clock.call_sign}, {each.clock.category or 'no category'}, since {clock(each.clock.since)}"
            for each in rows
        ]
    )


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
