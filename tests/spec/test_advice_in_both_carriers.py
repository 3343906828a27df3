"""One engine, two carriers: desk and simulator give equal advice for one situation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from clearway.config.regions import find
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance import situation
from clearway.desks.ambulance.advice import reading
from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import Category, Need
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import SiteKind
from clearway.engine.ambulance.advice import Advice, advise, journeys_of
from clearway.engine.ambulance.conveyance import Destinations
from clearway.engine.ambulance.forecast import forecast
from clearway.engine.ambulance.policies import advice_policy, forecast_policy
from clearway.engine.ambulance.rulebook import Rulebook
from clearway.engine.ambulance.travel import Network
from clearway.interchange.region_pack import parse
from clearway.simulation.ambulance import luck
from clearway.simulation.ambulance.demand import Call
from clearway.simulation.ambulance.policies import Advised, Question, is_bound, special_share
from clearway.simulation.ambulance.world import World
from tests.database.conftest import at, deliver

pytestmark = pytest.mark.django_db
REGION = parse(find("test-valley"))
CASES = {
    "an adult": {"age": 60, "news2": 2},
    "a stroke": {"age": 60, "news2": 2, "needs": frozenset({Need.STROKE})},
    "a child": {"age": 6, "news2": 1},
    "a minor injury": {"age": 30, "news2": 0, "needs": frozenset({Need.MINOR})},
    "sepsis": {"age": 80, "news2": 9, "needs": frozenset({Need.SEPSIS})},
}


def as_simulated(seen: Situation, live: Situation) -> Situation:
    """The simulated situation, with what does not come from these events: sources, reports, positions."""
    return blind(replace(seen, feeds=live.feeds, reports=live.reports))


def blind(seen: Situation) -> Situation:
    nowhere = np.full(len(seen.resources.call_sign), np.nan)
    return replace(
        seen,
        resources=replace(seen.resources, latitude=nowhere, longitude=nowhere, position_at=nowhere),
    )


def by_the_simulator(seen: Situation, case: Case) -> Advice:
    """As a policy of the simulated world would ask: from the region pack alone, without a database."""
    rules = Rulebook.of_region(REGION)
    policy = advice_policy(REGION.policy_values)
    waits = forecast(seen, forecast_policy(REGION.policy_values))
    return advise(case, seen, waits, journeys_of([case], Network.plain(), seen, rules, policy), rules, policy)


@pytest.mark.parametrize("said", CASES.values(), ids=CASES)
def test_desk_and_simulator_give_equal_advice(
    said: dict[str, object], valley: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    Source.objects.filter(pk=cad.pk).update(knows=["destination", "handover"])
    monkeypatch.setattr(reading, "network", lambda places: Network.plain())
    start = datetime(2026, 11, 20, 6, tzinfo=UTC)
    world = World(REGION, "busy", seed=1, start=start)
    now = start + timedelta(hours=7)
    deliver(cad, world.advance(now), known=(now - at(0)).total_seconds() / 60)
    live = situation.read(valley.pk, now)
    case = Case("1/A1", Point(52.28, -1.58), now.timestamp(), "A1", **said)  # type: ignore[arg-type]

    desk = reading.read(valley.pk, now, blind(live)).advise(case)
    simulated = by_the_simulator(as_simulated(world.situation(now), live), case)

    assert desk == simulated, (desk.why, simulated.why)
    assert desk.verdict != "abstained" or not desk.chosen  # nothing is stale; a stroke unit is not confirmed
    assert desk.options


SCENES = [(52.28, -1.58), (52.19, -1.71), (52.41, -1.51), (52.30, -1.94), (52.48, -1.47)]
QUESTIONS = [
    (category, news2, scene)
    for category in (Category.C1, Category.C2, Category.C3)
    for news2 in (2, 5, 7)
    for scene in SCENES
]


def question(
    number: int, category: Category, news2: int, scene: tuple[float, float], now: datetime
) -> Question:
    """One that the rules leave open: an adult without a special need."""
    named = (f"{number}-{turn}" for turn in range(100))
    calls = (
        Call(key, now.timestamp(), category, *scene, "", "", 60, "", False, True, False, (0.0,) * luck.PLACES)
        for key in named
    )
    call = next(each for each in calls if not is_bound(each, special_share(REGION)))
    among = Destinations.among(REGION.sites_of(SiteKind.EMERGENCY_DEPARTMENT), REGION.timezone)
    home = REGION.sites_of(SiteKind.STATION)[number % 2]
    return Question(
        *(f"{call.key}/1", call, among, *scene, now.timestamp()), news2, Point(home.latitude, home.longitude)
    )


def test_the_simulated_policy_goes_where_the_desk_advises(
    valley: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    Source.objects.filter(pk=cad.pk).update(knows=["destination", "handover"])
    monkeypatch.setattr(reading, "network", lambda places: Network.plain())
    start = datetime(2026, 11, 20, 6, tzinfo=UTC)
    world = World(REGION, "busy", seed=1, start=start)
    now = start + timedelta(hours=7)
    deliver(cad, world.advance(now), known=(now - at(0)).total_seconds() / 60)
    live = situation.read(valley.pk, now)
    simulated, desk = as_simulated(world.situation(now), live), reading.read(valley.pk, now, blind(live))
    went = set()

    for number, asked in enumerate(QUESTIONS):
        put = question(number, *asked, now)
        advice = desk.advise(put.case)
        chosen = Advised(REGION)(simulated, put)[0]

        assert chosen.code == advice.chosen, (asked, advice.why)
        went.add((chosen.code, advice.verdict))

    assert len(went) > 1, went
