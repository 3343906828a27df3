"""Delays of a crew: on scene, waiting for back-up, and between handover and clear.

How long a scene usually takes comes from the service's own history by category and outcome, and from a seeded
table where that is too small. The ladder says when a crew is asked, and who is told. All minutes are policies
(`on_scene`, `wrap_up`); docs/adr/0085 says why a norm is chosen as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from .words import Category, JobStatus, ResourceKind

J = JobStatus
MOST_MINUTES: Final = 24 * 60  # of one phase; what lasted longer is a forgotten press, not a scene
CONVEYS: Final = frozenset(
    {J.LEFT_SCENE, J.AT_HOSPITAL, J.HANDOVER}
)  # each says that a patient was taken away


class Outcome(StrEnum):
    """How a scene ends."""

    CONVEYED = "conveyed"
    TREATED = "see_and_treat"


class Phase(StrEnum):
    """The parts of a job in which a crew may be delayed."""

    SCENE = "scene"
    WRAP_UP = "wrap_up"


class Rung(StrEnum):
    """How a crew stands with the ladder, lowest first."""

    WITHIN = "within"
    CONTACT = "contact"
    STACK = "stack"
    OFFICER = "officer"
    COMMANDER = "commander"


RUNGS: Final = tuple(Rung)


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene that is over."""

    category: Category
    outcome: Outcome
    minutes: float


@dataclass(frozen=True, slots=True)
class Norm:
    """How long such scenes last: half of them, nine in ten, ninety-nine in a hundred, in minutes.

    count  of the service's own scenes behind it; 0 for the seeded table
    own    how many own scenes there were, where they were too few to go by
    """

    middle: float
    ninety: float
    ninety_nine: float
    count: int = 0
    own: int = 0


NormKey = tuple[Category, Outcome]
Norms = Mapping[NormKey, Norm]


@dataclass(frozen=True, slots=True)
class Constraint:
    """What may hold a crew up on scene, and what is done about it first (policy `on_scene`).

    letter  that stands for it when it is typed
    action  the suggested first step; call  whom to call for it
    """

    code: str
    letter: str
    says: str
    action: str
    call: str


@dataclass(frozen=True, slots=True)
class ScenePolicy:
    """Policy `on_scene`, in minutes.

    prompt          from when a crew is asked whether all is well
    time_critical   the same for a patient with one of `critical_needs`; its STACK comes at `critical_stack`
    stack           by category, from when a STACK report is asked for; `stack_other` for the rest
    escalate_after  after nine in ten such scenes are over, from when the officer is told; and the least time
                    from the officer to the commander
    without_norm    on scene, from when the officer is told of a scene of a kind that has no norm
    answer          within which an asked STACK is expected
    next_report     until the next report, where the crew says nothing else
    backup_prompt, backup_escalate  of waiting for a vehicle that conveys, since it was asked for
    history_days, least  of the own history, and how many scenes of a kind make a norm
    seeded          norms for where the own history is too small
    """

    prompt: float = 30
    time_critical: float = 20
    critical_stack: float = 30
    critical_needs: frozenset[str] = frozenset()
    stack: Mapping[Category, float] = field(default_factory=dict)
    stack_other: float = 60
    escalate_after: float = 15
    without_norm: float = 120
    answer: float = 10
    next_report: float = 15
    backup_prompt: float = 20
    backup_escalate: float = 40
    history_days: int = 90
    least: int = 100
    seeded: Mapping[NormKey, Norm] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()

    def constraint(self, code: str) -> Constraint | None:
        """The constraint of this code; None for one that the policy no longer knows."""
        return next((each for each in self.constraints if each.code == code), None)


def scene_of(
    category: Category | None,
    kind: ResourceKind | None,
    at_scene: datetime | None,
    left: datetime | None,
    clear: datetime | None,
    *,
    is_conveyed: bool,
) -> Scene | None:
    """A scene that is over, from its stamps; None where they cannot make one.

    A vehicle that cannot convey and left with another's patient is neither: its scene says nothing of a norm.

    is_conveyed  somebody took a patient of the incident away (see `CONVEYS`)
    """
    ended = left or clear
    if category is None or at_scene is None or ended is None or (left and kind and not kind.conveys):
        return None
    outcome = outcome_of(left is not None, is_conveyed)
    minutes = (ended - at_scene).total_seconds() / 60
    if outcome is None or not 0 <= minutes <= MOST_MINUTES:
        return None
    return Scene(category, outcome, minutes)


