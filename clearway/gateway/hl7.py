"""HL7 v2 messages of other systems: stored and committed first, then read at once, because the sender waits.

One message is one batch of one line. Its key is the sender and MSH-10: the same bytes again are a repeat,
other bytes under the same key a contradiction. What waits for another message is read again by itself once
that one has come, what waits for the desk once the desk has done it (hl7_again.py). Should reading fail, the
workers read it later and nothing is lost.
"""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Case, When

from clearway.core.audit.actions import Actor
from clearway.core.feeds import actions as feeds
from clearway.core.feeds.models import Batch, Message, Quarantined, Source
from clearway.core.locks import Lock, one_at_a_time
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.exchange import queries
from clearway.desks.outpatients.exchange.envelope import Envelope, Refused, Taken, Verdict
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.domain.shared.facts import SKEW
from clearway.interchange.hl7 import answer, kinds, reading
from clearway.interchange.hl7.answer import AA, AE, AR, Answer
from clearway.interchange.hl7.mapping import SenderMapping
from clearway.interchange.hl7.trail import Step
from clearway.interchange.refusals import NOT_APPLIED

log = logging.getLogger(__name__)
KIND = "hl7"
MOST_BYTES = 1024 * 1024
MOST_AGAIN = 200  # messages that are read again because one came: the rest go with the next
MOST_TRIED = 1000  # messages that are read again at once because a person asks
ACCOUNTED = {Verdict.APPLIED: "applied", Verdict.NOTHING_NEW: "duplicate", Verdict.ASIDE: "aside"}
CONTRADICTION = CannotParse(
    "MSH-10",
    "This control id was used before for another message.",
    "Give every message its own; send a correction as a new message.",
)
FUTURE = CannotParse(
    "MSH-7", "The time of the message lies more than a minute in the future.", "Set the clock of the sender."
)


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one message. answer: what its sender is told"""

    answer: Answer
    taken: Taken | None = None
    refused: Refused | None = None


def deliver(source: Source, raw: bytes, clock: Callable[[], datetime]) -> bytes:
    """Take one message of a source; the acknowledgement as bytes. Once it is AA or AE the message is kept."""
    at = clock()
    mapping = queries.mapping_of(source)
    if len(raw) > MOST_BYTES:
        refused = CannotParse("message", "It is over 1 MiB.", "Send it without what is attached.")
        return answer.write(Answer(AR, answer.UNREADABLE, refused), None, key="0", at=at)
    batch = feeds.store(source, raw, at=at)
    header = reading.header_of(raw, mapping.zone)
    try:
        said = read(batch.pk, at=at).answer
    except (OperationalError, InterfaceError):
        raise  # the server is away: the sender gets no answer and sends it again
    except Exception:
        log.exception("Batch %s could not be read at once; the workers read it again", batch.pk)
        said = Answer(AE, answer.FAULT, NOT_APPLIED)
    return answer.write(said, header, key=str(batch.pk), at=at)


@transaction.atomic
def read(batch_id: int, *, at: datetime) -> Read:
    """Read a stored message, close its account, and read again what waited for it."""
    rows = Batch.objects.select_for_update(of=("self",)).select_related("source")
    batch = rows.get(pk=batch_id)
    body = bytes(batch.body)
    one_at_a_time(Lock.EXCHANGE, batch.source_id)
    waiting = _waiting(batch.source, body) if batch.done_at is None else None
    found = _again(waiting, at) if waiting is not None else understood(batch, at=at)
    if batch.done_at is None:
        feeds.close(batch, _account(found, body, is_repeat=waiting is not None), at=at)
        feeds.heard(batch.source, at=at)
        if found.taken is not None:
            read_again(batch.source, found.taken.provides, at=at)
    return found


def _waiting(source: Source, body: bytes) -> Quarantined | None:
    """The line that waits with these very bytes: its sender did not rest until it was taken."""
    rows = Quarantined.objects.filter(
        source=source, state=Quarantined.State.WAITING, digest=feeds.digest(body)
    )
    return rows.order_by("id").first()


def _again(row: Quarantined, at: datetime) -> Read:
    try:
        return Read(Answer(AA), taken=replay(row.pk, by=Actor(f"feed:{row.source.name}"), at=at))
    except CannotParse as error:
        return Read(_refusal(error, queries.mapping_of(row.source)), refused=Refused.by(error))


def _account(found: Read, body: bytes, *, is_repeat: bool) -> feeds.Account:
    if is_repeat:
        return feeds.Account(0, 1, ())
    if found.refused is not None:
        return feeds.Account(0, 0, (_rejected(body, found.refused),))
    assert found.taken is not None
    became = ACCOUNTED[found.taken.verdict]
    counts = {name: int(name == became) for name in ACCOUNTED.values()}
    return feeds.Account(counts["applied"], counts["duplicate"], (), counts["aside"])


def _rejected(body: bytes, refused: Refused) -> feeds.Rejected:
    return feeds.Rejected(1, body, refused.error, refused.waits_for, watches=refused.watches)


def understood(batch: Batch, *, at: datetime, waits_since: datetime | None = None) -> Read:
    """What becomes of the message of a batch: taken, or why not. In the caller's transaction.

    waits_since  when it was put into quarantine, of one that is read again
    """
    mapping = queries.mapping_of(batch.source)
    try:
        with transaction.atomic():
            taken = _taken(batch, mapping, at, waits_since)
    except Refused as refused:
        return Read(_refusal(refused.error, mapping), refused=refused)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("The message of batch %s could not be recorded", batch.pk)
        return Read(Answer(AE, answer.FAULT, NOT_APPLIED), refused=Refused.by(NOT_APPLIED))
    return Read(Answer(AA), taken=taken)


def _refusal(error: CannotParse, mapping: SenderMapping) -> Answer:
    if error.where == "MSH-9":
        return Answer(AR, answer.UNSUPPORTED, error)
    return Answer(AR if error.where.startswith("MSH") else mapping.answer, answer.UNREADABLE, error)


def _taken(batch: Batch, mapping: SenderMapping, at: datetime, waits_since: datetime | None) -> Taken:
    source, body = batch.source, bytes(batch.body)
    message = _apart(body, mapping)
    header = message.header
    if mapping.is_aside(header.kind):
        return Taken(Verdict.ASIDE, f"{header.kind.replace('^', ' ')} is none of ours by the mapping.")
    # Before its key is looked up: a repeat on another connection waits.
    one_at_a_time(Lock.EXCHANGE, source.pk)
    digest = feeds.digest(body)
    before = Message.objects.filter(source=source, message_id=header.key)
    known = before.values_list("body_hash", "known_at").first()
    if known is not None and bytes(known[0]) != digest:
        raise Refused.by(CONTRADICTION)
    # One that was set aside and then put back waits under a key that is kept already (feeds.set_back).
    is_back = known is not None and waits_since is not None and known[1] <= waits_since
    if known is not None and not is_back:
        return Taken(Verdict.NOTHING_NEW, "This message came before.")
    if header.sent_at is not None and header.sent_at > at + SKEW:
        raise Refused.by(FUTURE)
    taken = _followed(message, batch, mapping, at)
    if known is None:
        Message.objects.create(source=source, message_id=header.key, body_hash=digest, known_at=at)
    return _with_newer(taken, mapping, at)


def _apart(body: bytes, mapping: SenderMapping) -> reading.Message:
    try:
        return reading.parse(body, encoding=mapping.encoding, zone=mapping.zone)
    except CannotParse as error:
        raise Refused.by(error) from None


def _followed(message: reading.Message, batch: Batch, mapping: SenderMapping, at: datetime) -> Taken:
    """Do what follows from a message of this batch. Raises Refused."""
    found = kinds.translate(message, mapping)
    if found.told is None:
        assert found.refused is not None
        raise Refused.by(found.refused)
    header = message.header
    told_at = header.sent_at or batch.received_at
    envelope = Envelope(batch.source, header.key, told_at, at, batch.pk, header.sequence)
    return exchange.take(found.told, envelope)


def _with_newer(taken: Taken, mapping: SenderMapping, at: datetime) -> Taken:
    """Take now what was told of somebody before they were known, and is newer than what made them known.

    What cannot be taken of it goes back into quarantine; what made them known stands all the same.
    """
    if taken.again is None or (before := Batch.objects.filter(pk=taken.again).first()) is None:
        return taken
    try:
        with transaction.atomic():
            later = _followed(_apart(bytes(before.body), mapping), before, mapping, at)
    except Refused as refused:
        feeds.set_back(before, _rejected(bytes(before.body), refused), at=at)
        return replace(taken, words=f"{taken.words} What was told of them later waits for a person.")
    return replace(taken, words=f"{taken.words} {later.words}", provides=taken.provides + later.provides)


def read_put_aside(batch_id: int, source: Source, *, at: datetime) -> None:
    """Take what was told of somebody before they were known. In the caller's transaction."""
    _with_newer(Taken(Verdict.APPLIED, "", again=batch_id), queries.mapping_of(source), at)


