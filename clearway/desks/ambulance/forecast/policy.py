"""The policies handover_forecast and early_warning as the values that the engine takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clearway.engine.ambulance.forecast import ForecastPolicy
from clearway.engine.ambulance.policies import DIVERTS, FORECAST, FRESHNESS, forecast_policy, known
from clearway.engine.ambulance.warning import Limit, WarningPolicy

WARNING = "early_warning"
NAMES = (FORECAST, WARNING, FRESHNESS, DIVERTS)


@dataclass(frozen=True, slots=True)
class ScorePolicy:
    """How forecasts are kept and judged (policy handover_forecast).

    every_minutes   between two that are kept
    window_days     that the judgement looks back
    least           vehicles before a site is judged at all
    margin          by which part a simple forecast must be better before it advises
    history_days    that "same hour of week" looks back
    """

    every_minutes: float = 10
    window_days: float = 14
    least: int = 200
    margin: float = 0.03
    history_days: float = 56


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything the forecast needs of the trust's policies."""

    forecast: ForecastPolicy = field(default_factory=ForecastPolicy)
    warning: WarningPolicy = field(default_factory=WarningPolicy)
    score: ScorePolicy = field(default_factory=ScorePolicy)


def policies_from(values: Mapping[str, Mapping[str, Any]]) -> Policies:
    """The policies from their values by name; what one does not name keeps its default."""
    warned = dict(values.get(WARNING, {}))
    if "limits" in warned:
        warned["limits"] = tuple(Limit(**known(Limit, each)) for each in warned["limits"])
    return Policies(
        forecast=forecast_policy(values),
        warning=WarningPolicy(**known(WarningPolicy, warned)),
        score=ScorePolicy(**known(ScorePolicy, values.get(FORECAST, {}))),
    )
