"""Generate the tables migrations anew: until the first release they are squashed into one per app.

Run by `make migrations`. The hand-written ones beside them (extensions, guards, facts) stay.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLES = {
    "core": ROOT / "clearway/core/migrations/0002_tables.py",
    "ambulance": ROOT / "clearway/desks/ambulance/migrations/0001_tables.py",
    "outpatients": ROOT / "clearway/desks/outpatients/migrations/0001_tables.py",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearway.config.settings")
    os.environ.setdefault("CLEARWAY_SECRET_KEY", "only for making migrations")
    later = [
        path for tables in TABLES.values() for path in tables.parent.glob("0*.py") if path.name > tables.name
    ]
    for tables in TABLES.values():
        tables.unlink(missing_ok=True)
    for path in later:
        path.rename(path.with_suffix(".aside"))
    try:
        _make()
    finally:
        for path in later:
            path.with_suffix(".aside").rename(path)


def _make() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("makemigrations", *TABLES, name="tables", verbosity=0)


if __name__ == "__main__":
    main()
