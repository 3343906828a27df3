"""The page of duties names a browser test for each, and says plainly what is missing where there is none."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MISSING = ("Not yet", "Partly: ")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/explanation/duties.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| Duty")
]


def claims_under(folder: str) -> dict[str, set[str]]:
    """File -> the tests in it."""
    files = (ROOT / "tests" / folder).rglob("test_*.py")
    return {path.name: set(re.findall(r"^def (test_\w+)\(", path.read_text(), re.M)) for path in files}


def named(proof: str) -> list[tuple[str, str]]:
    """File and test of each that is named; "" for a whole file."""
    return re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", proof)


def test_every_duty_names_a_test_in_the_browser_or_says_what_is_missing() -> None:
    in_browser = claims_under("browser")

    assert len(ROWS) > 70
    for duty, trigger, where, proof in ROWS:
        assert duty and trigger and where
        shown = [claim for name, claim in named(proof) if claim in in_browser.get(name, ())]
        assert shown or proof.startswith(MISSING), (
            f"{duty}: no test in a browser, and no word of what is missing"
        )
        assert proof != "Partly: " and (not proof.startswith("Partly") or proof.startswith("Partly: "))


def test_every_test_that_is_named_exists() -> None:
    there = claims_under("")

    for *_, proof in ROWS:
        for name, claim in named(proof):
            assert name in there
            assert not claim or claim in there[name], claim
