"""Release of a crew at a hospital: what a release must say, why one is put off, and what it cost.

The 45 minute rule: a stable patient is placed by then, the nurse in charge is told, the handover is given
and the crew leaves; else somebody decides why not and when to look again. Source: London Ambulance Service,
January 2023, and South Central Ambulance Service, November 2024. Minutes, reasons and places are policy
`handover_release`. The patient's clock stops when the hospital accepts the patient, never because a crew
left.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .words import JobState, JobStatus

OTHER = "other"  # the code of a reason that needs words


class Kind(StrEnum):
    """What was recorded of a patient who waits at a hospital."""

    RELEASE = "release"  # the crew leaves its patient with the hospital
    EXCEPTION = "exception"  # the crew stays; somebody decided why
    RELIEF = "relief"  # another crew takes the patient over


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a crew is not released. look  minutes after which it is looked at again, where nobody says."""

    code: str
    says: str
    look: float = 15


@dataclass(frozen=True, slots=True)
class Place:
    """Where a patient may be left."""

    code: str
    says: str


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """Policy `handover_release`.

    release      minutes after arrival at which a crew is released, or an exception is recorded
    commander    minutes after arrival from which a commander is told of whoever still waits
    news2_holds  minutes for which a NEWS2 counts
    news2_high   from this NEWS2 on somebody is named who decided that the patient is stable
    look_most    minutes after which an exception is looked at again at the latest
    """

    release: float = 45
    commander: float = 60
    news2_holds: float = 30
    news2_high: int = 7
    look_most: float = 120
    reasons: tuple[Reason, ...] = ()
    places: tuple[Place, ...] = ()

    def reason(self, code: str) -> Reason | None:
        """The reason of a code, where the policy has it."""
        return next((each for each in self.reasons if each.code == code), None)

    def place(self, code: str) -> Place | None:
        """The place of a code, where the policy has it."""
        return next((each for each in self.places if each.code == code), None)


@dataclass(frozen=True, slots=True)
class Record:
    """What somebody records. People are named by their post, never by name.

    stable_by       who found the patient stable; news2, news2_at  the score and when it was taken
    nurse           the nurse in charge who was told; "" where nobody was, which is finding HQ36
    accepted        the hospital accepted responsibility: the patient's clock stops
    verbal, epcr    how the handover was given
    decided_by      who decided an exception, or that a patient with a high NEWS2 is stable
    relief          call sign of the crew that takes over
    """

    kind: Kind
    stable_by: str = ""
    news2: int | None = None
    news2_at: datetime | None = None
    nurse: str = ""
    place: str = ""
    verbal: bool = False
    epcr: bool = False
    accepted: bool = False
    equipment: str = ""
    commander: str = ""
    reason: str = ""
    words: str = ""
    decided_by: str = ""
    look_at: datetime | None = None
    relief: str = ""


def problems(record: Record, policy: ReleasePolicy, waited: float, at: datetime) -> dict[str, str]:
    """What is missing in a record, by its field; nothing where it is whole.

    waited  minutes since arrival
    """
    checks = {Kind.RELEASE: _release, Kind.EXCEPTION: _exception, Kind.RELIEF: _relief}
    found = dict(checks[record.kind](record, policy, at))
    if record.kind is not Kind.RELIEF and waited >= policy.commander and not record.commander:
        found["commander"] = f"Say which commander knows: the patient waits {policy.commander:g} minutes"
    return found


def _release(record: Record, policy: ReleasePolicy, at: datetime) -> Iterable[tuple[str, str]]:
    if not record.stable_by:
        yield "stable_by", "Say who found the patient stable, by post"
    if record.news2 is None or record.news2_at is None:
        yield "news2", "Enter the NEWS2, from 0 to 20"
    elif not at - timedelta(minutes=policy.news2_holds) <= record.news2_at <= at:
        yield "news2_ago", f"Take the NEWS2 again: it counts for {policy.news2_holds:g} minutes"
    elif record.news2 >= policy.news2_high and not record.decided_by:
        yield "decided_by", f"NEWS2 {record.news2} is high: say who decided that the patient is stable"
    if policy.place(record.place) is None:
        yield "place", "Choose where the patient was left"
    if not record.verbal and not record.epcr:
        yield "given", "Say how the handover was given"
    if record.accepted and not record.nurse:
        yield "nurse", "Say who accepted the patient, by post"


