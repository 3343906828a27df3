"""The desk's policies as the values that the engine takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet

from clearway.core.layout.times import local
from clearway.core.organisation.models import PolicyVersion
from clearway.core.organisation.queries import policies, policy_rows
from clearway.domain.ambulance.release import ReleasePolicy
from clearway.domain.shared.freshness import FreshnessPolicy
from clearway.engine.ambulance.handovers import HandoverPolicy
from clearway.engine.ambulance.reports import ReportPolicy
from clearway.engine.ambulance.resources import ResourcePolicy

from .forecast.policy import NAMES as FORECAST_NAMES
from .forecast.policy import Policies, policies_from
from .release import policy as release

# The policies whose figures the engine takes; what a policy does not name keeps its default.
NAMES = (
    "handover_standards",
    "allocation",
    "quality_limits",
    "wrap_up",
    "handover_ladder",
    "hospital_reports",
    release.NAME,
    *FORECAST_NAMES,
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DeskPolicy:
    """What the boards need of the trust's policies."""

    handover: HandoverPolicy = field(default_factory=HandoverPolicy)
    freshness: FreshnessPolicy = field(default_factory=FreshnessPolicy)
    resources: ResourcePolicy = field(default_factory=ResourcePolicy)
    reports: ReportPolicy = field(default_factory=ReportPolicy)
    wrap_up_minutes: float = 15
    forecast: Policies = field(default_factory=Policies)
    release: ReleasePolicy = field(default_factory=ReleasePolicy)


def desk_policy(organisation_id: int, at: datetime) -> DeskPolicy:
    """The policies in force on the local day of `at`; one query."""
    return made(policies(organisation_id, NAMES, local(at).date()))


def made(values: Mapping[str, Mapping[str, Any]]) -> DeskPolicy:
    """The policies from their values by name. Raises TypeError or ValueError where one is not whole."""
    handover = dict(values.get("handover_standards", {}))
    quality = values.get("quality_limits", {})
    if "absurd_handover" in quality:
        handover["not_counted_beyond"] = quality["absurd_handover"]
    steps = values.get("handover_ladder", {}).get("steps", ())
    handover["ladder"] = tuple((step["minutes"], step["priority"]) for step in steps if "priority" in step)
    return DeskPolicy(
        handover=_made(HandoverPolicy, handover),
        freshness=_made(FreshnessPolicy, values.get("feed_freshness", {})),
        resources=_made(ResourcePolicy, values.get("allocation", {})),
        reports=report_policy(values.get("hospital_reports", {})),
        forecast=policies_from(values),
        release=release.made(values.get(release.NAME, {})),
        wrap_up_minutes=values.get("wrap_up", {}).get("limit_minutes", 15),
    )


def rows(organisation_id: int, at: datetime) -> QuerySet[PolicyVersion]:
    """The versions behind desk_policy."""
    return policy_rows(organisation_id, NAMES, local(at).date())


def report_policy(values: Mapping[str, Any]) -> ReportPolicy:
    """The policy `hospital_reports` as the engine takes it."""
    return _made(ReportPolicy, {**values, "not_asked": tuple(values.get("not_asked", ()))})


def _made(kind: type[T], values: Mapping[str, Any]) -> T:
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in values.items() if name in known})
