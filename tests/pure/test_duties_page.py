"""The page of duties names a browser test for each, and says plainly what is missing where there is none."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MISSING = ("Not yet", "Partly: ")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the tables of a page of docs/explanation, without their headings."""
    lines = (ROOT / "docs/explanation" / page).read_text().splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ") and not line.startswith(f"| {heading}")
    ]


ROWS = rows("duties.md", "Duty")


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


def test_every_budget_of_the_keyboard_has_its_measure_and_a_test_that_counts() -> None:
    in_browser = claims_under("browser")
    budgets = rows("keyboard.md", "Task")

    assert len(budgets) >= 10
    for task, budget, measured, proof in budgets:
        assert budget and re.search(r"[0-9]", measured), task
        ((name, claim),) = named(proof)
        assert claim in in_browser[name], claim
