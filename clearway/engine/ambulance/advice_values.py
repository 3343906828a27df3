"""The answer to one case as values: options with their parts, what was barred, what it rests on."""

from dataclasses import dataclass
from datetime import datetime

from .ranking import (
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a place's minutes: as they are expected, and as they count (policy weights)."""

    name: str
    minutes: float
    counted: float


@dataclass(frozen=True, slots=True)
class Option:
    """One place that may be considered. `total` is the sum of its counted parts, None where unranked.

    wait_low, wait_high  tenth and eightieth centile of the handover wait; None where nothing is known
    call_first           how an alternative is asked before the crew leaves; "" for a department
    """

    code: str
    name: str
    is_department: bool
    total: float | None
    parts: tuple[Part, ...]
    arrival_at: datetime
    travel_minutes: float
    travel_error: float
    travel_source: str
    travel_penalty: float
    wait_minutes: float | None
    wait_low: float | None
    wait_high: float | None
    method: str
    call_first: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A place that may not be considered, and why, in a sentence."""

    code: str
    name: str
    cause: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A department that may hold what a rule asks for, nearer than any that does or instead of one."""

    code: str
    name: str
    travel_minutes: float
    unit: str


@dataclass(frozen=True, slots=True)
class PastReview:
    """What the answer rests on and somebody should have looked at again by `review_on`, an ISO date.

    what   in words, "C confirmed as stroke unit"; code  of that department, None for a rule
    """

    what: str
    code: str | None
    review_on: str


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the answer and how old it is; None where no age is known."""

    name: str
    age_minutes: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer to one case.

    options     those that may be considered, the answer first; as many as the policy explains
    chosen      code of the answer, None for nowhere and where the place is not settled
    nearest     code of the nearest that may be considered
    compared    the nearest that may be considered with its parts, among the options or not
    ask_first   why it is not to be taken before age, needs and NEWS2 are said, "" where it may be
    why, why_not_nearest, would_change  sentences; "" where there is nothing to say
    notes       what the rules ask for besides, what is not confirmed, what is not known
    may_have    alternatives that nobody has confirmed: to be named, never ranked
    unsettled   departments that may be the nearest with what a rule asks for, which nobody has confirmed;
                nothing is chosen then, and people settle it
    past_review  rules that decided, and answers about roles of the places in question, past their review
    """

    key: str
    call_sign: str
    at: datetime
    verdict: Verdict
    chosen: str | None
    nearest: str | None
    options: tuple[Option, ...]
    compared: Option | None
    exclusions: tuple[Exclusion, ...]
    why: str
    why_not_nearest: str
    would_change: str
    notes: tuple[str, ...]
    may_have: tuple[str, ...]
    unsettled: tuple[Unconfirmed, ...]
    past_review: tuple[PastReview, ...]
    ask_first: str
    inputs: tuple[Input, ...]
    read_back: str
    engine_version: str
    inputs_hash: str

    @property
    def answer(self) -> Option | None:
        """The option that is advised."""
        return self.options[0] if self.options and self.chosen is not None else None

    def option(self, code: str | None) -> Option | None:
        return next((option for option in self.options if option.code == code), None)
