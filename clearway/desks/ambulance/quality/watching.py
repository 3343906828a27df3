"""Asking the rules that need more than one assignment's facts: every minute, and over a past period.

What a duty found of a job stays once the job is no longer looked at; a later fact brings it back into view.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.ambulance.quality import Limits
from clearway.domain.ambulance.quality_many import APART
from clearway.domain.ambulance.quality_tracks import rests_before
from clearway.domain.ambulance.quality_trends import heaping, skews, unknown_share
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.findings import Finding as Found
from clearway.engine.ambulance import quality

from .. import situation as situations
from ..incidents import queries as incidents
from ..situation import Reading
from . import actions, queries
from .material import LONGEST_JOB, cohorts, driver, lags, material, pressed, reported
from .models import Finding
from .policy import limits as limits_of

J = JobStatus
IN_VIEW = timedelta(minutes=30)  # a job of which something became known since then is looked at again
MANY_BACK = timedelta(hours=24)  # arrivals that are held against others; what they rest on is read as well
HOUR = timedelta(hours=1)
DEVICES_BACK = timedelta(minutes=20)  # of positions that tell whether a device's clock is off
PERIOD_DAYS = 7
MOST_DAYS = 28  # after which nobody looks whether a day was mended after all
MOST_MENDED = timedelta(days=14)  # of the past that one look reads again; of more, `look_back` is asked
Origin = Finding.Origin
Span = tuple[datetime, datetime]  # from the first to before the second


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look did: jobs in view, streams whose findings changed, and whether positions could be held
    against them."""

    jobs: int
    changed: int
    can_check_positions: bool


@transaction.atomic
def watch(organisation_id: int, *, at: datetime) -> Watched:
    """Look at what is in view now. A fixed number of queries; called every minute."""
    _alone(organisation_id)
    reading, limits = situations.reading(organisation_id, at), limits_of(organisation_id, at)
    jobs = incidents.lately(organisation_id, at - IN_VIEW)
    heard = _heard(reading, limits)
    changed = _sources(organisation_id, reading, limits, at)
    if heard:
        changed += _positions(organisation_id, jobs, heard, reading, limits, at)
    told = incidents.changed(organisation_id, at - IN_VIEW)
    spans = [*_mended(told, at - MANY_BACK), (at - MANY_BACK, at + HOUR)]
    changed += _others(organisation_id, spans, limits, at, also=[each.key for each in told])
    return Watched(len(jobs), changed, bool(heard))


def _mended(told: Sequence[Assignment], before: datetime) -> list[Span]:
    """The times, earlier than the last day, whose jobs a late word may show in another light, in order.

    As far about each stamp of a job as jobs are held against each other, not the days between two stamps:
    a job that was left open, or that has a stamp of a wrong year, says nothing of those. Of more than
    MOST_MENDED the newest.
    """
    old = [each for each in told if each.stamps and min(each.stamps.values()) < before]
    spans: list[Span] = []
    for stamp in sorted({stamp for each in old for stamp in each.stamps.values()}):
        begin, end = stamp - APART, min(stamp + APART, before)
        if spans and begin <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], end)
        elif begin < end:
            spans.append((begin, end))
    return _newest(spans)


def _newest(spans: Sequence[Span]) -> list[Span]:
    left, kept = MOST_MENDED, list[Span]()
    for begin, end in reversed(spans):
        if left <= timedelta(0):
            break
        kept.insert(0, (max(begin, end - left), end))
        left -= end - begin
    return kept


@transaction.atomic
def look_back(organisation_id: int, begin: datetime, end: datetime, *, at: datetime) -> Watched:
    """Ask the same rules about the jobs of a past period, from begin to before end.

    Positions that are gone, and what stood of a resource then, are not known: rules on them say nothing.
    """
    _alone(organisation_id)
    limits = limits_of(organisation_id, at)
    jobs = incidents.ended_between(organisation_id, begin, end)
    where = reported(organisation_id, jobs, end)
    about = material(organisation_id, jobs, {}, end, where)
    found = _by_positions(organisation_id, about, limits)
    seen = [key for key in (each.key for each in jobs) if key in found]
    changed = _show(Origin.POSITIONS, found, seen, organisation_id, at)
    changed += _others(organisation_id, [(begin, end)], limits, at)
    return Watched(len(jobs), changed, bool(where))


@transaction.atomic
def sum_up(organisation_id: int, *, at: datetime) -> int:
    """HQ32 and HQ33 over the last seven whole days, and the week they are. Called a few times a day."""
    _alone(organisation_id)
    limits = limits_of(organisation_id, at)
    days = queries.whole_days(at, max(PERIOD_DAYS, queries.unknown_days_back(organisation_id, at, MOST_DAYS)))
    found: dict[str, list[Found]] = {}
    for (site, day), (known, unknown) in queries.known_by_site_and_day(organisation_id, days).items():
        found[f"site-day:{site}:{day}"] = list(unknown_share(known, unknown, limits))
    monday = queries.week_of(days[-1])
    week = queries.whole_week(monday)
    for site, minutes in queries.waits_by_site(organisation_id, *week).items():
        found[f"site-week:{site}:{monday}"] = list(heaping(minutes, "all who press", limits))
    for (user, site), minutes in queries.waits_by_user(organisation_id, *week).items():
        found[f"user-week:{user}:{monday}"] = list(heaping(minutes, f"one person at {site}", limits))
    return actions.show(Origin.PERIOD, found, found, organisation_id=organisation_id, at=at)


