"""Whatever is typed behind the address of a page, it answers with a page, a refusal or another address."""

import pytest

from clearway.core.people import matrix
from tests.outpatients import a_service
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
NAMES = (
    "page",
    "on",
    "site",
    "service",
    "step",
    "rule",
    "owner",
    "over",
    "since",
    "until",
    "kind",
    "priority",
)
WILD = ("0001-01-01", "9999-12-31", "99999999999999999999", "-1", "\N{ARABIC-INDIC DIGIT FIVE}", "'--", "")
ROUTES = sorted(
    {row["route"] for row in matrix.table() if row["method"] == "GET" and "<" not in row["route"]}
)


@pytest.mark.parametrize(
    ("role", "is_theirs"),
    [("outpatient_team_leader", True), ("patient_flow_coordinator", False)],
)
def test_no_address_that_somebody_types_brings_a_server_error(role: str, is_theirs: bool) -> None:
    trust = a_trust()
    a_service(trust)
    browser = signed_in(somebody("sam", role, trust))
    browser.raise_request_exception = False
    broken = []
    routes = [
        each for each in ROUTES if each.startswith("/outpatients/") is is_theirs and "events" not in each
    ]
    for number, route in enumerate(routes):
        for value in (WILD[number % 2], WILD[2 + number % 5]):  # a day far away, and what is none
            status = browser.get(route, dict.fromkeys(NAMES, value)).status_code
            if status >= 500:
                broken.append((route, value, status))

    assert broken == []


def test_a_character_that_no_table_holds_is_refused_in_a_sentence_wherever_it_is_typed() -> None:
    browser = signed_in(somebody("opc", "outpatient_coordinator", a_trust()))
    for answer in (
        browser.get("/outpatients/list/", {"site": "a\0b"}),
        browser.post("/outpatients/referrals/new/", {"family_name": "Bro\0wn"}),
    ):
        assert answer.status_code == 400
        assert "nothing was changed" in answer.content.decode()
