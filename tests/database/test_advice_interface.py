"""POST /api/v1/advice: who may ask, what is wrong with a field, and the answer of the page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.actions import issue_key
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.advice.models import Advice
from clearway.interchange.advice_message import FIELDS
from tests.trust import signed_in, somebody

from .giving_advice import now, on_scene, post

pytestmark = pytest.mark.django_db


def test_the_interface_gives_the_answer_of_the_page(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    key = issue_key(Source.objects.get(organisation=knowing, kind="cad"), by=Actor("test"), at=now())

    answer = post(Client(), {"call_sign": "A1", "age": 60, "news2": 2}, Authorization=f"Bearer {key}")

    assert answer.status_code == 200, answer.content
    body = answer.json()
    page = flow.get("/advice/A1/?asked=1&age=60&news2=2").content.decode()
    assert body["chosen"] == "TVH01"
    assert body["read_back"] in page
    assert Action.objects.filter(verb="advice.ask").count() == 1
    assert not Advice.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"call_sign": "Z9"}, "call_sign"),
        ({"latitude": 52.2}, "longitude"),
        ({"latitude": 52.2, "longitude": -1.5, "age": 400}, "age"),
        ({"latitude": 52.2, "longitude": -1.5, "news2": "high"}, "news2"),
        ({"latitude": 52.2, "longitude": -1.5, "needs": ["hangnail"]}, "needs"),
        ({"latitude": 52.2, "longitude": -1.5, "refused": ["XX"]}, "refused"),
        ({"latitude": 52.2, "longitude": -1.5, "nhs_number": 1}, "nhs_number"),
        (["a"], "body"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_do(flow: Client, body: Any, field: str) -> None:
    answer = post(flow, body)

    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert answer.json()["fix"]


def test_the_interface_needs_a_key_or_a_session_that_may_ask(knowing: Organisation) -> None:
    clerk = signed_in(somebody("clerk", "receptionist", knowing))
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(
        somebody("pfc", "patient_flow_coordinator", knowing), "django.contrib.auth.backends.ModelBackend"
    )

    for client in (Client(), clerk, forger):
        assert post(client, {"latitude": 52.2, "longitude": -1.5}).status_code == 401
    assert post(Client(), {}, Authorization="Bearer wrong").status_code == 401


def test_a_place_that_is_named_without_a_crew_gets_the_same_engine(flow: Client) -> None:
    body = post(flow, {"latitude": 52.34, "longitude": -1.64, "age": 70, "needs": ["stroke"]}).json()

    assert (body["verdict"], body["chosen"]) == ("abstained", None)  # the stroke of Fordham is not confirmed
    assert [each["code"] for each in body["unsettled"]] == ["TVH02"]
    assert [each["code"] for each in body["options"]] == ["TVH01"]
    assert [each["cause"] for each in body["exclusions"] if each["code"] == "TVH02"] == ["role"]


def test_the_published_example_is_answered_with_every_field_that_the_page_names(
    knowing: Organisation, flow: Client
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "take-conveyance-advice.md").read_text()
    example = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    named = page[page.index("The answer holds") : page.index("A field that cannot be")]
    verdicts = re.search(r"`verdict` \((.*?)\)", named, re.DOTALL)
    assert verdicts
    on_scene(knowing, example["call_sign"])

    answer = post(flow, example)

    assert answer.status_code == 200, answer.content
    fields = set(re.findall(r"`(\w+)`", named.replace(verdicts[1], "")))
    assert fields <= set(answer.json())
    assert answer.json()["verdict"] in verdicts[1]
    asked = page[page.index("Without a call sign") : page.index("The answer holds")]
    assert set(re.findall(r"`(\w+)`", asked)) <= set(FIELDS)
