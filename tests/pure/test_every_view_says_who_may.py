"""No page without a permission, and none that is missing from the reviewed table of who may open what."""

import csv
from pathlib import Path

import pytest

from clearway.core.people import matrix
from clearway.core.people.roles import ROLES

FILE = Path(__file__).resolve().parents[2] / "security" / "matrix.csv"


@pytest.mark.promise("S1")
def test_every_view_names_a_permission_or_is_public() -> None:
    unguarded = [route.address for route in matrix.routes() if route.requirement is None]

    assert unguarded == [], "decorate these views with @needs(...) or @public"


@pytest.mark.promise("S1")
def test_the_reviewed_table_has_every_address_and_every_role_as_they_are() -> None:
    with FILE.open(newline="") as file:
        reviewed = list(csv.DictReader(file))

    assert {row["route"] for row in reviewed} == {route.address for route in matrix.routes()}
    assert reviewed == matrix.table(), "run `python tools/matrix.py`, read the difference, commit it"


def test_the_table_denies_most_to_those_who_need_little() -> None:
    allowed = {code: sum(row[code] != matrix.NO for row in matrix.table()) for code in ROLES}

    assert min(allowed, key=lambda code: allowed[code]) in (
        *("receptionist", "hospital_user", "clinician", "privacy_officer"),
    )
    assert all(row[matrix.ANONYMOUS] in (matrix.SIGN_IN, matrix.YES) for row in matrix.table())
