"""Policy `command` as the domain takes it."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.command import CommandPolicy, Occasion, Point, Standard
from clearway.domain.ambulance.meeting import PackPolicy, Unit
from clearway.domain.ambulance.words import Category

NAME, STANDARDS = "command", "response_standards"


def command_policy(organisation_id: int, at: datetime) -> CommandPolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def standards(values: Mapping[str, Any]) -> dict[Category, Standard]:
    """Policy `response_standards`: the standards of the categories that have any. Raises ValueError or
    TypeError where one is not whole."""
    return {Category(category): Standard(**limits) for category, limits in values.items()}


def made(values: Mapping[str, Any]) -> CommandPolicy:
    """The policy from its values; the defaults where the trust has none. Raises KeyError, TypeError or
    ValueError where one is not whole."""
    found: dict[str, Any] = {}
    if "shift_changes" in values:
        found["shift_changes"] = tuple(time.fromisoformat(each) for each in values["shift_changes"])
    if "sitrep_hours" in values:
        found["every"] = timedelta(hours=values["sitrep_hours"])
    if "sitrep_on" in values:
        found["on"] = frozenset(Occasion(each) for each in values["sitrep_on"])
    for name in ("give", "accept"):
        if f"{name}_minutes" in values:
            found[name] = timedelta(minutes=values[f"{name}_minutes"])
    agenda = tuple(Point(**{**row, "parts": tuple(row.get("parts", ()))}) for row in values.get("agenda", ()))
    return CommandPolicy(**found, agenda=agenda, packs=_packs(values))


def _packs(values: Mapping[str, Any]) -> PackPolicy:
    found: dict[str, Any] = {
        name: values[f"pack_{name}"] for name in ("days", "weeks") if f"pack_{name}" in values
    }
    if "packs" in values:
        found["units"] = tuple(Unit(each) for each in values["packs"])
    if "pack_after" in values:
        found["after"] = time.fromisoformat(values["pack_after"])
    return PackPolicy(**found)
