"""Policy `cover` as the engine takes it."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.engine.ambulance.cover import CoverPolicy

NAME = "cover"


def cover(organisation_id: int, at: datetime) -> CoverPolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> CoverPolicy:
    """The policy from its values; what they do not name keeps its default."""
    known = {each.name for each in fields(CoverPolicy)}
    chosen = {name: value for name, value in values.items() if name in known}
    if "hourly" in chosen:
        chosen["hourly"] = tuple(chosen["hourly"])
    return CoverPolicy(**chosen)
