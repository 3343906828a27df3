"""Whether a feed's file conforms: what the gateway would refuse in it, and what it would take and doubt.

It needs no database, so a supplier can run it before anything is connected. What only a trust's own data can
tell, such as whether a site's code is one of its sites, is listed and not judged.
"""

import gzip
import hashlib
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import TypeVar

from clearway.domain.ambulance import availability, hospitals, quality, quality_said, transitions
from clearway.domain.ambulance.events import AvailabilityEvent, Event, HospitalEvent, JobEvent, Position
from clearway.domain.ambulance.words import CallStatus, HospitalMeasure, JobStatus
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.facts import SKEW, Fact, in_fixed_order
from clearway.domain.shared.findings import Finding

from . import native
from .adapters import ADAPTERS
from .adapters.adapter import Adapter, parse, split
from .refusals import CONTRADICTION, FUTURE, OF_ANOTHER_KIND

Said = Event | Position
E = TypeVar("E", JobEvent, AvailabilityEvent, HospitalEvent)
# What the desk works with -> what it cannot do for a feed that never says it.
NEEDED: Mapping[str, str] = {
    JobStatus.ALLOCATED: "no response times, and an open job is seen late",
    JobStatus.AT_HOSPITAL: "no arrivals, so no queue and no turnaround",
    JobStatus.HANDOVER: "handovers stay unknown; their waits and breaches are not counted",
    JobStatus.CLEAR: "a job never ends, so its crew never becomes free",
    "destination": "nobody sees which hospital a crew goes to or waits at",
    "category": "no response standard applies, and no case is put before another",
    "place": "no destination can be advised for an incident",
    "kind": "an ambulance cannot be told from a car",
}
_SAYING = ("category", "destination", "kind", "nature", "area", "patient", "unit", "accepted_by", "user")


class Kind(StrEnum):
    """What kind of source the file would be sent through."""

    CAD = "cad"
    HOSPITAL = "hospital"
    POSITIONS = "positions"


@dataclass(frozen=True, slots=True)
class Message:
    """One line or row that can be read. `key` is its own within the source, `body` tells a repeat."""

    line: int
    key: str
    body: bytes
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """One line that the gateway would keep in quarantine, with the words it would use."""

    line: int
    error: CannotParse


