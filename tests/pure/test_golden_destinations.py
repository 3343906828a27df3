"""The golden clinical cases: every row of the destination rules, by day and by night."""

import tomllib
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearway.domain.ambulance.destinations import rules_of
from clearway.domain.ambulance.diverts import Cover, Divert, DivertKind
from clearway.domain.ambulance.words import Category, Need
from clearway.domain.shared.region import Site
from clearway.engine.ambulance.eligibility import Bar, EligibilityPolicy, Eligible, eligible
from clearway.engine.ambulance.rulebook import Rulebook
from tests.advising import NOON, case, clinical_policies, rulebook, site, situation

FILE = Path(__file__).resolve().parents[1] / "golden" / "destinations.toml"
GOLDEN = tomllib.loads(FILE.read_text())
CASES: list[dict[str, Any]] = GOLDEN["cases"]


def sites(more: dict[str, list[str]]) -> list[Site]:
    """The places of the file; `more` gives some of them further roles."""
    return [
        site(
            place["code"],
            roles=(*place["roles"], *more.get(place["code"], ())),
            unconfirmed_roles=tuple(place.get("unconfirmed", ())),
            opens=place.get("hours", [None, None])[0],
            closes=place.get("hours", [None, None])[1],
        )
        for place in GOLDEN["places"]
    ]


SITES = sites({})
BOOK = rulebook(SITES)
MINUTES = {place["code"]: float(place["minutes"]) for place in GOLDEN["places"]}


def answered(row: dict[str, Any]) -> tuple[Eligible, Rulebook]:
    at = NOON.replace(hour=row.get("hour", 14))
    seen = situation(
        SITES, at, diverts=tuple(divert(code, word, at) for code, word in row.get("divert", {}).items())
    )
    minutes = {**MINUTES, **row.get("farther", {})}
    patient = case(
        at=at,
        age=row["age"],
        news2=row.get("news2", 2),
        needs=frozenset(Need(need) for need in row.get("needs", ())),
        category=Category(row["category"]) if "category" in row else None,
        continuing_care=row.get("continuing_care"),
        booked_at=row.get("booked_at"),
        refused=frozenset(row.get("refused", ())),
    )
    book = rulebook(sites(row["also"])) if "also" in row else BOOK
    travel = np.array([minutes[code] for code in book.places.code], dtype=float)
    return eligible(patient, seen, travel, book, EligibilityPolicy()), book


def divert(code: str, words: str, at: Any) -> Divert:
    """As "service stroke": the kind, and whom it covers."""
    kind, cover = words.split()
    return Divert(
        key="D1",
        kind=DivertKind(kind),
        site=code,
        to=("GENERAL",),
        covers=frozenset({Cover(cover)}),
        starts_at=at - timedelta(minutes=5),
        ends_at=at + timedelta(hours=2),
    )


@pytest.mark.parametrize("row", CASES, ids=[row["name"] for row in CASES])
def test_a_patient_may_go_where_the_rules_say_and_nowhere_else(row: dict[str, Any]) -> None:
    found, book = answered(row)
    minutes = {**MINUTES, **row.get("farther", {})}

    may = sorted(np.array(book.places.code)[found.allowed], key=lambda code: minutes[code])

    assert may == row["answer"]
    for code, cause in row.get("why", {}).items():
        assert Bar(found.bar[book.row_of[code]]).name.lower() == cause
    assert [rule.code for rule in found.unmet] == row.get("unmet", [])


def test_every_need_of_the_rules_has_a_golden_case() -> None:
    covered = {need for row in CASES for need in row.get("needs", ())}

    assert {need for rule in rules_of(clinical_policies()) for need in rule.needs} <= covered


def test_every_rule_and_every_need_of_each_age_has_a_golden_case_by_day_and_by_night() -> None:
    rules = {(rule.code, at_night(row)) for row in CASES for rule in answered(row)[0].applied}
    every = {rule.code for rule in rules_of(clinical_policies())}
    patients = {(need, row["age"] < 16, at_night(row)) for row in CASES for need in row.get("needs", [""])}

    assert set(product(every, (False, True))) == rules
    assert {each[:2] for each in patients if each[2]} == {each[:2] for each in patients if not each[2]}


def at_night(row: dict[str, Any]) -> bool:
    return not 8 <= row.get("hour", 14) < 22
