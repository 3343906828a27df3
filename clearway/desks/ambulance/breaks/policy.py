"""Policy `meal_breaks` as the domain and the engine take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.breaks import BreakPolicy, Entitled, Interrupted, Shifts
from clearway.engine.ambulance.breaks import PlanPolicy

NAME = "meal_breaks"


@dataclass(frozen=True, slots=True)
class MealBreaks:
    """The policy whole. Minutes.

    grace        after a planned beginning, until it counts as missed
    guard        before a planned beginning, in which only `guarded` categories are to be sent
    job_minutes  what a crew typically needs for each part of a job, to say when it will be free
    """

    rules: BreakPolicy = field(default_factory=BreakPolicy)
    plan: PlanPolicy = field(default_factory=PlanPolicy)
    grace: float = 10
    guard: float = 30
    guarded: tuple[str, ...] = ("C1", "C2")
    missed: str = ""
    job_minutes: Mapping[str, float] = field(default_factory=dict)


def meal_breaks(organisation_id: int, at: datetime) -> MealBreaks:
    """The policy in force on the local day of `at`; one query. Without one nobody is entitled to anything."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> MealBreaks:
    """The policy from its values. Raises ValueError or TypeError where a value is none of its kind."""
    rules = BreakPolicy(
        entitlements=tuple(
            Shifts(row["hours"], tuple(Entitled(**each) for each in row["breaks"]))
            for row in values.get("entitlements", ())
        ),
        interrupted=Interrupted(values.get("interrupted", Interrupted.REST)),
        **_only(values, ("protected", "closes_before", "counts_from")),
    )
    plan = PlanPolicy(**_only(values.get("plan", {}), tuple(each.name for each in fields(PlanPolicy))))
    more = _only(values, ("grace", "guard", "missed", "job_minutes"))
    if "guarded" in values:
        more["guarded"] = tuple(values["guarded"])
    return MealBreaks(rules=rules, plan=plan, **more)


def _only(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
