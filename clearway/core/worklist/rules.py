"""What a rule is: one function, one sentence, one source, one test.

A rule looks at a situation and says what it wants somebody to do. It measures; it does not remember. That
something is raised only after a while, kept through a flicker, escalated and closed, is the sweep's part
(actions.py), so that every rule behaves alike. Whether a rule is off, suggests or acts is policy
(`rule_modes`), and so are its thresholds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

Values = Mapping[str, Any]
S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)


class CannotSay(Exception):
    """A rule's inputs are missing or too old. Its open tasks are left as they are; nothing is raised.

    Not a fault of the rule: the age of a feed is a task of its own.
    """


class Mode(StrEnum):
    """What a rule may do by itself. `act` is only for what can be undone."""

    OFF = "off"
    SUGGEST = "suggest"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that somebody should do, as one rule sees it at one instant.

    subject    what it is about, e.g. "site:REF12"; one open task per rule and subject
    priority   1 to 3
    cause      what the rule saw, in times rather than ages, so that it changes only when the facts do
    since      since when the cause has held; None to raise without delay
    reading    the number behind it, and the threshold from which it counts: at or above it a task is
               raised, and one that is open is kept until the reading falls a dead-band below
    members    the subjects that it stands for, where it stands for several
    step       how far it is within its priority; a further step is an alarm again
    """

    subject: str
    priority: int
    title: str
    cause: str
    role: str
    since: datetime | None = None
    suggestion: str = ""
    site_code: str | None = None
    reading: float | None = None
    threshold: float | None = None
    members: frozenset[str] = frozenset()
    step: float = 0.0

    def __post_init__(self) -> None:
        if self.priority not in (1, 2, 3):
            raise ValueError(f"A priority is 1, 2 or 3, not {self.priority} ({self.subject})")
        if (self.reading is None) != (self.threshold is None):
            raise ValueError(f"A reading and its threshold come together ({self.subject})")

    def is_to_raise(self, at: datetime, on_delay: timedelta) -> bool:
        """The cause has been there long enough."""
        long_enough = self.since is None or at - self.since >= on_delay
        return long_enough and self.margin >= 1

    def is_to_keep(self, dead_band: float) -> bool:
        """An open task stays: the reading has not fallen clearly below the threshold."""
        return self.margin >= 1 - dead_band

    @property
    def margin(self) -> float:
        """The reading as a part of its threshold; 1 where there is none."""
        if self.reading is None or not self.threshold:
            return 1.0
        return self.reading / self.threshold


