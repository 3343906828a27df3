"""From stored batches to desk actions: claim, read, record, account; all in one transaction.

A worker that dies leaves its batches to do, and nothing half-done. Small batches are taken together so that
a thousand single messages cost one commit, and each message still has its own outcome.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Length

from clearway.core.audit.actions import Actor
from clearway.core.feeds import actions as feeds
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.organisation.queries import site_by_code
from clearway.desks.ambulance.facts.actions import Outcome, Received, body_hash, record
from clearway.desks.ambulance.resources.positions import record_positions
from clearway.desks.outpatients.intake.actions import REGISTERED
from clearway.domain.ambulance.events import HospitalEvent, Position
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.facts import SKEW
from clearway.interchange import native, referral_message
from clearway.interchange.refusals import CONTRADICTION, FUTURE, NOT_APPLIED, OF_ANOTHER_KIND

from . import formats, hl7, notify, referrals
from .fhir import answering
from .fhir import door as fhir

log = logging.getLogger(__name__)
T = TypeVar("T")
BATCHES_AT_ONCE = 200
BYTES_AT_ONCE = 1_000_000  # about 4,000 events: a transaction of well under a second
# Kinds of which one batch is one message, with an account of its own: read as its sender was answered.
READ_WHOLE: Mapping[str, Callable[[int, datetime], object]] = MappingProxyType(
    {
        hl7.KIND: lambda batch_id, at: hl7.read(batch_id, at=at),
        fhir.KIND: lambda batch_id, at: answering.read(batch_id, request_id="", at=at),
    }
)

FORGOTTEN = CannotParse(
    "field occurred_at",
    "It happened so long ago that the keys of its time are no longer kept; it may be a repeat.",
    "Nothing, if it was sent before. Else replay it as a file, under a source of its own.",
)
TELLS_EVENTS = ("cad", "hospital")  # kinds whose lines become events
TELLS_NOTHING = CannotParse(
    "source",
    "A source of this kind tells no events.",
    "Send them through a source of the kind cad or hospital, with its own key.",
)
UNKNOWN_SITE = CannotParse(
    "field site",
    "No site of this trust has this code.",
    "Send the ODS code, or add the site to the region pack and load it; then replay the line.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a batch with its number."""

    batch: Batch
    number: int
    body: bytes

    def rejected(self, error: CannotParse) -> feeds.Rejected:
        return feeds.Rejected(self.number, self.body, error)


Verdict = Outcome | CannotParse


def process(clock: Callable[[], datetime]) -> int:
    """Take what is waiting, oldest first, and record it. Returns how many batches were taken."""
    try:
        with transaction.atomic():
            return _process_together(_claim(BATCHES_AT_ONCE), clock())
    except (OperationalError, InterfaceError):
        raise  # the server is away: nothing was lost, the caller tries again
    except Exception:
        log.exception("Recording batches together failed; taking them one by one")
    taken = 0
    while taken < BATCHES_AT_ONCE and _process_one(clock):
        taken += 1
    return taken


def _process_one(clock: Callable[[], datetime]) -> bool:
    with transaction.atomic():
        batches = _claim(1)
        for batch in batches:
            _process_apart(batch, clock())
        return bool(batches)


def _claim(limit: int) -> list[Batch]:
    """Lock the oldest waiting batches, up to a size that makes a short transaction."""
    waiting = Batch.objects.filter(done_at__isnull=True).select_for_update(skip_locked=True).order_by("id")
    chosen: list[int] = []
    size = 0
    for pk, length in waiting.annotate(length=Length("body")).values_list("pk", "length")[:limit]:
        if chosen and size + length > BYTES_AT_ONCE:
            break
        chosen.append(pk)
        size += length
    if not chosen:
        return []  # asked many times a second, and mostly nothing waits
    return list(Batch.objects.filter(pk__in=chosen).select_related("source").order_by("id"))


def _process_together(batches: Sequence[Batch], at: datetime) -> int:
    by_source: dict[Source, list[Batch]] = defaultdict(list)
    # In one order, so that two workers never wait for each other's locks.
    for batch in sorted(batches, key=lambda each: (each.source_id, each.pk)):
        if batch.source.kind in READ_WHOLE:
            READ_WHOLE[batch.source.kind](batch.pk, at)
        else:
            by_source[batch.source].append(batch)
    for source in sorted(by_source, key=lambda source: (source.organisation_id, source.kind, source.pk)):
        together = by_source[source]
        lines = [line for batch in together for line in _lines(batch)]
        verdicts = _recorded(source, lines, at)
        _close(together, lines, verdicts, at)
    return len(batches)


