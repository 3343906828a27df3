"""A region in the database and events to feed it with."""

import functools
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.client import FakePayload

from clearway.config import postgres
from clearway.config.migrate import grant_rights
from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import store
from clearway.core.feeds.models import Batch, Source
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation, Site
from clearway.desks.ambulance.facts.actions import Received, record
from clearway.domain.ambulance.events import Event, HospitalEvent, JobEvent, Position
from clearway.domain.ambulance.words import HospitalMeasure, JobStatus, ResourceKind
from clearway.domain.shared.region import Region
from clearway.gateway import inbox
from clearway.interchange import native
from clearway.interchange.region_pack import parse
from tests import again, audited
from tests.trust import signed_in, somebody


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The roles of the test database get their rights once, as a server gives them."""
    with django_db_blocker.unblock():
        grant_rights()


@pytest.fixture(scope="module")
def db_of_module(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database for a fixture that is dear and that every test of its module only reads: what it makes stays
    for the module, and each test still takes back what it does itself."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True, scope="session")
def _requests_have_the_rights_of_the_desks() -> Iterator[None]:
    """Every request of a test is answered with the rights of the desks in the database, not the owner's: what
    they may not write, and rows of another trust, are refused there as on a server. One that writes what the
    audit has no row of fails its test. One that may write is a form of its own, unless it says which."""
    ask = Client.request

    def as_a_desk(self: Client, **request: Any) -> Any:
        connection.ensure_connection()
        connection.connection.execute(f"SET ROLE {postgres.WEB}")  # not counted as a query of the page
        try:
            if request.get("REQUEST_METHOD") not in audited.UNSAFE:
                return ask(self, **request)
            request.setdefault("HTTP_IDEMPOTENCY_KEY", str(uuid.uuid4()))  # as each form brings one
            body = request["wsgi.input"].read() if "wsgi.input" in request else b""
            twice = [request | ({"wsgi.input": FakePayload(body)} if body else {}) for _ in range(2)]
            with audited.watched() as written:
                answer = ask(self, **twice[0])
            again.checked(ask, self, twice[1], answer, written)
            return audited.checked(answer, written)
        finally:
            if connection.connection is not None and not connection.needs_rollback:
                connection.connection.execute("RESET ROLE")

    Client.request = as_a_desk  # type: ignore[method-assign]
    yield
    Client.request = ask  # type: ignore[method-assign]


T0 = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """An instant so many minutes after the start of the test's day."""
    return T0 + timedelta(minutes=minutes)


def job(
    status: str, minutes: float, *, incident: str = "1", call_sign: str = "A1", **more: object
) -> JobEvent:
    """One status of one crew; its message id says all it is."""
    return JobEvent(
        message_id=str(more.pop("message_id", f"{incident}/{call_sign}/{status}/{minutes}")),
        occurred_at=at(minutes),
        incident=incident,
        call_sign=call_sign,
        status=JobStatus(status),
        kind=ResourceKind.DCA,
        **more,  # type: ignore[arg-type]
    )


def conveyance(destination: str, *, start: float = 0, until: str = "clear", **more: object) -> list[JobEvent]:
    """A whole job, one status every ten minutes, up to and including `until`."""
    steps = ["allocated", "mobile", "at_scene", "left_scene", "at_hospital", "handover", "clear"]
    return [
        job(status, start + 10 * place, destination=destination, **more)  # type: ignore[arg-type]
        for place, status in enumerate(steps[: steps.index(until) + 1])
    ]


def report(site: str, minutes: float, *, note: str | None = None, **figures: int) -> HospitalEvent:
    """What a hospital says of itself; its message id says when."""
    counts = {HospitalMeasure(name): value for name, value in figures.items()}
    return HospitalEvent(f"{site}@{minutes}", at(minutes), site, counts, note=note)


@functools.cache
def _pack() -> Region:
    """The invented region's files, read once for all tests: what is read of them is frozen."""
    return parse(find("test-valley"))


@pytest.fixture
def valley(db: None) -> Organisation:
    """The invented region, loaded."""
    return load_region(_pack(), by=Actor("test"), at=T0 - timedelta(days=30))


@pytest.fixture
def cad(valley: Organisation) -> Source:
    return Source.objects.get(organisation=valley, kind="cad")


@pytest.fixture
def avl(valley: Organisation) -> Source:
    return Source.objects.get(organisation=valley, kind="positions")


@pytest.fixture
def hospitals(valley: Organisation) -> Source:
    return Source.objects.get(organisation=valley, kind="hospital")


@contextmanager
def another_worker_records(event: Event, *, source: Source, known: float) -> Iterator[None]:
    """While the block runs, another worker has recorded an event and not committed it; it does at the end.

    Only for tests with transactions of their own.
    """
    recorded, finish = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            received = Received(event.message_id, b"x" * 16, (event,))
            record([received], source=source, by=Actor("test"), at=at(known))
            recorded.set()
            finish.wait(10)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert recorded.wait(10)
        yield
    finally:
        finish.set()
        worker.join()


Deliver = Callable[..., Batch]


def deliver(source: Source, events: Iterable[Event | Position] | bytes, *, known: float = 100) -> Batch:
    """Store a batch as the gateway does and let a worker read it. Returns the batch with its account."""
    body = events if isinstance(events, bytes) else native.dump(events)
    batch = store(source, body, at=at(known))
    while inbox.process(lambda: at(known)):
        pass
    batch.refresh_from_db()
    return batch


@pytest.fixture
def knowing(valley: Organisation) -> Organisation:
    """The invented region, open at all hours, with a control room that knows handovers."""
    Site.objects.filter(organisation=valley).update(opens=None, closes=None)
    Source.objects.filter(organisation=valley, kind="cad").update(knows=["destination", "handover"])
    return valley


@pytest.fixture
def flow(knowing: Organisation) -> Iterator[Client]:
    yield signed_in(somebody("flow", "patient_flow_coordinator", knowing))
