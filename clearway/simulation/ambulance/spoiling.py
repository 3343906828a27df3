"""Faults put into a feed on purpose, by seed: what the rules of data quality are measured on.

Every fault names the rule that ought to find it. Nothing here looks at how a rule works: each spoils what
was said the way people and systems do, from the truth that the world lived through.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.hospitals import Cohort
from clearway.domain.ambulance.quality_said import REPEATED_HOUR
from clearway.domain.ambulance.quality_tracks import Track
from clearway.domain.ambulance.words import JobStatus, ReceivingUnit, ResourceKind, StatusSource
from clearway.domain.shared.facts import Fact

J = JobStatus
Said = list[Fact[JobEvent]]
Streams = dict[str, Said]
MINUTE = timedelta(minutes=1)
FEED = "cad"


@dataclass(frozen=True, slots=True)
class Around:
    """What a fault may look at beside its job: the codes of the sites, and the chance it draws from."""

    sites: Sequence[str]
    chance: np.random.Generator


# A fault takes the facts of one job and gives those that the feed says instead, with other streams that it
# adds; None where the job does not allow it.
Fault = Callable[[Said, Around], "Spoilt | None"]


@dataclass(frozen=True, slots=True)
class Spoilt:
    said: Said
    others: Mapping[str, Said]
    blamed: str | None = None  # the stream that ought to be found, where it is not the job's own


def spoil(
    streams: Mapping[str, Said], each: int, sites: Sequence[str], seed: int
) -> tuple[Streams, dict[str, set[str]]]:
    """The streams with `each` faults of every kind, and what ought to be found: rule -> keys.

    No job bears two faults, and none whose resource another fault concerns: every finding has one cause.
    """
    chance = np.random.default_rng(seed)
    around = Around(sites, chance)
    spoilt: Streams = dict(streams)
    truth: dict[str, set[str]] = defaultdict(set)
    keys = [str(key) for key in chance.permutation(sorted(streams))]
    used: set[str] = set()
    for code, fault in FAULTS.items():
        for key in keys:
            if len(truth[code]) >= each:
                break
            said = streams[key]
            if key in used or (done := fault(said, around)) is None:
                continue
            used.add(key)
            spoilt[key] = done.said
            spoilt.update(done.others)
            truth[code].add(done.blamed or key)
    return spoilt, dict(truth)


def stop_on_the_way(seen: Track, begin: float, minutes: float) -> Track:
    """The same track, but that the vehicle's positions stay where they were for so many minutes."""
    held = (seen.at >= begin) & (seen.at <= begin + 60 * minutes)
    rows = np.flatnonzero(held)
    latitude, longitude = seen.latitude.copy(), seen.longitude.copy()
    if len(rows):
        latitude[rows], longitude[rows] = latitude[rows[0]], longitude[rows[0]]
    return Track(seen.at, latitude, longitude)


def leap(seen: Track, at: float) -> Track:
    """The same track with one position far away."""
    row = min(int(np.searchsorted(seen.at, at)), len(seen.at) - 1)
    latitude = seen.latitude.copy()
    latitude[row] += 1.0
    return Track(seen.at, latitude, seen.longitude)


def _at(said: Said, status: JobStatus) -> datetime | None:
    return next((fact.event.occurred_at for fact in said if fact.event.status is status), None)


def _only(said: Said) -> Spoilt:
    return Spoilt(said, {})


def _changed(said: Said, times: Mapping[JobStatus, datetime], **more: Any) -> Said:
    """The facts with other times for some statuses, known when they say."""
    return [
        replace(
            fact,
            event=msgspec.structs.replace(
                fact.event, occurred_at=times.get(fact.event.status, fact.event.occurred_at), **more
            ),
            known_at=max(fact.known_at, times.get(fact.event.status, fact.known_at)),
        )
        for fact in said
    ]


def _without(said: Said, *statuses: JobStatus) -> Said:
    return [fact for fact in said if fact.event.status not in statuses]


def _added(said: Said, status: JobStatus, at: datetime, **more: Any) -> Fact[JobEvent]:
    """One more fact about the same job."""
    known = more.pop("known_at", at)
    event = msgspec.structs.replace(
        said[0].event,
        message_id=f"{status}/{at.isoformat()}/{more}",
        sequence=None,
        occurred_at=at,
        status=status,
    )
    return Fact(msgspec.structs.replace(event, **more), FEED, known)


