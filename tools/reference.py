"""Write the pages of docs/reference that can drift from the code, or check that they are current.

    python tools/reference.py            write them
    python tools/reference.py --check    exit 1 and name the pages that differ from the code

The same as `clearway reference`, from any folder. To add a page, add a function to PAGES there.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clearway.cli import main  # noqa: E402

if __name__ == "__main__":
    action = "check" if "--check" in sys.argv[1:] else "write"
    raise SystemExit(main(["reference", action, "--folder", str(ROOT / "docs" / "reference")]))
