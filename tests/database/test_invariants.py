"""Every constraint and lock that docs/invariants.md names is there, and is checked by the database."""

import re
from pathlib import Path

import pytest
from django.db import connection

from clearway.core.locks import Lock

pytestmark = [pytest.mark.django_db, pytest.mark.promise("R4")]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "invariants.md"
ROWS = re.findall(r"^\| (?!rule|---)(.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)
# A unique index that looks at some rows only is no constraint to PostgreSQL, and holds as well as one.
NAMES = """
SELECT conname FROM pg_constraint WHERE convalidated AND contype IN ('u', 'x', 'c')
UNION SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indisunique AND indisvalid
"""


def test_every_rule_names_what_holds_it_and_the_database_has_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(NAMES)
        known = {name for (name,) in cursor.fetchall()} | {f"Lock.{each.name}" for each in Lock}

    assert len(ROWS) > 20
    for rule, held in ROWS:
        named = re.findall(r"`([\w.]+)`", held)
        assert named or "lock of the session's row" in held, rule
        assert set(named) <= known, rule
