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