@dataclass(frozen=True, slots=True)
class Doubt:
    """Times or statuses that cannot all be right: the rule, how often, and the lines of the first."""

    code: str
    sentence: str
    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a file.

    received  = taken + repeated + the refused
    kinds     kind of event and its status or figure -> how often
    says      what the feed said at all; never_says: what the desk needs and was not said -> what follows
    unlisted  what the adapter says although its KNOWS leaves it out
    late      lines that come after a later one of their stream; taken all the same
    future    lines of a control room whose time lies ahead; taken, and dated when they became known
    sites     codes of hospitals -> how often
    """

    received: int
    taken: int
    repeated: int
    refused: tuple[Refused, ...] = ()
    kinds: Mapping[str, int] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    never_says: Mapping[str, str] = field(default_factory=dict)
    unlisted: tuple[str, ...] = ()
    late: tuple[int, ...] = ()
    future: tuple[int, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    sites: Mapping[str, int] = field(default_factory=dict)

    @property
    def conforms(self) -> bool:
        """Something came, all of it can be taken, no clock runs ahead, and the adapter keeps its word.

        Doubts do not count against it: a feed must pass on what was said, also where that contradicts itself.
        """
        return self.taken > 0 and not (self.refused or self.future or self.unlisted)


def check(body: bytes, name: str, kind: Kind, at: datetime) -> Report:
    """Read a whole file, plain or gzip, as a source of this kind would be read at `at`.

    name  "native", or an adapter's; raises KeyError where there is no such adapter
    Raises CannotParse where the file as a whole cannot be read.
    """
    adapter = None if name == "native" else ADAPTERS[name]
    results = list(_rows(adapter, body) if adapter else _native(_plain(body), kind))
    judged = [_judged(each, kind, at) for each in results]
    good, repeated, twice = _by_key(each for each in judged if isinstance(each, Message))
    refused = [*(each for each in judged if isinstance(each, Refused)), *twice]
    said = _each_once(good)
    words = _words(each for _, each in said)
    knows = adapter.KNOWS if adapter else frozenset(words)
    return Report(
        received=len(results),
        taken=len(good),
        repeated=repeated,
        refused=tuple(sorted(refused, key=lambda each: each.line)),
        kinds=dict(sorted(Counter(chain.from_iterable(_titles(each) for _, each in said)).items())),
        says=tuple(words),
        never_says=_never(words, kind),
        unlisted=tuple(word for word in words if adapter and _is_promised(word) and word not in knows),
        late=tuple(_late(good)),
        future=tuple(dict.fromkeys(line for line, each in said if each.occurred_at > at + SKEW)),
        doubts=_doubts(said, knows, at),
        sites=dict(sorted(Counter(site for _, each in said if (site := _site(each))).items())),
    )


def _plain(body: bytes) -> bytes:
    try:
        return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    except (OSError, EOFError, zlib.error):
        raise CannotParse(
            "file", "The gzip file is cut short or damaged.", "Fetch or send it again."
        ) from None


def _native(body: bytes, kind: Kind) -> Iterator[Message | Refused]:
    for number, line in native.lines(body):
        try:
            if kind is Kind.POSITIONS:
                position = native.parse_position(line)
                key = f"{position.call_sign} {position.occurred_at.timestamp()}"
                # Its key is what it says of who and when: the same again is a repeat wherever it was.
                yield Message(number, key, key.encode(), (position,))
            else:
                event = native.parse_event(line)
                yield Message(number, event.message_id, line, (event,))
        except CannotParse as error:
            yield Refused(number, error)


def _rows(adapter: Adapter, body: bytes) -> Iterator[Message | Refused]:
    for line in split(body):
        try:
            events = tuple(parse(adapter, line.message))
            yield Message(line.number, hashlib.blake2b(line.raw).hexdigest(), line.raw, events)
        except CannotParse as error:
            yield Refused(line.number, error)


def _judged(result: Message | Refused, kind: Kind, at: datetime) -> Message | Refused:
    """What a source of this kind would make of a message that can be read."""
    for each in result.said if isinstance(result, Message) else ():
        if kind is Kind.HOSPITAL and not isinstance(each, HospitalEvent):
            return Refused(result.line, OF_ANOTHER_KIND)
        if isinstance(each, HospitalEvent | Position) and each.occurred_at > at + SKEW:
            return Refused(result.line, FUTURE)
    return result


def _by_key(messages: Iterable[Message]) -> tuple[list[Message], int, list[Refused]]:
    """The messages, each once; how many were said again; and those that use another's key."""
    first: dict[str, Message] = {}
    repeated, twice = 0, []
    for message in messages:
        known = first.setdefault(message.key, message)
        if known is message:
            continue
        if known.body == message.body:
            repeated += 1
        else:
            seen = replace(CONTRADICTION, why=f"This key was used on line {known.line} for another message.")
            twice.append(Refused(message.line, seen))
    return list(first.values()), repeated, twice


def _each_once(messages: Iterable[Message]) -> list[tuple[int, Said]]:
    """What was said, with its line; rows of one incident may say the same of it, which is one event."""
    said: dict[Said, int] = {}
    apart: list[tuple[int, Said]] = []
    for message in messages:
        for each in message.said:
            if isinstance(each, HospitalEvent):
                apart.append((message.line, each))  # holds a mapping, so it cannot be a key
            else:
                said.setdefault(each, message.line)
    return sorted([*apart, *((line, each) for each, line in said.items())], key=lambda pair: pair[0])


def _late(messages: Iterable[Message]) -> Iterator[int]:
    newest: dict[str, datetime] = {}
    for message in messages:
        times: dict[str, list[datetime]] = defaultdict(list)
        for each in message.said:
            times[_stream(each)].append(each.occurred_at)
        if any(stream in newest and min(told) < newest[stream] for stream, told in times.items()):
            yield message.line
        for stream, told in times.items():
            newest[stream] = max(*told, newest.get(stream, told[0]))


