"""Policy `barriers`: how far help is fetched, and which skills a crew needs one of."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies

NAME = "barriers"


@dataclass(frozen=True, slots=True)
class BarrierPolicy:
    """farthest  minutes of driving beyond which nothing is proposed; leads  skills of which a crew of two
    needs one; history_days  that the figures of how long barriers lasted look back. Raises ValueError."""

    farthest: float = 60
    leads: tuple[str, ...] = ("paramedic",)
    history_days: float = 28

    def __post_init__(self) -> None:
        if self.farthest <= 0 or self.history_days <= 0:
            raise ValueError("farthest and history_days are above 0")


def barriers(organisation_id: int, at: datetime) -> BarrierPolicy:
    """The policy in force on the local day of `at`, the defaults where the trust has none; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> BarrierPolicy:
    """The policy from its values; what they do not name keeps its default. Raises TypeError or ValueError."""
    known = {each.name for each in fields(BarrierPolicy)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"{unknown[0]} is none of {', '.join(sorted(known))}")
    leads = values.get("leads", BarrierPolicy().leads)
    if isinstance(leads, str) or not all(isinstance(each, str) for each in leads):
        raise TypeError(f"leads is a list of skills, not {leads!r}")
    return BarrierPolicy(**{**values, "leads": tuple(leads)})
