"""Where a pathway stands, what an event can do to its clock, and what a person should do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from .words import ClockState, Code

OFFERS_NEEDED = 2  # reasonable offers declined, before monitoring may follow from them


class Phase(StrEnum):
    """Where a pathway stands, as finely as the rules need it."""

    NONE = "none"
    WAITING = "waiting"  # for the first appointment after the referral
    WAITING_AGAIN = "waiting_again"  # for it once more, after missing it had nullified the first clock
    SEEN = "seen"  # something has happened; more is to come
    MONITORING = "monitoring"
    STOPPED = "stopped"
    NULLIFIED = "nullified"
    TRANSFERRED = "transferred"
    DIED = "died"

    @property
    def is_open(self) -> bool:
        return self in OPEN


OPEN = frozenset({Phase.WAITING, Phase.WAITING_AGAIN, Phase.SEEN})
UNSEEN = frozenset({Phase.WAITING, Phase.WAITING_AGAIN})
CLOSED = frozenset({Phase.MONITORING, Phase.STOPPED, Phase.NULLIFIED, Phase.TRANSFERRED})
NONE, WAITING, AGAIN, SEEN, MONITORING, STOPPED, NULLIFIED, TRANSFERRED, DEAD = (
    frozenset({phase}) for phase in Phase
)
DONE = MONITORING | STOPPED

_STATE: Mapping[Phase, ClockState] = MappingProxyType(
    {
        Phase.NONE: ClockState.NONE,
        Phase.WAITING: ClockState.TICKING,
        Phase.WAITING_AGAIN: ClockState.TICKING,
        Phase.SEEN: ClockState.TICKING,
        Phase.MONITORING: ClockState.MONITORING,
        Phase.STOPPED: ClockState.STOPPED,
        Phase.NULLIFIED: ClockState.NULLIFIED,
        Phase.TRANSFERRED: ClockState.TRANSFERRED,
        Phase.DIED: ClockState.STOPPED,
    }
)


class Effect(StrEnum):
    """What an event does to the periods of its pathway."""

    KEEP = "keep"
    OPEN = "open"  # a period, from the day of the event
    OPEN_STATED = "open_stated"  # a period, from the start that the event states
    OPEN_UNKNOWN = "open_unknown"  # a period whose start nobody knows
    MOVE_START = "move_start"  # to the start that the event states, if that is earlier or none was known
    STOP = "stop"  # on the day of the event
    STOP_AT_MISS = "stop_at_miss"  # on the day of the last missed appointment
    NULLIFY = "nullify"
    LEAVE = "leave"  # our list; the clock goes on elsewhere

    @property
    def opens(self) -> bool:
        return self in (Effect.OPEN, Effect.OPEN_STATED, Effect.OPEN_UNKNOWN)

    @property
    def closes(self) -> bool:
        return self in (Effect.STOP, Effect.STOP_AT_MISS, Effect.NULLIFY, Effect.LEAVE)


class Prompt(Code):
    """What a person should do next because of an event; the worklist takes it from here."""

    SHOW_NOTICE = "show_notice", "show that the patient was told of the appointment, or mend the address"
    DECIDE_AFTER_MISS = "decide_after_miss", "clinician decides: offer again, or discharge"
    SAFEGUARDING = "safeguarding", "take the safeguarding step; never discharge by rule"
    CLINICAL_REVIEW = "clinical_review", "a clinician reviews whether the delay is safe"
    AGREE_NEXT_STEP = "agree_next_step", "agree the next step with the patient"
    REVIEW_MONITORING = "review_monitoring", "review the patient on active monitoring"
    CANCEL_EVERYTHING = "cancel_everything", "cancel every booking and message"
    TELL_CONSULTANT = "tell_consultant", "tell the consultant that therapy ended; their clock runs on"
    SET_LATEST_DATE = "set_latest_date", "set the latest clinically appropriate date and the risk flag"
    FIND_START = "find_start", "find when the wait began"
    SEND_TRANSFER_DATA = "send_transfer_data", "send the transfer data set with the clock start"
    OPEN_SEPARATE_PATHWAY = "open_separate_pathway", "see that the other condition has its own pathway"
    RESOLVE_STATUS = "resolve_status", "ask the clinician for the status of this activity"


# Days after the event by which a prompt is due; the others are due at once.
DUE_AFTER: Mapping[Prompt, int] = MappingProxyType({Prompt.AGREE_NEXT_STEP: 14, Prompt.REVIEW_MONITORING: 84})


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the rules look at, dates apart.

    offers       reasonable offers declined in this period, at most OFFERS_NEEDED
    start_known  False while an open period has no start
    """

    phase: Phase = Phase.NONE
    offers: int = 0
    start_known: bool = True

    @property
    def state(self) -> ClockState:
        if self.phase.is_open and not self.start_known:
            return ClockState.UNKNOWN_START
        return _STATE[self.phase]


# Every way to stand that can be reached or imagined, in a fixed order.
STANDINGS: tuple[Standing, ...] = tuple(
    Standing(phase, offers, known)
    for phase in Phase
    for offers in (range(OFFERS_NEEDED + 1) if phase.is_open else (0,))
    for known in ((True, False) if phase.is_open else (True,))
)
