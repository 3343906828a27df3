"""What the simulated hospitals say of themselves, on a line of its own, as unevenly as real ones do.

Every site says its true figures about every quarter of an hour. Some reports never come, some come late, some
leave figures out, and now and then a site falls silent for hours.
"""

import heapq
from collections.abc import Callable, Mapping

from clearway.domain.ambulance.events import HospitalEvent, InCohort
from clearway.domain.ambulance.words import HospitalMeasure

from ..shared.agenda import Agenda
from ..shared.chance import Chance
from .control import Job
from .hospitals import Hospital
from .parameters import ReportRates
from .stream import stamp

MINUTE = 60.0


class Reporter:
    """Takes the figures of the hospitals, gives the reports that arrive.

    faulty  whether reports are lost, late or incomplete at the pack's rates; the truth is the same either way
    heard   called with each report as it arrives and the time of arrival
    """

    def __init__(
        self,
        prefix: str,
        hospitals: Mapping[str, Hospital],
        rates: ReportRates,
        agenda: Agenda,
        seed: int,
        heard: Callable[[HospitalEvent, float], None],
        *,
        faulty: bool,
    ) -> None:
        self._prefix, self._hospitals, self._rates, self._agenda = prefix, hospitals, rates, agenda
        self._faulty, self._heard = faulty, heard
        self._chances = {code: Chance(seed, f"reports {code}") for code in hospitals}
        self._silent_until = dict.fromkeys(hospitals, 0.0)
        self._made = 0
        self._travelling: list[tuple[float, int, HospitalEvent]] = []
        self._arrived: list[HospitalEvent] = []

    def begin(self, at: float) -> None:
        """Have every site speak for the first time within the first interval, each at a minute of its own."""
        for code, chance in self._chances.items():
            self._agenda.at(at + chance.share() * self._rates.interval_minutes * MINUTE, self._say, code)

    def take(self, until: float) -> list[HospitalEvent]:
        """The reports that arrived before `until` and were not taken before, in order of arrival."""
        self.deliver(until)
        arrived, self._arrived = self._arrived, []
        return arrived

    def deliver(self, until: float) -> None:
        """Let everything arrive that is due before `until`, to be taken later."""
        while self._travelling and self._travelling[0][0] < until:
            at, _, event = heapq.heappop(self._travelling)
            self._arrived.append(event)
            self._heard(event, at)

    def _say(self, code: str) -> None:
        now, rates, chance = self._agenda.now, self._rates, self._chances[code]
        self._agenda.at(now + rates.interval_minutes * MINUTE, self._say, code)
        if not self._faulty:
            self._send(code, self._hospitals[code].figures(), arrives=now)
            return
        if chance.happens(rates.falls_silent):
            self._silent_until[code] = now + chance.seconds(rates.silent_hours) * 60
        if now < self._silent_until[code] or chance.happens(rates.missing):
            return
        said = {
            measure: value
            for measure, value in self._hospitals[code].figures().items()
            if not chance.happens(rates.left_out)
        }
        late = chance.seconds(rates.late_minutes) if chance.happens(rates.late) else 0.0
        if said:
            self._send(code, said, arrives=now + late)

    def _send(self, code: str, counts: dict[HospitalMeasure, int], arrives: float) -> None:
        self._made += 1
        name = f"{self._prefix}-h{self._made:07d}"
        cohort = tuple(
            InCohort(each.job.key, each.carer(code))
            for each in self._hospitals[code].cohort
            if isinstance(each.job, Job)
        )
        event = HospitalEvent(name, stamp(self._agenda.now), code, counts, cohort=cohort)
        heapq.heappush(self._travelling, (arrives, self._made, event))
