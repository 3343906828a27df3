"""Bringing a database to this version, or saying plainly that it cannot be."""

import pytest
from django.core.management import call_command
from django.db import connection

from clearway.cli import CannotRun
from clearway.cli.ground import bring_up_to_date
from clearway.config.migrate import tables_of_code

pytestmark = pytest.mark.django_db


def marked(digest: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS clearway_tables")
        cursor.execute("CREATE TABLE clearway_tables AS SELECT %s::text AS digest", [digest])


def test_a_database_of_this_version_is_migrated_again_without_a_word() -> None:
    marked(tables_of_code())

    bring_up_to_date()


def test_a_database_with_other_tables_is_refused_with_the_way_out() -> None:
    marked("0123456789abcdef")

    with pytest.raises(CannotRun, match="make demo FRESH=1"):
        bring_up_to_date()


def test_a_database_that_nobody_marked_is_of_an_older_version() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS clearway_tables")

    with pytest.raises(CannotRun, match="other tables"):
        bring_up_to_date()


def test_the_framework_finds_nothing_wrong_with_the_models() -> None:
    call_command("check", fail_level="WARNING", verbosity=0)


def test_the_tables_are_those_of_the_models() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
