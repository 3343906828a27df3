"""The page of duties names tests that exist, and says plainly where there is nothing."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/explanation/duties.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| Duty")
]


def test_every_duty_names_a_test_or_says_not_yet() -> None:
    assert len(ROWS) > 30
    for duty, trigger, where, proof in ROWS:
        assert duty
        assert trigger
        assert where
        assert proof == "Not yet" or "`test_" in proof, duty


def test_every_test_that_is_named_exists() -> None:
    files = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
    for *_, proof in ROWS:
        for name, claim in re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", proof):
            assert name in files
            assert not claim or f"def {claim}(" in files[name].read_text(), claim
