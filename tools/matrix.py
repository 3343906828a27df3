"""Write security/matrix.csv anew: every address against every role. Read the difference before committing it.

With --check it writes nothing and fails when the file is stale.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "security" / "matrix.csv"


def main() -> int:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearway.config.settings")
    os.environ.setdefault("CLEARWAY_SECRET_KEY", "only for reading the addresses")
    import django

    django.setup()
    from clearway.core.people.matrix import as_csv

    text = as_csv()
    if "--check" in sys.argv[1:]:
        return 0 if FILE.exists() and FILE.read_text() == text else 1
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
