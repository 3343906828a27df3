"""A forecast that knows what each department will do: the ceiling against which forecasts are measured.

It lets a twin of every department in reach live on with the very luck that its original will have (who walks
in, which beds come free, how long each treatment lasts, which crews are on their way and when they arrive),
once without the patient asked about and once with them. The twin's answer is the wait, and what the patient
adds to the waits of others. It does not know who has not called yet: ambulances that nobody has sent come as
they usually do. Only the simulator can have it.
"""

import copy
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import Category
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.forecast import STEP_MINUTES, STEPS, Forecast

from ..shared.agenda import Agenda, Entry
from ..shared.chance import Luck, factor
from . import luck, roads
from .hospitals import Arrival, Hospital

if TYPE_CHECKING:
    from .policies import Question
    from .world import Ahead, World

AHEAD = 6 * 3600.0
MOST_EXTRA = 20.0  # minutes of driving beyond the nearest, as far as the ranking looks
HOUR = 3600.0
RESUS_SHARE = 0.1
NOBODY_YET = 1800.0  # seconds in which nobody arrives but those already on their way


class Oracle:
    """Asks twins. `watch` the world before it is asked."""

    def __init__(self, region: Region) -> None:
        self._places = {site.code: (site.latitude, site.longitude) for site in region.sites}
        self._world: World | None = None
        self._usual: dict[tuple[str, int], list[Coming]] = {}

    def watch(self, world: "World") -> None:
        self._world = world

    def __call__(self, situation: Situation, question: "Question") -> Forecast:
        """The true waits of the departments in reach, flat over the horizon; nothing of the others."""
        sites = len(situation.sites.code)
        mean, added = np.full((sites, STEPS), np.nan), np.zeros((sites, STEPS))
        known = [""] * sites
        assert self._world is not None, "An oracle that watches no world knows nothing."
        ahead = self._world.ahead(question.at + AHEAD)
        for code, minutes in self._in_reach(question):
            row = situation.sites.code.index(code)
            mean[row], added[row] = self._ask(self._world, code, ahead[code], minutes, question)
            known[row] = "oracle"
        nothing = np.zeros((sites, STEPS))
        return Forecast(
            at=situation.at,
            step_minutes=STEP_MINUTES,
            mean=mean,
            p10=mean,
            p50=mean,
            p80=mean,
            p90=mean,
            added=added,
            spread=nothing,
            carried=nothing,
            weight=nothing,
            method=tuple("model" if each else "none" for each in known),
            why=tuple((each,) for each in known),
        )

    def _in_reach(self, question: "Question") -> list[tuple[str, float]]:
        here = question.latitude, question.longitude
        drives = sorted(
            (roads.minutes(*here, *self._places[code]), code) for code in question.destinations.codes
        )
        open_ones = [
            (code, minutes)
            for minutes, code in drives
            if question.destinations.is_open(
                question.destinations.codes.index(code), question.at + 60 * minutes
            )
        ]
        return [each for each in open_ones if each[1] <= open_ones[0][1] + MOST_EXTRA]

    def _ask(
        self, world: "World", code: str, ahead: "Ahead", minutes: float, question: "Question"
    ) -> tuple[float, float]:
        patient, jobs = question.call.luck, world.parameters.jobs
        share = jobs.blue_light_to_hospital[question.call.category]
        share *= factor(jobs.travel_deviation, patient[luck.TO_HOSPITAL])
        arrives = question.at + 90 + 210 * patient[luck.CHOOSING] + 60 * minutes * share
        hospital, until = world.hospitals[code], question.at + AHEAD
        others = [
            each
            for hour in range(int(question.at // HOUR), int(until // HOUR) + 1)
            for each in self._usual_of(code, hospital, hour)
            if question.at + NOBODY_YET < each[0] < until
        ]
        known = ahead.coming + others
        urgent = question.call.category is Category.C1
        without = _total(hospital, ahead.due, known, question.at, until)
        together = _total(hospital, ahead.due, [*known, (arrives, patient, urgent)], question.at, until)
        wait = together.of(patient) - arrives
        return wait / 60, max(0.0, (together.sum - without.sum - wait) / 60)

    def _usual_of(self, code: str, hospital: Hospital, hour: int) -> "list[Coming]":
        """Remembered: the same hour is asked for by every patient of six hours."""
        if (code, hour) not in self._usual:
            self._usual[code, hour] = usual_arrivals(hospital, hour)
        return self._usual[code, hour]


class _Heard:
    """Adds up the waits of a twin; whoever is not handed over waits to the end."""

    def __init__(self, agenda: Agenda, until: float) -> None:
        self._agenda, self._until = agenda, until
        self._done: dict[int, float] = {}
        self._waits: dict[int, float] = {}

    def expect(self, patient: Luck, arrived: float) -> None:
        self._waits[id(patient)] = self._until - min(arrived, self._until)

    def handed_over(self, arrival: Arrival) -> None:
        self._done[id(arrival.luck)] = self._agenda.now
        self._waits[id(arrival.luck)] = self._agenda.now - arrival.arrived_at

    def registered(self, arrival: Arrival) -> None: ...
    def queuing(self, arrival: Arrival) -> None: ...
    def cohorted(self, arrival: Arrival) -> None: ...
    def placed(self, arrival: Arrival) -> None: ...

    @property
    def sum(self) -> float:
        return sum(self._waits.values())

    def of(self, patient: Luck) -> float:
        """When this patient is handed over."""
        return self._done.get(id(patient), self._until)


Coming = tuple[float, Luck, bool]  # when, whose luck, whether to resuscitation


def usual_arrivals(hospital: Hospital, hour: int) -> list[Coming]:
    """Ambulances that nobody has sent yet, as they usually come in an hour (counted since 1970)."""
    hours = hospital.process.ambulance_hour
    chance = hospital.streams.hour(hour, "usual")
    civil = int(hospital.civil.hour(hour * HOUR))
    found: list[Coming] = []
    for _ in range(chance.count(hospital.site.ambulances * hours[civil] / sum(hours))):
        when, patient = (hour + chance.share()) * HOUR, chance.luck(luck.PLACES)
        found.append((when, patient, patient[luck.LEFT_EARLY] < RESUS_SHARE))
    return found


def _total(
    hospital: Hospital, due: Iterable[Entry], coming: Sequence[Coming], now: float, until: float
) -> _Heard:
    """What a twin of the department makes of these patients."""
    agenda = Agenda(now)
    heard = _Heard(agenda, until)
    twin = twin_of(hospital, due, agenda, heard)
    for when, patient, resus in coming:
        agenda.at(when, _arrive, twin, patient, resus)
        heard.expect(patient, when)
    hour = (int(now // HOUR) + 1) * HOUR
    while hour < until:
        agenda.at(hour, twin.hour, False)
        hour += HOUR
    agenda.run(until)
    return heard


def _arrive(twin: Hospital, patient: Luck, resus: bool) -> None:
    twin.arrive("coming", patient, resus)


def twin_of(hospital: Hospital, entries: Iterable[Entry], agenda: Agenda, heard: _Heard) -> Hospital:
    """A department that is as this one is now, and will live by another agenda."""
    copies: dict[int, Arrival] = {}

    def same(arrival: Arrival) -> Arrival:
        if id(arrival) not in copies:
            copies[id(arrival)] = copy.copy(arrival)
            if arrival.job is not None and not arrival.received:
                heard.expect(arrival.luck, arrival.arrived_at)
        return copies[id(arrival)]

    twin = hospital.copied(same, agenda, heard)
    for when, _, do, what in sorted(entries, key=lambda entry: entry[:2]):
        agenda.at(
            when,
            getattr(twin, do.__name__),
            *(same(each) if isinstance(each, Arrival) else each for each in what),
        )
    return twin
