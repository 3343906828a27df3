"""Rebuilding the projections from the facts, to compare them with what the tables hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import connection, transaction

from clearway.domain.ambulance import availability, hospitals
from clearway.domain.ambulance.events import AvailabilityEvent, HospitalEvent
from clearway.domain.shared.findings import Finding as Found

from ..incidents import queries as incidents
from ..incidents.folding import ReferenceBook, fold_assignment, reference_book
from ..liaison import queries as liaison
from ..quality import queries as findings
from ..resources import queries as resources
from . import queries
from .actions import lock

STREAMS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many streams were rebuilt, and each difference in a sentence without identity."""

    streams: int
    differences: tuple[str, ...]


def compare(organisation_id: int, *, at: datetime) -> Comparison:
    """Fold every stream again and compare with its row and findings. Feeds wait a moment for each part.

    at  the instant whose policies say what cannot be right
    """
    book = reference_book(organisation_id, at)
    streams, differences = 0, []
    for chunk in _chunks(_streams(organisation_id)):
        streams += len(chunk)
        with transaction.atomic():
            lock(organisation_id)
            differences += list(_differences(organisation_id, chunk, book))
    return Comparison(streams, tuple(differences))


def _chunks(streams: Sequence[str]) -> Iterator[list[str]]:
    """Most streams end with their job; a hospital speaks for ever, so each is read alone."""
    ending = iter([stream for stream in streams if not stream.startswith("hospital:")])
    while chunk := list(islice(ending, STREAMS_AT_ONCE)):
        yield chunk
    yield from ([stream] for stream in streams if stream.startswith("hospital:"))


def _streams(organisation_id: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT stream FROM ambulance_fact WHERE organisation_id = %s"
            " AND stream NOT LIKE 'incident:%%' ORDER BY stream",
            [organisation_id],
        )
        return [row[0] for row in cursor.fetchall()]


def _differences(organisation_id: int, streams: list[str], book: ReferenceBook) -> Iterator[str]:
    facts = queries.by_stream(organisation_id, streams)
    keys = {stream.partition(":")[2] for stream in streams}
    assignments = incidents.by_key(organisation_id, keys)
    standings = resources.by_call_sign(organisation_id, keys)
    states = liaison.by_site(organisation_id, keys)
    found = findings.of_facts(organisation_id, streams)
    for stream in streams:
        key = stream.partition(":")[2]
        rebuilt: object
        kept: object
        expected: Sequence[Found]
        if stream.startswith("assignment:"):
            folded = fold_assignment(facts[stream], book)
            rebuilt, kept, expected = folded.state, assignments.get(key), folded.findings
        elif stream.startswith("hospital:"):
            rebuilt = hospitals.fold(queries.of_kind(HospitalEvent, facts[stream]))
            kept, expected = states.get(key), hospitals.inspect(rebuilt)
        else:
            rebuilt, expected = availability.fold(queries.of_kind(AvailabilityEvent, facts[stream]))
            kept = standings.get(key)
        if rebuilt != kept:
            yield f"{stream}: the row is not what its facts add up to"
        if tuple(found.get(stream, ())) != tuple(expected):
            yield f"{stream}: its findings are not those of its facts"
