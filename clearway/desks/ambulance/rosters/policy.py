"""Policy `rosters` as the domain takes it."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.rosters import AttendancePolicy

NAME = "rosters"


def attendance(organisation_id: int, at: datetime) -> AttendancePolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> AttendancePolicy:
    """The policy from its values; what they do not name keeps its default. Raises TypeError or ValueError."""
    known = {each.name for each in fields(AttendancePolicy)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"{unknown[0]} is none of {', '.join(sorted(known))}")
    return AttendancePolicy(**values)
