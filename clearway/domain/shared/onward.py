"""Onward requests: what one desk asks of a service of another, where it stands, and who takes which.

An ambulance handover is at the hospital door; this is what a crew asks for a patient who stays at home. Each
step is kept, and where a request stands is their fold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from .errors import NotAllowed


class State(StrEnum):
    """Where a request stands. The last four are its ends; a seen patient may still be discharged."""

    SENT = "sent"
    RECEIVED = "received"
    HELD = "held"
    BOOKED = "booked"
    MISSED = "missed"
    SEEN = "seen"
    DISCHARGED = "discharged"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Step(StrEnum):
    """What can happen to a request.

    ask_back  the sender no longer wants it, once it is registered: a person at the other desk decides
    keep      that person goes on all the same
    reopen    the other desk takes back what it had recorded
    note      something worth telling that changes nothing
    """

    SEND = "send"
    RECEIVE = "receive"
    HOLD = "hold"
    LET_GO = "let_go"
    BOOK = "book"
    FREE = "free"
    MISS = "miss"
    SEE = "see"
    DISCHARGE = "discharge"
    REOPEN = "reopen"
    END = "end"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    ASK_BACK = "ask_back"
    KEEP = "keep"
    NOTE = "note"


OVER = frozenset({State.SEEN, State.DISCHARGED, State.REFUSED, State.WITHDRAWN, State.ENDED})
AHEAD = frozenset({State.RECEIVED, State.HELD, State.BOOKED, State.MISSED})  # registered, not yet seen
SAYS_WHY = frozenset({Step.REFUSE, Step.WITHDRAW, Step.ASK_BACK, Step.END, Step.KEEP, Step.NOTE})


def _stays(states: Iterable[State]) -> dict[State, State]:
    return {state: state for state in states}


_TABLE: dict[Step, dict[State, State]] = {
    Step.RECEIVE: {State.SENT: State.RECEIVED},
    Step.HOLD: dict.fromkeys((State.RECEIVED, State.HELD, State.MISSED), State.HELD),
    Step.LET_GO: {State.HELD: State.RECEIVED},
    Step.BOOK: dict.fromkeys(AHEAD, State.BOOKED),
    Step.FREE: dict.fromkeys((State.HELD, State.BOOKED), State.RECEIVED),
    Step.MISS: {State.BOOKED: State.MISSED},
    Step.SEE: dict.fromkeys(AHEAD, State.SEEN),
    Step.DISCHARGE: dict.fromkeys((State.SEEN, State.MISSED), State.DISCHARGED),
    Step.REOPEN: {
        State.SEEN: State.BOOKED,
        State.MISSED: State.BOOKED,
        State.DISCHARGED: State.BOOKED,
        State.ENDED: State.RECEIVED,
    },
    Step.END: dict.fromkeys(AHEAD, State.ENDED),
    Step.REFUSE: {State.SENT: State.REFUSED},
    Step.WITHDRAW: {State.SENT: State.WITHDRAWN},
    Step.ASK_BACK: _stays(AHEAD),
    Step.KEEP: _stays(AHEAD),
    Step.NOTE: _stays(State),
}
TRANSITIONS: Mapping[Step, Mapping[State, State]] = MappingProxyType(_TABLE)


@dataclass(frozen=True, slots=True)
class Standing:
    """state  where it stands; is_wanted_back  the sender asked for it back, and nobody has decided."""

    state: State = State.SENT
    is_wanted_back: bool = False


def after(standing: Standing, step: Step) -> Standing:
    """Where it stands after a step that somebody asks for. Raises NotAllowed."""
    following = TRANSITIONS.get(step, {}).get(standing.state)
    if following is None or (step is Step.ASK_BACK and standing.is_wanted_back):
        state = "the sender wants it back" if standing.is_wanted_back else standing.state.value
        raise NotAllowed(state, "This step", "Somebody changed it a moment ago: look at it again.")
    if step is Step.END and standing.is_wanted_back:
        return Standing(State.WITHDRAWN)
    wanted_back = (standing.is_wanted_back or step is Step.ASK_BACK) and step is not Step.KEEP
    return Standing(following, wanted_back and following in AHEAD)


def told(standing: Standing, step: Step) -> Standing | None:
    """The same for what the other desk did: None where it says nothing new. Never raises."""
    try:
        now = after(standing, step)
    except NotAllowed:
        return None
    return None if now == standing and step not in (Step.HOLD, Step.BOOK, Step.NOTE) else now


def fold(steps: Iterable[Step]) -> Standing:
    """Where the steps of a request, in their order, leave it; what could not be is passed over."""
    standing = Standing()
    for step in steps:
        standing = told(standing, step) or standing
    return standing


@dataclass(frozen=True, slots=True)
class Taker:
    """A service that takes onward requests, as its own organisation's policy says.

    kinds         code -> words, e.g. {"falls": "After a fall"}
    days          1 Monday to 7; opens, closes  on a London clock: when somebody reads what comes
    target_hours  of those after which the patient is to have a slot, counted from when it is read
    urgency       in the words of a referral
    accepts       a standing decision of its clinical lead: {"priority": "2", "minutes": 60}; none: triaged
    """

    code: str
    name: str
    kinds: Mapping[str, str]
    target_hours: int
    days: tuple[int, ...] = (1, 2, 3, 4, 5)
    opens: time = time(8)
    closes: time = time(18)
    urgency: str = "urgent"
    accepts: Mapping[str, Any] | None = None

    def reads_at(self, local: datetime) -> datetime:
        """The first instant from `local`, a London time, at which somebody reads what comes."""
        for ahead in range(8):
            day = local + timedelta(days=ahead)
            if day.isoweekday() not in self.days:
                continue
            opening = datetime.combine(day.date(), self.opens, tzinfo=local.tzinfo)
            closing = datetime.combine(day.date(), self.closes, tzinfo=local.tzinfo)
            if local < closing:
                return max(local, opening)
        raise ValueError(f"{self.code} is read on no day")


def takers(values: Mapping[str, Any], sender: str) -> list[Taker]:
    """The services that take requests of an organisation (its code), of the values of a policy."""
    if sender not in values.get("from", ()):
        return []
    return [_taker(code, said) for code, said in sorted(values.get("services", {}).items())]


def _taker(code: str, said: Mapping[str, Any]) -> Taker:
    plain = {name: said[name] for name in ("target_hours", "urgency", "accepts") if name in said}
    times: dict[str, Any] = {
        name: time.fromisoformat(said[name]) for name in ("opens", "closes") if name in said
    }
    made = Taker(code, said["name"], dict(said["kinds"]), **plain, **times)
    return replace(made, days=tuple(said["days"])) if "days" in said else made