def read_again(source: Source, provided: tuple[str, ...], *, at: datetime) -> int:
    """Read again what waited for one of these, oldest first, and what waited for that; how many.

    What still cannot be taken waits on, with the reason of now and for what it lacks now.
    """
    count, tried, ready = 0, set[int](), set(provided)
    while ready and len(tried) < MOST_AGAIN:
        rows = Quarantined.objects.filter(
            source=source, state=Quarantined.State.WAITING, waits_for__in=sorted(ready)
        ).exclude(pk__in=tried)
        waiting, ready = list(rows.order_by("id").values_list("pk", flat=True)[:MOST_AGAIN]), set()
        tried.update(waiting)
        for key in waiting:
            try:
                ready |= set(replay(key, by=Actor(f"feed:{source.name}"), at=at).provides)
                count += 1
            except (CannotParse, NotAllowed):
                continue
    return count


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Of what waited of a source: how many were taken now, how many wait on, and how many of those were not
    tried."""

    taken: int
    left: int
    untried: int

    def __str__(self) -> str:
        if not self.taken + self.left:
            return ""
        waited = self.taken + self.left
        words = f"Of {waited} messages that waited, {self.taken} could be read now and {self.left} wait on"
        more = f"; {self.untried} were not tried yet: read again the ones you need" if self.untried else ""
        return f"{words}{more}."


def read_waiting(source: Source, *, by: Actor, at: datetime) -> ReadAgain:
    """Read again what waits of a source, as after its mapping was mended.

    First what waits for no other message, then the rest, each oldest first; at most MOST_TRIED are tried.
    What waited for one that was taken follows by itself.
    """
    waiting = Quarantined.objects.filter(source=source, state=Quarantined.State.WAITING)
    before = waiting.count()
    lacks = Case(When(waits_for="", then=0), default=1)
    tried = list(waiting.order_by(lacks, "id").values_list("pk", flat=True)[:MOST_TRIED])
    for key in tried:
        try:
            read_again(source, replay(key, by=by, at=at).provides, at=at)
        except (CannotParse, NotAllowed):
            continue
    left = waiting.count()
    return ReadAgain(before - left, left, waiting.exclude(pk__in=tried).count())


def replay(row_id: int, *, by: Actor, at: datetime) -> Taken:
    """Read a quarantined message again. Raises CannotParse (it stays in quarantine) and NotAllowed."""
    source_id = Quarantined.objects.values_list("source_id", flat=True).get(pk=row_id)
    try:
        with transaction.atomic():
            one_at_a_time(Lock.EXCHANGE, source_id)  # before the row, as every reader does
            row = feeds.take_from_quarantine(row_id, by=by, at=at)
            found = understood(row.batch, at=at, waits_since=row.known_at)
            if found.taken is None:
                raise _StillRefused(found)
            feeds.settle(row, ACCOUNTED[found.taken.verdict])
            again = found.taken
    except _StillRefused as still:
        refused = still.found.refused
        assert refused is not None
        feeds.waits_on(row_id, _rejected(b"", refused))
        raise refused.error from None
    return again


class _StillRefused(Exception):
    def __init__(self, found: Read) -> None:
        super().__init__()
        self.found = found


class _Undone(Exception):
    """A rehearsal is over."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What the doctor of a feed finds: every step of reading, and what would happen."""

    header: reading.Header | None
    trail: tuple[Step, ...]
    found: Read


def examine(source: Source, raw: bytes, *, at: datetime) -> Examined:
    """Read a message as if it had come, say what would follow, and take all of it back."""
    mapping = queries.mapping_of(source)
    trail: tuple[Step, ...] = ()
    header = reading.header_of(raw, mapping.zone)
    with contextlib.suppress(CannotParse):  # said again below, by the same reading
        message = reading.parse(raw, encoding=mapping.encoding, zone=mapping.zone)
        trail = kinds.translate(message, mapping).trail
    found: Read | None = None
    try:
        with transaction.atomic():
            found = understood(feeds.store(source, raw, at=at), at=at)
            raise _Undone
    except _Undone:
        assert found is not None
    return Examined(header, trail, found)