def _alone(organisation_id: int) -> None:
    one_at_a_time(Lock.FINDINGS, organisation_id)


def _heard(reading: Reading, limits: Limits) -> frozenset[str]:
    """The sources of positions that were heard lately enough, by name."""
    feeds = reading.situation.feeds
    return frozenset(
        name
        for name, kind, received in zip(feeds.name, feeds.kind, feeds.received, strict=True)
        if kind == "positions" and reading.situation.at - float(received) <= limits.feed_minutes * 60
    )


def _sources(organisation_id: int, reading: Reading, limits: Limits, at: datetime) -> int:
    """HQ37: each source of positions that was heard and is silent. One that never spoke is no finding."""
    feeds = reading.situation.feeds
    found: dict[str, list[Found]] = {}
    for name, kind, received in zip(feeds.name, feeds.kind, feeds.received, strict=True):
        if kind == "positions":
            # The evidence does not grow with the minutes: it is one finding for as long as it lasts.
            words = f"no position for over {limits.feed_minutes:g} minutes; rules on positions of it wait"
            silent = (
                reading.situation.at - float(received) > limits.feed_minutes * 60
            )  # never for one unheard
            found[f"source:{name}"] = [Found("HQ37", "position", words)] if silent else []
    return _show_streams(Origin.PERIOD, found, organisation_id, at)


def _positions(
    organisation_id: int,
    jobs: Sequence[Assignment],
    heard: Collection[str],
    reading: Reading,
    limits: Limits,
    at: datetime,
) -> int:
    """What positions show of the jobs whose vehicle's source is heard; of the others it stays as it was.

    A vehicle's source is the one of its newest position: of several only that which has gone silent leaves
    its vehicles unjudged.
    """
    every = reported(organisation_id, jobs, at)
    where = {name: rows for name, rows in every.items() if rows[-1].source in heard}
    about = material(organisation_id, jobs, reading.seen, at, where)
    found = _by_positions(organisation_id, about, limits)
    changed = _show(Origin.POSITIONS, found, list(found), organisation_id, at)
    clocks = skews(lags(where, (at - DEVICES_BACK).timestamp(), limits), limits)
    devices = {f"resource:{name}": [clocks[name]] if name in clocks else [] for name in where}
    return changed + _show_streams(Origin.POSITIONS, devices, organisation_id, at)


def _by_positions(organisation_id: int, about: quality.Material, limits: Limits) -> dict[str, list[Found]]:
    """What positions show, and what they showed of long jobs before the first position that is still read."""
    found = {key: list(each) for key, each in quality.by_positions(about, limits).items()}
    cut = about.until - LONGEST_JOB
    long = {
        f"assignment:{each.key}": each
        for each in about.assignments
        if each.key in found and min(each.stamps.values(), default=cut) < cut
    }
    for stream, kept in queries.of_positions(organisation_id, long).items():
        shown = found[long[stream].key]
        now = {(each.code, each.what) for each in shown}
        shown += [
            each
            for each in kept
            if (each.code, each.what) not in now and rests_before(long[stream], each.code, cut)
        ]
    return found


def _others(
    organisation_id: int,
    spans: Sequence[Span],
    limits: Limits,
    at: datetime,
    also: Collection[str] = (),
) -> int:
    """Hold arrivals of these times against others, which are read from well before each until well after. A
    fixed number of queries, however many times they are.

    also  keys of jobs whose arrival may be gone since: nothing is found of them, and what was found ends
    """
    there = incidents.arrived_in(organisation_id, [(begin - APART, end + APART) for begin, end in spans])
    about = replace(material(organisation_id, there, {}, at, {}), cohorts=cohorts(organisation_id))
    by_hand = pressed(organisation_id, there, about.site_of, limits)
    found = quality.by_others(about, by_hand, driver(organisation_id, at), limits)
    elsewhere = {each.key for each in there}
    shown = [
        each.key for each in there if any(begin <= each.stamps[J.AT_HOSPITAL] < end for begin, end in spans)
    ]
    # One that arrived outside of these times is held against others with its own time.
    shown += sorted(set(also) - elsewhere - _arrived(organisation_id, set(also) - elsewhere))
    return _show(Origin.OTHERS, found, shown, organisation_id, at)


def _arrived(organisation_id: int, keys: Collection[str]) -> set[str]:
    """Those of these jobs that have an arrival. One query at most."""
    if not keys:
        return set()
    jobs = incidents.by_key(organisation_id, keys)
    return {key for key, each in jobs.items() if J.AT_HOSPITAL in each.stamps}


def _show(
    origin: Finding.Origin,
    found: dict[str, list[Found]],
    keys: Sequence[str],
    organisation_id: int,
    at: datetime,
) -> int:
    streams = {f"assignment:{key}": found.get(key, []) for key in keys}
    return _show_streams(origin, streams, organisation_id, at)


def _show_streams(
    origin: Finding.Origin, found: dict[str, list[Found]], organisation_id: int, at: datetime
) -> int:
    return actions.show(origin, found, found, organisation_id=organisation_id, at=at)
