"""A board asks the database the same number of questions, however full the region."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from tests.trust import signed_in, somebody

from .conftest import conveyance, deliver

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "page",
    [
        "/handovers/",
        "/handovers/TVH01/",
        "/wallboard/",
        "/resources/",
        "/map/",
        "/roads/",
        "/quality/",
        "/feeds/",
    ],
)
def test_a_page_takes_the_same_queries_however_full_the_region(
    page: str, valley: Organisation, cad: Source
) -> None:
    browser = signed_in(somebody("pfc", "patient_flow_coordinator", valley))

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get(page).status_code == 200
        return len(queries)

    def fill(numbers: range) -> None:
        for number in numbers:
            more = {"incident": str(number), "call_sign": f"A{number}"}
            deliver(cad, conveyance("TVH01", until="at_hospital", **more), known=100 + number)

    fill(range(1))
    asked()  # what is remembered for good is remembered now
    fill(range(1, 2))  # what a process has read already it does not ask for again, unless something changed
    with_two = asked()
    fill(range(2, 12))

    assert asked() == with_two
