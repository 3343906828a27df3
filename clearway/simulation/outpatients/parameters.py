"""How an invented department behaves, read from the simulation table of its pack."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from clearway.domain.outpatients.department import Department
from clearway.domain.shared.errors import CannotParse


@dataclass(frozen=True, slots=True)
class Volume:
    """One service: referrals a week, patients on its list at the start, and shares of visits missed."""

    referrals_per_week: float
    list: int
    missed_new: float
    missed_follow_up: float


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares, each 0 to 1: of referrals, of bookings, and of attendances (regions/*/simulation.toml)."""

    urgent: float
    children: float
    interpreter: float
    communication_need: float
    mobile: float
    texts: float
    from_consultant: float
    question_missing: float
    cancelled_by_patient: float
    cancelled_by_provider: float
    cancelled_late: float
    treated_at_first: float
    discharged_at_first: float
    discharged_at_follow_up: float
    not_cashed_up: float


@dataclass(frozen=True, slots=True)
class Parameters:
    """services: volume by service code, already at the pack's scale."""

    services: Mapping[str, Volume]
    shares: Shares


def read(table: Mapping[str, Any], department: Department) -> Parameters:
    """The parameters that a pack's simulation.toml gives. Raises CannotParse with the place and the fix."""
    scale = _number(table, "scale", 0.01, 10)
    services = _table(table, "services")
    known = [service.code for service in department.services]
    if unknown := sorted(set(services) ^ set(known)):
        raise CannotParse(
            f"simulation.toml, services, field {unknown[0]}",
            "The services are not those of services.csv.",
            f"Give each of: {', '.join(known)}.",
        )
    return Parameters({code: _volume(code, _table(services, code), scale) for code in known}, _shares(table))


def _volume(code: str, row: Mapping[str, Any], scale: float) -> Volume:
    where = f"services, {code}, "
    return Volume(
        referrals_per_week=scale * _number(row, "referrals_per_week", 0, 5000, where),
        list=round(scale * _number(row, "list", 0, 50_000, where)),
        missed_new=_number(row, "missed_new", 0, 1, where),
        missed_follow_up=_number(row, "missed_follow_up", 0, 1, where),
    )


def _shares(table: Mapping[str, Any]) -> Shares:
    given = _table(table, "shares")
    return Shares(**{each.name: _number(given, each.name, 0, 1, "shares, ") for each in fields(Shares)})


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = table.get(name)
    if not isinstance(value, Mapping):
        raise CannotParse(f"simulation.toml, field {name}", "There is no such table.", f"Add [{name}].")
    return value


def _number(table: Mapping[str, Any], name: str, low: float, high: float, where: str = "") -> float:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        why = f"Expected a number of {low:g} to {high:g}, found {value!r}."
        raise CannotParse(f"simulation.toml, {where}field {name}", why, "Correct it.")
    return float(value)
