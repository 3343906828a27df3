"""Policies: where a crew that leaves scene is told to go; functions of the picture and the question.

`nearest` is what a crew without advice does. `Queue` counts heads. `Advised` is the production engine: the
forecast and the ranking that a desk uses, nothing of its own. `Within` bounds how many any of them redirects,
a guard of the measurement that the desk has not, and `Followed` lets crews go their own way now and then.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from clearway.domain.ambulance.destinations import DIRECTORY, Case
from clearway.domain.ambulance.situation import JOB_STATES, Situation
from clearway.domain.ambulance.words import JobState, ResourceKind
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import Region, SiteKind
from clearway.engine.ambulance.conveyance import Choice, Destinations, nearest_hospital
from clearway.engine.ambulance.forecast import Forecast, commit, forecast
from clearway.engine.ambulance.policies import advice_policy, forecast_policy
from clearway.engine.ambulance.ranking import Picture, picture, rank
from clearway.engine.ambulance.rulebook import Rulebook
from clearway.engine.ambulance.travel import PLAIN, Network

from . import luck
from .demand import Call

DAY, MINUTE = 86_400.0, 60.0
MOST_EXTRA = 20.0  # minutes of driving beyond the nearest, as far as any policy looks
COMMITTED = [JOB_STATES.index(state) for state in (JobState.CONVEYING, JobState.ARRIVED, JobState.QUEUING)]


@dataclass(frozen=True, slots=True)
class Question:
    """One crew on scene with one patient.

    key           of its assignment
    destinations  departments that may take this patient
    at            now, seconds since 1970
    """

    key: str
    call: Call
    destinations: Destinations
    latitude: float
    longitude: float
    at: float


Policy = Callable[[Situation, Question], tuple[Choice, ...]]
Forecaster = Callable[[Situation, Question], Forecast]


def nearest(situation: Situation, question: Question) -> tuple[Choice, ...]:
    """The nearest departments that will be open, as far as any policy looks; the first is where a crew
    without advice goes."""
    return nearest_hospital(
        situation, question.destinations, question.latitude, question.longitude, within=MOST_EXTRA
    )


@dataclass(slots=True)
class Queue:
    """The count rule: drive plus so many minutes for every ambulance queuing or on its way there.

    per_vehicle  minutes by site code: how long the department takes for one ambulance, on average
    most_extra   minutes of driving beyond the nearest
    """

    per_vehicle: Mapping[str, float]
    most_extra: float = MOST_EXTRA

    def __call__(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        choices = nearest(situation, question)
        jobs = situation.assignments
        waiting = np.isin(jobs.state, COMMITTED) & (jobs.site >= 0)
        queue = np.bincount(jobs.site[waiting], minlength=len(situation.sites.code))
        limit = choices[0].minutes + self.most_extra

        def cost(choice: Choice) -> float:
            return choice.minutes + float(queue[choice.row]) * self.per_vehicle.get(choice.code, 10.0)

        return tuple(sorted((each for each in choices if each.minutes <= limit), key=cost))


class Advised:
    """The production engine: forecast, filter and rank under the region's policies, without the words.

    As a desk on its first day: no record of past forecasts chooses a hospital's method or widens its spread.
    forecaster  instead of the production forecast, for the oracle
    """

    def __init__(
        self, region: Region, network: Network = PLAIN, forecaster: Forecaster | None = None
    ) -> None:
        departments = region.sites_of(SiteKind.EMERGENCY_DEPARTMENT)
        policies = [each for each in region.policies if each.name != DIRECTORY]
        self._rules = Rulebook.of(departments, policies, region.timezone)
        self._network, self._forecaster = network, forecaster
        self._advice = advice_policy(region.policy_values)
        self._forecast = forecast_policy(region.policy_values)
        self._last: Situation | None = None
        self._seen: Picture | None = None
        self._untold: list[tuple[int, float]] = []  # who was sent where since, and when they arrive

    def __call__(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        seen = self._picture(situation, question)
        places, call = self._rules.places, question.call
        case = Case(
            key=question.key,
            position=Point(question.latitude, question.longitude),
            ready_at=question.at,
            age=call.age,
            news2=0,  # nobody scores here: the category alone says who is the most serious
            category=call.category,
            vehicle=ResourceKind.DCA,
        )
        journeys = self._network.journeys(question.latitude, question.longitude, places, at=question.at)
        ranking = rank(case, seen, journeys)
        may = frozenset(question.destinations.codes)
        best = [
            row
            for row in np.argsort(ranking.decision, kind="stable").tolist()
            if ranking.decision[row] < np.inf and places.code[row] in may
        ]
        if ranking.chosen in best:
            best.remove(ranking.chosen)
            best.insert(0, ranking.chosen)
        choices = tuple(
            Choice(int(seen.site[row]), places.code[row], float(ranking.travel[row])) for row in best
        )
        return choices or nearest(situation, question)

    def took(self, choice: Choice, question: Question) -> None:
        """A crew goes there: the next one is told so, before the next picture shows it."""
        if self._forecaster is None:
            self._untold.append((choice.row, question.at + choice.minutes * MINUTE))

    def _picture(self, situation: Situation, question: Question) -> Picture:
        if self._forecaster is not None:
            made = self._forecaster(situation, question)
            return picture(situation, made, self._rules, self._advice)
        if self._seen is None or situation is not self._last:
            made = forecast(situation, self._forecast, network=self._network, explained=False)
            self._last, self._seen = situation, picture(situation, made, self._rules, self._advice)
        elif self._untold:
            made = self._seen.forecast
            for row, arrival in self._untold:
                made = commit(made, row, arrival)
            self._seen = replace(self._seen, forecast=made)
        self._untold.clear()
        return self._seen


class Within:
    """Another policy, with a bound on whom it redirects: past the nearest only where there is room.

    A department has room while those redirected to it in the last 24 hours, less those redirected from it,
    are within a share of its day's load. That bounds redirections, not load: a redirection from it that turns
    24 hours old lifts the count again, and nobody is turned away for that; more conveyances by crews that
    come free sooner are not counted at all.

    loads  ambulances a day that each department usually takes; most  the share
    """

    def __init__(self, policy: Policy, loads: Mapping[str, float], most: float = 0.10) -> None:
        self._policy, self._loads, self._most = policy, loads, most
        self._moved: deque[tuple[float, str, str]] = deque()
        self._gained: dict[str, int] = defaultdict(int)

    def __call__(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        self._forget(question.at - DAY)
        choices = nearest(situation, question)
        usual = choices[0]
        if len(choices) == 1:
            ranked: tuple[Choice, ...] = (usual,)  # nothing else is in reach of any policy
        else:
            ranked = self._policy(situation, question)
        room = [each for each in ranked if each.code == usual.code or self._has_room(each.code)]
        chosen = room[0] if room else usual
        if chosen.code != usual.code:
            self._moved.append((question.at, chosen.code, usual.code))
            self._gained[chosen.code] += 1
            self._gained[usual.code] -= 1
        if isinstance(self._policy, Advised | Capped):
            self._policy.took(chosen, question)
        return (chosen,)

    def _has_room(self, code: str) -> bool:
        return self._gained[code] + 1 <= self._most * self._loads.get(code, 0.0)

    def _forget(self, before: float) -> None:
        while self._moved and self._moved[0][0] < before:
            _, there, usual = self._moved.popleft()
            self._gained[there] -= 1
            self._gained[usual] += 1


class Capped:
    """Nearest plus load caps: past a department to which its agreed ambulances of the last hour were sent.

    It counts what it is told by `took`: everybody who was sent there, also who had no choice.

    caps  ambulances an hour by site code
    """

    def __init__(self, caps: Mapping[str, float], most_extra: float = MOST_EXTRA) -> None:
        self._caps, self._most_extra = caps, most_extra
        self._sent: dict[str, deque[float]] = defaultdict(deque)

    def __call__(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        choices = nearest(situation, question)
        near = [each for each in choices if each.minutes <= choices[0].minutes + self._most_extra]
        room = (
            each for each in near if self.sent(each.code, question.at) < self._caps.get(each.code, np.inf)
        )
        chosen = next(room, choices[0])
        return (chosen, *(each for each in choices if each is not chosen))

    def took(self, choice: Choice, question: Question) -> None:
        """A crew goes there, whoever decided it."""
        self._sent[choice.code].append(question.at)

    def sent(self, code: str, at: float) -> int:
        """How many were sent there in the hour before."""
        sent = self._sent[code]
        while sent and sent[0] < at - DAY / 24:
            sent.popleft()
        return len(sent)


@dataclass(slots=True)
class Followed:
    """Crews follow another policy for this share of patients, and go to the nearest for the rest.

    Which patients is the patients' luck, so it is the same ones under every policy.
    """

    policy: Policy
    share: float

    def __call__(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        follows = question.call.luck[luck.FOLLOWS_ADVICE] < self.share
        return (self.policy if follows else nearest)(situation, question)
