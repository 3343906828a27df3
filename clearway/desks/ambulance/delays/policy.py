"""Policies `on_scene` and `wrap_up` as the domain takes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.delays import Constraint, Norm, Outcome, ScenePolicy
from clearway.domain.ambulance.words import Category

ON_SCENE, WRAP_UP = "on_scene", "wrap_up"
NAMES = (ON_SCENE, WRAP_UP)
_PLAIN = (
    *("prompt", "time_critical", "critical_stack", "stack_other", "escalate_after"),
    *("without_norm", "answer", "next_report", "backup_prompt", "backup_escalate", "history_days", "least"),
)


@dataclass(frozen=True, slots=True)
class Delays:
    """Both policies. limit, escalate  minutes of a wrap-up, and after that until the officer is told."""

    scene: ScenePolicy = field(default_factory=ScenePolicy)
    limit: float = 15
    escalate: float = 15


def delays(organisation_id: int, at: datetime) -> Delays:
    """The policies in force on the local day of `at`; one query."""
    return made(policies(organisation_id, NAMES, local(at).date()))


def made(values: Mapping[str, Mapping[str, Any]]) -> Delays:
    """The policies from their values. Raises KeyError, TypeError or ValueError where one is not whole."""
    wrap_up = values.get(WRAP_UP, {})
    return Delays(
        _scene(values.get(ON_SCENE, {})), wrap_up.get("limit_minutes", 15), wrap_up.get("escalate_after", 15)
    )


def _scene(values: Mapping[str, Any]) -> ScenePolicy:
    return ScenePolicy(
        **{name: values[name] for name in _PLAIN if name in values},
        critical_needs=frozenset(values.get("critical_needs", ())),
        stack={Category(name): minutes for name, minutes in values.get("stack", {}).items()},
        seeded={
            (Category(row["category"]), Outcome(row["outcome"])): Norm(
                row["middle"], row["ninety"], row["ninety_nine"]
            )
            for row in values.get("norms", ())
        },
        constraints=tuple(Constraint(**row) for row in values.get("constraints", ())),
    )
