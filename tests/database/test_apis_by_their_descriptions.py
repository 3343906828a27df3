"""Both interfaces asked by their own descriptions, right and wrong, as everybody who might ask.

A small part of what bench/api_fuzz.py asks of real processes: as many requests as a change can wait for.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as with_seed
from hypothesis import settings as sized
from hypothesis.errors import Unsatisfiable

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import issue_key
from clearway.core.feeds.models import Batch, Source
from clearway.core.organisation.models import Organisation
from clearway.core.people.roles import ROLES
from clearway.gateway import inbox
from clearway.interchange.api import ADVICE, DELIVERIES, DESCRIPTION, OPERATIONS, WEB, Operation
from clearway.interchange.api_description import KINDS, scheme_of
from tests import fhir, sizes
from tests.outpatients import a_service
from tests.trust import a_trust, signed_in, somebody

from .giving_advice import now, on_scene

schemathesis = pytest.importorskip("schemathesis")
from bench import api_hooks  # noqa: E402  it needs the same package

pytestmark = [pytest.mark.django_db, pytest.mark.promise("R8")]
EXAMPLES = sizes.of("R8", "examples in one process")
SEED = 20261123  # the same requests for every change; bench/api_fuzz.py has others each time
CHECKS = schemathesis.checks.CHECKS.get_by_names(api_hooks.CHECKS)
TOKEN = "t" * 32
# What a client of its own makes up or the asker shows; and packed answers are the web server's to judge.
MADE_UP = ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_X_CSRFTOKEN", "HTTP_ACCEPT_ENCODING")
Answered = dict[tuple[str, str], set[int]]


class Asker:
    """Somebody who asks: what they show, and the security schemes of a description that it stands for."""

    def __init__(self, name: str, has: str = "", client: Client | None = None, **shown: str) -> None:
        self.name, self.has, self.shown = name, frozenset(has.split()), shown
        self.client = client or Client()
        self.client.raise_request_exception = False

    def may(self, operation: Any) -> bool:
        """Whether the description lets them ask."""
        asked = operation.definition.raw["x-asks"]
        return not asked or any(set(each) <= self.has for each in asked)


class House:
    """The desks as a WSGI application: what the asker of now shows comes with every request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asker, self.patch = Asker("nobody"), monkeypatch

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        theirs = {name: said for name, said in environ.items() if not name.startswith(MADE_UP)}
        answer = self.asker.client.request(**theirs, **self.asker.shown)
        start_response(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
        return [answer.content]

    def let(self, asker: Asker) -> None:
        """The next requests are this asker's."""
        self.asker = asker
        self.patch.setenv("FUZZ_ASKER", " ".join(asker.has))
        self.patch.setenv("FUZZ_SOURCE", f"of-{asker.name}")


def ask_all(house: House, loaded: Any, askers: Sequence[Asker], paths: str = "") -> Answered:
    """Ask every operation of a description, right and wrong: who may as often as the size says, others once.

    Returns what each operation was answered. Fails at an answer that the description does not allow.
    """
    answered: Answered = {}
    for found in loaded.get_all_operations():
        operation = found.ok()
        if operation.path.startswith(paths):
            statuses = answered.setdefault((operation.method.upper(), operation.path), set())
            for mode in schemathesis.GenerationMode:
                _ask(house, operation, mode, askers, statuses)
    return answered


def _ask(house: House, operation: Any, mode: Any, askers: Sequence[Asker], statuses: set[int]) -> None:
    waiting = list(askers)

    @with_seed(SEED)
    @sized(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        keyed = [each for each in askers if each.may(operation) and not each.client.cookies]
        for each in dict.fromkeys([*keyed[:1], *waiting]):
            house.let(each)
            statuses.add(case.call_and_validate(checks=CHECKS).status_code)
        waiting.clear()

    with contextlib.suppress(Unsatisfiable, pytest.skip.Exception):  # of some nothing can be wrong
        ask()


def a_key(trust: Organisation, kind: str, name: str = "", **more: Any) -> Asker:
    """Who shows the key of a new source."""
    made = {"organisation": trust, "name": f"of-{name or kind}", "kind": kind, **more}
    source = Source.objects.create(expected_interval_seconds=60, **made)
    key = issue_key(source, by=Actor("test"), at=now())
    has = "key" if kind == "fhir" else scheme_of(kind)
    return Asker(name or kind, has if source.enabled else "", HTTP_AUTHORIZATION=f"Bearer {key}")


def people(trust: Organisation) -> Iterator[Asker]:
    """Somebody in every role, signed in, with the token of a form."""
    for code, role in ROLES.items():
        place = {"site": "TVH01"} if role.is_site_limited else {}
        place |= {"area": "upper"} if code == "local_commander" else {}
        client = signed_in(somebody(code, code, trust, **place))
        client.cookies["csrftoken"] = TOKEN
        has = "session formToken" if ADVICE.permission in role.permissions else ""
        yield Asker(code, has, client, HTTP_X_CSRFTOKEN=TOKEN)


def everybody(trust: Organisation) -> list[Asker]:
    """A key of every kind of source, wrong ones, nobody, and a session of every role."""
    return [
        *(a_key(trust, kind) for kind in (*KINDS, "fhir")),
        a_key(trust, "cad", "off", enabled=False),
        Asker("wrong", HTTP_AUTHORIZATION="Bearer wrong"),
        Asker("nobody"),
        *people(trust),
    ]


def check_who_was_let_in(answered: Answered, operations: Sequence[Operation]) -> None:
    """Every operation was asked by who may and by who may not."""
    assert set(answered) == {(each.method, each.path) for each in operations}
    for each in operations:
        said = answered[each.method, each.path]
        assert min(said) < 300 and (401 in said) == bool(each.kinds), f"{each.name}: {said}"


def test_the_interfaces_besides_fhir_keep_to_their_description_whoever_asks(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_service(knowing)
    on_scene(knowing)
    house = House(monkeypatch)
    loaded = schemathesis.openapi.from_wsgi(DESCRIPTION.path, house)

    answered = ask_all(house, loaded, everybody(knowing), "/api/")

    others = [each for each in OPERATIONS if each.process == WEB and each is not DESCRIPTION]
    check_who_was_let_in(answered, others)  # a tool never asks for the description that it has


def test_deliveries_keep_to_their_description_and_no_line_that_it_does_not_allow_is_taken(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    house = House(monkeypatch)
    loaded = schemathesis.openapi.from_wsgi(DESCRIPTION.path, house)
    askers = everybody(knowing)
    # Those of the process that takes deliveries, whose role reads no table of people.
    settings.ROOT_URLCONF, settings.MIDDLEWARE = "clearway.gateway.urls", settings.INGEST_MIDDLEWARE

    answered = ask_all(house, loaded, askers, "/feeds/")
    while inbox.process(now):
        pass

    check_who_was_let_in(answered, list(DELIVERIES.values()))
    batches = list(Batch.objects.select_related("source"))
    for each in batches:
        assert api_hooks.unread(each.source.kind, bytes(each.body)) <= (each.quarantined or 0), each.body
    assert sum(each.applied or 0 for each in batches) and sum(each.quarantined or 0 for each in batches)


def test_fhir_keeps_to_its_description_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    trust, other = a_trust(), a_trust("elsewhere")
    fhir.physio(trust)
    house = House(monkeypatch)
    askers = [
        *(a_key(trust, "fhir"), a_key(other, "fhir", "other"), a_key(trust, "fhir", "off", enabled=False)),
        *(a_key(trust, "referrals"), Asker("wrong", HTTP_AUTHORIZATION="Bearer wrong"), Asker("nobody")),
        Asker("desk", "", signed_in(somebody("desk", "outpatient_coordinator", trust))),
    ]

    answered = ask_all(house, schemathesis.openapi.from_wsgi("/fhir/R4/openapi.json", house), askers)

    public = {("GET", "/metadata")}
    assert all(401 in said for where, said in answered.items() if where not in public), answered
    assert {200, 404} <= set().union(*answered.values())