def _stream(each: Said) -> str:
    return f"position:{each.call_sign}" if isinstance(each, Position) else each.stream


def _titles(each: Said) -> list[str]:
    if isinstance(each, Position):
        return ["position"]
    if isinstance(each, HospitalEvent):
        return [f"hospital {measure}" for measure in each.counts] or ["hospital, words only"]
    return [f"{each.stream.partition(':')[0].replace('assignment', 'job')} {each.status}"]


def _site(each: Said) -> str | None:
    return each.site if isinstance(each, HospitalEvent) else getattr(each, "destination", None)


def _words(said: Iterable[Said]) -> list[str]:
    """What was said at all: statuses, figures and the fields that the desk works with."""
    words: dict[str, None] = {}
    for each in said:
        if isinstance(each, HospitalEvent):
            words |= dict.fromkeys(each.counts)
        elif not isinstance(each, Position):
            words[each.status] = None
        words |= {name: None for name in _SAYING if getattr(each, name, None) is not None}
        if getattr(each, "latitude", None) is not None:
            words["place"] = None
    return sorted(str(word) for word in words)


def _is_promised(word: str) -> bool:
    """Whether an adapter lists the word in KNOWS when its feed can say it."""
    statuses = {*map(str, JobStatus), *map(str, CallStatus), *map(str, HospitalMeasure)}
    return word in statuses or word in ("category", "destination", "kind", "place")


def _never(words: Sequence[str], kind: Kind) -> dict[str, str]:
    if kind is Kind.CAD:
        return {str(word): follows for word, follows in NEEDED.items() if word not in words}
    if kind is Kind.HOSPITAL:
        return {str(each): "stays as it was last said" for each in HospitalMeasure if each not in words}
    return {}


def _doubts(said: Sequence[tuple[int, Said]], knows: frozenset[str], at: datetime) -> tuple[Doubt, ...]:
    """What the rules of data quality find in each stream, by rule."""
    streams: dict[str, list[tuple[int, Event]]] = defaultdict(list)
    for line, each in said:
        if not isinstance(each, Position):
            streams[each.stream].append((line, each))
    found: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for told in streams.values():
        facts = [Fact(event, "feed", at) for _, event in told]
        for finding in _found(facts, knows, at):
            found[finding.code].append(tuple(dict.fromkeys(line for line, _ in told)))
    return tuple(
        Doubt(code, quality.RULES[code].sentence, len(lines), lines[0])
        for code, lines in sorted(found.items())
    )


def _found(facts: Sequence[Fact[Event]], knows: frozenset[str], at: datetime) -> tuple[Finding, ...]:
    """The findings in one stream, whose facts are all of one kind."""
    if jobs := _of(JobEvent, facts):
        return _of_a_job(in_fixed_order(jobs, transitions.rank), knows, at)
    if changes := _of(AvailabilityEvent, facts):
        return availability.fold(changes)[1]
    if reports := _of(HospitalEvent, facts):
        return hospitals.inspect(hospitals.fold(reports))
    return ()


def _of(kind: type[E], facts: Sequence[Fact[Event]]) -> list[Fact[E]]:
    return [Fact(fact.event, fact.source, fact.known_at) for fact in facts if isinstance(fact.event, kind)]


def _of_a_job(ordered: Sequence[Fact[JobEvent]], knows: frozenset[str], at: datetime) -> tuple[Finding, ...]:
    state, findings = transitions.fold(ordered)
    if quality_said.two_sides(ordered) or quality_said.several_patients(ordered):
        findings = tuple(each for each in findings if (each.code, each.what) != ("JC03", JobStatus.HANDOVER))
    limits = quality.Limits()
    stamps = quality.inspect(state, at, limits, knows_handover=JobStatus.HANDOVER in knows)
    # Whether a site has a queue at all is known only to a trust's own data.
    words = quality_said.inspect_said(ordered, state, knows - {"queue"}, limits)
    return (*findings, *stamps, *words)
