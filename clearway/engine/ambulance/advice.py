"""Conveyance advice: the ranked places with their minutes and reasons, as people and machines read them.

Advice and never an order: the treating clinician decides. What cannot be said is not said: with stale inputs
or a difference that is noise the answer is the nearest appropriate department, and it says so.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.situation import JOB_STATES, UNKNOWN, Situation
from clearway.domain.ambulance.words import JobState

from .advice_values import Advice, Exclusion, Input, Option, Part
from .advice_words import explain
from .forecast import Forecast
from .ranking import (
    AdvicePolicy,
    Verdict,
    blue_light,
    picture,
    rank,
)
from .ranking_together import rank_together
from .rulebook import Rulebook
from .travel import Journeys, Network

CLEAR = JOB_STATES.index(JobState.CLEAR)

__all__ = [
    "Advice",
    "AdvicePolicy",
    "Exclusion",
    "Input",
    "Option",
    "Part",
    "Verdict",
    "advise",
    "advise_among",
    "advise_together",
    "blue_light",
    "explain",
    "journeys_of",
    "leave_out",
]


def advise(
    case: Case,
    situation: Situation,
    forecast: Forecast,
    journeys: Journeys,
    rules: Rulebook,
    policy: AdvicePolicy,
) -> Advice:
    """The advice for one case.

    journeys  one row of minutes to every place of the rulebook (see journeys_of)
    """
    seen = picture(situation, forecast, rules, policy)
    return explain(rank(case, seen, journeys), seen, journeys)


def advise_together(
    cases: Sequence[Case],
    situation: Situation,
    forecast: Forecast,
    journeys: Journeys,
    rules: Rulebook,
    policy: AdvicePolicy,
) -> tuple[Advice, ...]:
    """The advice for several crews at once, each with the others in mind. Row i of journeys is case i's."""
    seen = picture(situation, forecast, rules, policy)
    ranked = rank_together(cases, seen, journeys)
    return tuple(explain(each, seen, journeys, row) for row, each in enumerate(ranked))


def advise_among(
    row: int,
    cases: Sequence[Case],
    situation: Situation,
    forecast: Forecast,
    journeys: Journeys,
    rules: Rulebook,
    policy: AdvicePolicy,
) -> Advice:
    """The advice for case `row` of several: what advise_together says of it, without words for the others."""
    seen = picture(situation, forecast, rules, policy)
    return explain(rank_together(cases, seen, journeys)[row], seen, journeys, row)


def journeys_of(
    cases: Sequence[Case],
    network: Network,
    situation: Situation,
    rules: Rulebook,
    policy: AdvicePolicy,
) -> Journeys:
    """Minutes from each case to every place of the rulebook, at the speed that the case travels."""
    shares = [blue_light(case, rules, policy) for case in cases]
    leaves = min((case.ready_at for case in cases), default=situation.at)
    plain = network.journeys(
        np.array([case.position.latitude for case in cases]),
        np.array([case.position.longitude for case in cases]),
        rules.places,
        at=max(leaves, situation.at),
        disruptions=situation.disruptions,
    )
    if all(share == 1.0 for share in shares):
        return plain
    share = np.array(shares)[:, None]
    return Journeys(
        minutes=plain.minutes * share,
        error=plain.error * share,
        source=plain.source,
        as_of=plain.as_of,
        estimated_penalty=plain.estimated_penalty * share,
    )


def leave_out(situation: Situation, key: str) -> Situation:
    """The situation as the others make it: without what this assignment itself is going to add anywhere.

    Else a crew that asks again would find its own place busier by its own coming, and be sent elsewhere.
    """
    if key not in situation.assignments.key:
        return situation
    row = situation.assignments.key.index(key)
    table = situation.assignments
    state, site = table.state.copy(), table.site.copy()
    bound, passed = table.bound.copy(), table.passed.copy()
    state[row], site[row], bound[row], passed[row] = CLEAR, UNKNOWN, UNKNOWN, UNKNOWN
    for column in (state, site, bound, passed):
        column.setflags(write=False)
    without = replace(table, state=state, site=site, bound=bound, passed=passed)
    return replace(situation, assignments=without)
