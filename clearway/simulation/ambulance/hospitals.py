"""An emergency department as an ambulance meets it; the handover wait emerges here.

A patient needs a place (a bay, a chair when fit to sit, resuscitation when dying) and a receiving nurse.
Bays are taken by ambulance and walk-in patients alike, for as long as treatment lasts, and then by those who
wait for a bed upstairs. Beds come free mostly in the afternoon; when too many board or queue outside, the
hospital opens escalation beds. Nurses are fewer while shifts change. Nothing here knows how long a
handover ought to take.

Chance is laid out so that policies can be compared: what befalls a patient comes with the patient, and what
each hour brings (walk-ins, freed beds) comes from a stream of that department and hour alone.
"""

import copy
import heapq
import math
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from clearway.domain.ambulance.words import HospitalMeasure

from ..shared.agenda import Agenda
from ..shared.chance import Chance, Lognormal, Luck, count, normal, remaining, seconds
from ..shared.civil import Civil
from . import luck
from .parameters import HospitalProcess, HospitalSite, Regime

HALF_HOUR = 0.5
QUARTER = 900
HOURS_REMEMBERED = 12  # more than an oracle looks ahead
WALK_IN_ADMITTED, WALK_IN_TREATMENT = 0, 1
TEAM = 4  # patients that one cohort team looks after (assumed)
RESUS_SHARE = 0.15  # places for resuscitation as a share of the bays (assumed)
# Upper ends of levels 1, 2 and 3. Source: the acute parameters of the OPEL framework 2023/24 as published by
# one analytics team; the two of nine that a simulated department knows. The level is their mean, rounded up.
HANDOVER_MINUTES = (15.0, 30.0, 60.0)  # mean since midnight
OCCUPANCY = (0.80, 1.00, 1.20)  # of majors and resuscitation, the corridor counted


@dataclass(slots=True, eq=False)
class Arrival:
    """One ambulance patient at the door.

    job         what the listener knows the patient by
    luck        the patient's, by place
    resus       taken in at once, whatever the queue
    placed      has a place inside; the nurse may still be awaited
    cohorted    looked after by ambulance staff inside, the crew gone or going
    team        of who is cohorted since this world began: the number of the team that does so
    """

    job: object
    luck: Luck
    arrived_at: float
    resus: bool
    chair: bool
    admitted: bool
    release: bool
    placed: bool = False
    cohorted: bool = False
    received: bool = False
    place: str = "none"
    team: int | None = None

    def carer(self, site: str) -> str | None:
        """The call sign of the team that looks after this patient at a site."""
        return None if self.team is None else f"COHORT {site} {self.team}"


