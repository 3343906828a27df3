"""What a system that delivers is answered: stored, or refused with the fix."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import issue_key, switch
from clearway.core.feeds.models import Batch, Source
from clearway.gateway import views
from clearway.interchange import native
from tests.trust import signed_in, somebody

from .conftest import T0, conveyance

pytestmark = pytest.mark.django_db
BODY = native.dump(conveyance("TVH01"))
BY = Actor("test")


@pytest.fixture
def key(cad: Source) -> str:
    return issue_key(cad, by=BY, at=T0)


def answer(source: str, key: str, body: bytes = BODY, **more: Any) -> HttpResponse:
    """What the gateway answers to this delivery."""
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}", "CONTENT_LENGTH": str(len(body)), **more}
    request = RequestFactory().generic("POST", "/feeds/", body, "application/x-ndjson", **headers)
    return views.deliver(request, "cad", source)


def test_a_batch_is_stored_before_it_is_acknowledged(cad: Source, key: str) -> None:
    response = answer(cad.name, key)

    assert response.status_code == 202
    assert bytes(Batch.objects.get(pk=json.loads(response.content)["batch"]).body) == BODY


@pytest.mark.parametrize(
    ("status", "more", "fix"),
    [
        (400, {"body": b"\n"}, "one JSON object a line"),
        (401, {"HTTP_AUTHORIZATION": "Bearer wrong"}, "Authorization: Bearer"),
        (411, {"CONTENT_LENGTH": ""}, "Content-Length"),
        (413, {"CONTENT_LENGTH": str(8 * 1024 * 1024 + 1)}, "smaller batches"),
    ],
)
def test_a_refused_batch_is_told_the_fix_and_nothing_is_stored(
    cad: Source, key: str, status: int, more: dict[str, Any], fix: str
) -> None:
    response = answer(cad.name, key, **more)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert fix in json.loads(response.content)["fix"]
    assert not Batch.objects.exists()


def test_a_source_that_is_switched_off_may_not_deliver_until_it_is_on_again(cad: Source, key: str) -> None:
    switch(cad, False, by=BY, at=T0)
    assert answer(cad.name, key).status_code == 401

    switch(cad, True, by=BY, at=T0 + timedelta(minutes=1))
    assert answer(cad.name, key).status_code == 202


def test_where_systems_deliver_a_persons_cookie_is_not_looked_at(
    cad: Source, key: str, settings: Any, django_assert_num_queries: Any
) -> None:
    browser = signed_in(somebody("pfc", "patient_flow_coordinator", cad.organisation))
    settings.ROOT_URLCONF, settings.MIDDLEWARE = "clearway.gateway.urls", settings.INGEST_MIDDLEWARE

    with django_assert_num_queries(3) as asked:  # whose key, the source, the batch
        answer = browser.post(
            f"/feeds/cad/{cad.name}",
            BODY,
            content_type="application/x-ndjson",
            headers={"Authorization": f"Bearer {key}"},
        )

    assert answer.status_code == 202
    assert not [each for each in asked if "session" in each["sql"] or "core_user" in each["sql"]]
    assert browser.post("/feeds/cad/other", BODY, content_type="application/x-ndjson").status_code == 401


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_a_delivery_sent_as_a_form_is_refused_with_the_fix(cad: Source, key: str, kind: str) -> None:
    response = answer(cad.name, key, CONTENT_TYPE=kind)

    assert (response.status_code, json.loads(response.content)["status"]) == (415, 415)
    assert "application/x-ndjson" in json.loads(response.content)["fix"]
    assert not Batch.objects.exists()
