"""Making what another system is sent, from the snapshot that was kept when it happened."""

import hashlib
from datetime import datetime

from clearway.core.audit.actions import Actor
from clearway.core.outbox.actions import Held
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import Later, Made, Ready, Withdrawn
from clearway.domain.outpatients.telling import Said, Theirs, What
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.outgoing import LEFT, State
from clearway.interchange.hl7 import writing

from ..booking import queries as booked
from ..patients import queries as patients
from . import queries
from .models import Counterpart, Telling

SETTLED = [*LEFT, State.WITHDRAWN]
Kind = Counterpart.Kind


class TellingMaker:
    """What the outbox asks of messages to other systems (core.outbox.sending.Maker)."""

    def make(self, row: Outgoing, *, by: Actor, at: datetime) -> Made:
        """The bytes, kept. Its control id is the message's number here: the same however often it is sent."""
        telling = _of(row)
        said = Said.again(telling.said)
        send = queries.mapping_of(telling.source).send
        if send is None or not send.wants(said.what):
            return Withdrawn("The mapping of this system does not ask for it any more.")
        try:
            body = writing.write(said, _theirs(telling, said), send, key=control_id(row))
        except CannotParse as error:
            return Held("code", f"{error.where}: {error.why}", error.fix)
        Telling.objects.filter(pk=telling.pk).update(body=body)
        return Ready(hashlib.sha256(body).hexdigest())

    def look_again(self, row: Outgoing, at: datetime) -> Later | None:
        """It waits for what happened to the same thing before, until that is taken or withdrawn."""
        telling = _of(row)
        before = Telling.objects.filter(
            source=telling.source, subject=telling.subject, number__lt=telling.number
        )
        return Later(at) if before.exclude(outgoing__state__in=SETTLED).exists() else None

    def body(self, row: Outgoing) -> bytes:
        """What was made."""
        return bytes(Telling.objects.values_list("body", flat=True).get(outgoing_id=row.pk) or b"")

    def left(self, row: Outgoing, *, by: Actor, at: datetime) -> None:
        """It was acknowledged: the other system has the appointment so from now on."""
        telling = _of(row)
        Telling.objects.filter(pk=telling.pk).update(acknowledged_at=at)
        said = Said.again(telling.said)
        if said.what is not What.CLOCK:
            rows = Counterpart.objects.filter(
                source=telling.source, kind=Kind.APPOINTMENT, ours__in=_ids(telling, said)
            )
            rows.filter(told_at__lte=said.happened_at).update(
                starts_at=said.starts_at,
                state=said.state,
                told_at=said.happened_at,
                sequence=None,
                key=control_id(row),
            )


def control_id(row: Outgoing) -> str:
    """MSH-10 of a message."""
    return f"CW{row.pk}"


def _of(row: Outgoing) -> Telling:
    return Telling.objects.select_related("source").get(outgoing_id=row.pk)


def _ids(telling: Telling, said: Said) -> list[int]:
    return booked.chain(int(said.placer), telling.source.organisation_id)


def _theirs(telling: Telling, said: Said) -> Theirs:
    """What the other system calls them, as far as it has told until now."""
    source = telling.source
    key = patients.of_number(source.organisation_id, said.number)
    number = queries.their_name(source, Kind.PATIENT, [key]) if key is not None else ""
    if said.what is What.CLOCK:
        return Theirs(number)
    ids = _ids(telling, said)
    referrals = booked.referrals_of(ids)
    return Theirs(
        number,
        queries.their_name(source, Kind.APPOINTMENT, ids),
        queries.their_name(source, Kind.REFERRAL, referrals),
    )
