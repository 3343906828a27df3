"""The golden cases of the South West pack as it is shipped: the answer, and whether it is settled."""

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from clearway.config import regions
from clearway.domain.ambulance.words import Need
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import SiteKind
from clearway.engine.ambulance.advice import Advice, advise, journeys_of
from clearway.engine.ambulance.policies import advice_policy
from clearway.engine.ambulance.rulebook import Rulebook
from clearway.engine.ambulance.travel import Network
from clearway.interchange import region_pack
from tests.advising import NOON, case, forecast, situation

FILE = Path(__file__).resolve().parents[1] / "golden" / "south_west.toml"
GOLDEN = tomllib.loads(FILE.read_text())
CASES: list[dict[str, Any]] = GOLDEN["cases"]
BY_DAY: list[dict[str, Any]] = [*CASES, *GOLDEN["further"]]
BY_NIGHT = [{**row, **row.get("night", {}), "name": f"{row['name']}, at 03:00", "hour": 3} for row in BY_DAY]
REGION = region_pack.parse(regions.find("south-west"))
BOOK, POLICY = Rulebook.of_region(REGION), advice_policy(REGION.policy_values)
DEPARTMENTS = REGION.sites_of(SiteKind.EMERGENCY_DEPARTMENT)


def answered(row: dict[str, Any]) -> Advice:
    at = NOON.replace(hour=row.get("hour", 14))
    seen = situation(DEPARTMENTS, at)
    needs = frozenset(Need(need) for need in row.get("needs", ()))
    patient = case(at=at, age=row["age"], needs=needs, position=Point(*GOLDEN["places"][row["place"]]))
    legs = journeys_of([patient], Network.plain(), seen, BOOK, POLICY)
    return advise(patient, seen, forecast(seen, [20.0] * len(DEPARTMENTS)), legs, BOOK, POLICY)


@pytest.mark.parametrize("row", [*BY_DAY, *BY_NIGHT], ids=lambda row: row["name"])
def test_the_shipped_pack_answers_where_it_is_settled_and_asks_where_it_is_not(row: dict[str, Any]) -> None:
    advice = answered(row)

    assert (advice.verdict.value, advice.chosen) == (row["verdict"], row.get("answer"))
    may = sorted(advice.options, key=lambda option: option.travel_minutes)
    assert [option.code for option in may] == row["confirmed"]
    assert [each.code for each in advice.unsettled] == row.get("maybe", [])


@pytest.mark.parametrize(
    "row", [row for row in (*BY_DAY, *BY_NIGHT) if "maybe" in row], ids=lambda row: row["name"]
)
def test_what_may_be_nearer_is_named_to_the_desk_and_to_the_crew(row: dict[str, Any]) -> None:
    advice = answered(row)
    nearest = advice.unsettled[0]

    assert advice.answer is None
    assert f"{nearest.name}, {nearest.travel_minutes:.0f} min" in advice.why
    assert "not settled" in advice.read_back and nearest.name in advice.read_back


def test_every_town_has_a_case_of_every_need() -> None:
    held = {(row["place"], row["age"], tuple(row.get("needs", ()))) for row in CASES}
    kinds = {(age, needs) for _, age, needs in held}

    assert {(place, *kind) for place, kind in product(GOLDEN["places"], kinds)} == held
    assert len(kinds) == 5
