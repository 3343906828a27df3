"""A provider that goes wrong in every way it can: no intent is lost, and nobody gets a text twice."""

import json
import queue
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from notifications_python_client.errors import HTTPError

from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import NotTaken, Office, Parcel, Refused
from clearway.desks.outpatients.conversations.making import MessageMaker
from clearway.desks.outpatients.conversations.models import Message
from clearway.desks.outpatients.conversations.wanted import OUTBOX
from clearway.gateway import notify
from clearway.gateway.local_provider import LocalProvider
from clearway.simulation.provider import Faults, Provider
from tests import sizes
from tests.messages import TEN, a_writing_department, remind

PATIENTS = sizes.of("R20", "texts")
SEED = 5
KEY = "test-11111111-2222-4333-8444-555555555555-66666666-7777-4888-8999-000000000000"
WRONG = Faults(
    lost_before=0.15, lost_after=0.15, busy=0.1, fails=0.1, twice=0.3, late=0.3, late_seconds=1.0, seconds=0.0
)
PATIENCE, SILENCE = 0.08, 0.2  # seconds: every lost request is a time-out of the client


@pytest.fixture
def told() -> queue.Queue[bytes]:
    return queue.Queue()


@pytest.fixture
def house(told: queue.Queue[bytes]) -> Iterator[LocalProvider]:
    def tell(body: bytes) -> bool:
        told.put(body)
        return True

    made = LocalProvider(Provider(SEED, WRONG), tell, KEY, silence=SILENCE).start()
    yield made
    made.stop()


def callbacks(source: Source, told: queue.Queue[bytes]) -> int:
    """Read what the provider has told; how many said something new."""
    new = 0
    while not told.empty():
        new += notify.record(source, told.get(), at=TEN) is True
    return new


@pytest.mark.promise("R20")
@pytest.mark.django_db
def test_thirty_in_a_hundred_time_outs_lose_no_text_and_double_none(
    house: LocalProvider, told: queue.Queue[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    physio = a_writing_department(monkeypatch)
    session = physio.session(TEN + timedelta(days=3), slots=PATIENTS)
    for place, slot in enumerate(session.slots.order_by("id")):
        patient = physio.patient(mobile=f"07700 9001{place:02}", may_text=True, channel="text")
        physio.booked(slot, physio.entry(physio.referral(patient=patient), minutes=30))
    source = a_source(physio.trust)
    assert remind(physio) == PATIENTS
    account = notify.Account(KEY, house.address, {"text": "one", "email": "two"}, PATIENCE)
    office = Office({OUTBOX: MessageMaker()}, dict(notify.carriers(account)))

    at = TEN
    for _ in range(30):  # minutes in which callbacks come while others are still being sent
        at += timedelta(minutes=1)
        while office.work(at):
            pass
        callbacks(source, told)
    time.sleep(WRONG.late_seconds + 0.5)  # the late ones
    callbacks(source, told)

    taken = Counter(note.to for note in house.provider.notes.values())
    states = Counter(Outgoing.objects.values_list("state", flat=True))
    assert taken == dict.fromkeys(taken, 1), "a text was sent twice"
    assert len(taken) == PATIENTS, "an intent was lost"
    assert states.keys() == {"delivered", "failed"}, states
    failed = [note for note in house.provider.notes.values() if note.status.value.endswith("failure")]
    assert states["failed"] == len(failed) > 0
    assert Outgoing.objects.filter(tries__gt=1).count() > 5  # the faults were there
    assert {each.outgoing.state for each in Message.objects.select_related("outgoing")} == {
        "delivered",
        "failed",
    }


def a_source(trust: Organisation) -> Source:
    return Source.objects.create(
        organisation=trust, name="notify", kind=notify.KIND, expected_interval_seconds=86400
    )


def parcel(to: str, again: bool = False) -> Parcel:
    body = json.dumps({"to": to, "subject": "", "body": "hello"}).encode()
    return Parcel("1:reminder:7", "0" * 64, body, again=again)


@pytest.fixture
def calm() -> Iterator[LocalProvider]:
    made = LocalProvider(Provider(SEED), lambda body: True, KEY).start()
    yield made
    made.stop()


def test_what_was_taken_before_is_looked_up_by_its_reference_and_not_sent_again(calm: LocalProvider) -> None:
    carrier = notify.NotifyCarrier("text", notify.Account(KEY, calm.address, {"text": "one"}))

    name = carrier.carry(parcel("+447700900123"))

    assert carrier.carry(parcel("+447700900123", again=True)) == name
    assert [note.words for note in calm.provider.notes.values()] == ["hello"]


def test_a_refusal_is_told_from_a_wrong_key_and_from_no_answer(calm: LocalProvider) -> None:
    carrier = notify.NotifyCarrier("text", notify.Account(KEY, calm.address, {"text": "one"}))
    stranger = notify.NotifyCarrier("text", notify.Account(KEY[:-1] + "1", calm.address, {"text": "one"}))
    nobody = notify.NotifyCarrier("text", notify.Account(KEY, "http://127.0.0.1:9", {"text": "one"}))

    with pytest.raises(Refused):
        carrier.carry(parcel("01632 960000"))
    with pytest.raises(NotTaken):
        stranger.carry(parcel("+447700900123"))
    with pytest.raises(HTTPError):  # nobody knows: the outbox asks again
        nobody.carry(parcel("+447700900123"))
