"""The description of the interfaces besides FHIR tells the truth: its operations, examples and statuses are
those that are served."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, resolve

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import issue_key
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.organisation.models import Organisation
from clearway.core.people.matrix import routes
from clearway.gateway import inbox, referrals
from clearway.interchange import api, api_description
from clearway.interchange.api import (
    ADVICE,
    DELIVERIES,
    DESCRIPTION,
    INGEST,
    NOTIFY,
    OPERATIONS,
    REFERRALS,
    REGIONAL,
    WEB,
    Operation,
)
from tests.outpatients import a_service
from tests.trust import a_trust

from .giving_advice import now, on_scene

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
URLS = {WEB: "clearway.config.urls", INGEST: "clearway.gateway.urls"}
FAILED = 500  # asked for by a fault of ours alone: its form is test_a_fault_is_told_as_a_problem's
BY_NAME = {each.name: each for each in OPERATIONS}


@pytest.fixture
def trust(knowing: Organisation) -> Organisation:
    a_service(knowing)
    on_scene(knowing, "A101")
    return knowing


def key(trust: Organisation, kind: str) -> str:
    source = Source.objects.create(
        organisation=trust, name=f"{kind}-of-{trust.slug}", kind=kind, expected_interval_seconds=60
    )
    return issue_key(source, by=Actor("test"), at=now())


def address(operation: Operation, trust: Organisation) -> str:
    kind = operation.kinds[0] if operation.kinds else ""
    return operation.path.replace("{source}", f"{kind}-of-{trust.slug}")


@pytest.fixture
def ask(settings: Any) -> Callable[..., Any]:
    """Ask an operation with an example of its own; `key` and everything of the request can be another."""

    def asked(operation: Operation, shown: str, to: str, method: str = "", **more: Any) -> Any:
        settings.ROOT_URLCONF = URLS[operation.process]
        settings.MIDDLEWARE = (
            settings.INGEST_MIDDLEWARE if operation.process == INGEST else settings.WEB_MIDDLEWARE
        )
        body = operation.body
        sent = {"data": _bytes(body.examples[0][1]), "content_type": body.type} if body else {}
        headers = {"Authorization": f"Bearer {shown}"} if shown else {}
        client = Client(raise_request_exception=False)
        return client.generic(method or operation.method, to, **{**sent, "headers": headers, **more})

    return asked


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def test_every_operation_of_the_address_table_stands_in_the_description_and_no_other() -> None:
    served = {
        route.address
        for route in routes()
        if route.address.startswith("/api/") and not route.address.startswith("/fhir/")
    }
    described = api_description.write("http://localhost")["paths"]

    assert served == {each.path for each in OPERATIONS if each.process == WEB}
    assert set(described) == {each.path for each in OPERATIONS}
    assert {name: set(item) - {"servers"} for name, item in described.items()} == {
        each.path: {each.method.lower()} for each in OPERATIONS
    }


def test_every_address_where_systems_deliver_stands_in_the_description() -> None:
    (served,) = routes(get_resolver(URLS[INGEST]))
    assert served.address == "/feeds/<slug:kind>/<slug:source>"
    for each in DELIVERIES.values():
        found = resolve(each.path.replace("{source}", "some-source"), URLS[INGEST])
        assert (found.kwargs["kind"],) == each.kinds


def test_the_description_is_told_to_everybody_as_it_is_kept_in_the_documentation() -> None:
    served = Client().get(DESCRIPTION.path)

    kept = json.loads((ROOT / "docs" / "reference" / "api.openapi.json").read_text())
    assert served.status_code == 200
    assert served.json() == {**kept, "servers": [{"url": "http://testserver"}]}


def examples() -> Iterator[Any]:
    for operation in OPERATIONS:
        for name, value in operation.body.examples if operation.body else ():
            yield pytest.param(operation, value, id=f"{operation.name}: {name}")


@pytest.mark.parametrize(("operation", "value"), list(examples()))
def test_every_example_is_taken_as_the_description_says(
    trust: Organisation, ask: Callable[..., Any], operation: Operation, value: Any
) -> None:
    shown = key(trust, operation.kinds[0])
    if operation.body and operation.body.shape == "HospitalEvent":
        value = value.replace("RH801", "TVH01")  # a site of this trust

    answer = ask(operation, shown, address(operation, trust), data=_bytes(value))
    while inbox.process(now):
        pass

    assert answer.status_code < 300, answer.content
    assert not Quarantined.objects.exists()
    if operation is not ADVICE:
        batch = Batch.objects.latest("pk")
        assert batch.lines and not batch.quarantined, batch.body


def refused(operation: Operation) -> dict[int, dict[str, Any]]:
    """How each refusal of an operation is had."""
    said: dict[int, dict[str, Any]] = {405: {"method": "DELETE"}}
    if operation.kinds:
        said[401] = {"shown": "wrong"}
    if operation.body:
        said[400] = {"data": b" \n"}
        said[411] = {"CONTENT_LENGTH": ""}
        said[413] = {"CONTENT_LENGTH": str(operation.body.most + 1)}
        said[415] = {"content_type": "multipart/form-data; boundary=x"}
    if operation.process == INGEST:
        said[404] = {"to": operation.path.replace("{source}", "of.no-name")}
    return said


def answers(operation: Operation) -> dict[int, dict[str, Any]]:
    """How each answer of an operation is had."""
    wrong = {"reference": "2"}
    of_its_own: dict[str, dict[int, dict[str, Any]]] = {
        REFERRALS.name: {
            200: {},
            207: {"data": _bytes([REFERRALS.body.examples[0][1], wrong])},
            422: {"data": _bytes(wrong)},
            202: {"broken": True},
        },
        REGIONAL.name: {200: {}, 400: {"to": "/api/v1/regional?format=xml"}, 404: {"elsewhere": True}},
        ADVICE.name: {200: {}},
        NOTIFY.name: {202: {}},
        DESCRIPTION.name: {200: {}},
        **{each.name: {202: {}} for each in DELIVERIES.values()},
    }
    return {**refused(operation), **of_its_own[operation.name]}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_status_that_is_described_is_answered_and_keeps_to_its_schema(
    trust: Organisation, ask: Callable[..., Any], operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = pytest.importorskip("bench.api_hooks", exc_type=ImportError).judge
    told = {each.status: each for each in api.told(operation)}
    ways = answers(operation)
    assert set(told) - {FAILED} == set(ways)
    elsewhere = a_trust("elsewhere")
    Organisation.objects.filter(pk=elsewhere.pk).update(desks=["outpatients"])
    keys = {each.pk: key(each, operation.kinds[0]) if operation.kinds else "" for each in (trust, elsewhere)}

    for status, way in ways.items():
        more = {name: said for name, said in way.items() if name not in ("broken", "elsewhere")}
        of = elsewhere if "elsewhere" in way else trust
        given = {"shown": keys[of.pk], "to": address(operation, of), **more}
        with monkeypatch.context() as patched:
            if "broken" in way:
                patched.setattr(referrals, "record", None)
            answer = ask(operation, **given)
        assert answer.status_code == status, answer.content
        kind = answer["Content-Type"].partition(";")[0]
        assert judge(told[status].types[kind]).is_valid(answer.json()), answer.json()
        assert (status == 401) == ("WWW-Authenticate" in answer) and (status == 405) == ("Allow" in answer)


@pytest.mark.parametrize("operation", [REFERRALS, DELIVERIES["cad"]], ids=lambda each: each.name)
def test_a_fault_is_told_as_a_problem(
    trust: Organisation, ask: Callable[..., Any], operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Source.objects, "get", None)

    answer = ask(operation, key(trust, operation.kinds[0]), address(operation, trust))

    assert (answer.status_code, answer["Content-Type"]) == (500, api.PROBLEM)
    assert "Reference" in answer.json()["title"]


def test_an_address_that_is_not_served_is_refused_as_a_problem_and_not_with_a_page() -> None:
    answer = Client().get("/api/v1/nothing")

    assert (answer.status_code, answer["Content-Type"]) == (404, api.PROBLEM)
    assert DESCRIPTION.path in answer.json()["fix"]


def test_no_patient_of_an_example_can_be_anybody() -> None:
    text = json.dumps(api_description.write("http://localhost"))

    assert re.findall(r"\b\d{10}\b", text)
    assert all(each.startswith("999") for each in re.findall(r"\b\d{10}\b", text))
