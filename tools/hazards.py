"""Write docs/safety/hazards.md from docs/safety/hazards.toml, or check that it is current.

python tools/hazards.py            write it
python tools/hazards.py --check    exit 1 when it differs from the table
"""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE, PAGE = ROOT / "docs/safety/hazards.toml", ROOT / "docs/safety/hazards.md"


def table() -> dict[str, Any]:
    """The table: `introduction`, and `hazards` in the order of the page."""
    return tomllib.loads(TABLE.read_text())


def page() -> str:
    """The page, area by area."""
    said = table()
    return "\n".join([said["introduction"], *_areas(said["hazards"])])


def _areas(rows: list[dict[str, Any]]) -> Iterator[str]:
    area = ""
    for row in rows:
        if row["area"] != area:
            area = row["area"]
            yield f"## {area}\n"
        yield from _hazard(row)


def _hazard(row: dict[str, Any]) -> Iterator[str]:
    yield f"### {row['id']}: {row['hazard']}\n"
    yield f"- Cause: {row['cause']}"
    yield f"- Effect: {row['effect']}"
    for control in row["controls"]:
        code, _, name = control["code"].partition(":")
        proof, _, test = control["proof"].partition("::")
        held = f"[`{name or Path(code).name}`](../../{code})"
        yield f"- Control: {control['says']} Held by {held}, proved by [`{test}`](../../{proof})."
    yield f"- Left over, as far as the makers know: {row['left']}"
    yield "- Severity, likelihood, residual risk, accepted by: \\_\\_\\_\\_ (clinical safety officer)\n"


def main() -> int:
    """Write the page, or say whether it is current."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page())
        return 0
    if PAGE.read_text() == page():
        return 0
    print("docs/safety/hazards.md differs from hazards.toml. Run: make reference")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