def _process_apart(batch: Batch, at: datetime) -> None:
    if batch.source.kind in READ_WHOLE:
        _read_apart(batch, at)
        return
    try:
        lines = _lines(batch)
    except Exception:
        log.exception("Batch %s could not be taken apart", batch.pk)
        whole = Line(batch, batch.first_line, bytes(batch.body))
        _close([batch], [whole], [NOT_APPLIED], at)
        return
    _close([batch], lines, _recorded_apart(batch.source, lines, at), at)


def _read_apart(batch: Batch, at: datetime) -> None:
    """One message that cannot be recorded must not stand before all others."""
    try:
        with transaction.atomic():
            READ_WHOLE[batch.source.kind](batch.pk, at)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("The message of batch %s could not be recorded", batch.pk)
        whole = Line(batch, batch.first_line, bytes(batch.body))
        _close([batch], [whole], [NOT_APPLIED], at)


def _recorded_apart(source: Source, lines: Sequence[Line], at: datetime) -> list[Verdict]:
    """Record lines in ever smaller parts, so that one that cannot be recorded is alone in the end."""
    try:
        with transaction.atomic():
            return _recorded(source, lines, at)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if not lines:
            raise
        if len(lines) == 1:
            log.exception("Line %s of batch %s could not be recorded", lines[0].number, lines[0].batch.pk)
            return [NOT_APPLIED]
    half = len(lines) // 2
    return _recorded_apart(source, lines[:half], at) + _recorded_apart(source, lines[half:], at)


def _close(
    batches: Sequence[Batch], lines: Sequence[Line], verdicts: Sequence[Verdict], at: datetime
) -> None:
    outcomes: dict[int, list[tuple[Line, Verdict]]] = {batch.pk: [] for batch in batches}
    for line, verdict in zip(lines, verdicts, strict=True):
        outcomes[line.batch.pk].append((line, verdict))
    for batch in batches:
        feeds.close(batch, _account(outcomes[batch.pk]), at=at)
    feeds.heard(batches[0].source, at=max(batch.received_at for batch in batches))


def _lines(batch: Batch) -> list[Line]:
    if batch.source.kind == referrals.KIND:
        return [Line(batch, number, body) for number, body in referral_message.split(bytes(batch.body))]
    if batch.source.kind == notify.KIND:
        return [Line(batch, 1, bytes(batch.body))]
    reader = formats.of(batch.source.format)
    lines = reader.lines(bytes(batch.body), bytes(batch.header))
    return [Line(batch, number + batch.first_line - 1, body) for number, body in lines]


def _account(outcomes: Sequence[tuple[Line, Verdict]]) -> feeds.Account:
    return feeds.Account(
        applied=sum(verdict is Outcome.APPLIED for _, verdict in outcomes),
        duplicate=sum(verdict is Outcome.DUPLICATE for _, verdict in outcomes),
        rejected=tuple(
            line.rejected(verdict) for line, verdict in outcomes if isinstance(verdict, CannotParse)
        ),
    )


def _recorded(source: Source, lines: Sequence[Line], at: datetime) -> list[Verdict]:
    """Read and record lines of one source; one verdict per line, in order."""
    if source.kind == "positions":
        positions = [_or_error(partial(_read_position, at=at), line) for line in lines]
        new = record_positions(_good(positions), source=source, at=at)
        return _verdicts(positions, [Outcome.APPLIED if was_new else Outcome.DUPLICATE for was_new in new])
    if source.kind == referrals.KIND:
        return [verdict for line in lines for verdict in _recorded_referral(source, line, at)]
    if source.kind == notify.KIND:
        return [_recorded_callback(source, line, at) for line in lines]
    if source.kind == fhir.KIND:
        return [_recorded_request(source, line, at) for line in lines]
    if source.kind not in TELLS_EVENTS:
        return [TELLS_NOTHING] * len(lines)
    messages = [_or_error(_read_message, line) for line in lines]
    if any(_speaks_of_hospitals(source, message) for message in messages):
        known = frozenset(site_by_code(source.organisation_id))
        messages = [_checked(message, source, known, at) for message in messages]
    outcomes = record(_good(messages), source=source, by=Actor(f"feed:{source.name}"), at=at)
    return _verdicts(messages, outcomes)


