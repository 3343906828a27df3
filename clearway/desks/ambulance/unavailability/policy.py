"""Policy `unavailability` as the domain takes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.unavailability import UNKNOWN, Reason, UnavailabilityPolicy

NAME = "unavailability"
NOBODY_SAID = Reason(UNKNOWN, UNKNOWN, "No reason that is known", 15, "What is the reason?")


def unavailability(organisation_id: int, at: datetime) -> UnavailabilityPolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> UnavailabilityPolicy:
    """The policy from its values. Raises KeyError or TypeError where a reason is not whole."""
    reasons = {
        row["code"]: Reason(**{**row, "minutes": row.get("minutes"), "heard": tuple(row.get("heard", ()))})
        for row in values.get("reasons", ())
    }
    unknown = NOBODY_SAID
    if "unknown_minutes" in values:
        unknown = Reason(UNKNOWN, UNKNOWN, unknown.says, values["unknown_minutes"], unknown.ask)
    more = {name: values[name] for name in ("nearly", "escalate") if name in values}
    return UnavailabilityPolicy(reasons=reasons, unknown=unknown, **more)