def _moved(status: JobStatus, by: JobStatus, minutes: float) -> Fault:
    """A status given the time of another, so many minutes off."""

    def fault(said: Said, _: Around) -> Spoilt | None:
        there, other = _at(said, status), _at(said, by)
        if there is None or other is None or _at(said, J.CLEAR) is None:
            return None
        return _only(_changed(said, {status: other + minutes * MINUTE}))

    return fault


def _lost(*statuses: JobStatus) -> Fault:
    def fault(said: Said, _: Around) -> Spoilt | None:
        if _at(said, J.HANDOVER) is None or _at(said, J.CLEAR) is None or _in_cohort(said):
            return None
        return _only(_without(said, *statuses))

    return fault


def _in_cohort(said: Said) -> bool:
    return _at(said, J.COHORT_STARTED) is not None or _at(said, J.RELEASED) is not None


def _later_handover(hours: float) -> Fault:
    def fault(said: Said, _: Around) -> Spoilt | None:
        over, clear = _at(said, J.HANDOVER), _at(said, J.CLEAR)
        if over is None or clear is None or _in_cohort(said):
            return None
        return _only(
            _changed(
                said, {J.HANDOVER: over + timedelta(hours=hours), J.CLEAR: clear + timedelta(hours=hours)}
            )
        )

    return fault


def _left_before_pressing(said: Said, _: Around) -> Spoilt | None:
    over, clear = _at(said, J.HANDOVER), _at(said, J.CLEAR)
    if over is None or clear is None or _in_cohort(said):
        return None
    return _only(_changed(said, {J.HANDOVER: clear + 10 * MINUTE, J.CLEAR: clear + 11 * MINUTE}))


def _early_press(status: JobStatus, after: JobStatus, minutes: float) -> Fault:
    """Pressed so many minutes too early, where the way there was long enough."""

    def fault(said: Said, _: Around) -> Spoilt | None:
        pressed, began = _at(said, status), _at(said, after)
        if pressed is None or began is None or pressed - began < (minutes + 4) * MINUTE:
            return None
        return _only(_changed(said, {status: pressed - minutes * MINUTE}))

    return fault


def _late_press(status: JobStatus, before: JobStatus, minutes: float) -> Fault:
    """Pressed so many minutes too late, where what comes next came later still."""

    def fault(said: Said, _: Around) -> Spoilt | None:
        pressed, next_ = _at(said, status), _at(said, before)
        if pressed is None or next_ is None or next_ - pressed < (minutes + 1) * MINUTE:
            return None
        between = [
            fact.event.status
            for fact in said
            if pressed < fact.event.occurred_at < pressed + minutes * MINUTE
        ]
        if set(between) & {J.HANDOVER, J.CLEAR, J.RELEASED, J.COHORT_STARTED}:
            return None
        kept = [fact for fact in said if fact.event.status not in set(between)]
        return _only(_changed(kept, {status: pressed + minutes * MINUTE}))

    return fault


def _two_pins(said: Said, _: Around) -> Spoilt | None:
    over = _at(said, J.HANDOVER)
    if over is None or _in_cohort(said):
        return None
    return _only([*said, _added(said, J.HANDOVER, over + 8 * MINUTE, source=StatusSource.HOSPITAL)])


def _by_hand(said: Said, _: Around) -> Spoilt | None:
    over = _at(said, J.HANDOVER)
    if over is None:
        return None
    return _only(
        [*_without(said, J.HANDOVER), _added(said, J.HANDOVER, over, source=StatusSource.EOC, note=None)]
    )


def _still_on_trolley(said: Said, _: Around) -> Spoilt | None:
    over = _at(said, J.HANDOVER)
    if over is None or _in_cohort(said):
        return None
    return _only([*said, _added(said, J.QUEUING, over + 5 * MINUTE, source=StatusSource.HALO)])