@dataclass(frozen=True, slots=True)
class Rule(Generic[S_contra]):
    """One rule over a situation of type S.

    sentence  what it says, for the page of rules
    source    where it comes from
    check     (situation, values of its policies by name) -> what it wants now; pure
    policies  names of the policies it reads
    many      what its subjects are called where one task stands for all of them; "" where each is its own
    from_one  they stand together always, however few: they come and go too fast to be looked at one by one
    """

    code: str
    sentence: str
    source: str
    check: Callable[[S_contra, Mapping[str, Values]], Iterable[Wanted]]
    policies: tuple[str, ...] = ()
    many: str = ""
    from_one: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule wants. `failure` is set when it could not say: then its open tasks are left alone.

    is_fault  it failed through its own fault, which is something to do in itself
    about     the subjects that it can speak of: tasks about others are left alone; None for every subject
    many, from_one  see Rule
    """

    rule: str
    wanted: tuple[Wanted, ...] = ()
    failure: str | None = None
    is_fault: bool = False
    is_off: bool = False
    about: frozenset[str] | None = None
    many: str = ""
    from_one: bool = False

    def speaks_of(self, subject: str) -> bool:
        """Whether a task about this is its own to keep or to close."""
        return self.about is None or subject in self.about


@dataclass(frozen=True, slots=True)
class SweepPolicy:
    """How tasks behave, whatever rule raises them (policy `worklist`).

    off_delay_seconds    how long a cause must be gone before its task closes, or a step before it is an
                         alarm again: what comes back within that time is the same alarm, not another
    off_delay_urgent_seconds  the same for P1; None where it is the same
    together_from        from how many subjects of one rule and role on one task stands for all, until none
                         is left; 0 for never
    joining_rings        by rule: up to which priority whoever joins those that one task stands for is an
                         alarm again; 1 where nothing is said
    acknowledge_minutes  by priority: how long until an untouched task is overdue
    """

    on_delay_seconds: float = 60
    off_delay_seconds: float = 0
    off_delay_urgent_seconds: float | None = None
    dead_band: float = 0.1
    together_from: int = 0
    joining_rings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    acknowledge_minutes: Mapping[int, float] = field(
        default_factory=lambda: MappingProxyType({1: 5.0, 2: 15.0, 3: 60.0})
    )
    shelve_most_minutes: float = 60

    def __post_init__(self) -> None:
        if not 0 <= self.dead_band < 1:
            raise ValueError(
                f"A dead-band is a part of the threshold, from 0 to below 1; got {self.dead_band}"
            )
        if set(self.acknowledge_minutes) != {1, 2, 3}:
            raise ValueError("acknowledge_minutes needs a number for each of the priorities 1, 2 and 3")
        if unknown := [each for each in self.joining_rings.values() if each not in (0, 1, 2, 3)]:
            raise ValueError(f"joining_rings gives a priority from 1 to 3, or 0 for none; not {unknown[0]}")

    def told_when_joining(self, rule: str) -> int:
        """Up to which priority whoever joins a task of this rule is an alarm; 0 for none."""
        return self.joining_rings.get(rule, 1)

    def due_at(self, priority: int, at: datetime) -> datetime:
        return at + timedelta(minutes=self.acknowledge_minutes[priority])


def sweep_policy(values: Values | None) -> SweepPolicy:
    """The policy from its values; the defaults where the trust has none. Raises ValueError or TypeError."""
    given = dict(values or {})
    if "acknowledge_minutes" in given:
        minutes = given["acknowledge_minutes"]
        given["acknowledge_minutes"] = {int(key.removeprefix("P")): value for key, value in minutes.items()}
    return SweepPolicy(**given)


MANY = "many:"  # begins the subject of a task that stands for several
NAMED = 8  # of those it stands for; more are counted


def many_of(role: str) -> str:
    """How the subject begins of a task that stands for several of a role."""
    return f"{MANY}{role}:"


def is_of_many(subject: str) -> bool:
    """Whether a task of this subject stands for several."""
    return subject.startswith(MANY)


def listed(words: Sequence[str], most: int = 5) -> str:
    """The first of these, and how many more there are: what a cause says of many."""
    more = f"; and {len(words) - most} more" if len(words) > most else ""
    return "; ".join(words[:most]) + more


def in_one(what: str, wanted: Sequence[Wanted]) -> Iterator[Wanted]:
    """One task of each role and priority for all that is wanted, naming the worst of them.

    what  what they are called together (Rule.many)
    """
    for role, priority in sorted({(each.role, each.priority) for each in wanted}):
        rows = sorted(
            (each for each in wanted if (each.role, each.priority) == (role, priority)),
            key=lambda each: (-(each.reading or 0), each.since is None, each.since, each.subject),
        )
        yield Wanted(
            subject=f"{many_of(role)}P{priority}",
            priority=priority,
            title=f"{what}: {len(rows)}" if len(rows) > 1 else rows[0].title,
            cause=listed([each.title for each in rows], NAMED) if len(rows) > 1 else rows[0].cause,
            role=role,
            suggestion=rows[0].suggestion,
            reading=rows[0].reading,
            threshold=_lowest(rows[0]),
            members=frozenset(each.subject for each in rows),
            step=max(each.step for each in rows),
        )


def _lowest(wanted: Wanted) -> float | None:
    """Its threshold, or its reading where that lies within the dead-band below: it stands either way."""
    if wanted.reading is None or wanted.threshold is None:
        return None
    return min(wanted.reading, wanted.threshold)


RULE_FAILED = "rule_failed"
PERSON = "person"  # the rule of a task that a person raised


def evaluate(
    rules: Sequence[Rule[S]], situation: S, policies: Mapping[str, Values], modes: Mapping[str, str]
) -> list[Outcome]:
    """Ask every rule. One that fails is itself something to do, and stops none of the others.

    Each desk of a trust asks its own rules, so that a failure is told, and its task closed, by who asked.
    """
    outcomes = [_ask(rule, situation, policies, Mode(modes.get(rule.code, Mode.SUGGEST))) for rule in rules]
    failed = tuple(
        _failure(rule, outcome.failure)
        for rule, outcome in zip(rules, outcomes, strict=True)
        if outcome.is_fault
    )
    return [*outcomes, Outcome(RULE_FAILED, failed, about=frozenset(map(_subject, rules)))]


def together(*asked: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes of rules over different things, for one sweep: each rule once, their faults in one."""
    every = [outcome for outcomes in asked for outcome in outcomes]
    failed = tuple(wanted for outcome in every if outcome.rule == RULE_FAILED for wanted in outcome.wanted)
    subjects = [
        outcome.about for outcome in every if outcome.rule == RULE_FAILED and outcome.about is not None
    ]
    others = [outcome for outcome in every if outcome.rule != RULE_FAILED]
    return [*others, Outcome(RULE_FAILED, failed, about=frozenset[str]().union(*subjects))]


def _ask(rule: Rule[S], situation: S, policies: Mapping[str, Values], mode: Mode) -> Outcome:
    if mode is Mode.OFF:
        return Outcome(rule.code, is_off=True)
    try:
        chosen = {name: policies[name] for name in rule.policies}
        wanted = tuple(rule.check(situation, chosen))
        return Outcome(rule.code, wanted, many=rule.many, from_one=rule.from_one)
    except CannotSay as reason:
        return Outcome(rule.code, failure=str(reason))
    except Exception as problem:  # a rule that fails must be seen, whatever its fault
        return Outcome(rule.code, failure=f"{type(problem).__name__}: {problem}"[:200], is_fault=True)


def _subject(rule: Rule[S]) -> str:
    return f"rule:{rule.code}"


def _failure(rule: Rule[S], failure: str | None) -> Wanted:
    return Wanted(
        subject=_subject(rule),
        priority=2,
        title="A rule cannot be checked",
        cause=f"{rule.sentence} It stopped with {failure}",
        role="service_delivery_officer",
        suggestion="Watch for this yourself, and tell the administrator",
    )
