"""A department beside a patient administration system: what tests of messages in and out share."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import hl7

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.outbox.sending import Office
from clearway.desks.outpatients.clinics.models import Slot, Template
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.exchange.making import TellingMaker
from clearway.desks.outpatients.waiting.models import Entry
from clearway.gateway import hl7 as gateway
from clearway.gateway.mllp_carrier import Carriers

from .therapies import NINE, Department

MAPPING = """
[sender]
application = "PAS"
set_aside = ["ORU"]
[codes.clinic]
"BACK-MON" = "back"
[codes.service]
"PHYSIO" = "physio"
[codes.cancel_reason]
"ILL" = "patient_ill"
[codes.referral_source]
"03" = "03"
"""
MONDAY = NINE + timedelta(days=3)
DESK = Actor("desk")
CLERK = Actor("clerk")
BOOKINGS = '["bookings", "moves", "cancellations", "arrivals", "outcomes"]'


def template_of(department: Department) -> Template:
    """The clinic that the mapping calls BACK-MON."""
    made, _ = Template.objects.get_or_create(
        organisation=department.trust,
        code="back",
        version=1,
        defaults={
            "name": "Back",
            "service": department.service,
            "room": department.room,
            "clinician": department.clinician,
            "weekday": 1,
            "valid_from": date(2026, 1, 1),
            "slots": [],
            "made_at": NINE,
            "made_by": "test",
        },
    )
    return made


def slots_of(department: Department, starts_at: datetime) -> list[Slot]:
    session = department.session(starts_at)
    session.template = template_of(department)
    session.save()
    return list(session.slots.all())


def deliver(source: Source, raw: bytes, at: datetime = NINE) -> Any:
    """The acknowledgement of a message, as another library reads it."""
    return hl7.parse(gateway.deliver(source, raw, lambda: at).decode())


def code(answer: Any) -> str:
    return str(answer.segment("MSA")(1))


def all_taken(source: Source, messages: Sequence[bytes], at: datetime = NINE) -> list[str]:
    return [code(deliver(source, raw, at)) for raw in messages]


def known(department: Department, **more: Any) -> Entry:
    """Ada Brown, known by the sender's number, on the waiting list."""
    told = {
        "family_name": "Brown",
        "given_names": "Ada",
        "born_on": date(1970, 3, 1),
        "nhs_number": "9990548609",
    }
    patient = department.patient(**told, **more)
    return department.entry(department.referral(patient=patient), minutes=30)


def told(trust: Organisation, port: int, name: str = "pas", more: str = "", kinds: str = "") -> Source:
    """A system that is told what it asks for, on a port."""
    made = Source.objects.create(organisation=trust, name=name, kind="hl7", expected_interval_seconds=3600)
    send = f'\n[send]\nhost = "127.0.0.1"\nport = {port}\n{kinds and f"kinds = {kinds}"}\n{more}'
    exchange.load_mapping(made, MAPPING + send, "the first", by=DESK, at=NINE)
    return made


def scope(trust: Organisation, at: datetime = NINE, by: Actor = CLERK) -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": by, "at": at}


def work(at: datetime) -> None:
    """Everything that the workers do at an instant."""
    office = Office({"hl7": TellingMaker()}, Carriers({}))
    for _ in range(100):
        if not office.work(at):
            return
    raise AssertionError("the outbox never comes to rest")


def later(seconds: int = 11, since: datetime = NINE) -> datetime:
    return since + timedelta(seconds=seconds)
