"""Policy `barriers`: how far help is fetched, and which skills a crew needs one of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies

NAME = "barriers"


@dataclass(frozen=True, slots=True)
class BarrierPolicy:
    farthest: float = 60
    leads: tuple[str, ...] = ("paramedic",)
    history_days: float = 28


def barriers(organisation_id: int, at: datetime) -> BarrierPolicy:
    """The policy in force on the local day of `at`, the defaults where the trust has none; one query."""
    values = policies(organisation_id, [NAME], local(at).date()).get(NAME, {})
    chosen: dict[str, Any] = {name: values[name] for name in ("farthest", "history_days") if name in values}
    if "leads" in values:
        chosen["leads"] = tuple(values["leads"])
    return BarrierPolicy(**chosen)
