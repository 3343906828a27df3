"""Policy `concerns` as the domain takes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clearway.domain.shared.concerns import ConcernPolicy, Kind, Severity

from ..layout.times import local
from ..organisation.queries import policies

NAME = "concerns"


def concern_policy(organisation_id: int, at: datetime) -> ConcernPolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> ConcernPolicy:
    """The policy from its values. Raises TypeError where it is not whole."""
    return ConcernPolicy(
        tuple(Kind(**row) for row in values.get("kinds", ())),
        tuple(Severity(**row) for row in values.get("severities", ())),
        values.get("escalate", {}),
    )
