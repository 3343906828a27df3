"""A department whose patients are reminded by text, and the worker that sends, for tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Organisation
from clearway.core.outbox.sending import Carrier, Office, Parcel
from clearway.desks.outpatients.conversations import actions
from clearway.desks.outpatients.conversations.making import MessageMaker
from clearway.desks.outpatients.conversations.models import Message
from clearway.desks.outpatients.conversations.wanted import OUTBOX
from clearway.desks.outpatients.reminders import actions as reminders
from clearway.domain.shared.delivery import Heard, Receipt, Status
from tests.letters import with_letters
from tests.therapies import Department, a_department
from tests.trust import a_trust, set_policy

WORKER = Actor("duty:test")
TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # a Friday, when texts may leave
NUMBER = "07700 900123"
WIRE = "+447700900123"
CONNECTED = {"text": "template", "email": "template"}


@dataclass
class Pigeon:
    """A carrier that keeps what it is given."""

    takes_key: bool = True
    took: list[Parcel] = field(default_factory=list)

    def carry(self, parcel: Parcel) -> str:
        self.took.append(parcel)
        return f"pigeon-{len(self.took)}"


def a_writing_department(monkeypatch: Any, **plan: Any) -> Department:
    """Physiotherapy with approved texts, a plan of reminders, a provider and a page for patients."""
    monkeypatch.setattr("django.conf.settings.NOTIFY_TEMPLATES", CONNECTED)
    monkeypatch.setattr("django.conf.settings.PATIENT_ADDRESS", "https://clinics.example")
    trust = a_trust()
    with_letters(trust)
    set_policy(trust, "reminders", {"is_on": True, **plan})
    return a_department(trust)


def who(trust: Organisation, at: datetime = TEN, by: Actor = WORKER) -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": by, "at": at}


def remind(physio: Department, at: datetime = TEN, connected: Mapping[str, str] = CONNECTED) -> int:
    return reminders.send_due(connected=connected, **who(physio.trust, at))


def work(at: datetime = TEN, carrier: Carrier | None = None) -> None:
    """Let the outbox do what is to be done eleven seconds later."""
    carriers = dict.fromkeys(("text", "email"), carrier or Pigeon())
    office = Office({OUTBOX: MessageMaker()}, carriers)
    while office.work(at + timedelta(seconds=11)):
        pass


def answer(physio: Department, words: str, at: datetime = TEN, name: str = "", number: str = WIRE) -> bool:
    """The patient answers."""
    said = Heard(name or f"text-{words}-{at.isoformat()}", number, words, at)
    return actions.hear(said, **who(physio.trust, at))


def receipt(message: Message, status: Status, at: datetime = TEN) -> bool:
    said = Receipt(message.reference, status, "provider-1")
    return actions.told(said, **who(message.organisation, at))


def kinds() -> list[str]:
    """What was wanted, in order."""
    return list(Message.objects.order_by("id").values_list("kind", flat=True))
