"""Rules that hold the statuses of one job against where its vehicle was.

A run is a stretch of positions, without a gap too long to say what happened in it, in which something holds
throughout: inside a fence, standing, driving. Where there are no positions, no rule says anything: whoever
asks says "cannot check" (HQ37). Sources: docs/reference/rules.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from ..shared.findings import Finding
from ..shared.geography import Point, distance_km
from .quality import Limits
from .quality_said import clock
from .transitions import Assignment
from .words import JobStatus

J = JobStatus
MINUTE = 60.0
Column = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
NEAR_SCENE_KM = 0.2  # so near to where the call was located a vehicle is taken to be there
PRESS_SECONDS = 90.0  # a position so near in time to a press says where it was pressed
# From which status on each rule looks at positions; those that are not named look at the whole job.
BEGINS: Mapping[str, JobStatus] = {
    "ST01": J.ALLOCATED,
    "ST02": J.MOBILE,
    "ST03": J.MOBILE,
    "ST04": J.AT_SCENE,
    "ST05": J.AT_SCENE,
    "HQ08": J.LEFT_SCENE,
    "ST06": J.LEFT_SCENE,
    "HQ06": J.AT_HOSPITAL,
    "HQ07": J.AT_HOSPITAL,
    "HQ19": J.AT_HOSPITAL,
    "HQ38": J.CLEAR,
}
JUMP_KM = 2.0  # shorter leaps are the receiver's own error


@dataclass(frozen=True, slots=True)
class Track:
    """Where one resource was: seconds since 1970, ascending, and degrees; columns of one length."""

    at: Column
    latitude: Column
    longitude: Column

    def between(self, begin: float, end: float) -> "Track":
        """The part of it from begin up to end."""
        rows = slice(np.searchsorted(self.at, begin), np.searchsorted(self.at, end, side="right"))
        return Track(self.at[rows], self.latitude[rows], self.longitude[rows])


NOWHERE = Track(np.empty(0), np.empty(0), np.empty(0))


def track(rows: Sequence[tuple[float, float, float]]) -> Track:
    """A track from (seconds, latitude, longitude), in any order; of the same second the first."""
    if not rows:
        return NOWHERE
    columns = np.array(sorted(rows), dtype=np.float64)
    columns = columns[np.concatenate(([True], np.diff(columns[:, 0]) > 0))]
    return Track(columns[:, 0], columns[:, 1], columns[:, 2])


@dataclass(frozen=True, slots=True)
class Places:
    """What a track is held against.

    sites        receiving sites, code -> where
    destination  code of the site that the record names, None where it names none that is known
    scene        where the incident was located
    bases        ambulance stations: whoever stands at one beside a hospital is not waiting there
    """

    sites: Mapping[str, Point]
    destination: str | None = None
    scene: Point | None = None
    bases: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """What is known of the resource beside the job.

    until       how far the track may be judged: the present, or the end of the period
    free_until  until when it was free after the job: its next job, a break, being unavailable; None if it
                was not free at all
    shift_end   of the shift in which it began the job
    """

    until: datetime
    free_until: datetime | None = None
    shift_end: datetime | None = None


def inspect_track(
    assignment: Assignment, seen: Track, places: Places, duty: Duty, limits: Limits
) -> tuple[Finding, ...]:
    """Every breach of one job against its positions."""
    job = _Job(assignment, seen, places, duty, limits)
    return (*job.shift(), *job.before_scene(), *job.on_scene(), *job.on_the_way(), *job.at_hospital())


def visit(assignment: Assignment, seen: Track, places: Places, limits: Limits) -> tuple[float, float] | None:
    """When the vehicle came into the fence of its destination on this job and when it was last in it."""
    here = places.sites.get(places.destination or "")
    left = _first(assignment.stamps, J.LEFT_SCENE, J.AT_SCENE, J.MOBILE)
    if here is None or left is None:
        return None
    part = seen.between(left, np.inf)
    inside = np.flatnonzero(_apart(part, here) <= limits.geofence_metres / 1000)
    return (float(part.at[inside[0]]), float(part.at[inside[-1]])) if len(inside) else None


@dataclass(frozen=True, slots=True)
class _Job:
    assignment: Assignment
    seen: Track
    places: Places
    duty: Duty
    limits: Limits

    # The parts of the job

    def shift(self) -> Iterator[Finding]:
        """ST07 and ST08."""
        begin, end = self._phase(J.ALLOCATED, (J.CLEAR, J.STOOD_DOWN))
        part = self.seen.between(begin, end)
        leap, hours = _steps(part), np.diff(part.at) / 3600
        fast = np.flatnonzero((leap > JUMP_KM) & (leap > self.limits.fastest_kmh * hours))
        if len(fast):
            words = f"{leap[fast[0]]:.1f} km in {hours[fast[0]] * 3600:.0f} seconds"
            yield Finding("ST07", "position", f"{words}, {clock(_instant(part.at[fast[0] + 1]))}")
        ends = self.duty.shift_end
        if ends is not None and begin < ends.timestamp() < end:
            late = ends.timestamp() + self.limits.overrun_minutes * MINUTE
            if late < end and (idle := self._idle(late, end)):
                yield Finding("ST08", "shift", f"shift ended {clock(ends)}, {idle}")

    def _idle(self, begin: float, end: float) -> str:
        """What speaks against a crew that still works on the job, or "".

        A shift may well overrun by hours: at the scene, at a hospital or on the road the crew is at work. At
        a station, or nowhere to be seen, it has gone home and left the job open. A station on the ground of a
        hospital, or beside the scene, says nothing.
        """
        part = self.seen.between(begin, end)
        if not len(part.at):
            last = self.seen.between(-np.inf, begin).at
            return f"not seen since {clock(_instant(last[-1]))}" if len(last) else ""
        run = self._longest(begin, end, lambda part: self._standing(part) & ~self._at_any_site(part))
        is_home = run is not None and self._is_at_base(run) and not self._is_at_scene(run)
        return self._words(run, "stands at a station") if run and is_home else ""

    def before_scene(self) -> Iterator[Finding]:
        """ST01, ST02, ST03."""
        begin, end = self._phase(J.ALLOCATED, (J.MOBILE, J.AT_SCENE, J.STOOD_DOWN, J.CLEAR))
        if run := self._longest(begin, end, self._driving):
            yield self._says("ST01", J.MOBILE, run, "drives")
        begin, end = self._phase(J.MOBILE, (J.AT_RVP, J.AT_SCENE, J.STOOD_DOWN, J.CLEAR))
        run = self._longest(begin, end, self._standing)
        if run and self._is_at_scene(run):
            yield self._says("ST03", J.AT_SCENE, run, "stands at the scene")
        elif kept := self._kept_place(begin, end):
            yield Finding("ST02", J.MOBILE, self._words(kept, "stands"))

    def on_scene(self) -> Iterator[Finding]:
        """ST04, ST05."""
        pressed = self.assignment.stamps.get(J.AT_SCENE)
        scene = self.places.scene
        if pressed is not None and scene is not None:
            apart = self._apart_at(pressed.timestamp(), scene)
            if apart is not None and apart * 1000 > self.limits.off_scene_metres:
                yield Finding("ST04", J.AT_SCENE, f"pressed {clock(pressed)}, {apart:.1f} km away")
        begin, end = self._phase(J.AT_SCENE, (J.LEFT_SCENE, J.CLEAR, J.AT_HOSPITAL))
        if run := self._longest(begin, end, self._driving):
            yield self._says("ST05", J.LEFT_SCENE, run, "drives")

    def on_the_way(self) -> Iterator[Finding]:
        """HQ08 and ST06."""
        begin, end = self._phase(J.LEFT_SCENE, (J.AT_HOSPITAL, J.HANDOVER, J.CLEAR))
        here = self._destination
        if here is not None and not self._is_scene_within(here):
            run = self._longest(begin, end, lambda part: self._in_fence(part, here) & self._standing(part))
            if run:
                yield self._says("HQ08", J.AT_HOSPITAL, run, "stands at the hospital")
        away = self._longest(
            begin,
            end,
            lambda part: self._standing(part) & ~self._at_any_site(part),
            self.limits.standing_on_way_minutes,
        )
        if away and not self._is_at_scene(away):
            yield Finding("ST06", J.AT_HOSPITAL, self._words(away, "stands"))

    def at_hospital(self) -> Iterator[Finding]:
        """HQ06, HQ07, HQ19, HQ38."""
        pressed, here = self.assignment.stamps.get(J.AT_HOSPITAL), self._destination
        if pressed is None or here is None:
            return
        begin, end = self._phase(J.AT_HOSPITAL, (J.HANDOVER, J.RELEASED, J.COHORT_STARTED, J.CLEAR))
        elsewhere = self._other_site(begin, end, here)
        if elsewhere:
            yield Finding("HQ19", "destination", f"recorded {self.places.destination}, stands at {elsewhere}")
            return
        yield from self._pressed_early(pressed, here)
        yield from self._left_behind(begin, end, here)
        yield from self._ghost(here)

    def _pressed_early(self, pressed: datetime, here: Point) -> Iterator[Finding]:
        at = pressed.timestamp()
        apart = self._apart_at(at, here)
        if apart is None or apart * 1000 <= self.limits.geofence_metres:
            return
        entered = visit(self.assignment, self.seen, self.places, self.limits)
        after = self.seen.between(at, at + self.limits.early_press_minutes * MINUTE)
        if entered and 0 <= entered[0] - at < self.limits.early_press_minutes * MINUTE:
            return
        if entered and entered[0] < at:
            return  # it was there before: it has driven off, which is another finding
        if not entered and len(after.at) < 2:
            return  # the positions end with the press
        proposed = _instant(entered[0]) if entered else None
        yield Finding("HQ07", J.AT_HOSPITAL, f"pressed {clock(pressed)}, {apart:.1f} km away", proposed)

    def _left_behind(self, begin: float, end: float, here: Point) -> Iterator[Finding]:
        part = self.seen.between(begin, end)
        inside = np.flatnonzero(self._in_fence(part, here))
        if not len(inside):
            return
        run = self._longest(float(part.at[inside[0]]), end, lambda each: ~self._in_fence(each, here))
        if run:
            yield self._says("HQ06", J.HANDOVER, run, "left the hospital")

    def _ghost(self, here: Point) -> Iterator[Finding]:
        cleared, free_until = self.assignment.stamps.get(J.CLEAR), self.duty.free_until
        if cleared is None or free_until is None:
            return
        run = self._longest(
            cleared.timestamp(),
            min(free_until, self.duty.until).timestamp(),
            lambda part: self._in_fence(part, here) & self._standing(part),
            self.limits.ghost_minutes,
        )
        if run and not self._is_at_base(run):
            yield Finding("HQ38", J.CLEAR, self._words(run, "stands at the hospital"), _instant(run[1]))

    # What is asked of a part of the track

    @property
    def _destination(self) -> Point | None:
        return self.places.sites.get(self.places.destination or "")

    def _phase(self, begins: JobStatus, ends: Sequence[JobStatus]) -> tuple[float, float]:
        """From a status to the first of those that end it, as far as the track may be judged."""
        start, until = self.assignment.stamps.get(begins), self.duty.until.timestamp()
        if start is None:
            return np.inf, -np.inf
        began = start.timestamp()
        over = [at.timestamp() for each in ends if (at := self.assignment.stamps.get(each))]
        return began, min([until, *(at for at in over if at >= began)])

    def _longest(
        self, begin: float, end: float, holds: Any, minutes: float | None = None
    ) -> tuple[float, float] | None:
        """The longest run of at least so many minutes in which it holds; the first of equal ones."""
        if end <= begin:
            return None
        least = (self.limits.fence_minutes if minutes is None else minutes) * MINUTE
        part = self.seen.between(begin, end)
        found = [
            run for run in runs(part.at, holds(part), self.limits.gap_seconds) if run[1] - run[0] >= least
        ]
        return max(found, key=lambda run: run[1] - run[0], default=None)

    def _driving(self, part: Track) -> Mask:
        """Whether it drove, from the position before or to the one after, at the speed that counts."""
        kmh = _steps(part) / np.maximum(np.diff(part.at) / 3600, 1e-9)
        return _either_side(kmh >= self.limits.moving_kmh, len(part.at))

    def _standing(self, part: Track) -> Mask:
        """Whether it kept its place, from the position before or to the one after."""
        return _either_side(_steps(part) * 1000 < self.limits.standing_metres / 5, len(part.at))

    def _kept_place(self, begin: float, end: float) -> tuple[float, float] | None:
        """The longest time of at least so many minutes in which it came nowhere.

        Held against where it began and not from one position to the next: who creeps through a town comes on.
        """
        part = self.seen.between(begin, end) if end > begin else NOWHERE
        best: tuple[float, float] | None = None
        for first in range(len(part.at)):
            rest = part.between(float(part.at[first]), end)
            here = Point(float(rest.latitude[0]), float(rest.longitude[0]))
            left = _apart(rest, here) * 1000 > self.limits.standing_metres
            broken = np.r_[False, np.diff(rest.at) > self.limits.gap_seconds]
            over = np.flatnonzero(left | broken)
            last = float(rest.at[over[0] - 1] if len(over) else rest.at[-1])
            began = float(part.at[first])
            if best is None or last - began > best[1] - best[0]:
                best = began, last
        least = self.limits.standing_minutes * MINUTE
        return best if best is not None and best[1] - best[0] >= least else None

    def _in_fence(self, part: Track, here: Point) -> Mask:
        return np.asarray(_apart(part, here) * 1000 <= self.limits.geofence_metres)

    def _at_any_site(self, part: Track) -> Mask:
        near = np.zeros(len(part.at), dtype=np.bool_)
        for point in self.places.sites.values():
            near |= self._in_fence(part, point)
        return near

    def _other_site(self, begin: float, end: float, here: Point) -> str | None:
        """The site in whose fence it stood instead, where it never was at its own."""
        part = self.seen.between(begin, end)
        if not len(part.at) or self._in_fence(part, here).any():
            return None
        for code, point in sorted(self.places.sites.items()):
            if self._longest(begin, end, lambda each, at=point: self._in_fence(each, at)):
                return code
        return None

    def _is_at_scene(self, run: tuple[float, float]) -> bool:
        if self.places.scene is None:
            return False
        return bool((_apart(self.seen.between(*run), self.places.scene) <= NEAR_SCENE_KM).all())

    def _is_at_base(self, run: tuple[float, float]) -> bool:
        part = self.seen.between(*run)
        return any(bool((_apart(part, base) <= NEAR_SCENE_KM).all()) for base in self.places.bases)

    def _is_scene_within(self, here: Point) -> bool:
        """Whether the patient was fetched from the hospital's own ground: then every move is in its fence."""
        scene = self.places.scene
        if scene is None:
            return False
        apart = distance_km(scene.latitude, scene.longitude, here.latitude, here.longitude)
        return float(apart) * 1000 <= self.limits.geofence_metres + 1000 * NEAR_SCENE_KM

    def _apart_at(self, at: float, place: Point) -> float | None:
        """How far away it was then, in kilometres; None where no position is near enough in time."""
        part = self.seen.between(at - PRESS_SECONDS, at + PRESS_SECONDS)
        if not len(part.at):
            return None
        latitude, longitude = (
            float(np.interp(at, part.at, column)) for column in (part.latitude, part.longitude)
        )
        return float(distance_km(latitude, longitude, place.latitude, place.longitude))

    def _says(self, code: str, what: JobStatus, run: tuple[float, float], words: str) -> Finding:
        return Finding(code, what, self._words(run, words), _instant(run[0]))

    def _words(self, run: tuple[float, float], words: str) -> str:
        return f"{words} from {clock(_instant(run[0]))} for {(run[1] - run[0]) / MINUTE:.0f} minutes"