def outcome_of(has_left: bool, is_conveyed: bool) -> Outcome | None:
    """How a scene that is over ended for its crew.

    None for a crew that did not leave with the patient, of an incident whose patient was taken away: it went
    when another vehicle had the patient, or it never pressed. Such a scene is no see and treat.
    """
    if has_left:
        return Outcome.CONVEYED
    return None if is_conveyed else Outcome.TREATED


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of the numbers lies, between neighbours in proportion.

    `ordered` is in ascending order and not empty.
    """
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def own_norms(scenes: Iterable[Scene]) -> dict[NormKey, Norm]:
    """The norms of a history by category and outcome, however small."""
    minutes: dict[NormKey, list[float]] = {}
    for scene in scenes:
        minutes.setdefault((scene.category, scene.outcome), []).append(scene.minutes)
    return {key: _own_norm(sorted(found)) for key, found in minutes.items()}


def _own_norm(ordered: Sequence[float]) -> Norm:
    middle, ninety, ninety_nine = (percentile(ordered, share) for share in (0.5, 0.9, 0.99))
    return Norm(middle, ninety, ninety_nine, count=len(ordered))


def norms(own: Norms, policy: ScenePolicy) -> dict[NormKey, Norm]:
    """What crews are judged by: the own norm where enough scenes are behind it, else the seeded one.

    Of a kind of scene in neither there is no norm.
    """
    found: dict[NormKey, Norm] = {}
    for key in own.keys() | policy.seeded.keys():
        mine, seeded = own.get(key), policy.seeded.get(key)
        count = mine.count if mine else 0
        if mine is not None and (count >= policy.least):
            found[key] = mine
        elif seeded is not None:
            found[key] = Norm(seeded.middle, seeded.ninety, seeded.ninety_nine, 0, count)
    return found


def expected_outcome(stamps: Mapping[JobStatus, datetime]) -> Outcome | None:
    """How a scene that goes on will end, as far as the crew has said; None where it has not."""
    said = J.DESTINATION_SELECTED in stamps or J.PREALERT in stamps
    return Outcome.CONVEYED if said else None


def norm_for(found: Norms, category: Category | None, outcome: Outcome | None) -> Norm | None:
    """The norm of a scene that goes on.

    While nobody knows how it will end, the more patient of the two counts, so that nobody is pressed for a
    time that their kind of scene usually takes.
    """
    if category is None:
        return None
    if outcome is not None:
        return found.get((category, outcome))
    either = [found[category, each] for each in Outcome if (category, each) in found]
    return max(either, key=lambda norm: norm.ninety, default=None)


@dataclass(frozen=True, slots=True)
class Ladder:
    """When each rung of one crew begins, in minutes after its clock began; None for one that it has not."""

    contact: float
    stack: float | None
    officer: float | None
    commander: float | None

    def rung(self, minutes: float) -> Rung:
        """The highest rung reached after so many minutes."""
        reached = Rung.WITHIN
        for rung, begins in zip(RUNGS[1:], self._begins(), strict=True):
            if begins is not None and minutes >= begins:
                reached = rung
        return reached

    def begins(self, rung: Rung) -> float:
        """The minute at which a rung begins; 0 for being within time, and for one the crew has not."""
        steps = dict(zip(RUNGS[1:], self._begins(), strict=True))
        return steps.get(rung) or 0.0

    def _begins(self) -> tuple[float | None, ...]:
        return self.contact, self.stack, self.officer, self.commander


def scene_ladder(
    category: Category | None, norm: Norm | None, policy: ScenePolicy, is_critical: bool
) -> Ladder:
    """The ladder of a crew on scene. Without a norm it ends with the officer, at a minute of the policy."""
    contact = policy.time_critical if is_critical else policy.prompt
    stack = policy.stack.get(category, policy.stack_other) if category else policy.stack_other
    stack = max(contact, min(stack, policy.critical_stack) if is_critical else stack)
    if norm is None:
        return Ladder(contact, stack, max(stack, policy.without_norm), None)
    officer = max(stack, norm.ninety + policy.escalate_after)
    # Where the two norms lie close together the officer still has the time to decide.
    return Ladder(contact, stack, officer, max(officer + policy.escalate_after, norm.ninety_nine))


def backup_ladder(policy: ScenePolicy) -> Ladder:
    """The ladder of a crew that waits for a vehicle that conveys. What holds it up is known: no STACK."""
    return Ladder(policy.backup_prompt, None, policy.backup_escalate, None)


def wrap_up_ladder(limit: float, escalate: float) -> Ladder:
    """The ladder between handover and clear: asked at the limit, the officer's so many minutes later."""
    return Ladder(limit, None, limit + escalate, None)


