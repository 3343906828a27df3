"""Policies `cover` and `standby` as the engine takes them."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.engine.ambulance.cover import CoverPolicy
from clearway.engine.ambulance.standby import StandbyPolicy

NAME, STANDBY = "cover", "standby"


def cover(organisation_id: int, at: datetime) -> CoverPolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> CoverPolicy:
    """The policy from its values; what they do not name keeps its default. Raises TypeError or ValueError."""
    known = {each.name for each in fields(CoverPolicy)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"{unknown[0]} is none of {', '.join(sorted(known))}")
    chosen = dict(values)
    if "hourly" in chosen:
        chosen["hourly"] = tuple(chosen["hourly"])
    return CoverPolicy(**chosen)


def standby(organisation_id: int, at: datetime) -> StandbyPolicy:
    """The policy in force on the local day of `at`; one query."""
    return standby_made(policies(organisation_id, [STANDBY], local(at).date()).get(STANDBY, {}))


def standby_made(values: Mapping[str, Any]) -> StandbyPolicy:
    """The policy from its values; what they do not name keeps its default. Raises TypeError or ValueError."""
    known = {each.name for each in fields(StandbyPolicy)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"{unknown[0]} is none of {', '.join(sorted(known))}")
    points = values.get("points", ())
    if isinstance(points, str) or not all(isinstance(each, str) for each in points):
        raise TypeError(f"points is a list of codes of sites, not {points!r}")
    return StandbyPolicy(**{**values, "points": tuple(points)})