def rests_before(assignment: Assignment, code: str, instant: datetime) -> bool:
    """Whether a rule looks at positions of this assignment from before an instant, too."""
    begins = assignment.stamps.get(BEGINS[code]) if code in BEGINS else None
    begins = begins or min(assignment.stamps.values(), default=None)
    return begins is not None and begins < instant


def runs(at: Column, holds: Mask, gap: float) -> list[tuple[float, float]]:
    """Begin and end of every stretch in which it holds, broken where positions lie further apart than `gap`.

    One position alone is a stretch of no length.
    """
    found: list[tuple[float, float]] = []
    rows = np.flatnonzero(holds)
    if not len(rows):
        return found
    breaks = np.flatnonzero((np.diff(rows) > 1) | (np.diff(at[rows]) > gap))
    for first, last in zip(np.r_[0, breaks + 1], np.r_[breaks, len(rows) - 1], strict=True):
        found.append((float(at[rows[first]]), float(at[rows[last]])))
    return found


def _steps(part: Track) -> Column:
    """Kilometres from each position to the next."""
    if len(part.at) < 2:
        return np.empty(0)
    return distance_km(part.latitude[:-1], part.longitude[:-1], part.latitude[1:], part.longitude[1:])


def _either_side(steps: Mask, count: int) -> Mask:
    """Of each position, whether the step before it or the one after it holds."""
    mask = np.zeros(count, dtype=np.bool_)
    mask[:-1] |= steps[: max(count - 1, 0)]
    mask[1:] |= steps[: max(count - 1, 0)]
    return mask


def _apart(part: Track, place: Point) -> Column:
    """Kilometres of each position from a place."""
    return distance_km(part.latitude, part.longitude, place.latitude, place.longitude)


def _first(stamps: Mapping[JobStatus, datetime], *statuses: JobStatus) -> float | None:
    for status in statuses:
        if status in stamps:
            return stamps[status].timestamp()
    return None


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), UTC)
