"""Everything that one asking for advice reads: situation, forecast, rules, policy, roads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from clearway.core.layout.times import local
from clearway.core.live.kept import Kept, Part
from clearway.core.organisation.models import PolicyVersion
from clearway.core.organisation.queries import policies, policy_rows, site_rows
from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.situation import Situation
from clearway.engine.ambulance.advice import (
    Advice,
    advise,
    advise_among,
    advise_together,
    journeys_of,
    leave_out,
)
from clearway.engine.ambulance.forecast import Forecast, ForecastPolicy, History, forecast
from clearway.engine.ambulance.policies import ADVICE as POLICY
from clearway.engine.ambulance.policies import ByName, advice_policy
from clearway.engine.ambulance.ranking import AdvicePolicy, picture
from clearway.engine.ambulance.rulebook import Rulebook
from clearway.engine.ambulance.travel import Journeys, Network

from .. import situation as situations
from ..destinations.queries import BEGINNINGS, places_of
from ..forecast import queries as forecasts
from ..forecast.policy import NAMES, policies_from
from ..travel.network import network
from . import queries


@dataclass(frozen=True, slots=True)
class DeskAdvice:
    """What the desk needs of the policy besides the engine's part. Minutes.

    asked_after  on scene, from when a crew is listed as about to leave
    asked_after_c1  the same for a C1: it leaves soonest
    leaves_after_c1  typical minutes on scene with a C1; of all others those of the forecast
    silence      until an advice that nobody acknowledged is a task
    turn         what a new answer must save before a crew on its way is turned
    page_hours   that the page of a crew is valid: a shift and its overrun
    at_once      how many suggestions may be accepted in one action: more of them nobody has looked at
    """

    engine: AdvicePolicy
    asked_after: float = 20
    asked_after_c1: float = 0
    leaves_after_c1: float = 20
    silence: float = 5
    turn: float = 15
    at_once: int = 6
    page_hours: float = 14


@dataclass(frozen=True, slots=True)
class Reading:
    """One instant, ready to be asked."""

    organisation_id: int
    at: datetime
    situation: Situation
    forecasting: ForecastPolicy
    history: History | None
    rules: Rulebook
    policy: DeskAdvice
    network: Network

    def forecast(self, key: str = "") -> Forecast:
        """The waits as everybody but this assignment makes them."""
        return forecast(leave_out(self.situation, key), self.forecasting, self.history, self.network)

    @property
    def cannot(self) -> str:
        """Why nothing can be ranked now, "" if it can."""
        return picture(self.situation, self.forecast(), self.rules, self.policy.engine).cannot

    def for_who_is_on_the_way(self, hysteresis: float) -> AdvicePolicy:
        """The engine's policy for crews that have chosen: none is turned to an alternative not yet rung."""
        engine = self.policy.engine
        eligibility = replace(engine.eligibility, alternatives=False)
        return replace(engine, eligibility=eligibility, hysteresis=hysteresis)

    def advise(self, case: Case, policy: AdvicePolicy | None = None) -> Advice:
        """The advice for one case, as the engine gives it."""
        chosen = policy or self.policy.engine
        seen = leave_out(self.situation, case.key)
        legs = journeys_of([case], self.network, seen, self.rules, chosen)
        return advise(case, seen, self.forecast(case.key), legs, self.rules, chosen)

    def advise_together(self, cases: Sequence[Case], policy: AdvicePolicy) -> tuple[Advice, ...]:
        """The advice for several cases, each with the others in mind."""
        seen, waits, legs = self._without(cases, policy)
        return advise_together(cases, seen, waits, legs, self.rules, policy)

    def advise_among(self, row: int, cases: Sequence[Case], policy: AdvicePolicy) -> Advice:
        """The advice for one of several cases, as advise_together gives it."""
        seen, waits, legs = self._without(cases, policy)
        return advise_among(row, cases, seen, waits, legs, self.rules, policy)

    def _without(self, cases: Sequence[Case], policy: AdvicePolicy) -> tuple[Situation, Forecast, Journeys]:
        """The situation and the waits as all but these cases make them, and the way of each."""
        seen = reduce(leave_out, (case.key for case in cases), self.situation)
        waits = forecast(seen, self.forecasting, self.history, self.network)
        return seen, waits, journeys_of(cases, self.network, seen, self.rules, policy)


