"""Write the pages of docs/reference that can drift from the code, or check that they are current.

    python tools/reference.py            write them
    python tools/reference.py --check    exit 1 and name the pages that differ from the code

Each page is a function in PAGES that returns its whole text; to add a page, add a function.
"""

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clearway.cli import manual  # noqa: E402

PAGES: dict[str, Callable[[], str]] = {"commands.md": manual}


def main(arguments: list[str]) -> int:
    """Write or check every page; returns the exit code."""
    folder = ROOT / "docs" / "reference"
    stale = [name for name, text in PAGES.items() if _read(folder / name) != text()]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/reference/{name} differs from the code. Run: make reference")
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).write_text(PAGES[name]())
        print(f"Wrote docs/reference/{name}")
    return 0


def _read(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