@dataclass(frozen=True, slots=True)
class Found:
    """An ambulance patient who is at the door, or placed and not handed over, when a world begins.

    registered  booked in; placed, cohorted, resus  as of an Arrival
    """

    job: object
    luck: Luck
    arrived_at: float
    registered: bool
    placed: bool
    cohorted: bool
    resus: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a department says it holds when a world begins; None for what it has not said.

    boarding  patients who wait for a bed; majors, resus  places taken; present  patients in all
    """

    boarding: float | None = None
    majors: float | None = None
    resus: float | None = None
    present: float | None = None
    beds: float | None = None


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
    resus_taken: int = 0  # of the bays, by patients who were taken in at once
    handovers: int = 0  # since midnight
    handover_minutes: float = 0  # their sum


class _Hour:
    """What one hour brings to one department, however often it is lived: twins live it before and after.

    The freed beds have a stream of their own, as their number depends on the crowd.
    """

    def __init__(self, chance: Chance, beds: Chance, walk_ins: float) -> None:
        self.chance = chance
        of_walk_ins, self.of_ambulances = chance.luck(2)
        self.walk_ins = [(chance.share(), chance.luck(2)) for _ in range(count(walk_ins, of_walk_ins))]
        self._chance_of_beds, self._beds = beds, list[float]()

    def bed(self, place: int) -> float:
        """The share drawn for the freed bed of this place; place 0 is for their number."""
        while len(self._beds) <= place:
            self._beds.append(self._chance_of_beds.share())
        return self._beds[place]


class Streams:
    """The chance of one department: of each hour, and of each day's freed beds.

    A good or bad day for beds is partly the region's (`shared` of its variance): winter, a holiday, a
    virus do not stop at a hospital's door.
    """

    def __init__(self, seed: int, code: str, process: HospitalProcess) -> None:
        self._seed, self._code, self._process = seed, code, process
        self._strains: dict[date, float] = {}
        self._drawn: dict[int, _Hour] = {}
        self._last = 0.0

    def hour(self, number: int, matter: str = "hospital") -> Chance:
        """A stream that no other hour and no other department touches."""
        return Chance(self._seed, f"{matter} {self._code} {number}")

    def drawn(self, number: int, walk_ins: float) -> _Hour:
        """What an hour (counted since 1970) brings, with so many walk-ins on average."""
        if number not in self._drawn:
            if len(self._drawn) >= HOURS_REMEMBERED:
                del self._drawn[next(iter(self._drawn))]
            self._drawn[number] = _Hour(self.hour(number), self.hour(number, "beds"), walk_ins)
        return self._drawn[number]

    def strain(self, day: date) -> float:
        """How many more or fewer beds this day frees, as a share; asked for in the order of days."""
        if day not in self._strains:
            process, memory = self._process, self._process.bed_day_memory
            of_all = normal(Chance(self._seed, f"strain {day}").share())
            of_one = normal(Chance(self._seed, f"strain {self._code} {day}").share())
            fresh = process.bed_day_shared**0.5 * of_all + (1 - process.bed_day_shared) ** 0.5 * of_one
            fresh *= process.bed_day_deviation
            self._last = memory * self._last + (1 - memory**2) ** 0.5 * fresh
            self._strains[day] = self._last
        return self._strains[day]


class Hospital:
    """One department over time. `listener` hears of ambulance patients that have a job."""

    def __init__(
        self,
        site: HospitalSite,
        process: HospitalProcess,
        regime: Regime,
        streams: "Streams",
        agenda: Agenda,
        civil: Civil,
        listener: Listener,
    ) -> None:
        self.site, self.process, self.regime = site, process, regime
        self.streams, self.agenda, self.civil, self.listener = streams, agenda, civil, listener
        self.now = Occupancy()
        self.waiting: list[tuple[float, int, Arrival]] = []  # for a place, oldest first; some placed already
        self.queuing = 0  # of them without a place
        self.cohort: list[Arrival] = []  # in the order in which they came into it
        self.uncohorted = 0  # of those, not looked after inside
        self._walk_ins: deque[tuple[float, Luck]] = deque()
        self._for_nurse: deque[Arrival] = deque()
        self._overdue: deque[Arrival] = deque()
        self._arrivals = 0
        self._strain = 0.0
        self._day: date | None = None
        self._nurses = (-1, 0)  # quarter of an hour, nurses on
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
        chance = self.streams.hour(-1)
        for _ in range((self.site.bays - self.now.bays_taken) // 2):
            self.now.bays_taken += 1
            took = seconds(self.process.treatment, chance.share()) * chance.share()
            self.agenda.at(self.agenda.now + took, self._treated, "bay", False)

    def begin_with(self, found: Sequence[Found], said: Said, chance: Chance) -> None:
        """Start as the department is, with these ambulance patients; what it has not said is as usual.

        Whoever is inside has been for as long as such patients are on average.
        """
        arrivals = [self._arrival(each) for each in found]
        placed = [each for each in arrivals if each.placed]
        queues = any(was.registered and not was.placed for was in found)
        self._fill_places(said, placed, queues, chance)
        for each in sorted(placed, key=lambda each: each.arrived_at):
            self._take_up_placed(each, chance)
        for each, was in zip(arrivals, found, strict=True):
            if not each.placed:
                self._take_up_waiting(each, was, chance)

    def _fill_places(self, said: Said, placed: Sequence[Arrival], queues: bool, chance: Chance) -> None:
        """Who is inside but not among the ambulance patients known: in treatment, or waiting for a bed."""
        now, bays = self.now, self.site.bays
        resus = round(said.resus or 0)
        boarding = round(self._tolerated if said.boarding is None else said.boarding)
        taken = bays if said.majors is None else round(said.majors) + resus
        now.bays_taken = max(taken, bays, 0) if queues else max(taken, 0)
        beyond = 0 if said.present is None else max(0, round(said.present) - now.bays_taken)
        now.corridor_taken = min(beyond, self._corridor) if queues else 0
        for number in range(beyond - now.corridor_taken):
            came = self.agenda.now - HALF_HOUR * 3600 * (number + 1) / (beyond + 1)
            self._walk_ins.appendleft((came, chance.luck(2)))
        now.resus_taken = resus
        now.free_beds = said.beds or 0
        in_bays = sum(each.place == "bay" for each in placed)
        in_resus = sum(each.place == "resus" for each in placed)
        settled = max(0, now.bays_taken - resus - in_bays)
        boarders = min(boarding, settled)
        now.boarding.extend(["bay"] * boarders)
        now.boarding.extend(["corridor"] * min(boarding - boarders, now.corridor_taken))
        for place, number in (
            ("bay", settled - boarders),
            ("resus", max(0, resus - in_resus)),
            ("corridor", now.corridor_taken - now.boarding.count("corridor")),
        ):
            for _ in range(number):
                self._treated_later(place, chance)
        now.resus_taken, now.bays_taken = max(resus, in_resus), max(now.bays_taken, in_bays + in_resus)

    def _treated_later(self, place: str, chance: Chance) -> None:
        """One who is in treatment already, at a moment that is any moment of it as likely as any other."""
        process, site = self.process, self.site
        to_bays = site.ambulances * (1 - process.chair_share)
        admitted = to_bays * process.admitted_ambulance + site.walk_ins * process.admitted_walk_in
        others = to_bays + site.walk_ins - admitted
        held = admitted * _mean(process.treatment_admitted), others * _mean(process.treatment)
        is_admitted = chance.share() * sum(held) < held[0]
        middle, deviation = process.treatment_admitted if is_admitted else process.treatment
        whole = seconds((middle + deviation**2, deviation), chance.share())  # the longer, the likelier met
        self.agenda.at(self.agenda.now + whole * chance.share(), self._treated, place, is_admitted)

    def _arrival(self, found: Found) -> Arrival:
        process, patient = self.process, found.luck
        new = not found.registered and self.agenda.now - found.arrived_at < QUARTER
        chair = (found.placed or new) and not found.resus and patient[luck.CHAIR] < process.chair_share
        return Arrival(
            job=found.job,
            luck=patient,
            arrived_at=found.arrived_at,
            resus=found.resus,
            chair=chair,
            admitted=not chair and patient[luck.ADMITTED] < process.admitted_ambulance,
            release=patient[luck.RELEASE_KEPT] < self.regime.release_kept,
            placed=found.placed,
            cohorted=found.cohorted,
            place=("resus" if found.resus else "chair" if chair else "bay") if found.placed else "none",
        )

    def _take_up_placed(self, arrival: Arrival, chance: Chance) -> None:
        """A nurse receives the first of them already, the others wait for one."""
        self.now.cohort_taken += arrival.cohorted
        self.cohort += [arrival] if arrival.cohorted else []
        took = seconds(self.process.receiving, arrival.luck[luck.RECEIVING])
        if not arrival.resus:
            if self.now.nurses_busy >= self._nurses_on():
                self._for_nurse.append(arrival)
                return
            self.now.nurses_busy += 1
            took /= self.regime.receiving_pace
        self.agenda.at(self.agenda.now + took * chance.share(), self._received, arrival)

    def _take_up_waiting(self, arrival: Arrival, found: Found, chance: Chance) -> None:
        """At the door: to be booked in, or in the queue since it came."""
        now = self.agenda.now
        if not found.registered:
            left = remaining(self.process.registration, now - arrival.arrived_at, chance.share())
            self.agenda.at(now + left, self._registered, arrival)
            return
        if arrival.resus:
            self.agenda.at(now, self._registered, arrival)
            return
        self._queue(arrival)
        if arrival.cohorted:
            self.uncohorted -= 1
            self.now.cohort_taken += 1
            self.cohort.append(arrival)

    def hour(self, ambulances_too: bool) -> None:
        """Draw the walk-ins and the freed beds of the coming hour, and ambulances before there are crews."""
        at, process = self.agenda.now, self.process
        self._begin_day(self.civil.day(at))
        hour = int(self.civil.hour(at))
        drawn = self.streams.drawn(int(at // 3600), self.site.walk_ins * _share(process.walk_in_hour, hour))
        for share, patient in drawn.walk_ins:
            self.agenda.at(at + 3600 * share, self._walk_in, patient)
        if ambulances_too:
            chance, mean = drawn.chance, self.site.ambulances * _share(process.ambulance_hour, hour)
            for _ in range(count(mean, drawn.of_ambulances)):
                self.agenda.at(at + 3600 * chance.share(), self._crewless, chance.luck(luck.PLACES))
        for place in range(count(self._beds_of_hour(hour), drawn.bed(0))):
            self.agenda.at(at + 3600 * drawn.bed(1 + place), self._bed_freed)
        self.agenda.at(at + 1800, self._receive)  # nurses are back when a shift has changed
        self._receive()

    def arrive(self, job: object, patient: Luck, resus: bool) -> Arrival:
        """An ambulance patient is at the door, to be booked in."""
        process = self.process
        chair = not resus and patient[luck.CHAIR] < process.chair_share
        arrival = Arrival(
            job=job,
            luck=patient,
            arrived_at=self.agenda.now,
            resus=resus,
            chair=chair,
            admitted=not chair and patient[luck.ADMITTED] < process.admitted_ambulance,
            release=patient[luck.RELEASE_KEPT] < self.regime.release_kept,
        )
        took = seconds(process.registration, patient[luck.REGISTRATION])
        self.agenda.at(self.agenda.now + took, self._registered, arrival)
        return arrival

    def copied(self, same: Callable[[Arrival], Arrival], agenda: Agenda, listener: Listener) -> "Hospital":
        """This department as it is now, to live by another agenda; `same` gives each patient's copy."""
        twin = copy.copy(self)
        twin.agenda, twin.listener = agenda, listener
        twin.now = replace(self.now, boarding=deque(self.now.boarding))
        twin.waiting = [(at, number, same(arrival)) for at, number, arrival in self.waiting]
        twin.cohort = [same(arrival) for arrival in self.cohort]
        twin._walk_ins = deque(self._walk_ins)
        twin._for_nurse = deque(same(arrival) for arrival in self._for_nurse)
        twin._overdue = deque(same(arrival) for arrival in self._overdue)
        return twin

    def queue_length(self) -> int:
        """Ambulance patients without a place."""
        return self.queuing

    def figures(self) -> dict[HospitalMeasure, int]:
        """How the department stands, as its own systems count it."""
        now, site = self.now, self.site
        mean = now.handover_minutes / now.handovers if now.handovers else None
        return {
            HospitalMeasure.IN_DEPARTMENT: now.bays_taken + now.corridor_taken + len(self._walk_ins),
            HospitalMeasure.BOARDING: len(now.boarding),
            HospitalMeasure.MAJORS_PLACES: site.bays,
            HospitalMeasure.MAJORS_TAKEN: now.bays_taken - now.resus_taken,
            HospitalMeasure.RESUS_PLACES: max(2, round(site.bays * RESUS_SHARE)),
            HospitalMeasure.RESUS_TAKEN: now.resus_taken,
            HospitalMeasure.COHORT_PLACES: site.cohort_places,
            HospitalMeasure.BEDS_FREE: int(now.free_beds),
            HospitalMeasure.RECEIVING_STAFF: self._nurses_on(),
            HospitalMeasure.PRESSURE_LEVEL: pressure_level(
                mean, (now.bays_taken + now.corridor_taken) / site.bays
            ),
        }

    def _registered(self, arrival: Arrival) -> None:
        if arrival.job is not None:
            self.listener.registered(arrival)
        if arrival.resus:
            self.now.bays_taken += 1  # room is made, even beyond the bays there are
            self.now.resus_taken += 1
            self._place(arrival, "resus")
            return
        if arrival.chair:
            self._place(arrival, "chair")
            return
        self._queue(arrival)
        if not arrival.placed and arrival.job is not None:
            self.listener.queuing(arrival)

    def _queue(self, arrival: Arrival) -> None:
        """Wait for a place since arrival, if there is none."""
        self._arrivals += 1
        self.queuing += 1
        self.uncohorted += 1
        heapq.heappush(self.waiting, (arrival.arrived_at, self._arrivals, arrival))
        self._fill()
        if arrival.placed:
            return
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
                or self._walk_ins[0][0] + self.process.walk_in_behind_minutes * 60 < ambulance.arrived_at
            ):
                patient = self._walk_ins.popleft()[1]
                self.now.bays_taken += 1
                admitted = patient[WALK_IN_ADMITTED] < self.process.admitted_walk_in
                self._treat("bay", admitted, patient[WALK_IN_TREATMENT])
            elif ambulance is not None:
                heapq.heappop(self.waiting)
                self.now.bays_taken += 1
                self._place(ambulance, "bay")
            else:
                return

    def _oldest(self) -> Arrival | None:
        while self.waiting and self.waiting[0][2].placed:
            heapq.heappop(self.waiting)
        return self.waiting[0][2] if self.waiting else None

    def _place(self, arrival: Arrival, place: str) -> None:
        if not arrival.resus and not arrival.chair:
            self.queuing -= 1
            self.uncohorted -= not arrival.cohorted
        arrival.placed, arrival.place = True, place
        if arrival.job is not None:
            self.listener.placed(arrival)
        if arrival.resus:
            took = seconds(self.process.receiving, arrival.luck[luck.RECEIVING])
            self.agenda.at(self.agenda.now + took, self._received, arrival)
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
        """To the quarter of an hour."""
        quarter = int(self.agenda.now // QUARTER)
        if self._nurses[0] != quarter:
            hour = self.civil.hour(quarter * QUARTER)
            changing = any(start <= hour < start + HALF_HOUR for start in self.process.shift_changes)
            share = self.process.nurse_share_at_shift_change if changing else 1.0
            self._nurses = quarter, max(1, round(self.site.nurses * share))
        return self._nurses[1]

    def _receive(self) -> None:
        while self._for_nurse and self.now.nurses_busy < self._nurses_on():
            arrival = self._for_nurse.popleft()
            self.now.nurses_busy += 1
            took = seconds(self.process.receiving, arrival.luck[luck.RECEIVING]) / self.regime.receiving_pace
            self.agenda.at(self.agenda.now + took, self._received, arrival)

    def _received(self, arrival: Arrival) -> None:
        arrival.received = True
        self.now.handovers += 1
        self.now.handover_minutes += (self.agenda.now - arrival.arrived_at) / 60
        if not arrival.resus:
            self.now.nurses_busy -= 1
        if arrival.cohorted:
            self.now.cohort_taken -= 1
            self.cohort = [each for each in self.cohort if each is not arrival]
        if arrival.job is not None:
            self.listener.handed_over(arrival)
        self._treat(arrival.place, arrival.admitted, arrival.luck[luck.TREATMENT])
        self._receive()
        self._consider_cohort()

    # Treatment, boarding and beds

    def _treat(self, place: str, admitted: bool, share: float) -> None:
        process = self.process
        took = seconds(process.treatment_admitted if admitted else process.treatment, share)
        self.agenda.at(self.agenda.now + took, self._treated, place, admitted)

    def _treated(self, place: str, admitted: bool) -> None:
        if place == "resus":  # well enough for any bay
            self.now.resus_taken -= 1
            place = "bay"
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
        if day != self._day:
            self.now.handovers, self.now.handover_minutes = 0, 0.0
            self._day = day
            self._strain = max(-0.5, self.streams.strain(day))

    # Other patients

    def _walk_in(self, patient: Luck) -> None:
        self._walk_ins.append((self.agenda.now, patient))
        self._fill()

    def _crewless(self, patient: Luck) -> None:
        self.arrive(None, patient, resus=patient[luck.LEFT_EARLY] < 0.1)

    # What a full department does with those who wait

    def _consider_cohort(self) -> None:
        """With a long queue, ambulance staff look after the longest waiting inside and their crews leave."""
        if self.now.cohort_taken >= self.site.cohort_places or self.uncohorted < self.process.cohort_at:
            return
        oldest = min(entry for entry in self.waiting if not entry[2].placed and not entry[2].cohorted)[2]
        if self.agenda.now - oldest.arrived_at >= self.process.cohort_after_minutes * 60:
            oldest.cohorted = True
            self.uncohorted -= 1
            self.now.cohort_taken += 1
            oldest.team = -(-self.now.cohort_taken // TEAM)
            self.cohort.append(oldest)
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


def _mean(length: Lognormal) -> float:
    """Minutes."""
    return math.exp(length[0] + length[1] ** 2 / 2)


def _share(hours: tuple[float, ...], hour: int) -> float:
    return hours[hour] / sum(hours)


def pressure_level(handover_minutes: float | None, occupancy: float) -> int:
    """The level, 1 to 4, by the bands above; without a handover since midnight, of the occupancy alone."""
    levels = [bisect_left(OCCUPANCY, occupancy) + 1]
    if handover_minutes is not None:
        levels.append(bisect_left(HANDOVER_MINUTES, handover_minutes) + 1)
    return -(-sum(levels) // len(levels))
