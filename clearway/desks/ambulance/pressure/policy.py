"""The policies `opel`, `reap`, `clinical_safety_plan` and `action_cards` as the domain takes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.core.people.roles import ROLES
from clearway.domain.ambulance.pressure import (
    Card,
    Framework,
    Ladder,
    Parameter,
    Plan,
    Scale,
    System,
    Trigger,
)
from clearway.domain.ambulance.words import Category
from clearway.engine.ambulance import pressure as engine

OPEL, CARDS = "opel", "action_cards"
LADDERS: Mapping[Ladder, str] = {Ladder.REAP: "reap", Ladder.CSP: "clinical_safety_plan"}
NAMES = (OPEL, CARDS, *LADDERS.values())
TITLES: Mapping[Ladder, str] = {Ladder.REAP: "REAP", Ladder.CSP: "Clinical safety plan"}
SHORT: Mapping[Ladder, str] = {Ladder.REAP: "REAP", Ladder.CSP: "CSP"}
NO_NAMES = ("level 1", "level 2", "level 3", "level 4")


@dataclass(frozen=True, slots=True)
class PressurePolicy:
    """All that a trust has settled about pressure. Without a framework hospitals have no level."""

    framework: Framework | None
    systems: tuple[System, ...]
    plans: Mapping[Ladder, Plan]


def pressure(organisation_id: int, at: datetime) -> PressurePolicy:
    """The policies in force on the local day of `at`; one query."""
    return made(policies(organisation_id, NAMES, local(at).date()))


def made(values: Mapping[str, Mapping[str, Any]]) -> PressurePolicy:
    """The policies from their values. Raises KeyError, TypeError or ValueError where one is not whole."""
    opel = values.get(OPEL)
    cards = [_card(row) for row in values.get(CARDS, {}).get("cards", ())]
    return PressurePolicy(
        framework=_framework(opel) if opel else None,
        systems=tuple(System(each["name"], each["weights"]) for each in (opel or {}).get("systems", ())),
        plans={ladder: _plan(ladder, values.get(name, {}), cards) for ladder, name in LADDERS.items()},
    )


def bare() -> dict[Ladder, Plan]:
    """The ladders without anything that was settled of them: their levels have numbers alone."""
    return {ladder: _plan(ladder, {}, []) for ladder in LADDERS}


def _framework(values: Mapping[str, Any]) -> Framework:
    one, two, three = values["levels"]
    return Framework(
        name=values["framework"],
        parameters=tuple(_parameter(row) for row in values["parameters"]),
        levels=(one, two, three),
        holds=timedelta(minutes=values["holds_minutes"]),
    )


def _parameter(row: Mapping[str, Any]) -> Parameter:
    known = {name: value for name, value in row.items() if name not in ("bands", "falling", "points")}
    one, two, three, four = row["points"]
    if known.get("computed", "") not in ("", *engine.COMPUTED):
        raise ValueError(f"computed is one of {', '.join(engine.COMPUTED)}, not {known['computed']!r}")
    return Parameter(**known, scale=_scale(row), points=(one, two, three, four))


def _scale(row: Mapping[str, Any]) -> Scale:
    two, three, four = row["bands"]
    return Scale((two, three, four), row.get("falling", False))


def _plan(ladder: Ladder, values: Mapping[str, Any], cards: list[Card]) -> Plan:
    one, two, three, four = values.get("names", NO_NAMES)
    return Plan(
        ladder=ladder,
        title=TITLES[ladder],
        names=(one, two, three, four),
        review_most=timedelta(hours=values.get("review_most_hours", 12)),
        triggers=tuple(_trigger(row) for row in values.get("triggers", ())),
        cards=tuple(each for each in cards if each.ladder is ladder),
    )


def _trigger(row: Mapping[str, Any]) -> Trigger:
    if row["measure"] not in engine.MEASURES:
        raise ValueError(f"measure is one of {', '.join(engine.MEASURES)}, not {row['measure']!r}")
    return Trigger(
        code=row["code"],
        says=row["says"],
        unit=row.get("unit", ""),
        measure=row["measure"],
        scale=_scale(row),
        categories=tuple(Category(each) for each in row.get("categories", ())),
    )


def _card(row: Mapping[str, Any]) -> Card:
    role = ROLES.get(row["role"])
    if role is None or not {"tasks.work", "pressure.answer"} <= role.permissions:
        raise ValueError(f"role is the code of a role that works tasks, not {row['role']!r}")
    return Card(**{**row, "ladder": Ladder(row["ladder"])})
