"""Working by hand while the CAD is away: the typed line, and what gives way when the CAD speaks again.

The line is a call sign, a status, and where needed a time, a place, a reason and the number of a paper
form, in plain words: "WA101 arrived 0214 Torbay #S12". The CAD is the record of dispatch: what was entered by
hand gives way to every other word on the same status of the same job (docs/adr/0088).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from types import MappingProxyType

from ..shared.errors import CannotParse
from ..shared.facts import Fact
from .events import JobEvent
from .words import Availability, FormKind, JobStatus, StatusSource

Status = JobStatus | Availability
J, A = JobStatus, Availability

# What people say on the radio -> the status. The longest that fits counts.
SAID: Mapping[str, Status] = MappingProxyType(
    {
        "allocated": J.ALLOCATED,
        "sent": J.ALLOCATED,
        "mobile": J.MOBILE,
        "rvp": J.AT_RVP,
        "at rvp": J.AT_RVP,
        "scene": J.AT_SCENE,
        "on scene": J.AT_SCENE,
        "at scene": J.AT_SCENE,
        "at patient": J.AT_PATIENT,
        "backup": J.BACKUP_REQUESTED,
        "left": J.LEFT_SCENE,
        "left scene": J.LEFT_SCENE,
        "conveying": J.LEFT_SCENE,
        "arrived": J.AT_HOSPITAL,
        "at hospital": J.AT_HOSPITAL,
        "queuing": J.QUEUING,
        "queue": J.QUEUING,
        "offloaded": J.OFFLOADED,
        "cohort": J.COHORT_STARTED,
        "cohorting": J.COHORT_STARTED,
        "cohort ended": J.COHORT_ENDED,
        "handover": J.HANDOVER,
        "handed over": J.HANDOVER,
        "released": J.RELEASED,
        "stood down": J.STOOD_DOWN,
        "clear": J.CLEAR,
        "booking on": A.BOOKING_ON,
        "available": A.AVAILABLE,
        "restricted": A.RESTRICTED,
        "unavailable": A.UNAVAILABLE,
        "to break": A.BREAK_TRAVEL,
        "break": A.ON_BREAK,
        "on break": A.ON_BREAK,
        "off": A.OFF,
        "off shift": A.OFF,
    }
)
LETTERS: Mapping[str, FormKind] = MappingProxyType({kind.letter: kind for kind in FormKind})
LONGEST_LINE = 200
LONGEST_REST = 120  # characters of a reason
AGAIN = timedelta(minutes=1)  # two times nearer than this are one: clocks are written down to the minute
TURNS = frozenset({J.QUEUING, J.COHORT_STARTED, J.COHORT_ENDED})  # one takes the place of another, and again

_TIME = re.compile(r"(?:(?P<day>\d{1,2})/)?(?P<hour>[01]?\d|2[0-3]):?(?P<minute>[0-5]\d)")
_FORM = re.compile(r"#(?P<letter>[A-Za-z])-?(?P<number>\d{1,6})")


@dataclass(frozen=True, slots=True)
class Form:
    """The number of one paper form, as it is printed on it: "S0012"."""

    kind: FormKind
    number: int

    def __str__(self) -> str:
        return f"{self.kind.letter}{self.number:04d}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was understood.

    wall      hour and minute on the wall clock; None for now
    day       day of the month, where one stands before the time: 20/0214; None for the newest that fits
    place     code of a site; None where none was said
    rest      the reason of who cannot be sent; "" else
    corrects  it mends what was entered by hand before: an exclamation mark at the end
    """

    call_sign: str
    status: Status
    wall: tuple[int, int] | None = None
    place: str | None = None
    rest: str = ""
    form: Form | None = None
    corrects: bool = False
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as a paper form has it."""

    form: Form
    wall: tuple[int, int]
    words: str
    day: int | None = None


def parse(text: str, call_signs: Iterable[str], sites: Mapping[str, str]) -> Line:
    """What a line says. Raises CannotParse: what was not understood, and what would mend it.

    call_signs  those that exist
    sites       code -> name; a site is told by its code or by how its name begins
    """
    if len(text) > LONGEST_LINE:
        raise CannotParse("The line", f"It has {len(text)} characters.", f"Keep to {LONGEST_LINE}.")
    corrects = text.rstrip().endswith("!")
    words, form = _without_form(text.rstrip().rstrip("!").split())
    if not words:
        raise CannotParse(
            "The line", "It is empty.", "Type call sign, status and time: A101 arrived 0214 Torbay"
        )
    call_sign = _call_sign(words[0], call_signs)
    status, words = _status(words[1:])
    day, wall, words = _wall(words)
    if isinstance(status, Availability):
        rest = " ".join(words)
        if len(rest) > LONGEST_REST:
            raise CannotParse("Reason", f"It has {len(rest)} characters.", f"Keep to {LONGEST_REST}.")
        if status in (A.UNAVAILABLE, A.RESTRICTED) and not rest:
            raise CannotParse(
                "Reason", "None is given.", "Say why after the status: unavailable vehicle defect"
            )
        return Line(call_sign, status, wall, None, rest, form, corrects, day)
    return Line(call_sign, status, wall, _place(words, sites), "", form, corrects, day)


def parse_decision(text: str) -> Decided | None:
    """The decision of a line that is from a decision form: "#D3 0214 Divert from Torbay"; None of others.

    Raises CannotParse.
    """
    words, form = _without_form(text.split())
    if form is None or form.kind is not FormKind.DECISION:
        return None
    day, wall, words = _wall(words)
    if wall is None:
        raise CannotParse("Time", "None is given.", "The time of the decision comes first: #D3 0214 Divert …")
    if not words:
        raise CannotParse("Decision", "None is given.", "Type what was decided after the time.")
    return Decided(form, wall, " ".join(words), day)


def parse_form(text: str) -> Form:
    """A form's number, with or without its sign: "#S12", "s0012". Raises CannotParse."""
    found = _FORM.fullmatch(text if text.startswith("#") else f"#{text}")
    kind = LETTERS.get(found["letter"].upper()) if found else None
    if found is None or kind is None or not int(found["number"]):
        letters = ", ".join(f"{kind.letter} ({kind.value.replace('_', ' ')})" for kind in FormKind)
        raise CannotParse("Form number", f"“{text[:20]}” is none.", f"Letter and number, as S12: {letters}.")
    return Form(kind, int(found["number"]))


