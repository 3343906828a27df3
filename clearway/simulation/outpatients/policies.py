"""What a department may try before going live: how slots are offered, reminders, held slots, own follow-ups.

The plan is what the pack's own policies say, with offers made by themselves; each other policy differs from
it in one thing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from clearway.domain.outpatients.booking import Holds
from clearway.domain.outpatients.recycling import Mode, RecyclingPolicy
from clearway.domain.outpatients.reminders import ReminderPolicy
from clearway.domain.shared.region import Region
from clearway.engine.outpatients.policies import NAMES, read

from .effects import STRONG, WEAK, Effects


class Strategy(StrEnum):
    """Whom to ask about a freed slot at the same time."""

    NOBODY = "nobody"
    ONE = "one by one"
    ALL = "broadcast"
    COMPUTED = "computed"


BROADCAST = 24  # people at once: as many as the desk chooses for one slot


@dataclass(frozen=True, slots=True)
class Tried:
    """One way to run the department.

    held_share    of slots for first visits that are kept for the urgent; 12% of referrals are;
                  release_days  until so long before
    own_follow_ups  share of patients who would be seen again and come when they ask instead (PIFU)
    """

    recycling: RecyclingPolicy = field(default_factory=lambda: RecyclingPolicy(mode=Mode.AUTOMATIC))
    holds: Holds = field(default_factory=Holds)
    reminders: ReminderPolicy = field(default_factory=lambda: ReminderPolicy(is_on=True))
    strategy: Strategy = Strategy.COMPUTED
    held_share: float = 0.12
    release_days: int = 3
    own_follow_ups: float = 0.065
    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        for name, value in (("held_share", self.held_share), ("own_follow_ups", self.own_follow_ups)):
            if not 0 <= value <= 1:
                raise ValueError(f"field {name}: {value} is not a share. Give one of 0 to 1.")


def plan_of(region: Region) -> Tried:
    """The plan: the pack's policies, with offers made by themselves. Raises ValueError."""
    values = region.policy_values
    asked = read(RecyclingPolicy, values.get(NAMES[RecyclingPolicy], {}))
    return Tried(
        recycling=replace(asked, mode=Mode.AUTOMATIC),
        holds=read(Holds, values.get(NAMES[Holds], {})),
        reminders=read(ReminderPolicy, values.get(NAMES[ReminderPolicy], {})),
    )


def _at_once(most: int) -> Callable[[Tried], Tried]:
    return lambda plan: replace(plan, recycling=replace(plan.recycling, most_at_once=most))


def _by(strategy: Strategy) -> Callable[[Tried], Tried]:
    return lambda plan: replace(plan, strategy=strategy)


PLAN, NOBODY, ONE, ALL = "plan", "nobody asked", "one by one", "broadcast"
CHANGES: Mapping[str, tuple[str, Callable[[Tried], Tried]]] = MappingProxyType(
    {
        PLAN: (
            "the pack's policies, offers made by themselves as the engine computes them",
            lambda plan: plan,
        ),
        NOBODY: (
            "nobody is asked; a slot is filled only if the next booking round still can",
            _by(Strategy.NOBODY),
        ),
        ONE: ("one person after the other, each for the minutes of a hold", _by(Strategy.ONE)),
        ALL: (f"everybody who fits at once, {BROADCAST} at most; the first yes has it", _by(Strategy.ALL)),
        "3 at once": ("as the plan, three people at once at most", _at_once(3)),
        "10 at once": ("as the plan, ten people at once at most", _at_once(10)),
        "anybody first": (
            "freed first slots of the coming days are offered to whoever is next, urgent or not",
            lambda plan: replace(plan, recycling=replace(plan.recycling, urgent_days=0)),
        ),
        "no reminders": (
            "nobody is reminded",
            lambda plan: replace(plan, reminders=replace(plan.reminders, is_on=False)),
        ),
        "14 and 4 days": (
            "no third reminder the day before",
            lambda plan: replace(plan, reminders=replace(plan.reminders, last=0)),
        ),
        "weak reminders": (
            "were the effect of reminders the weakest published",
            lambda plan: replace(plan, effects=WEAK),
        ),
        "strong reminders": (
            "were the effect of reminders the strongest published",
            lambda plan: replace(plan, effects=STRONG),
        ),
        "none held": ("no slot is kept for the urgent", lambda plan: replace(plan, held_share=0.0)),
        "3% held": ("3% of first slots kept for the urgent", lambda plan: replace(plan, held_share=0.03)),
        "no PIFU": (
            "everybody who is to be seen again is booked",
            lambda plan: replace(plan, own_follow_ups=0.0),
        ),
        "15% PIFU": ("15% come again when they ask", lambda plan: replace(plan, own_follow_ups=0.15)),
    }
)
POLICIES = tuple(CHANGES)
MEANING: Mapping[str, str] = MappingProxyType({name: words for name, (words, _) in CHANGES.items()})


def named(name: str, plan: Tried) -> Tried:
    """A policy by its name. Raises LookupError naming those there are."""
    if name not in CHANGES:
        raise LookupError(f"There is no policy {name!r}. Choose among: {', '.join(POLICIES)}.")
    return CHANGES[name][1](plan)
