"""The hazard log names nothing that does not exist, and its page is what its table says."""

import ast
from pathlib import Path

import pytest

from tools import hazards

ROOT = Path(__file__).resolve().parents[2]
ROWS = hazards.table()["hazards"]
CONTROLS = [(row["id"], control) for row in ROWS for control in row["controls"]]


def names(path: str) -> set[str]:
    """The functions and classes that a Python file defines at its top."""
    tree = ast.parse((ROOT / path).read_text(), path)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


@pytest.mark.parametrize(
    ("key", "control"), CONTROLS, ids=[f"{key}-{n}" for n, (key, _) in enumerate(CONTROLS)]
)
def test_every_control_names_code_and_a_test_that_exist(key: str, control: dict[str, str]) -> None:
    code, _, name = control["code"].partition(":")
    proof, _, test = control["proof"].partition("::")

    assert (ROOT / code).is_file(), f"{key} names {code}, which is not there"
    assert not name or name in names(code), f"{key} names {name}, which is not in {code}"
    assert test in names(proof), f"{key} names {test}, which is not in {proof}"


def test_every_hazard_says_its_cause_its_effect_and_what_is_left() -> None:
    assert all(row[field].endswith(".") for row in ROWS for field in ("hazard", "cause", "effect", "left"))
    assert all(row["controls"] for row in ROWS)
    assert len({row["id"] for row in ROWS}) == len(ROWS)


def test_the_page_is_what_the_table_says_and_leaves_the_rating_open() -> None:
    written = hazards.PAGE.read_text()

    assert written == hazards.page(), "Run: make reference"
    assert "claims no compliance" in written
    assert written.count("accepted by: \\_\\_\\_\\_") == len(ROWS)
