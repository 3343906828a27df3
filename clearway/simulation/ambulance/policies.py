"""Policies: where a crew that leaves scene is told to go; functions of the picture and the question.

`nearest` is what a crew without advice does. `Queue` counts heads. `Advised` is the production engine: the
forecast, the ranking and the bound on loads that a desk uses, nothing of its own. `Within` keeps another
policy inside the same filter and bound, and `Followed` lets crews go their own way now and then.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from clearway.domain.ambulance.destinations import DIRECTORY, Case
from clearway.domain.ambulance.diverts import Cover
from clearway.domain.ambulance.situation import JOB_STATES, UNKNOWN, Situation
from clearway.domain.ambulance.words import JobState, ResourceKind
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import Region, SiteKind
from clearway.engine.ambulance.conveyance import Choice, Destinations, nearest_hospital
from clearway.engine.ambulance.eligibility import eligible, share_of
from clearway.engine.ambulance.forecast import Forecast, forecast
from clearway.engine.ambulance.loads import DayLoad, day_load
from clearway.engine.ambulance.policies import advice_policy, forecast_policy
from clearway.engine.ambulance.ranking import Picture, picture, rank, with_one_more
from clearway.engine.ambulance.rulebook import Rulebook
from clearway.engine.ambulance.travel import PLAIN, Network

from . import luck
from .demand import Call

DAY, MINUTE = 86_400.0, 60.0
MOST_EXTRA = 20.0  # minutes of driving beyond the nearest, as far as any policy looks
ADULT_AGE = 16
SPECIAL = (Cover.STROKE, Cover.STEMI, Cover.MAJOR_TRAUMA, Cover.MATERNITY)
KEPT = 1.5 * DAY  # that what was told is remembered: a day, and the longest that a crew waits
SITES_AT_MOST = 1 << 12
IS_UNDER_WAY = np.array([state in (JobState.ON_SCENE, JobState.CONVEYING) for state in JOB_STATES])
COMMITTED = [JOB_STATES.index(state) for state in (JobState.CONVEYING, JobState.ARRIVED, JobState.QUEUING)]


@dataclass(frozen=True, slots=True)
class Question:
    """One crew on scene with one patient.

    key           of its assignment
    destinations  departments that may take this patient
    at            now, seconds since 1970
    news2         as the crew scored it, None where nobody did; home  where the crew is stationed, if known
    """

    key: str
    call: Call
    destinations: Destinations
    latitude: float
    longitude: float
    at: float
    news2: int | None = None
    home: Point | None = None

    @property
    def case(self) -> Case:
        """The same question as a desk puts it to the engine."""
        return Case(
            key=self.key,
            position=Point(self.latitude, self.longitude),
            ready_at=self.at,
            age=self.call.age,
            news2=self.news2,
            category=self.call.category,
            vehicle=ResourceKind.DCA,
            home=self.home,
        )


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


class Told:
    """Where crews were told to go: what a desk knows besides its feeds, as it keeps accepted advice."""

    def __init__(self) -> None:
        self._way: dict[str, int] = {}  # rows of where to and of the nearest, as one number
        self._when: deque[tuple[float, str]] = deque()

    def tell(self, key: str, to: int, nearest: int, at: float) -> None:
        """A crew goes to a site, by its row, and perhaps past its nearest."""
        self._way[key] = to * SITES_AT_MOST + nearest
        self._when.append((at, key))
        while self._when[0][0] < at - KEPT:
            self._way.pop(self._when.popleft()[1], None)

    def added_to(self, situation: Situation) -> Situation:
        """The situation with where crews go and what they went past, whatever a recorded day has of them."""
        table = situation.assignments
        ways = np.fromiter(map(self._way.get, table.key, repeat(UNKNOWN)), np.int32, len(table.key))
        known = ways != UNKNOWN
        to, nearest = ways // SITES_AT_MOST, ways % SITES_AT_MOST
        site = np.where(known, to, table.site)
        bound = np.where(known, np.where(IS_UNDER_WAY[table.state], to, UNKNOWN), table.bound)
        passed = np.where(known, np.where(nearest != to, nearest, UNKNOWN), table.passed)
        for column in (site, bound, passed):
            column.setflags(write=False)
        return replace(situation, assignments=replace(table, site=site, bound=bound, passed=passed))


class Advised:
    """The production engine: forecast, filter and rank under the region's policies, without the words.

    As a desk on its first day: no record of past forecasts chooses a hospital's method or widens its spread.
    forecaster  instead of the production forecast, for the oracle
    """

    def __init__(
        self, region: Region, network: Network = PLAIN, forecaster: Forecaster | None = None
    ) -> None:
        self._rules = rulebook_of(region)
        self._network, self._forecaster = network, forecaster
        self._advice = advice_policy(region.policy_values)
        self._forecast = forecast_policy(region.policy_values)
        self._special = special_share(region)
        self._last: Situation | None = None
        self._seen: Picture | None = None
        self._told = Told()
        # Who was sent where since the picture: to, past and when they arrive
        self._untold: list[tuple[int, int, float]] = []

    def __call__(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        near, far = nearest(situation, question), self._advice.eligibility.most_extra > MOST_EXTRA
        if (len(near) == 1 and not far) or is_bound(question.call, self._special):
            return (self._took(near[0], near[0].row, question),)
        seen, places = self._picture(situation, question), self._rules.places
        journeys = self._network.journeys(question.latitude, question.longitude, places, at=question.at)
        ranking = rank(question.case, seen, journeys)
        code = places.code[ranking.chosen] if ranking.chosen >= 0 else ""
        if code not in question.destinations.codes:
            return (self._took(near[0], near[0].row, question),)
        choice = Choice(int(seen.site[ranking.chosen]), code, float(ranking.travel[ranking.chosen]))
        return (self._took(choice, int(seen.site[ranking.nearest]), question),)

    def _took(self, choice: Choice, past: int, question: Question) -> Choice:
        """A crew goes there: the next one is told so, before the next picture shows it."""
        self._told.tell(question.key, choice.row, past, question.at)
        if self._forecaster is None:
            self._untold.append((choice.row, past, question.at + choice.minutes * MINUTE))
        return choice

    def _picture(self, situation: Situation, question: Question) -> Picture:
        if self._forecaster is not None:
            made = self._forecaster(situation, question)
            return picture(self._told.added_to(situation), made, self._rules, self._advice)
        if self._seen is None or situation is not self._last:
            told = self._told.added_to(situation)
            made = forecast(told, self._forecast, network=self._network, explained=False)
            self._last, self._seen = situation, picture(told, made, self._rules, self._advice)
        elif self._untold:
            site = self._seen.site.tolist()
            for row, past, arrival in self._untold:
                self._seen = with_one_more(self._seen, site.index(row), site.index(past), arrival)
        self._untold.clear()
        return self._seen


class Within:
    """Another policy inside the filter and the bound of the engine, so that it may move whom the advice may.

    Nobody goes where the engine's filter bars a place: a C1 or a high NEWS2 goes to the nearest that can
    treat, a limit of driving holds for the ill. Past the nearest they go only to who has agreed to it.
    """

    def __init__(self, policy: Policy, region: Region, network: Network = PLAIN) -> None:
        self._policy, self._rules, self._network = policy, rulebook_of(region), network
        self._limits = advice_policy(region.policy_values).eligibility
        self._special = special_share(region)
        self._last: Situation | None = None
        self._day: DayLoad | None = None
        self._told = Told()

    def __call__(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        near = nearest(situation, question)
        usual, day, row_of = near[0], self._loads(situation), self._rules.row_of
        stays = len(near) == 1 or is_bound(question.call, self._special)
        ranked = (usual,) if stays else self._allowed(situation, question)
        room = (each for each in ranked if each.code == usual.code or day.spare[row_of[each.code]] >= 1)
        chosen = next(room, usual)
        self._told.tell(question.key, chosen.row, usual.row, question.at)
        self._day = day.with_one(row_of[chosen.code], row_of[usual.code])
        if isinstance(self._policy, Capped):
            self._policy.took(chosen, question)
        return (chosen,)

    def _allowed(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        """What the policy would choose, in its order, less what the engine bars for this patient."""
        places = self._rules.places
        drive = self._network.journeys(question.latitude, question.longitude, places, at=question.at)
        filtered = eligible(question.case, situation, drive.minutes[0], self._rules, self._limits)
        barred = {places.code[row] for row in np.flatnonzero(filtered.bar)}
        return tuple(each for each in self._policy(situation, question) if each.code not in barred)

    def _loads(self, situation: Situation) -> DayLoad:
        if self._day is None or situation is not self._last:
            told, codes = self._told.added_to(situation), self._rules.places.code
            site = np.array([situation.sites.code.index(code) for code in codes], dtype=np.int64)
            limits = self._limits
            self._last = situation
            self._day = day_load(told, site, self._rules, limits.others_share, limits.usual_a_day)
        return self._day


def special_share(region: Region) -> float:
    """The share of adults whom a rule for a special need binds, as the policy `diverts` counts them."""
    covered = forecast_policy(region.policy_values).covered_share
    return sum(covered.get(each, 0.0) for each in SPECIAL)


def is_bound(call: Call, special: float) -> bool:
    """A child, or an adult with a special need: the rules choose, and here no policy moves them.

    Whose need is special comes from the call's own key, so it is the same patients under every policy.
    """
    return call.age < ADULT_AGE or share_of("special need", call.key) < special


def rulebook_of(region: Region) -> Rulebook:
    """The departments and clinical rules of a region, without alternatives."""
    departments = region.sites_of(SiteKind.EMERGENCY_DEPARTMENT)
    policies = [each for each in region.policies if each.name != DIRECTORY]
    return Rulebook.of(departments, policies, region.timezone)


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
