"""Equipment on loan: when an item may be lent, returned and cleaned, and when its return is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from clearway.domain.shared.errors import NotAllowed

from .words import Code


class State(Code):
    """Where an item is."""

    READY = "ready", "ready to be lent"
    OUT = "out", "with a patient"
    RETURNED = "returned", "returned, to be decontaminated"
    GONE = "gone", "written off"


class Step(Code):
    """What is done with an item."""

    ISSUE = "issue", "Lending it"
    RETURN = "return", "Taking it back"
    CLEAN = "clean", "Calling it decontaminated"
    WRITE_OFF = "write_off", "Writing it off"


# What comes back is cleaned before it goes out again: there is no way from returned to out but through ready.
NEXT: Mapping[tuple[State, Step], State] = MappingProxyType(
    {
        (State.READY, Step.ISSUE): State.OUT,
        (State.OUT, Step.RETURN): State.RETURNED,
        (State.RETURNED, Step.CLEAN): State.READY,
        (State.READY, Step.WRITE_OFF): State.GONE,
        (State.RETURNED, Step.WRITE_OFF): State.GONE,
        (State.OUT, Step.WRITE_OFF): State.GONE,
    }
)
WHY_NOT: Mapping[State, str] = MappingProxyType(
    {
        State.READY: "It is in the store.",
        State.OUT: "A patient has it.",
        State.RETURNED: "It is to be decontaminated first.",
        State.GONE: "It was written off.",
    }
)


@dataclass(frozen=True, slots=True)
class LoanPolicy:
    """How long things are lent, and on which days after that their return is asked for (policy `loans`)."""

    usual_days: int = 42
    chase_after: tuple[int, ...] = (7, 21, 42)

    def __post_init__(self) -> None:
        if self.usual_days < 1:
            raise ValueError("A loan takes a day at least.")
        if list(self.chase_after) != sorted(set(self.chase_after)) or min(self.chase_after, default=1) < 1:
            raise ValueError(f"Chases come one after the other, from 1 day on; got {self.chase_after}.")


def after(state: State, step: Step, *, is_recalled: bool = False) -> State:
    """The state after a step. Raises NotAllowed for what is not possible, lending what is recalled too."""
    following = NEXT.get((state, step))
    if following is None:
        raise NotAllowed(state.meaning, step.meaning, WHY_NOT[state])
    if step is Step.ISSUE and is_recalled:
        raise NotAllowed("recalled", step.meaning, "Its make is recalled. Lend another one.")
    return following


def chase_on(due_on: date, asked: int, policy: LoanPolicy) -> date | None:
    """The day on which the return of something due is asked for; None when it was asked for often enough.

    asked  how often it was asked for already
    """
    if asked >= len(policy.chase_after):
        return None
    return due_on + timedelta(days=policy.chase_after[asked])
