"""Bringing a database to this version, or saying plainly that it cannot be."""

import pytest
from django.db import connection

from clearway.cli import CannotRun
from clearway.cli.ground import bring_up_to_date
from clearway.config.migrate import tables_of_code

pytestmark = pytest.mark.django_db


def test_a_database_of_this_version_is_migrated_again_without_a_word() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON SCHEMA public IS 'Clearway tables {tables_of_code()}'")

    bring_up_to_date()


@pytest.mark.parametrize("said", ["'Clearway tables 0123456789abcdef'", "NULL"])
def test_a_database_with_other_tables_is_refused_with_the_way_out(said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON SCHEMA public IS {said}")

    with pytest.raises(CannotRun, match="make demo FRESH=1"):
        bring_up_to_date()