def _cohort_as_handover(said: Said, _: Around) -> Spoilt | None:
    started, clear = _at(said, J.COHORT_STARTED), _at(said, J.CLEAR)
    if started is None or clear is None:
        return None
    handover = _added(said, J.HANDOVER, started + timedelta(seconds=10), source=StatusSource.HALO)
    return _only([*_without(said, J.HANDOVER), handover])


def _nobody_said_queue(said: Said, _: Around) -> Spoilt | None:
    arrived, over = _at(said, J.AT_HOSPITAL), _at(said, J.HANDOVER)
    if arrived is None or over is None or over - arrived < 18 * MINUTE or _in_cohort(said):
        return None
    return _only(_without(said, J.QUEUING, J.OFFLOADED, J.COHORT_STARTED))


def _elsewhere(said: Said, around: Around) -> Spoilt | None:
    here = next((fact.event.destination for fact in reversed(said) if fact.event.destination), None)
    if _at(said, J.HANDOVER) is None or here not in around.sites:
        return None
    other = str(around.chance.choice([code for code in around.sites if code != here]))
    return _only(_to(said, other))


def _to(said: Said, code: str) -> Said:
    return [
        replace(fact, event=msgspec.structs.replace(fact.event, destination=code))
        if fact.event.destination
        else fact
        for fact in said
    ]


def _unknown_code(said: Said, _: Around) -> Spoilt | None:
    return None if _at(said, J.AT_HOSPITAL) is None else _only(_to(said, "XX999"))


def _car(said: Said, _: Around) -> Spoilt | None:
    if _at(said, J.HANDOVER) is None:
        return None
    return _only(
        [replace(fact, event=msgspec.structs.replace(fact.event, kind=ResourceKind.RRV)) for fact in said]
    )


def _copied(said: Said, key: str, incident: str, after: timedelta) -> Said:
    return [
        Fact(
            msgspec.structs.replace(
                fact.event,
                message_id=f"{key}/{fact.event.message_id}",
                assignment=key,
                incident=incident,
                occurred_at=fact.event.occurred_at + after,
            ),
            fact.source,
            fact.known_at + after,
        )
        for fact in said
    ]


def _two_jobs(said: Said, _: Around) -> Spoilt | None:
    if _at(said, J.HANDOVER) is None or _at(said, J.CLEAR) is None:
        return None
    key = f"{said[0].event.assignment_key}+other"
    return Spoilt(said, {key: _copied(said, key, f"{said[0].event.incident}+", 3 * MINUTE)}, key)


def _twice(said: Said, _: Around) -> Spoilt | None:
    if _at(said, J.HANDOVER) is None:
        return None
    key = f"{said[0].event.assignment_key}+twice"
    return Spoilt(said, {key: _copied(said, key, said[0].event.incident, timedelta(0))}, key)


def _ahead(said: Said, _: Around) -> Spoilt | None:
    clear = _at(said, J.CLEAR)
    if clear is None:
        return None
    ahead = [
        replace(fact, event=msgspec.structs.replace(fact.event, occurred_at=clear + 20 * MINUTE))
        if fact.event.status is J.CLEAR
        else fact
        for fact in said
    ]
    return _only(ahead)


def _without_offset(said: Said, _: Around) -> Spoilt | None:
    if _at(said, J.HANDOVER) is None:
        return None
    return _only(
        [replace(fact, event=msgspec.structs.replace(fact.event, note=REPEATED_HOUR)) for fact in said]
    )


def _correction(minutes: float, hours: float, least: float) -> Fault:
    """The handover of a wait of at least so many minutes changed to another, so many hours later."""

    def fault(said: Said, _: Around) -> Spoilt | None:
        arrived, over = _at(said, J.AT_HOSPITAL), _at(said, J.HANDOVER)
        if arrived is None or over is None or over - arrived < least * MINUTE or _in_cohort(said):
            return None
        first = next(fact for fact in said if fact.event.status is J.HANDOVER)
        to = over + minutes * MINUTE if minutes > 0 else arrived + -minutes * MINUTE
        known = over + timedelta(hours=hours)
        return _only([*said, _added(said, J.HANDOVER, to, corrects=first.event.message_id, known_at=known)])

    return fault