def _recorded_referral(source: Source, line: Line, at: datetime) -> list[Verdict]:
    results = referrals.record(source, [(line.number, line.body)], line.batch.pk, at=at)
    return [
        referrals.refusal_of(each) or (Outcome.APPLIED if each.verdict == REGISTERED else Outcome.DUPLICATE)
        for each in results
    ]


def _recorded_callback(source: Source, line: Line, at: datetime) -> Verdict:
    said = notify.record(source, line.body, at=at)
    if isinstance(said, CannotParse):
        return said
    return Outcome.APPLIED if said else Outcome.DUPLICATE


def _recorded_request(source: Source, line: Line, at: datetime) -> Verdict:
    said = answering.record(source, line.batch, line.body, at=at)
    if isinstance(said, CannotParse):
        return said
    return Outcome.APPLIED if said else Outcome.DUPLICATE


def _good(values: Sequence[T | CannotParse]) -> list[T]:
    return [value for value in values if not isinstance(value, CannotParse)]


def _verdicts(values: Sequence[T | CannotParse], outcomes: Sequence[Outcome]) -> list[Verdict]:
    following = iter(outcomes)
    return [value if isinstance(value, CannotParse) else _verdict(next(following)) for value in values]


def _or_error(read: Callable[[Line], T], line: Line) -> T | CannotParse:
    try:
        return read(line)
    except CannotParse as error:
        return error


def _read_position(line: Line, at: datetime) -> Position:
    position = native.parse_position(line.body)
    if position.occurred_at > at + SKEW:
        raise FUTURE
    _check_still_told(line.batch.source, position.occurred_at)
    return position


def _read_message(line: Line) -> Received:
    reader = formats.of(line.batch.source.format)
    message_id, events = reader.read(line.body, bytes(line.batch.header), line.number)
    if events:
        # Its key was kept no earlier than its newest event happened.
        _check_still_told(line.batch.source, max(event.occurred_at for event in events))
    return Received(message_id, body_hash(line.body), events, line.batch.pk)


def _check_still_told(source: Source, occurred_at: datetime) -> None:
    if source.keys_since is not None and occurred_at < source.keys_since:
        raise FORGOTTEN


def _speaks_of_hospitals(source: Source, message: Received | CannotParse) -> bool:
    if isinstance(message, CannotParse):
        return False
    return source.kind == "hospital" or any(isinstance(event, HospitalEvent) for event in message.events)


def _checked(
    message: Received | CannotParse, source: Source, known_sites: frozenset[str], at: datetime
) -> Received | CannotParse:
    """The message, or why what it says of a hospital cannot be taken.

    Unlike a crew's, a report that lies in the future would hide every true one until its time has come.
    """
    for event in () if isinstance(message, CannotParse) else message.events:
        if not isinstance(event, HospitalEvent):
            if source.kind == "hospital":
                return OF_ANOTHER_KIND
        elif event.site not in known_sites:
            return UNKNOWN_SITE
        elif event.occurred_at > at + SKEW:
            return FUTURE
    return message


def _verdict(outcome: Outcome) -> Verdict:
    return CONTRADICTION if outcome is Outcome.CONTRADICTION else outcome


def replay(row_id: int, *, by: Actor, at: datetime) -> Quarantined:
    """Read a quarantined line again, now that a mapping is mended.

    Raises CannotParse when it still cannot be read (it stays in quarantine; one of HL7 with the reason of
    now), NotAllowed when it was replayed already.
    """
    if Source.objects.filter(quarantined__pk=row_id, kind=hl7.KIND).exists():
        hl7.replay(row_id, by=by, at=at)  # in no transaction: the reason of now outlives its refusal
        return Quarantined.objects.get(pk=row_id)
    return _replay_line(row_id, by, at)


@transaction.atomic
def _replay_line(row_id: int, by: Actor, at: datetime) -> Quarantined:
    row = feeds.take_from_quarantine(row_id, by=by, at=at)
    (verdict,) = _recorded(row.source, [Line(row.batch, row.line, bytes(row.body))], at)
    if isinstance(verdict, CannotParse):
        raise verdict
    feeds.settle(row, "duplicate" if verdict is Outcome.DUPLICATE else "applied")
    return row
