"""Somebody of another system who looks like a patient here: compared side by side, and answered."""

from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Quarantined
from clearway.desks.outpatients.exchange import likeness, queries
from clearway.desks.outpatients.exchange.envelope import Envelope, Kind, name
from clearway.desks.outpatients.exchange.likeness import Question, TakenBack
from clearway.domain.outpatients.told import PersonTold
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.hl7 import kinds, reading

from . import hl7


def question(row: Quarantined, *, at: datetime) -> Question | None:
    """Whom a line tells of; None where it cannot be read so far, or tells of nobody by itself."""
    if row.source.kind != hl7.KIND:
        return None
    mapping = queries.mapping_of(row.source)
    try:
        message = reading.parse(bytes(row.body), encoding=mapping.encoding, zone=mapping.zone)
    except CannotParse:
        return None
    told = kinds.translate(message, mapping).told
    if not isinstance(told, PersonTold):
        return None
    header = message.header
    told_at = header.sent_at or row.batch.received_at
    envelope = Envelope(row.source, header.key, told_at, at, row.batch_id, header.sequence)
    return Question(envelope, told, row.pk)


@transaction.atomic
def answer(asked: Question, patient_id: int | None, why: str, *, by: Actor, at: datetime) -> int:
    """Say who it is, and read again what waited for it; how many messages were taken. Raises NotAllowed."""
    source = asked.envelope.source
    organisation_id = source.organisation_id
    row = likeness.answer(asked, patient_id, why, organisation_id=organisation_id, by=by, at=at)
    if patient_id and row.batch is not None:
        hl7.read_put_aside(row.batch, source, at=at)
    return hl7.read_again(source, (name(Kind.PATIENT, asked.who.number),), at=at)


def take_back(asked: Question, why: str, *, by: Actor, at: datetime) -> TakenBack:
    """Take the answer back; which details of the patient are as before. Raises NotAllowed."""
    organisation_id = asked.envelope.source.organisation_id
    return likeness.take_back(asked, why, organisation_id=organisation_id, by=by, at=at)