def _too_fast(said: Said, around: Around) -> Spoilt | None:
    """A second job whose patient the crew brings to another hospital a minute after it was clear here."""
    clear = _at(said, J.CLEAR)
    here = next((fact.event.destination for fact in reversed(said) if fact.event.destination), None)
    arrived = _at(said, J.AT_HOSPITAL)
    if clear is None or arrived is None or here not in around.sites or _at(said, J.HANDOVER) is None:
        return None
    other = str(around.chance.choice([code for code in around.sites if code != here]))
    key = f"{said[0].event.assignment_key}+fast"
    copy = _copied(said, key, f"{said[0].event.incident}+fast", clear + MINUTE - arrived)
    return Spoilt(said, {key: _to(copy, other)}, key)


def _relief(said: Said, _: Around) -> Spoilt | None:
    over, clear = _at(said, J.HANDOVER), _at(said, J.CLEAR)
    if over is None or clear is None or _in_cohort(said):
        return None
    key = f"{said[0].event.incident}/RELIEF"
    known = {"assignment": key, "call_sign": f"{said[0].event.call_sign}R"}
    code = next((fact.event.destination for fact in reversed(said) if fact.event.destination), None)
    relief = [
        _added(said, status, over + minutes * MINUTE, destination=code, **known)
        for status, minutes in (
            (J.ALLOCATED, -9),
            (J.MOBILE, -8),
            (J.AT_HOSPITAL, -1),
            (J.HANDOVER, 40),
            (J.CLEAR, 50),
        )
    ]
    return Spoilt(said, {key: relief})


def _released_to_nobody(said: Said, _: Around) -> Spoilt | None:
    over = _at(said, J.HANDOVER)
    if over is None or _in_cohort(said):
        return None
    return _only([*_without(said, J.HANDOVER), _added(said, J.RELEASED, over, source=StatusSource.HALO)])


def _ghost(said: Said, _: Around) -> Spoilt | None:
    over, clear = _at(said, J.HANDOVER), _at(said, J.CLEAR)
    if over is None or clear is None or clear - over < 13 * MINUTE or _in_cohort(said):
        return None
    return _only(_changed(said, {J.CLEAR: over + timedelta(seconds=20)}))


def _no_reason(said: Said, _: Around) -> Spoilt | None:
    over, clear = _at(said, J.HANDOVER), _at(said, J.CLEAR)
    if over is None or clear is None or clear - over <= 16 * MINUTE:
        return None
    return _only([replace(fact, event=msgspec.structs.replace(fact.event, note=None)) for fact in said])


def _late_prealert(said: Said, _: Around) -> Spoilt | None:
    arrived = _at(said, J.AT_HOSPITAL)
    if arrived is None:
        return None
    return _only([*_without(said, J.PREALERT), _added(said, J.PREALERT, arrived + 2 * MINUTE)])


def _again(said: Said, _: Around) -> Spoilt | None:
    at = _at(said, J.AT_SCENE)
    return None if at is None else _only([*said, _added(said, J.AT_SCENE, at + 2 * MINUTE)])


def _after_the_end(said: Said, _: Around) -> Spoilt | None:
    clear = _at(said, J.CLEAR)
    if clear is None or _at(said, J.LEFT_SCENE) is None:
        return None
    return _only([*_without(said, J.LEFT_SCENE), _added(said, J.LEFT_SCENE, clear + 2 * MINUTE)])


def _skipped(said: Said, _: Around) -> Spoilt | None:
    return None if _at(said, J.AT_SCENE) is None else _only(_without(said, J.MOBILE))


def _pressed_and_stood(said: Said, _: Around) -> Spoilt | None:
    """Mobile pressed at once, and the crew set off nine minutes later: all before moved back by so much."""
    allocated, mobile = _at(said, J.ALLOCATED), _at(said, J.MOBILE)
    if allocated is None or mobile is None or _at(said, J.AT_SCENE) is None:
        return None
    return _only(_changed(said, {J.ALLOCATED: allocated - 10 * MINUTE, J.MOBILE: mobile - 9 * MINUTE}))


