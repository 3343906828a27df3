"""A recorded day lived again under another policy: the same patients, the same times on scene.

Nothing is invented where the record speaks; what it cannot know is assumed, and said in ASSUMED. Only
patients who went to a department, and whose times are known from scene to handover, are lived again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, Event, JobEvent
from clearway.domain.ambulance.words import CallStatus, Category, JobStatus
from clearway.domain.shared.region import Region, SiteKind
from clearway.engine.ambulance.conveyance import Destinations

from . import luck, roads
from .board import Board, bare
from .demand import Call
from .policies import Policy, Question

ADULT_AGE, PICTURE_SECONDS, MINUTE = 16, 300.0, 60.0
BASE_CENTILE, BUSY_CENTILE = 0.10, 0.90
LEAST_RATE = 1.0  # handovers an hour that any department is taken to manage
ASSUMED = (
    "Every patient's scene is where the call was located, and they leave it when the record says.",
    "A journey to another site takes the recorded time, in proportion to the estimates for the two.",
    "A department's wait at a minute lies on the straight line between those of the patients who came then.",
    "Each patient more or fewer in its queue moves that by one handover at the department's pace.",
    "That pace is the 90th centile of its handovers in an hour.",
    "Nobody who is moved is handed over sooner than a tenth of the department's patients were.",
    "The policy sees the recorded board, not one that its own choices have changed.",
    "Crews and calls stay as they were: what crews that come free sooner would have done is not counted.",
)


@dataclass(frozen=True, slots=True)
class Conveyed:
    """One recorded conveyance; seconds since 1970, degrees."""

    key: str
    category: Category | None
    age: int | None
    latitude: float
    longitude: float
    site: str
    left: float
    arrived: float
    handed_over: float


@dataclass(frozen=True, slots=True)
class Relived:
    """The same patient under the policy; minutes."""

    recorded: Conveyed
    site: str
    drive: float
    wait: float

    @property
    def moved(self) -> bool:
        return self.site != self.recorded.site


@dataclass(frozen=True, slots=True)
class Replay:
    """left_out  conveyances whose record lacks a time, a place or a department of the pack"""

    patients: tuple[Relived, ...]
    left_out: int


def conveyances(events: Iterable[Event], region: Region) -> tuple[list[Conveyed], int]:
    """The conveyances to departments that can be lived again, by time of leaving; and how many cannot."""
    now_called = {code: site.code for site in region.sites for code in (*site.former_codes, site.code)}
    departments = {site.code for site in region.sites_of(SiteKind.EMERGENCY_DEPARTMENT)}
    calls: dict[str, dict[str, object]] = defaultdict(dict)
    jobs: dict[str, dict[JobStatus, float]] = defaultdict(dict)
    of: dict[str, JobEvent] = {}
    sites: dict[str, str] = {}
    for event in events:
        if isinstance(event, CallEvent):
            _call(calls[event.incident], event)
        elif isinstance(event, JobEvent):
            jobs[event.assignment_key].setdefault(event.status, event.occurred_at.timestamp())
            of.setdefault(event.assignment_key, event)
            if event.destination:
                sites[event.assignment_key] = now_called.get(event.destination, event.destination)
    found, left_out = [], 0
    for key, stamps in jobs.items():
        if JobStatus.LEFT_SCENE not in stamps or (
            sites.get(key) in now_called and sites[key] not in departments
        ):
            continue
        each = _conveyed(key, stamps, sites.get(key), calls[of[key].incident], departments)
        found += [each] if each else []
        left_out += each is None
    return sorted(found, key=lambda each: (each.left, each.key)), left_out


def _call(known: dict[str, object], event: CallEvent) -> None:
    if event.status is CallStatus.LOCATED and event.latitude is not None:
        known["latitude"], known["longitude"] = event.latitude, event.longitude
    if event.category is not None:
        known["category"] = event.category
    if event.patient is not None:
        known["age"] = event.patient.age


def _conveyed(
    key: str,
    stamps: Mapping[JobStatus, float],
    site: str | None,
    call: Mapping[str, object],
    departments: set[str],
) -> Conveyed | None:
    times = [stamps.get(each) for each in (JobStatus.LEFT_SCENE, JobStatus.AT_HOSPITAL, JobStatus.HANDOVER)]
    latitude, longitude, age, category = (
        call.get(name) for name in ("latitude", "longitude", "age", "category")
    )
    if site not in departments or not isinstance(latitude, float) or not isinstance(longitude, float):
        return None
    left, arrived, handed_over = times
    if left is None or arrived is None or handed_over is None or not left <= arrived <= handed_over:
        return None
    return Conveyed(
        key=key,
        category=category if isinstance(category, Category) else None,
        age=age if isinstance(age, int) else None,
        latitude=latitude,
        longitude=longitude,
        site=site,
        left=left,
        arrived=arrived,
        handed_over=handed_over,
    )


class Door:
    """One department as its record shows it: the wait at any minute, its pace, and who was moved."""

    def __init__(self, arrived: npt.NDArray[np.float64], wait: npt.NDArray[np.float64]) -> None:
        order = np.argsort(arrived, kind="stable")
        self._arrived, self._wait = arrived[order], wait[order]
        self.base = float(np.quantile(wait, BASE_CENTILE)) if len(wait) else 10.0
        self.per_patient = 60.0 / self._pace(arrived + wait * MINUTE)
        self._more, self._since = 0.0, -np.inf

    @staticmethod
    def _pace(handed_over: npt.NDArray[np.float64]) -> float:
        """Handovers an hour when it is busy."""
        hours = np.unique((handed_over // 3600).astype(np.int64), return_counts=True)[1]
        return max(LEAST_RATE, float(np.quantile(hours, BUSY_CENTILE))) if len(hours) else LEAST_RATE

    def wait_at(self, arrives: float) -> float:
        """Minutes until handover for one who arrives then, those moved here or away counted."""
        if not len(self._arrived):
            return self.base
        recorded = float(np.interp(arrives, self._arrived, self._wait))
        return max(self.base, recorded + self.longer_at(arrives))

    def longer_at(self, arrives: float) -> float:
        """Minutes that those moved here or away add to a wait that begins then."""
        self._settle(arrives)
        return self._more * self.per_patient

    def move(self, arrives: float, patients: int) -> None:
        """So many more patients are in its queue from then on; fewer if negative."""
        self._settle(arrives)
        self._more += patients

    def _settle(self, now: float) -> None:
        """A queue that is longer than recorded is worked off while the record shows no queue."""
        if now <= self._since or not len(self._arrived):
            return
        gone = (now - max(self._since, now - 6 * 3600.0)) / MINUTE
        idle = np.interp(now, self._arrived, self._wait) <= 1.5 * self.base
        if idle:
            worked = gone / self.per_patient
            self._more = max(0.0, self._more - worked) if self._more > 0 else min(0.0, self._more + worked)
        self._since = now


def relive(region: Region, events: Sequence[Event], policy: Policy, picture: bool) -> Replay:
    """The recorded day under a policy.

    events   in the order in which they arrived
    picture  whether the policy needs the board: it is folded as events come, five minutes old at most
    """
    patients, left_out = conveyances(events, region)
    doors = _doors(region, patients)
    places = {site.code: (site.latitude, site.longitude) for site in region.sites}
    eligible = _destinations(region)
    board, told = Board(region, dict), 0
    shown = bare(region.sites_of(SiteKind.EMERGENCY_DEPARTMENT), 0.0)
    shown_at = -np.inf
    relived = []
    for each in patients:
        if picture and each.left - shown_at >= PICTURE_SECONDS:
            while told < len(events) and events[told].occurred_at.timestamp() <= each.left:
                if isinstance(events[told], JobEvent | AvailabilityEvent):
                    board.hear(events[told], events[told].occurred_at.timestamp())
                told += 1
            shown, shown_at = board.situation(each.left), each.left
        if not picture:
            shown = bare(region.sites_of(SiteKind.EMERGENCY_DEPARTMENT), each.left)
        relived.append(_relived(each, policy(shown, _question(each, eligible))[0].code, doors, places))
    return Replay(tuple(relived), left_out)


def _relived(
    each: Conveyed, code: str, doors: Mapping[str, Door], places: Mapping[str, tuple[float, float]]
) -> Relived:
    recorded = (each.arrived - each.left) / MINUTE
    here = each.latitude, each.longitude
    if code == each.site:
        own = (each.handed_over - each.arrived) / MINUTE
        wait = own + doors[code].longer_at(each.arrived)
        return Relived(each, code, recorded, max(min(own, doors[code].base), wait))
    ratio = roads.minutes(*here, *places[code]) / roads.minutes(*here, *places[each.site])
    arrives = each.left + recorded * ratio * MINUTE
    wait = doors[code].wait_at(arrives)
    doors[each.site].move(each.arrived, -1)
    doors[code].move(arrives, 1)
    return Relived(each, code, recorded * ratio, wait)


def _doors(region: Region, patients: Sequence[Conveyed]) -> dict[str, Door]:
    found = {}
    for site in region.sites_of(SiteKind.EMERGENCY_DEPARTMENT):
        here = [each for each in patients if each.site == site.code]
        arrived = np.array([each.arrived for each in here])
        found[site.code] = Door(arrived, (np.array([each.handed_over for each in here]) - arrived) / MINUTE)
    return found


def _destinations(region: Region) -> dict[bool, Destinations]:
    departments = region.sites_of(SiteKind.EMERGENCY_DEPARTMENT)
    adult = [site for site in departments if "children_only" not in site.roles]
    return {
        False: Destinations.among(adult, region.timezone),
        True: Destinations.among(departments, region.timezone),
    }


def _question(each: Conveyed, eligible: Mapping[bool, Destinations]) -> Question:
    child = each.age is not None and each.age < ADULT_AGE
    call = Call(
        key=each.key,
        connected_at=each.left,
        category=each.category or Category.C2,
        latitude=each.latitude,
        longitude=each.longitude,
        area="",
        nature="",
        age=each.age if each.age is not None else 50,
        sex="",
        by_phone=False,
        conveyed=True,
        to_minor_unit=False,
        luck=(0.0,) * luck.PLACES,
    )
    return Question(each.key, call, eligible[child], each.latitude, each.longitude, each.left)


def as_text(name: str, found: Replay) -> str:
    """Recorded beside relived, and what was assumed."""
    if not found.patients:
        return "Nothing can be lived again: no conveyance has its times, its scene and its department."
    patients = found.patients
    begin, end = (datetime.fromtimestamp(patients[at].recorded.left, UTC) for at in (0, -1))
    before = np.array([(each.recorded.handed_over - each.recorded.arrived) / MINUTE for each in patients])
    drove = np.array([(each.recorded.arrived - each.recorded.left) / MINUTE for each in patients])
    after, drive = np.array([each.wait for each in patients]), np.array([each.drive for each in patients])
    rows = (
        ("Mean handover, min", before.mean(), after.mean()),
        ("Over 30 min, %", 100 * (before > 30).mean(), 100 * (after > 30).mean()),
        ("Hours lost beyond 15", _lost(before), _lost(after)),
        ("Mean drive, min", drove.mean(), drive.mean()),
        ("Scene to handover, min", (before + drove).mean(), (after + drive).mean()),
    )
    moved = sum(each.moved for each in patients)
    lines = [
        f"{len(patients):,} conveyances from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC under {name}",
        f"{moved:,} to another department, {found.left_out:,} not lived again for want of a time or place",
        "",
        f"{'':28}{'recorded':>12}{'relived':>12}",
        *(f"{words:28}{was:>12.1f}{now:>12.1f}" for words, was, now in rows),
        "",
        "Assumed:",
        *(f"- {each}" for each in ASSUMED),
    ]
    return "\n".join(lines)


def _lost(wait: npt.NDArray[np.float64]) -> float:
    return float(np.maximum(0, wait - 15).sum() / 60)
