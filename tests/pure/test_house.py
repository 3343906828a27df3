"""The house holds: layers, style and types. `make check` runs the same, and so does CI."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "words",
    [
        ["lint-imports"],
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy", "clearway", "tools"],
    ],
    ids=lambda words: words[0] + (" " + words[1] if len(words) > 1 else ""),
)
def test_the_house_is_in_order(words: list[str]) -> None:
    done = subprocess.run([BIN / words[0], *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
