"""Generate the tables migrations anew: until the first release they are squashed into one per app.

Run by `make migrations`. The hand-written ones beside them (extensions, guards, facts) stay.
"""

import importlib
import os
from pathlib import Path
from typing import Any

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
    importlib.invalidate_caches()
    _put_together()


def _put_together() -> None:
    """Write each migration as one step that makes its tables whole, see clearway.core.tables."""
    from django.db.migrations import Migration
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations import CreateModel
    from django.db.migrations.writer import MigrationWriter

    from clearway.core.tables import Tables

    loader = MigrationLoader(None)
    for app, path in TABLES.items():
        migration = loader.disk_migrations[app, path.stem]
        models = loader.project_state((app, path.stem)).models
        names = [each.name_lower for each in migration.operations if isinstance(each, CreateModel)]
        told = {
            "initial": True,
            "dependencies": [each for each in migration.dependencies if each[1] != "__first__"],
            "operations": [Tables([_whole(models[app, name]) for name in names])],
        }
        whole = type("Migration", (Migration,), told)(path.stem, app)
        path.write_text(MigrationWriter(whole, include_header=False).as_string())


def _whole(model: Any) -> Any:
    """The step that makes a table as it is in the end."""
    from django.db.migrations.operations import CreateModel

    return CreateModel(model.name, list(model.fields.items()), model.options, model.bases, model.managers)


if __name__ == "__main__":
    main()