def _ward(said: Said, _: Around) -> Spoilt | None:
    """Taken to a ward, and still counted as one of the department."""
    if _at(said, J.HANDOVER) is None:
        return None
    moved = [
        replace(fact, event=msgspec.structs.replace(fact.event, unit=ReceivingUnit.WARD, emergency=True))
        if fact.event.status is J.AT_HOSPITAL
        else fact
        for fact in said
    ]
    return None if moved == said or _at(said, J.AT_HOSPITAL) is None else _only(moved)


def _second_patient(said: Said, _: Around) -> Spoilt | None:
    """Two patients brought, and one handover recorded without saying that it is of both."""
    if _at(said, J.HANDOVER) is None or _at(said, J.CLEAR) is None or _in_cohort(said):
        return None
    aboard = {J.LEFT_SCENE: 2, J.AT_HOSPITAL: 2, J.HANDOVER: None}
    return _only(
        [
            replace(fact, event=msgspec.structs.replace(fact.event, patients=aboard[fact.event.status]))
            if fact.event.status in aboard
            else fact
            for fact in said
        ]
    )


def list_wrongly(
    lists: Sequence[Cohort], key: str, waited: tuple[datetime, datetime], way: int
) -> list[Cohort] | None:
    """The lists of one site with one patient wrongly on them; None where no list shows it.

    way  0: left out of every list; 1: with somebody else; 2: on those of a time in which they waited outside
    """
    found = []
    for each in lists:
        lines = dict(each.lines)
        if way == 0:
            lines.pop(key, None)
        elif way == 1 and key in lines:
            lines[key] = "COHORT ELSEWHERE"
        elif way == 2 and waited[0] <= each.at < waited[1]:
            lines[key] = ""
        found.append(replace(each, lines=lines))
    return None if found == list(lists) else found


# Rule -> the fault that it ought to find.
FAULTS: Mapping[str, Fault] = {
    "HQ01": _moved(J.AT_HOSPITAL, J.LEFT_SCENE, -2),
    "HQ02": _moved(J.HANDOVER, J.AT_HOSPITAL, -3),
    "HQ03": _moved(J.CLEAR, J.HANDOVER, -4),
    "HQ04": _lost(J.HANDOVER),
    "HQ05": _lost(J.AT_HOSPITAL, J.NOTIFIED, J.QUEUING, J.OFFLOADED),
    "HQ06": _left_before_pressing,
    "HQ07": _early_press(J.AT_HOSPITAL, J.LEFT_SCENE, 5),
    "HQ08": _late_press(J.AT_HOSPITAL, J.HANDOVER, 8),
    "HQ09": _moved(J.HANDOVER, J.AT_HOSPITAL, 1 / 3),
    "HQ10": _later_handover(7),
    "HQ10B": _later_handover(13),
    "HQ11": _moved(J.HANDOVER, J.CLEAR, 0),
    "HQ13": _two_pins,
    "HQ14": _by_hand,
    "HQ15": _still_on_trolley,
    "HQ16": _cohort_as_handover,
    "HQ17": _nobody_said_queue,
    "HQ19": _elsewhere,
    "HQ20": _unknown_code,
    "HQ22": _lost(J.AT_HOSPITAL, J.HANDOVER, J.NOTIFIED, J.QUEUING, J.OFFLOADED),
    "HQ23": _car,
    "HQ24": _two_jobs,
    "HQ26": _twice,
    "HQ27": _ahead,
    "HQ29": _without_offset,
    "HQ30": _correction(3, 30, 5),
    "HQ31": _correction(-28, 2, 35),
    "HQ34": _too_fast,
    "HQ35": _relief,
    "HQ36": _released_to_nobody,
    "HQ38": _ghost,
    "HQ39": _no_reason,
    "HQ40": _late_prealert,
    "JC01": _moved(J.MOBILE, J.AT_SCENE, 2),
    "JC02": _skipped,
    "JC03": _again,
    "JC04": _after_the_end,
    "ST01": _late_press(J.MOBILE, J.AT_SCENE, 6),
    "ST02": _pressed_and_stood,
    "ST03": _late_press(J.AT_SCENE, J.LEFT_SCENE, 8),
    "ST04": _early_press(J.AT_SCENE, J.MOBILE, 5),
    "ST05": _late_press(J.LEFT_SCENE, J.AT_HOSPITAL, 8),
    "HQ21": _ward,
    "HQ25": _second_patient,
}
