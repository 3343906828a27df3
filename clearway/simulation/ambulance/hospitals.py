"""An emergency department as an ambulance meets it; the handover wait emerges here.

A patient needs a place (a bay, a chair when fit to sit, resuscitation when dying) and a receiving nurse.
Bays are taken by ambulance and walk-in patients alike, for as long as treatment lasts, and then by those who
wait for a bed upstairs. Beds come free mostly in the afternoon; when too many board or queue outside, the
hospital opens escalation beds. Nurses are fewer while shifts change. Nothing here knows how long a
handover ought to take.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from ..shared.agenda import Agenda
from ..shared.chance import Chance
from ..shared.civil import Civil
from .parameters import HospitalProcess, HospitalSite, Regime

HALF_HOUR = 0.5


@dataclass(slots=True, eq=False)
class Arrival:
    """One ambulance patient at the door.

    job         what the listener knows the patient by
    resus       taken in at once, whatever the queue
    placed      has a place inside; the nurse may still be awaited
    cohorted    looked after by ambulance staff inside, the crew gone or going
    """

    job: object
    arrived_at: float
    resus: bool
    chair: bool
    admitted: bool
    release: bool
    placed: bool = False
    cohorted: bool = False
    received: bool = False
    place: str = "none"


class Listener(Protocol):
    """Who is told what becomes of ambulance patients."""

    def registered(self, arrival: Arrival) -> None: ...
    def queuing(self, arrival: Arrival) -> None: ...
    def cohorted(self, arrival: Arrival) -> None: ...
    def placed(self, arrival: Arrival) -> None: ...
    def handed_over(self, arrival: Arrival) -> None: ...


@dataclass(slots=True)
class Occupancy:
    """What the department holds; free_beds may be kept ready upstairs up to a limit."""

    bays_taken: int = 0
    corridor_taken: int = 0
    nurses_busy: int = 0
    cohort_taken: int = 0
    free_beds: float = 0
    boarding: deque[str] = field(default_factory=deque)


class Hospital:
    """One department over time. `listener` hears of ambulance patients that have a job."""

    def __init__(
        self,
        site: HospitalSite,
        process: HospitalProcess,
        regime: Regime,
        chance: Chance,
        agenda: Agenda,
        civil: Civil,
        listener: Listener,
    ) -> None:
        self.site, self.process, self.regime = site, process, regime
        self.chance, self.agenda, self.civil, self.listener = chance, agenda, civil, listener
        self.now = Occupancy()
        self._waiting: list[tuple[float, int, Arrival]] = []  # for a place, oldest first
        self._walk_ins: deque[float] = deque()
        self._for_nurse: deque[Arrival] = deque()
        self._overdue: deque[Arrival] = deque()
        self._arrivals = 0
        self._strain = 0.0
        self._day: date | None = None
        self._admissions = (
            site.ambulances * (1 - process.chair_share) * process.admitted_ambulance
            + site.walk_ins * process.admitted_walk_in
        )
        self._tolerated = min(0.95, regime.boarding * site.strain) * site.bays
        self._corridor = round(regime.corridor * site.bays)

    def begin(self) -> None:
        """Start as on an ordinary day: boarders up to what is tolerated, half of the other bays taken."""
        for _ in range(round(self._tolerated)):
            self.now.bays_taken += 1
            self.now.boarding.append("bay")
        for _ in range((self.site.bays - self.now.bays_taken) // 2):
            self.now.bays_taken += 1
            self._treat("bay", admitted=False, share=self.chance.share())

    def hour(self, ambulances_too: bool) -> None:
        """Draw the walk-ins and the freed beds of the coming hour, and ambulances before there are crews."""
        at, process = self.agenda.now, self.process
        self._begin_day(self.civil.day(at))
        hour = int(self.civil.hour(at))
        self._spread(self.site.walk_ins * _share(process.walk_in_hour, hour), self._walk_in)
        self._spread(self._beds_of_hour(hour), self._bed_freed)
        if ambulances_too:
            self._spread(self.site.ambulances * _share(process.ambulance_hour, hour), self._crewless)
        self.agenda.at(at + 1800, self._receive)  # nurses are back when a shift has changed
        self._receive()

    def arrive(self, job: object, resus: bool) -> Arrival:
        """An ambulance patient is at the door, to be booked in."""
        chance, process = self.chance, self.process
        chair = not resus and chance.happens(process.chair_share)
        arrival = Arrival(
            job=job,
            arrived_at=self.agenda.now,
            resus=resus,
            chair=chair,
            admitted=not chair and chance.happens(process.admitted_ambulance),
            release=chance.happens(self.regime.release_kept),
        )
        self.agenda.at(self.agenda.now + chance.seconds(process.registration), self._registered, arrival)
        return arrival

    def queue_length(self) -> int:
        """Ambulance patients without a place."""
        return sum(not arrival.placed for _, _, arrival in self._waiting)

    def _registered(self, arrival: Arrival) -> None:
        if arrival.job is not None:
            self.listener.registered(arrival)
        if arrival.resus:
            self.now.bays_taken += 1  # room is made, even beyond the bays there are
            self._place(arrival, "bay")
            return
        if arrival.chair:
            self._place(arrival, "chair")
            return
        self._arrivals += 1
        heapq.heappush(self._waiting, (arrival.arrived_at, self._arrivals, arrival))
        self._fill()
        if arrival.placed:
            return
        if arrival.job is not None:
            self.listener.queuing(arrival)
        process, start = self.process, arrival.arrived_at
        self.agenda.at(start + process.cohort_after_minutes * 60, self._consider_cohort)
        if arrival.release:
            self.agenda.at(start + process.release_minutes * 60, self._release_due, arrival)

    # Places

    def _fill(self) -> None:
        """Give free bays to whoever has waited longest, walk-ins counted as coming a little later."""
        while self.now.bays_taken < self.site.bays:
            ambulance = self._oldest()
            if self._walk_ins and (
                ambulance is None
                or self._walk_ins[0] + self.process.walk_in_behind_minutes * 60 < ambulance.arrived_at
            ):
                self._walk_ins.popleft()
                self.now.bays_taken += 1
                self._treat("bay", self.chance.happens(self.process.admitted_walk_in))
            elif ambulance is not None:
                heapq.heappop(self._waiting)
                self.now.bays_taken += 1
                self._place(ambulance, "bay")
            else:
                return

    def _oldest(self) -> Arrival | None:
        while self._waiting and self._waiting[0][2].placed:
            heapq.heappop(self._waiting)
        return self._waiting[0][2] if self._waiting else None

    def _place(self, arrival: Arrival, place: str) -> None:
        arrival.placed, arrival.place = True, place
        if arrival.job is not None:
            self.listener.placed(arrival)
        if arrival.resus:
            self.agenda.at(
                self.agenda.now + self.chance.seconds(self.process.receiving), self._received, arrival
            )
            return
        self._for_nurse.append(arrival)
        self._receive()

    def _leave(self, place: str) -> None:
        if place == "bay":
            self.now.bays_taken -= 1
            self._fill()
        elif place == "corridor":
            self.now.corridor_taken -= 1
            self._release_overdue()

    # Nurses

    def _nurses_on(self) -> int:
        hour = self.civil.hour(self.agenda.now)
        changing = any(start <= hour < start + HALF_HOUR for start in self.process.shift_changes)
        share = self.process.nurse_share_at_shift_change if changing else 1.0
        return max(1, round(self.site.nurses * share))

    def _receive(self) -> None:
        while self._for_nurse and self.now.nurses_busy < self._nurses_on():
            arrival = self._for_nurse.popleft()
            self.now.nurses_busy += 1
            took = self.chance.seconds(self.process.receiving) / self.regime.receiving_pace
            self.agenda.at(self.agenda.now + took, self._received, arrival)

    def _received(self, arrival: Arrival) -> None:
        arrival.received = True
        if not arrival.resus:
            self.now.nurses_busy -= 1
        if arrival.cohorted:
            self.now.cohort_taken -= 1
        if arrival.job is not None:
            self.listener.handed_over(arrival)
        self._treat(arrival.place, arrival.admitted)
        self._receive()
        self._consider_cohort()

    # Treatment, boarding and beds

    def _treat(self, place: str, admitted: bool, share: float = 1.0) -> None:
        process = self.process
        took = self.chance.seconds(process.treatment_admitted if admitted else process.treatment) * share
        self.agenda.at(self.agenda.now + took, self._treated, place, admitted)

    def _treated(self, place: str, admitted: bool) -> None:
        if not admitted:
            self._leave(place)
        elif self.now.free_beds >= 1:
            self.now.free_beds -= 1
            self._leave(place)
        else:
            self.now.boarding.append(place)

    def _beds_of_hour(self, hour: int) -> float:
        process = self.process
        weekday = self._day.weekday() if self._day else 0
        usual = self._admissions * self.regime.beds * process.bed_weekday[weekday]
        usual *= _share(process.bed_hour, hour) * (1 + self._strain)
        untolerated = max(0.0, len(self.now.boarding) + self.queue_length() - self._tolerated)
        return usual + process.escalation_per_hour * untolerated

    def _bed_freed(self) -> None:
        if self.now.boarding:
            self._leave(self._next_upstairs())
        else:
            self.now.free_beds = min(self.now.free_beds + 1, self.process.bed_stock_share * self._admissions)

    def _next_upstairs(self) -> str:
        """The one who blocks an ambulance first, then the one who has waited longest."""
        place = "bay" if "bay" in self.now.boarding else self.now.boarding[0]
        self.now.boarding.remove(place)
        return place

    def _begin_day(self, day: date) -> None:
        if day == self._day:
            return
        self._day, memory = day, self.process.bed_day_memory
        fresh = self.chance.normal(0, self.process.bed_day_deviation)
        self._strain = max(-0.5, memory * self._strain + (1 - memory**2) ** 0.5 * fresh)

    # Other patients

    def _spread(self, mean: float, each: Callable[[], None]) -> None:
        for _ in range(self.chance.count(mean)):
            self.agenda.at(self.agenda.now + self.chance.between(0, 3600), each)

    def _walk_in(self) -> None:
        self._walk_ins.append(self.agenda.now)
        self._fill()

    def _crewless(self) -> None:
        self.arrive(None, resus=self.chance.happens(0.1))

    # What a full department does with those who wait

    def _consider_cohort(self) -> None:
        """With a long queue, ambulance staff look after the longest waiting inside and their crews leave."""
        if self.now.cohort_taken >= self.site.cohort_places:
            return
        queue = sorted(entry for entry in self._waiting if not entry[2].placed and not entry[2].cohorted)
        if len(queue) < self.process.cohort_at:
            return
        oldest = queue[0][2]
        if self.agenda.now - oldest.arrived_at >= self.process.cohort_after_minutes * 60:
            oldest.cohorted = True
            self.now.cohort_taken += 1
            if oldest.job is not None:
                self.listener.cohorted(oldest)

    def _release_due(self, arrival: Arrival) -> None:
        if arrival.placed:
            return
        self._overdue.append(arrival)
        self._release_overdue()

    def _release_overdue(self) -> None:
        """Place those past the limit in the corridor while it has room."""
        while self._overdue and self.now.corridor_taken < self._corridor:
            arrival = self._overdue.popleft()
            if not arrival.placed:
                self.now.corridor_taken += 1
                self._place(arrival, "corridor")


def _share(hours: tuple[float, ...], hour: int) -> float:
    return hours[hour] / sum(hours)