def _without_form(words: Sequence[str]) -> tuple[list[str], Form | None]:
    forms = [word for word in words if word.startswith("#")]
    if len(forms) > 1:
        raise CannotParse("Form number", "Two are given.", "One line is from one form.")
    return [word for word in words if not word.startswith("#")], parse_form(forms[0]) if forms else None


def _call_sign(word: str, call_signs: Iterable[str]) -> str:
    known = {each.casefold(): each for each in call_signs}
    if found := known.get(word.casefold()):
        return found
    near = sorted(each for each in known.values() if each.casefold().endswith(word.casefold()))
    if len(near) == 1:
        return near[0]
    fix = f"Did you mean {' or '.join(near[:3])}?" if near else "Type it as the resource board has it."
    raise CannotParse("Call sign", f"No resource is called “{word[:20]}”.", fix)


def _status(words: Sequence[str]) -> tuple[Status, list[str]]:
    for length in (2, 1):
        said = " ".join(words[:length]).casefold()
        if len(words) >= length and said in SAID:
            return SAID[said], list(words[length:])
    what = f"“{words[0][:20]}” is none." if words else "None is given."
    near = get_close_matches(words[0].casefold(), SAID, n=3, cutoff=0.5) if words else []
    fix = (
        f"Did you mean {' or '.join(near[:3])}?"
        if near
        else "For example: mobile, arrived, clear, available."
    )
    raise CannotParse("Status", what, fix)