def _exception(record: Record, policy: ReleasePolicy, at: datetime) -> Iterable[tuple[str, str]]:
    if policy.reason(record.reason) is None:
        yield "reason", "Choose why the crew stays"
    if record.reason == OTHER and not record.words:
        yield "words", "Say why the crew stays"
    if not record.decided_by:
        yield "decided_by", "Say who decided, by post"
    if record.look_at is None or not at < record.look_at <= at + timedelta(minutes=policy.look_most):
        yield "look_in", f"Say when to look again: within {policy.look_most:g} minutes"


def _relief(record: Record, policy: ReleasePolicy, at: datetime) -> Iterable[tuple[str, str]]:
    if not record.relief:
        yield "relief", "Say which crew takes the patient over"


def may_correct(before: Record, after: Record) -> bool:
    """Whether a record may take the place of another: it tells the same thing better.

    Another kind, another acceptance or another relief is not a correction but something new that happened.
    """
    return (before.kind, before.accepted, before.relief) == (after.kind, after.accepted, after.relief)


def status_said(record: Record, state: JobState) -> JobStatus | None:
    """The status that a record is for a crew in this state; None where it says nothing new of the crew.

    A patient whom the hospital accepted is handed over. One who was not waits on: the crew is released and
    the clock runs. An exception changes nothing.
    """
    if record.kind is Kind.EXCEPTION:
        return None
    if record.accepted:
        return JobStatus.HANDOVER
    return None if state.is_over else JobStatus.RELEASED


@dataclass(frozen=True, slots=True)
class Ended:
    """One patient of a period who was handed over: at which hospital, after how many minutes."""

    site: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Told:
    """One record of a period that stands. minutes  since arrival, when it was recorded."""

    site: str
    record: Record
    minutes: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One hospital over a period.

    arrivals, beyond   patients, and those who waited longer than the release limit
    minutes_beyond     all their minutes past it
    releases           of them accepted by the hospital, and in time
    reasons            exceptions by reason
    """

    arrivals: int = 0
    beyond: int = 0
    minutes_beyond: float = 0
    releases: int = 0
    accepted: int = 0
    in_time: int = 0
    without_nurse: int = 0
    reliefs: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


def figures(told: Iterable[Told], ended: Iterable[Ended], policy: ReleasePolicy) -> dict[str, Figures]:
    """What was recorded at each hospital, beside what its patients waited."""
    by_site, waits = defaultdict[str, list[Told]](list), defaultdict[str, list[float]](list)
    for each in told:
        by_site[each.site].append(each)
    for wait in ended:
        waits[wait.site].append(wait.minutes)
    return {site: _figures(by_site[site], waits[site], policy) for site in sorted({*by_site, *waits})}


def _figures(told: list[Told], waits: list[float], policy: ReleasePolicy) -> Figures:
    released = [each for each in told if each.record.kind is Kind.RELEASE]
    past = [minutes - policy.release for minutes in waits if minutes > policy.release]
    reasons = defaultdict[str, int](int)
    for each in told:
        if each.record.kind is Kind.EXCEPTION:
            reasons[each.record.reason] += 1
    return Figures(
        arrivals=len(waits),
        beyond=len(past),
        minutes_beyond=sum(past),
        releases=len(released),
        accepted=sum(each.record.accepted for each in released),
        in_time=sum(each.minutes <= policy.release for each in released),
        without_nurse=sum(not each.record.nurse for each in released),
        reliefs=sum(each.record.kind is Kind.RELIEF for each in told),
        reasons=dict(reasons),
    )
