"""The table of who may open what, held against the pages themselves: every address, method and role."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from clearway.core.organisation.models import Organisation, Site
from clearway.core.people import matrix
from clearway.core.people.models import User
from clearway.core.people.roles import ROLES
from tests.trust import signed_in, somebody

EXAMPLES = {"int": "987654", "str": "nobody", "slug": "nothing", "path": "no/such"}
ROWS = matrix.table()


def example(route: str) -> str:
    """An address of this shape; what it names does not exist."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: EXAMPLES[found.group(1) or "str"], route)


def answer(client: Client, row: dict[str, Any]) -> str:
    """What the page really does, in the words of the table."""
    client.raise_request_exception = False
    with transaction.atomic():
        response = client.generic(row["method"], example(row["route"]))
        transaction.set_rollback(True)
    if response.status_code == 403:
        return matrix.NO
    if response.status_code == 302 and response["Location"].startswith("/sign-in/?next="):
        return matrix.SIGN_IN
    if (
        response.status_code == 302
        and response["Location"] == "/sign-in/"
        and row["permission"] != matrix.PUBLIC
    ):
        return matrix.SIGN_IN
    return f"fails with {response.status_code}" if response.status_code >= 500 else matrix.YES


def differences(user: User | None, column: str) -> list[str]:
    wrong = []
    client = Client()
    for row in sorted(ROWS, key=lambda row: bool(row["permission"] == matrix.PUBLIC)):
        if user and (row["permission"] == matrix.PUBLIC or not client.cookies):
            client = signed_in(user)  # what is public comes last, because it signs out
        expected = matrix.YES if row[column] == matrix.SITE else row[column]
        if (got := answer(client, row)) != expected:
            wrong.append(f"{row['method']} {row['route']}: {expected} in the table, {got} in fact")
    return wrong


@pytest.mark.promise("S1")
@pytest.mark.parametrize("role", list(ROLES))
def test_every_page_answers_each_role_as_the_table_says(valley: Organisation, role: str) -> None:
    place = Site.objects.filter(organisation=valley, kind="emergency_department").order_by("code")[0]
    user = somebody(
        "person",
        role,
        valley,
        site=place.code if ROLES[role].is_site_limited else None,
        area=valley.areas.all()[0].code if role == "local_commander" else None,
    )

    assert differences(user, role) == []


@pytest.mark.promise("S1")
def test_every_page_asks_somebody_unknown_to_sign_in(valley: Organisation) -> None:
    assert differences(None, matrix.ANONYMOUS) == []


@pytest.mark.promise("S1")
def test_somebody_without_a_role_now_may_open_nothing(valley: Organisation) -> None:
    nobody = signed_in(somebody("nobody"))

    opened = [
        row["route"]
        for row in ROWS
        if row["permission"] != matrix.PUBLIC and answer(nobody, row) != matrix.NO
    ]

    assert opened == []
