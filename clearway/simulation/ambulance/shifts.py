"""Shifts: crews book on, check their vehicle, eat, break down now and then, and go home."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from clearway.domain.ambulance.words import Availability, ResourceKind, Standing, StatusSource
from clearway.domain.shared.region import Region, Site, SiteKind

from ..shared.agenda import Agenda
from ..shared.chance import Chance, remaining
from ..shared.civil import Civil
from . import roads
from .control import ControlRoom
from .crews import Crew, Fleet, Leg, Readiness
from .parameters import Parameters, Regime, Shift
from .stream import stamp
from .telling import Teller

A = Availability
HOME_SOON_SECONDS = 600  # a crew that clears this shortly before its end is not sent again


CALLED_IN_FROM = 901  # numbers of call signs that no rota names
LONGEST_LEFT = 10  # hours of a shift of which nobody knows the end (assumed)


@dataclass(frozen=True, slots=True)
class Seen:
    """A crew on shift as a desk sees it; seconds since 1970, NaN for an end that is not known.

    place  latitude and longitude, None where nobody knows; holds  whether a job holds it
    """

    call_sign: str
    kind: ResourceKind
    availability: Availability
    since: float
    shift_end: float
    place: tuple[float, float] | None
    holds: bool


class Shifts:
    """Brings crews on and off duty and decides what they do between jobs."""

    def __init__(
        self,
        region: Region,
        parameters: Parameters,
        regime: Regime,
        fleet: Fleet,
        control: ControlRoom,
        agenda: Agenda,
        tellers: Sequence[Teller],
        seed: int,
    ) -> None:
        self._fleet, self._control, self._agenda = fleet, control, agenda
        self._tellers, self._seed = tellers, seed
        self._parameters, self._surge = parameters.fleet, parameters.surge
        self._civil = Civil(region.timezone)
        self._restricted_seconds = 60 * region.policy("allocation").values["end_of_shift_minutes"]
        self._stations = region.sites_of(SiteKind.STATION)
        self._at = np.array([(site.latitude, site.longitude) for site in self._stations]).T
        self._cells = _rota(parameters, regime, self._stations)
        self._crews_at: dict[int, float] = defaultdict(float)  # by row of the station
        for station, _, _, crews in self._cells:
            self._crews_at[self._stations.index(station)] += crews
        self._in_use: set[str] = set()
        self._usual = parameters.fleet.average_units * regime.units
        self._called_in_until: list[float] = []

    def surge(self) -> None:
        """Every hour: when many wait, call in crews beyond the rota."""
        now, plan = self._agenda.now, self._surge
        self._agenda.at(now + 3600, self.surge)
        self._called_in_until = [end for end in self._called_in_until if end > now]
        wanted = round(plan.called_in * self._usual * self._control.surge())
        for number in range(len(self._called_in_until), wanted):
            chance = Chance(self._seed, f"called in {now:.0f} {number}")
            station = self._stations[chance.one_of(self._crews_at)]
            start = now + 60 * plan.notice_minutes
            end = start + 3600 * plan.called_in_hours
            self._called_in_until.append(end)
            self._agenda.at(start, self._book_on, station, start, end, False, chance)

    def day(self, day: date, not_before: float, *, started_too: bool = True) -> None:
        """Have the crews of this civil day book on; those already on shift at `not_before` do so then, or
        not at all."""
        for number, (station, start, end, car, name) in enumerate(_of_day(self._cells, self._civil, day)):
            if end > not_before + 3600:
                chance = Chance(self._seed, f"crew {day} {number}")
                late = chance.between(0, 240)
                if started_too or start + late >= not_before:
                    self._agenda.at(
                        max(start, not_before) + late, self._book_on, station, start, end, car, chance, name
                    )

    def resume(self, seen: Seen, chance: Chance) -> Crew:
        """Put on duty a crew that has been for a while.

        What it does without a job goes on for as long as such things last; a job is taken up elsewhere."""
        now, plan = self._agenda.now, self._parameters
        guessed = now + chance.between(0.5, LONGEST_LEFT) * 3600
        end = guessed if np.isnan(seen.shift_end) else seen.shift_end
        length = sum(each.hours * each.share for each in plan.shifts) / sum(
            each.share for each in plan.shifts
        )
        start = end - length * 3600
        place = seen.place
        station = (
            self._stations[chance.one_of(self._crews_at)]
            if place is None
            else self._nearest_station(*place)[0]
        )
        crew = Crew(
            call_sign=seen.call_sign,
            kind=seen.kind,
            station=station,
            shift_start=start,
            shift_end=end,
            break_from=start + (plan.break_opens_hours + chance.between(0, 1.5)) * 3600,
            break_until=start + plan.break_closes_hours * 3600,
            chance=chance,
        )
        eats = seen.availability in (A.BREAK_TRAVEL, A.ON_BREAK)
        crew.break_taken = eats or now > crew.break_from
        self._in_use.add(seen.call_sign)
        self._fleet.join(crew, now)
        if place is not None:
            self._fleet.stand(crew, now, *place)
        for at, do in (
            (crew.break_from, self._break_due),
            (end - self._restricted_seconds, self._nearly_over),
            (end, self._over),
        ):
            if at > now:
                self._agenda.at(at, do, crew)
        if not seen.holds:
            self._resume_without_job(crew, seen)
        return crew

    def _resume_without_job(self, crew: Crew, seen: Seen) -> None:
        now, plan, spent = self._agenda.now, self._parameters, max(0.0, self._agenda.now - seen.since)
        if seen.availability in (A.AVAILABLE, A.RESTRICTED):
            last_part = now >= crew.shift_end - self._restricted_seconds
            self._fleet.mark(crew, Readiness.RESTRICTED if last_part else Readiness.FREE)
            self._agenda.at(max(now, crew.shift_end), self._over, crew)
            return
        if seen.availability is A.UNAVAILABLE:
            left = remaining(plan.unavailable, spent, crew.chance.share())
        elif seen.availability is A.BOOKING_ON:
            left = remaining(plan.vehicle_check, spent, crew.chance.share())
        else:
            left = max(0.0, 60 * plan.break_minutes - spent)
        self._agenda.at(now + left, self._back, crew)

    def nobody(self, call_sign: str) -> Crew:
        """A crew that is not there any more, for a patient whom it left."""
        return Crew(
            call_sign,
            ResourceKind.DCA,
            self._stations[0],
            *(self._agenda.now,) * 4,
            Chance(self._seed, call_sign),
        )

    def after_job(self, crew: Crew) -> None:
        """Home, break, unavailable or free: in that order."""
        now, plan = self._agenda.now, self._parameters
        if now >= crew.shift_end - HOME_SOON_SECONDS:
            self._go_home(crew)
        elif not crew.break_taken and crew.break_from <= now < crew.break_until:
            self._break(crew)
        elif crew.chance.happens(plan.unavailable_after_job * self._kept_from_work()):
            self._unavailable(crew, crew.chance.one_of(plan.reasons), plan.unavailable)
        else:
            self._ready(crew)

    def _kept_from_work(self) -> float:
        """What is left of the chance to be unavailable: when many wait, what can wait does."""
        return 1 - (1 - self._surge.unavailable) * self._control.surge()

    # Booking on and off

    def _book_on(
        self, station: Site, start: float, end: float, car: bool, chance: Chance, name: str = ""
    ) -> None:
        plan, now = self._parameters, self._agenda.now
        wait = chance.between(0, 1.5)
        crew = Crew(
            call_sign=self._call_sign(station, car, name),
            kind=ResourceKind.RRV if car else ResourceKind.DCA,
            station=station,
            shift_start=start,
            shift_end=end,
            break_from=start + (plan.break_opens_hours + wait) * 3600,
            break_until=start + plan.break_closes_hours * 3600,
            chance=chance,
        )
        crew.break_taken = now > crew.break_from or end - start < 6.5 * 3600
        self._fleet.join(crew, now)
        for teller in self._tellers:
            teller.availability(
                now,
                crew.call_sign,
                A.BOOKING_ON,
                standing=Standing.BASE,
                kind=crew.kind,
                station=station.code,
                shift_start=stamp(start),
                shift_end=stamp(end),
                source=StatusSource.CREW,
            )
        self._agenda.at(now + chance.seconds(plan.vehicle_check), self._back, crew)
        self._agenda.at(crew.break_from, self._break_due, crew)
        self._agenda.at(end - self._restricted_seconds, self._nearly_over, crew)
        self._agenda.at(end, self._over, crew)

    def _call_sign(self, station: Site, car: bool, name: str) -> str:
        """The call sign of the rota; another where it has none, or its last crew is still out."""
        number = CALLED_IN_FROM
        while not name or name in self._in_use:
            name = _name(station, car, number)
            number += 1
        self._in_use.add(name)
        return name

    def _nearly_over(self, crew: Crew) -> None:
        if crew.readiness is Readiness.FREE and not crew.busy:
            self._ready(crew)

    def _over(self, crew: Crew) -> None:
        if crew.readiness in (Readiness.FREE, Readiness.RESTRICTED):
            self._go_home(crew)

    def _go_home(self, crew: Crew) -> None:
        self._say(crew, A.OFF)
        self._in_use.discard(crew.call_sign)
        self._fleet.leave(crew, self._agenda.now)
        crew.break_taken = True

    # Between jobs

    def _back(self, crew: Crew) -> None:
        """Back from a check, a break or being unavailable."""
        if self._agenda.now >= crew.shift_end - HOME_SOON_SECONDS:
            self._ready_or_home(crew)
        else:
            self._ready(crew)

    def _ready_or_home(self, crew: Crew) -> None:
        self._say(crew, A.AVAILABLE, Standing.RETURNING)
        self._go_home(crew)

    def _ready(self, crew: Crew) -> None:
        last_part = self._agenda.now >= crew.shift_end - self._restricted_seconds
        if last_part:
            self._say(crew, A.RESTRICTED, Standing.END_OF_SHIFT)
        else:
            self._say(crew, A.AVAILABLE, Standing.RETURNING)
        self._fleet.mark(crew, Readiness.RESTRICTED if last_part else Readiness.FREE)
        self._control.free(crew)

    def _unavailable(self, crew: Crew, reason: str, minutes: tuple[float, float]) -> None:
        self._fleet.mark(crew, Readiness.BUSY)
        self._say(crew, A.UNAVAILABLE, reason=reason)
        self._agenda.at(self._agenda.now + crew.chance.seconds(minutes), self._back, crew)

    def _break_due(self, crew: Crew) -> None:
        if crew.readiness is Readiness.FREE and not crew.break_taken:
            self._break(crew)

    def _break(self, crew: Crew) -> None:
        """Travel to the nearest station and eat there, undisturbed."""
        now = self._agenda.now
        crew.break_taken = True
        self._fleet.mark(crew, Readiness.BUSY)
        here = crew.position(now)
        station, minutes = self._nearest_station(*here)
        self._say(crew, A.BREAK_TRAVEL)
        arrives = now + 60 * minutes
        self._fleet.move(crew, Leg(now, arrives, *here, station.latitude, station.longitude))
        self._agenda.at(arrives, self._eat, crew)

    def _eat(self, crew: Crew) -> None:
        self._say(crew, A.ON_BREAK, Standing.PROTECTED)
        self._agenda.at(self._agenda.now + 60 * self._parameters.break_minutes, self._back, crew)

    def _nearest_station(self, latitude: float, longitude: float) -> tuple[Site, float]:
        north, east = self._at[0] - latitude, 0.63 * (self._at[1] - longitude)
        nearest = self._stations[int((north**2 + east**2).argmin())]
        if abs(nearest.latitude - latitude) + abs(nearest.longitude - longitude) < 1e-4:
            return nearest, 0.0
        return nearest, roads.minutes(latitude, longitude, nearest.latitude, nearest.longitude)

    def _say(
        self, crew: Crew, status: Availability, standing: Standing | None = None, reason: str | None = None
    ) -> None:
        for teller in self._tellers:
            teller.availability(
                self._agenda.now,
                crew.call_sign,
                status,
                standing=standing,
                reason=reason,
                source=StatusSource.CREW,
            )


Cell = tuple[Site, Shift, bool, float]


@dataclass(frozen=True, slots=True)
class Planned:
    """A shift of the rota: who is to book on where and when."""

    call_sign: str
    kind: ResourceKind
    station: str
    starts_at: datetime
    ends_at: datetime


def planned(region: Region, parameters: Parameters, regime: Regime, day: date) -> tuple[Planned, ...]:
    """The rota of a civil day: the crews that a simulated region has book on, as a roster would name them."""
    cells = _rota(parameters, regime, region.sites_of(SiteKind.STATION))
    return tuple(
        Planned(
            name,
            ResourceKind.RRV if car else ResourceKind.DCA,
            station.code,
            datetime.fromtimestamp(start, UTC),
            datetime.fromtimestamp(end, UTC),
        )
        for station, start, end, car, name in _of_day(cells, Civil(region.timezone), day)
    )


def _of_day(cells: Sequence[Cell], civil: Civil, day: date) -> Iterator[tuple[Site, float, float, bool, str]]:
    """Station, start, end, whether it is a car, and call sign of the crews of a day.

    A call sign belongs to a station and a shift, as on a real rota: hundreds for the shift, so that the
    crews of one day have gone home before those of the next use their names.
    """
    shifts = list(dict.fromkeys(shift for _, shift, _, _ in cells))
    used: dict[tuple[str, int, bool], int] = defaultdict(int)
    for station, shift, car in _starting(cells, day):
        line = station.code, shifts.index(shift), car
        used[line] += 1
        start = civil.instant(day, shift.start)
        name = _name(station, car, 100 * (line[1] + 1) + used[line])
        yield station, start, start + shift.hours * 3600, car, name


def _starting(cells: Sequence[Cell], day: date) -> Iterator[tuple[Site, Shift, bool]]:
    """Whole crews from the fractions of the rota: rounding moves on with the days, so none is lost."""
    owed = (day.toordinal() * 0.618) % 1
    for station, shift, car, crews in cells:
        owed += crews
        for _ in range(int(owed)):
            yield station, shift, car
        owed %= 1


def _name(station: Site, car: bool, number: int) -> str:
    return f"{station.key}-{'R' if car else 'A'}{number}"


def _rota(
    parameters: Parameters, regime: Regime, stations: tuple[Site, ...]
) -> list[tuple[Site, Shift, bool, float]]:
    """Crews a day by station, shift and vehicle: as many as people around, so that the average is met."""
    plan, demand = parameters.fleet, parameters.demand
    hours = sum(shift.hours * shift.share for shift in plan.shifts) / sum(
        shift.share for shift in plan.shifts
    )
    crews_a_day = plan.average_units * regime.units * 24 / hours
    weight = _weights(demand.areas, {s.code: demand.places[s.code].people for s in stations}, stations)
    shares = sum(shift.share for shift in plan.shifts)
    return [
        (station, shift, car, crews_a_day * weight[station.code] * shift.share / shares * part)
        for car, part in ((False, 1 - plan.car_share), (True, plan.car_share))
        for shift in plan.shifts
        for station in stations
    ]


def _weights(
    areas: dict[str, float], people: dict[str, float], stations: tuple[Site, ...]
) -> dict[str, float]:
    """Each station's share: its area's share of the demand, by the people around it. The power below one
    lifts the small stations, which cover distance rather than people."""
    lifted = {code: count**0.8 for code, count in people.items()}
    in_area: dict[str, float] = {}
    for site in stations:
        in_area[site.area or ""] = in_area.get(site.area or "", 0.0) + lifted[site.code]
    total = sum(areas.values())
    return {
        site.code: areas.get(site.area or "", 0.0) / total * lifted[site.code] / in_area[site.area or ""]
        for site in stations
    }