def _wall(words: Sequence[str]) -> tuple[int | None, tuple[int, int] | None, list[str]]:
    if not words or not words[0][:1].isdigit():
        return None, None, list(words)
    found = _TIME.fullmatch(words[0])
    if found is None or len(words[0]) < 3:
        raise CannotParse(
            "Time", f"“{words[0][:20]}” is none.", "Four figures on the clock, as 0214 or 02:14."
        )
    day = int(found["day"]) if found["day"] else None
    return day, (int(found["hour"]), int(found["minute"])), list(words[1:])


def _place(words: Sequence[str], sites: Mapping[str, str]) -> str | None:
    if not words:
        return None
    said = " ".join(words).casefold()
    codes = {code.casefold(): code for code in sites}
    if said in codes:
        return codes[said]
    exact = [code for code, name in sites.items() if name.casefold() == said]
    begun = [code for code, name in sites.items() if name.casefold().startswith(said)]
    found = exact or begun
    if len(found) == 1:
        return found[0]
    names = " or ".join(sorted(sites[code] for code in begun)[:3])
    fix = f"Did you mean {names}?" if begun else "Type the beginning of its name, or its code."
    raise CannotParse(
        "Place", f"“{said[:40]}” is {'several sites' if begun else 'no site that is known'}.", fix
    )


def latest(wall: datetime, until: datetime) -> bool:
    """Whether an instant may be meant by a clock time that was typed at `until`: not a minute later."""
    return wall <= until + AGAIN


def counting(facts: Sequence[Fact[JobEvent]]) -> list[Fact[JobEvent]]:
    """The facts of one job that count: what was entered by hand gives way to every other word on its status.

    Of two words by hand on one status the later entered counts: that is how a slip is mended. The choice of
    a destination is never dropped: the newest counts anyway. Any order of the facts leaves the same.
    """
    by_hand = [fact for fact in facts if fact.event.source is StatusSource.MANUAL and _yields(fact)]
    if not by_hand:
        return list(facts)
    newest: dict[JobStatus, Fact[JobEvent]] = {}
    for fact in by_hand:
        held = newest.get(fact.event.status)
        if held is None or _entered(held) < _entered(fact):
            newest[fact.event.status] = fact
    kept = {_entered(fact) for fact in newest.values() if not _is_told(fact, facts)}
    return [
        fact
        for fact in facts
        if fact.event.source is not StatusSource.MANUAL or not _yields(fact) or _entered(fact) in kept
    ]


def _is_told(ours: Fact[JobEvent], facts: Sequence[Fact[JobEvent]]) -> bool:
    """Whether another source says this of the job too.

    A crew queues, or its patient is in a cohort, more than once: where another turn of these lies between,
    what was said of the turn before says nothing of this one.
    """
    status, at = ours.event.status, ours.event.occurred_at
    told = [
        fact.event.occurred_at
        for fact in facts
        if fact.event.source is not StatusSource.MANUAL and fact.event.status is status
    ]
    if status not in TURNS:
        return bool(told)
    turned = max(
        (
            fact.event.occurred_at
            for fact in facts
            if fact.event.status in TURNS - {status} and fact.event.occurred_at < at
        ),
        default=None,
    )
    return any(turned is None or each >= min(turned, at - AGAIN) for each in told)


def _yields(fact: Fact[JobEvent]) -> bool:
    return fact.event.status is not JobStatus.DESTINATION_SELECTED and fact.event.same_as is None


def _entered(fact: Fact[JobEvent]) -> tuple[datetime, str, str]:
    return fact.known_at, fact.source, fact.event.message_id


def differs(ours: datetime, theirs: datetime | None) -> bool:
    """Whether another source gives another time than was entered by hand."""
    return theirs is not None and abs(ours - theirs) >= AGAIN
