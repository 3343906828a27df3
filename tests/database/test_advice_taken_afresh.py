"""What was shown is asked again as it is taken: a closure or a divert may have begun since."""

import pytest
from django.test import Client

from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.advice.models import Advice, CrewMessage
from clearway.domain.ambulance.diverts import DivertKind

from .giving_advice import diverted, on_scene, sealed, stands

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("reason_code", ["", "clinical"])
def test_a_place_that_was_closed_since_it_was_shown_is_refused_beside_the_answer_of_now(
    knowing: Organisation, flow: Client, reason_code: str
) -> None:
    on_scene(knowing)
    query = "asked=1&age=60&news2=2&no_needs=1"
    page = flow.get(f"/advice/A1/?{query}").content.decode()
    diverted(knowing, "TVH01", DivertKind.CLOSURE)

    body = {"sealed": sealed(page), "code": "TVH01", "query": query, "reason_code": reason_code}
    refused = flow.post("/advice/A1/take/", body)

    assert refused.status_code == 422 and not Advice.objects.exists() and not CrewMessage.objects.exists()
    words = refused.content.decode()
    assert "has changed since it was shown. Millbrook Hospital: It is closed" in words
    assert "Accept Fordham Infirmary" in words and 'value="2"' in words
    if reason_code:  # with the closure on the screen it is somebody's own choice
        flow.post("/advice/A1/take/", {**body, "sealed": sealed(words)})
        assert stands().taken == "TVH01"


def test_a_divert_that_began_since_is_not_passed_by_who_is_not_described(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    page = flow.get("/advice/A1/").content.decode()
    diverted(knowing, "TVH01")

    refused = flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH01"})

    assert refused.status_code == 422 and not Advice.objects.exists()
    assert "say them first" in refused.content.decode()
