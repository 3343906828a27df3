"""Letting a time pass again under the rules, to count whom they would have called for, and how often.

The messages of the time, invented or kept, go through the real inbox; the workers' own duties are done at
their rhythm, by the time of the messages. Nobody answers a task: one closes when its cause has gone.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from django.db import connection

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import Opening, open_source, store, switch
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.worklist import queries as worklist
from clearway.desks.ambulance import housekeeping
from clearway.domain.shared.alarms import Alarm, Rate, rate
from clearway.domain.shared.region import Region
from clearway.interchange import native
from clearway.simulation.ambulance.world import World

from . import duties, inbox
from .feeder import source_of

STEP = timedelta(seconds=30)  # as often as the rules are asked; live it is every five seconds
SETTLING = timedelta(hours=2)  # at first a picture is half a picture: what it raises is not counted
POSITION_SECONDS = 60.0
# Nothing leaves, and nothing is kept: what seals, sends, writes for downtime and lets go has nothing to do.
LEFT_OUT = frozenset({"seal", "checkpoints", "outbox", "downtime-packs", "retention"})

K = TypeVar("K", str, tuple[str, str])
Deliveries = Callable[[datetime], Iterable[tuple[str, bytes]]]


def simulated(region: Region, regime: str, seed: int, start: datetime) -> Deliveries:
    """What an invented region sends, by source, since the last call. Raises LookupError: no such regime."""
    world = World(region, regime, seed, start, positions=POSITION_SECONDS)
    control_room, hospitals = source_of(region, "cad"), source_of(region, "hospital")
    vehicles = source_of(region, "positions")

    def until(at: datetime) -> Iterator[tuple[str, bytes]]:
        yield control_room, native.dump(world.advance(at))
        yield hospitals, native.dump(world.reports(at))
        yield vehicles, native.dump(world.positions(at))

    return until


def kept(file: Path) -> Deliveries:
    """What a file of `keep` holds, by source, since the last call: each message when it became known."""
    lines = (json.loads(line) for line in file.open(encoding="utf-8"))
    ahead: list[dict[str, object]] = []

    def until(at: datetime) -> Iterator[tuple[str, bytes]]:
        came: dict[str, list[str]] = defaultdict(list)
        while line := ahead.pop() if ahead else next(lines, None):
            if datetime.fromisoformat(str(line["known_at"])) > at:
                ahead.append(line)
                break
            came[str(line["source"])].append(json.dumps(line["event"]))
        for source, events in came.items():
            yield source, "\n".join(events).encode()

    return until


_KEPT = """
SELECT json_build_object('known_at', known_at, 'source', source, 'event', event)::text FROM (
    SELECT known_at, source, event, id FROM ambulance_fact
    WHERE organisation_id = %(organisation)s AND known_at >= %(since)s AND known_at < %(until)s
    UNION ALL (
    SELECT DISTINCT ON (call_sign, date_trunc('minute', known_at)) known_at, source, jsonb_build_object(
        'call_sign', call_sign, 'occurred_at', occurred_at, 'latitude', latitude, 'longitude', longitude), 0
    FROM ambulance_position
    WHERE organisation_id = %(organisation)s AND known_at >= %(since)s AND known_at < %(until)s
    AND occurred_at >= %(since)s - interval '1 day' AND occurred_at < %(until)s + interval '1 hour'
    ORDER BY call_sign, date_trunc('minute', known_at), known_at)
) each_of ORDER BY known_at, id
"""


def keep(organisation_id: int, since: datetime, until: datetime, file: Path) -> int:
    """Write down what became known in [since, until), in that order. Returns how many lines.

    Every fact, and one position of each vehicle a minute. They hold no identity, and neither does the file.
    """
    with connection.cursor() as cursor, file.open("w", encoding="utf-8") as out:
        cursor.execute(_KEPT, {"organisation": organisation_id, "since": since, "until": until})
        written = 0
        while rows := cursor.fetchmany(10_000):
            out.writelines(f"{line}\n" for (line,) in rows)
            written += len(rows)
    return written


def open_sources(organisation: Organisation, openings: Iterable[Opening], *, by: Actor, at: datetime) -> None:
    """Make the sources that spoke in the past and are in no pack, such as a desk, and switch them on."""
    for opening in openings:
        switch(open_source(organisation, opening, by=by, at=at), True, by=by, at=at)


def sources_of(organisation_id: int) -> list[Opening]:
    """The sources of an organisation, as `open_sources` takes them."""
    return [
        Opening(row.name, row.kind, row.format, row.expected_interval_seconds, frozenset(row.knows))
        for row in Source.objects.filter(organisation_id=organisation_id)
    ]


def play(
    organisation: Organisation,
    deliveries: Deliveries,
    *,
    start: datetime,
    until: datetime,
    step: timedelta = STEP,
    each: Callable[[datetime], None] = lambda at: None,
) -> None:
    """Let the time from `start` to `until` pass in steps, with all that comes in and what follows from it.

    each  called after each step with its instant
    """
    sources = {source.name: source for source in Source.objects.filter(organisation=organisation)}
    due = [(duty, [start]) for duty in duties.groups()["rules"]() if duty.name not in LEFT_OUT]
    housekeeping.make_partitions(start - timedelta(days=31))
    at = start
    while at < until:
        at = min(at + step, until)
        for name, body in deliveries(at):
            if body:
                store(sources[name], body, at=at)
        instant = at
        while inbox.process(lambda: instant):  # noqa: B023 - it is used at once
            pass
        for duty, next_at in due:
            if next_at[0] <= at:
                duty.work(at)
                next_at[0] = at + timedelta(seconds=duty.every)
        each(at)


@dataclass(frozen=True, slots=True)
class Heard:
    """Whom the rules called for between `since` and `until`: by role, by rule and by priority."""

    since: datetime
    until: datetime
    by_role: Mapping[str, Rate]
    by_rule: Mapping[tuple[str, str], Rate]
    by_priority: Mapping[int, int]


def heard(organisation_id: int, since: datetime, until: datetime) -> Heard:
    """The alarms of a time that was played, by role and by (role, rule), the loudest first."""
    alarms = worklist.alarms(organisation_id, since, until)
    counted = [alarm for alarm in alarms if since <= alarm.at < until]
    return Heard(
        since,
        until,
        _rates(alarms, lambda alarm: alarm.role, since, until),
        _rates(alarms, lambda alarm: (alarm.role, alarm.rule), since, until),
        {priority: sum(alarm.priority == priority for alarm in counted) for priority in (1, 2, 3)},
    )


def _rates(
    alarms: Iterable[Alarm], key: Callable[[Alarm], K], since: datetime, until: datetime
) -> dict[K, Rate]:
    found = {name: rate(group, since, until) for name, group in groupby(sorted(alarms, key=key), key=key)}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].alarms, pair[0])))
