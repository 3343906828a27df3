"""A trust's policies as the values that forecast and advice take: one reader for desk and simulator."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from clearway.domain.shared.freshness import FreshnessPolicy

from .eligibility import EligibilityPolicy
from .forecast import ForecastPolicy
from .ranking import AdvicePolicy, Weights

ADVICE, FORECAST = "conveyance_advice", "handover_forecast"
FRESHNESS, DIVERTS = "feed_freshness", "diverts"
ByName = Mapping[str, Mapping[str, Any]]


def forecast_policy(policies: ByName) -> ForecastPolicy:
    """The policies `handover_forecast`, `feed_freshness` and, of `diverts`, whom each cover takes in.

    What they do not name keeps its default.
    """
    named = known(ForecastPolicy, policies.get(FORECAST, {}))
    named |= _only(policies.get(DIVERTS, {}), "covered_share")
    return replace(ForecastPolicy(freshness=_freshness(policies)), **named)


def advice_policy(policies: ByName) -> AdvicePolicy:
    """The policies `conveyance_advice` and `feed_freshness`; what they do not name keeps its default."""
    values = dict(policies.get(ADVICE, {}))
    if limits := values.pop("score_limits", ()):
        values["score_limits"] = tuple((each["news2"], each["minutes"]) for each in limits)
    weights = Weights(**values.pop("weights", {}))
    bars = _only(
        values,
        "most_extra",
        "continuing_extra",
        "continuing_score",
        "score_limits",
        "child_below",
        "load_caps",
        "others_share",
        "usual_a_day",
        "full_for",
    )
    return replace(
        AdvicePolicy(weights=weights, eligibility=EligibilityPolicy(**bars), freshness=_freshness(policies)),
        **_only(
            values,
            "noise",
            "hysteresis",
            "agreed",
            "cover_km",
            "emergency_share",
            "stale_after",
            "position_stale_after",
            "likely",
        ),
    )


def known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a policy says of the fields of a dataclass; lists as tuples."""
    named = _only(values, *(each.name for each in fields(kind)))
    return {name: tuple(value) if isinstance(value, list) else value for name, value in named.items()}


def _only(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _freshness(policies: ByName) -> FreshnessPolicy:
    return FreshnessPolicy(**policies.get(FRESHNESS, {}))
