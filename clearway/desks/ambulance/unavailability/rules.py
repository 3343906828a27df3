"""What unavailability asks for: a question when the limit is over, help where it is welfare."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed
from clearway.domain.ambulance.unavailability import Timer

from . import queries
from .policy import made
from .queries import Standing

POLICY = "unavailability"


def over(found: Sequence[Standing], _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task of the coordinator for all that are over, one of the officer for those over for long, and one
    for welfare: in a list one sees which to look at first."""
    for subject, timers, priority, role, title, suggestion in (
        (
            *("over", {Timer.OVER}, 3, "patient_flow_coordinator"),
            *("over their time", "Open Unavailable: ask what the policy asks, and record the answer"),
        ),
        (
            *("escalate", {Timer.ESCALATE}, 2, "service_delivery_officer"),
            *("long over their time", "Open Unavailable: decide with the coordinator what frees each"),
        ),
        (
            *("support", {Timer.SUPPORT}, 3, "operations_support"),
            *(
                "off for welfare longer than usual",
                "Have a manager call and offer support; nobody is pressed",
            ),
        ),
    ):
        rows = [each for each in found if each.timer in timers and not _was_just_asked(each)]
        if rows:
            number = f"{len(rows)} resource{'' if len(rows) == 1 else 's'}"
            yield Wanted(
                subject=f"unavailable:{subject}",
                priority=priority,
                title=f"{number} {title}",
                cause=_cause(rows),
                role=role,
                suggestion=suggestion,
                since=min(each.until for each in rows if each.until is not None),
                members=frozenset(each.row.call_sign for each in rows),
            )


def _was_just_asked(each: Standing) -> bool:
    """Whoever was asked after the limit has said something; an extension moves the limit itself."""
    words = list(each.row.words.all())
    return bool(words) and each.until is not None and words[-1].at > each.until


def _cause(rows: Sequence[Standing]) -> str:
    return listed(
        [f"{each.row.call_sign}, {each.reason.says.lower()}, until {clock(each.until)}" for each in rows]
    )


UNAVAILABLE_OVER: Rule[Sequence[Standing]] = Rule(
    code="unavailable_over",
    sentence="A resource that is unavailable past its time is asked why; for welfare, help is offered.",
    source="Policy unavailability; the coordinator challenges where it is appropriate to do so",
    check=over,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. Three queries."""
    found = queries.lasting(organisation_id, made(policies.get(POLICY, {})), at)
    return evaluate([UNAVAILABLE_OVER], found, policies, modes)
