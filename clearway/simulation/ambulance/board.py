"""What a desk would know from the feed alone: the simulated carrier of the situation.

It folds the events as they arrive with the same transitions as the live desk, faults and all, so that the
engine sees in a rehearsal what it would see at work, and not what the simulator knows to be true.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance import availability, hospitals, transitions
from clearway.domain.ambulance.events import AvailabilityEvent, Event, HospitalEvent, JobEvent
from clearway.domain.ambulance.hospitals import HospitalStanding
from clearway.domain.ambulance.situation import (
    Around,
    Feed,
    Feeds,
    Place,
    Sites,
    Situation,
    compose,
)
from clearway.domain.ambulance.words import Availability, JobStatus
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import Region, Site, SiteKind

from .stream import stamp

LOOK_BACK = timedelta(hours=24)
FACTS_OF_A_SHIFT = 60
Where = Callable[[], dict[str, tuple[float, float]]]


@dataclass(slots=True)
class _Assignment:
    heard: list[tuple[JobEvent, float]] = field(default_factory=list)
    folded: transitions.Assignment | None = None


@dataclass(slots=True)
class _Resource:
    heard: list[tuple[AvailabilityEvent, float]] = field(default_factory=list)
    folded: availability.ResourceStanding | None = None


class Board:
    """Hears events; tells the situation. `where` gives the positions of the crews on duty, by call sign."""

    def __init__(self, region: Region, where: Where) -> None:
        self._region, self._where = region, where
        self._assignments: dict[str, _Assignment] = {}
        self._resources: dict[str, _Resource] = {}
        self._hospitals: dict[str, HospitalStanding] = {}
        self._received: float | None = None
        self._reported: float | None = None
        self._liaison = next((source.name for source in region.sources if source.kind == "hospital"), "")
        self._cad = next((source.name for source in region.sources if source.kind == "cad"), "cad")
        self._departments = departments(region)
        self._known_codes = {
            code: site.code for site in region.sites for code in (*site.former_codes, site.code)
        }

    def hear(self, event: Event, at: float) -> None:
        """An event arrived. Calls tell nothing that a situation holds."""
        self._received = at
        if isinstance(event, JobEvent):
            assignment = self._assignments.setdefault(event.assignment_key, _Assignment())
            assignment.heard.append((event, at))
            assignment.folded = None
        elif isinstance(event, AvailabilityEvent):
            resource = self._resources.setdefault(event.call_sign, _Resource())
            if event.status is Availability.OFF:  # what came before the shift that ends changes nothing now
                del resource.heard[:-FACTS_OF_A_SHIFT]
            resource.heard.append((event, at))
            resource.folded = None

    def hear_hospital(self, event: HospitalEvent, at: float) -> None:
        """A hospital's report arrived, on its own line."""
        self._reported = at
        before = self._hospitals.get(event.site, HospitalStanding(event.site))
        self._hospitals[event.site] = hospitals.apply(before, Fact(event, self._liaison, stamp(at)))

    def situation(self, at: float) -> Situation:
        """The region at `at`, as columns; positions are those of now."""
        now = datetime.fromtimestamp(at, UTC)
        return compose(
            now,
            _as_rows(self._departments),
            self._relevant(now),
            self._on_shift(),
            {call_sign: Place(Point(*place), now) for call_sign, place in self._where().items()},
            self._feeds(now),
            self._known_codes,
            Around(hospitals=tuple(self._hospitals.values())),
        )

    def forget(self, before: float) -> None:
        """Drop assignments that surely ended, and were last heard of before an instant."""
        for key, entry in list(self._assignments.items()):
            if entry.heard[-1][1] < before and _surely_over({event.status for event, _ in entry.heard}):
                del self._assignments[key]

    def _relevant(self, now: datetime) -> list[transitions.Assignment]:
        """Open assignments and those at a hospital in the last day, by key; what is older is forgotten."""
        kept = []
        for key, entry in list(self._assignments.items()):
            if entry.folded is None:
                entry.folded, _ = transitions.fold(
                    Fact(event, self._cad, stamp(at)) for event, at in entry.heard
                )
            if entry.folded.is_open or _later(
                entry.folded.stamps.get(JobStatus.AT_HOSPITAL), now - LOOK_BACK
            ):
                kept.append(entry.folded)
            elif not _later(entry.folded.since, now - LOOK_BACK):
                del self._assignments[key]
        return sorted(kept, key=lambda assignment: assignment.key)

    def _on_shift(self) -> list[availability.ResourceStanding]:
        standings = []
        for entry in self._resources.values():
            if entry.folded is None:
                entry.folded, _ = availability.fold(
                    Fact(event, self._cad, stamp(at)) for event, at in entry.heard
                )
            if entry.folded.availability is not Availability.OFF:
                standings.append(entry.folded)
        return sorted(standings, key=lambda standing: standing.call_sign)

    def _feeds(self, now: datetime) -> list[Feed]:
        cad, hospital = (None if at is None else stamp(at) for at in (self._received, self._reported))
        heard = {"cad": cad, "positions": now, "hospital": hospital}
        return [
            Feed(
                source.name,
                source.kind,
                source.expected_interval_seconds,
                heard.get(source.kind),
                source.knows,
            )
            for source in self._region.sources
        ]


def departments(region: Region) -> list[Site]:
    """Emergency departments in board order."""
    return sorted(region.sites_of(SiteKind.EMERGENCY_DEPARTMENT), key=lambda site: (site.border, site.name))


@dataclass(frozen=True, slots=True)
class Nothing:
    """What a situation of the region holds when nothing has been said."""

    sites: Sites
    feeds: Feeds
    speak: npt.NDArray[np.bool_]

    def feeds_at(self, at: float) -> Feeds:
        """All sources heard just now, but those that never speak."""
        return replace(self.feeds, received=np.where(self.speak, at, np.nan))


def nothing_known(region: Region) -> Nothing:
    """The fixed part of every situation of a region."""
    feeds = [
        Feed(source.name, source.kind, source.expected_interval_seconds, None, source.knows)
        for source in region.sources
    ]
    empty = compose(datetime.fromtimestamp(0, UTC), _as_rows(departments(region)), (), (), {}, feeds)
    return Nothing(empty.sites, empty.feeds, np.isin(empty.feeds.kind, ("cad", "hospital", "positions")))


def bare(sites: tuple[Site, ...], at: float) -> Situation:
    """Sites and time only: enough for a policy that looks at the road alone, and quick to make."""
    return compose(datetime.fromtimestamp(at, UTC), _as_rows(sites), (), (), {}, ())


def _as_rows(sites: tuple[Site, ...] | list[Site]) -> list[tuple[str, str, Point]]:
    return [(site.code, site.name, Point(site.latitude, site.longitude)) for site in sites]


def _surely_over(said: set[JobStatus]) -> bool:
    if not said & {JobStatus.CLEAR, JobStatus.STOOD_DOWN}:
        return False
    return JobStatus.HANDOVER in said or not said & {JobStatus.COHORT_STARTED, JobStatus.RELEASED}


def _later(at: datetime | None, than: datetime) -> bool:
    return at is not None and at > than
