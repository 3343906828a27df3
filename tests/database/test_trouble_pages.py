"""An address that leads nowhere, and a fault of ours, answer in plain words with a way back."""

import pytest
from django.test import Client

from clearway.core.organisation.models import Organisation
from tests.trust import signed_in, somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator(valley: Organisation) -> Client:
    return signed_in(somebody("pfc", "patient_flow_coordinator", valley))


@pytest.mark.parametrize("address", ["/nowhere/", "/handovers/NOBODY/", "/incidents/none/"])
def test_an_address_that_leads_nowhere_says_so_within_the_frame(coordinator: Client, address: str) -> None:
    answer = coordinator.get(address)

    page = answer.content.decode()
    assert answer.status_code == 404
    assert "There is no such page" in page
    assert 'aria-label="Pages"' in page
    assert "Back to the first page" in page
    assert answer["X-Request-Id"] in page


@pytest.mark.usefixtures("valley")
def test_an_address_that_leads_nowhere_needs_nobody_signed_in() -> None:
    answer = Client().get("/nowhere/")

    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_a_fault_of_ours_is_a_page_with_its_reference(
    coordinator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator.raise_request_exception = False
    monkeypatch.setattr("clearway.desks.ambulance.handovers.queries.board", lambda *_: 1 / 0)

    answer = coordinator.get("/handovers/")

    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something went wrong here" in page
    assert 'href="/handovers/"' in page
    assert answer["X-Request-Id"] in page


@pytest.mark.usefixtures("valley")
def test_a_host_that_is_not_ours_gets_a_plain_answer() -> None:
    answer = Client().get("/handovers/", headers={"host": "elsewhere.example"})

    assert answer.status_code == 400
    assert b"cannot be understood" in answer.content