def awaits_backup(
    kind: ResourceKind | None, stamps: Mapping[JobStatus, datetime], came: datetime | None
) -> datetime | None:
    """Since when a crew that cannot convey has waited for one that can; None for who does not.

    came  when the first vehicle that conveys came to the same scene
    """
    return _asked_for_backup(kind, stamps) if came is None else None


def waited_for_backup(
    kind: ResourceKind | None, stamps: Mapping[JobStatus, datetime], came: datetime | None
) -> timedelta:
    """How long a crew on scene had waited when the vehicle came. The clock of its scene leaves it out."""
    asked = _asked_for_backup(kind, stamps)
    if asked is None or came is None:
        return timedelta()
    return max(came - max(asked, stamps.get(J.AT_SCENE, asked)), timedelta())


def _asked_for_backup(kind: ResourceKind | None, stamps: Mapping[JobStatus, datetime]) -> datetime | None:
    return None if kind is None or kind.conveys else stamps.get(J.BACKUP_REQUESTED)


# STACK reports


@dataclass(frozen=True, slots=True)
class Stack:
    """One STACK report: Situation, Times, Assessment, Constraints, Key asks. A version is never changed.

    leaves   when the crew expects to leave; None where it cannot say
    next_at  when the next report is due
    """

    situation: str
    assessment: str
    constraints: tuple[str, ...]
    asks: str
    leaves: datetime | None
    next_at: datetime


class Awaited(StrEnum):
    """How a crew stands with its STACK."""

    NOT_ASKED = "not_asked"
    ASKED = "asked"
    UNANSWERED = "unanswered"  # asked longer ago than an answer takes
    SPOKEN = "spoken"  # no report came, but somebody spoke with it or of it since
    REPORTED = "reported"
    NEXT_DUE = "next_due"  # the next report has not come, or what was said instead of one is too old


def awaited(
    asked: datetime | None,
    reported: datetime | None,
    next_at: datetime | None,
    spoken: datetime | None,
    policy: ScenePolicy,
    at: datetime,
) -> Awaited:
    """How a crew stands with its STACK at an instant.

    spoken  when somebody last recorded what was said instead: it holds as long as a report does
    """
    if asked is not None and (reported is None or reported < asked):
        return _unreported(asked, spoken, policy, at)
    if reported is None:
        return Awaited.NOT_ASKED
    return Awaited.NEXT_DUE if next_at is not None and at >= next_at else Awaited.REPORTED


def _unreported(asked: datetime, spoken: datetime | None, policy: ScenePolicy, at: datetime) -> Awaited:
    if spoken is not None and spoken >= asked:
        holds = at - spoken < timedelta(minutes=policy.next_report)
        return Awaited.SPOKEN if holds else Awaited.NEXT_DUE
    late = at - asked >= timedelta(minutes=policy.answer)
    return Awaited.UNANSWERED if late else Awaited.ASKED


def missed_by(leaves: datetime | None, left: datetime | None) -> float | None:
    """Minutes by which a crew left after the time it expected; below 0 it left sooner."""
    if leaves is None or left is None:
        return None
    return (left - leaves).total_seconds() / 60


# Wrap-up


@dataclass(frozen=True, slots=True)
class WrapUp:
    """One time between handover and clear that is over. hour  of the local day in which it began."""

    call_sign: str
    site: str
    hour: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Variance:
    """The wrap-ups of one crew, hospital or hour: how many, how long, how many over, and by how much."""

    name: str
    count: int
    middle: float
    ninety: float
    over: int
    minutes_over: float


def variances(named: Iterable[tuple[str, float]], limit: float) -> list[Variance]:
    """The wrap-ups by name, whoever lost most minutes over the limit first."""
    minutes: dict[str, list[float]] = {}
    for name, lasted in named:
        minutes.setdefault(name, []).append(lasted)
    found = [_variance(name, sorted(lasted), limit) for name, lasted in minutes.items()]
    return sorted(found, key=lambda each: (-each.minutes_over, each.name))


def _variance(name: str, ordered: Sequence[float], limit: float) -> Variance:
    beyond = [each - limit for each in ordered if each > limit]
    return Variance(
        name, len(ordered), percentile(ordered, 0.5), percentile(ordered, 0.9), len(beyond), sum(beyond)
    )