def read(organisation_id: int, at: datetime, situation: Situation | None = None) -> Reading:
    """What advice rests on at an instant. A fixed number of queries, whatever the size of the region.

    situation  that of the instant, where the caller has read it already
    """
    settled = _SETTLED.read(organisation_id, at)
    rules, policy = settled["rules"], settled["policy"]
    seen = situation or situations.read(organisation_id, at)
    if rules.places.alternatives_confirmed:
        longest = max(queries.HOUR, timedelta(minutes=policy.engine.eligibility.full_for))
        seen = replace(seen, answers=queries.answers(organisation_id, at, at - longest))
    return Reading(
        organisation_id=organisation_id,
        at=at,
        situation=seen,
        forecasting=settled["forecasting"],
        history=forecasts.history_of(settled["records"], seen.sites.code),
        rules=rules,
        policy=policy,
        network=network(rules.places),
    )


def _policies(organisation_id: int, at: datetime) -> dict[str, dict[str, Any]]:
    return policies(organisation_id, NAMED, local(at).date())


def _policy_rows(organisation_id: int, at: datetime) -> QuerySet[PolicyVersion]:
    return policy_rows(organisation_id, NAMED, local(at).date())


def _rule_rows(organisation_id: int, at: datetime) -> QuerySet[PolicyVersion]:
    begins = reduce(or_, (Q(name__startswith=beginning) for beginning in BEGINNINGS))
    return PolicyVersion.objects.filter(
        begins, organisation_id=organisation_id, valid_from__lte=local(at).date()
    )


NAMED = (POLICY, *NAMES)
# What seldom changes, asked for with one query.
_SETTLED = Kept(
    {
        "policy": Part(lambda key, at: desk_advice(_policies(key, at)), [_policy_rows]),
        "forecasting": Part(lambda key, at: policies_from(_policies(key, at)).forecast, [_policy_rows]),
        "records": Part(lambda key, at: forecasts.records(key), [lambda key, at: forecasts.record_rows(key)]),
        "rules": Part(
            lambda key, at: rulebook(key, local(at).date()), [lambda key, at: site_rows(key), _rule_rows]
        ),
    }
)


def desk_advice(values: ByName) -> DeskAdvice:
    """The policy as the engine and the desk take it; what it does not say keeps its default."""
    mine = values.get(POLICY, {})
    said = {
        "asked_after": "asked_after",
        "asked_after_c1": "asked_after_c1",
        "leaves_after_c1": "leaves_after_c1",
        "silence": "silence_minutes",
        "turn": "turn_minutes",
        "at_once": "accepted_at_once",
        "page_hours": "crew_page_hours",
    }
    given = {name: mine[word] for name, word in said.items() if word in mine}
    return DeskAdvice(advice_policy(values), **given)


def rulebook(organisation_id: int, on: date) -> Rulebook:
    """The rules and places of a trust as they are valid on a day; built anew only when one has changed."""
    return _rulebook(organisation_id, on, _fingerprint(organisation_id))


def _fingerprint(organisation_id: int) -> tuple[Any, ...]:
    """Changes whenever a site or a policy does. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT md5(string_agg(s::text, '|' ORDER BY id)) FROM core_site s"
            " WHERE organisation_id = %s),"
            " (SELECT max(id) FROM core_policyversion WHERE organisation_id = %s)",
            [organisation_id, organisation_id],
        )
        return tuple(cursor.fetchone() or ())


@lru_cache(maxsize=16)
def _rulebook(organisation_id: int, on: date, _fingerprint: tuple[Any, ...]) -> Rulebook:
    return Rulebook.of(*places_of(organisation_id, on))
