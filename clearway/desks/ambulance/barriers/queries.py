"""Reading barriers, the register, and how long barriers lasted."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import numpy as np
from django.db.models import QuerySet

from clearway.core.organisation.queries import stations
from clearway.domain.ambulance.barriers import Aid as Value
from clearway.domain.ambulance.barriers import Option, What, barrier_of, options

from .. import situation as situations
from ..travel.network import columns_of, network
from ..unavailability import queries as out
from ..unavailability.policy import unavailability
from .models import Aid, Barrier
from .policy import BarrierPolicy


@dataclass(frozen=True, slots=True)
class Stopped:
    """A crew that lacks something now: what of the register helps, and what was agreed."""

    key: int
    call_sign: str
    area: str
    reason: str
    what: What
    since: datetime
    options: list[Option]
    barrier: Barrier | None


def stopped(
    organisation_id: int, reading: situations.Reading, policy: BarrierPolicy, at: datetime
) -> list[Stopped]:
    """Every crew with a barrier that the register may remove, the longest first."""
    lasting = out.lasting(organisation_id, unavailability(organisation_id, at), at)
    keys = [each.row.pk for each in lasting]
    kept = {row.unavailability: row for row in with_steps(organisation_id).filter(unavailability__in=keys)}
    ready = list(register(organisation_id).filter(state=Aid.State.READY))
    found = []
    for each in lasting:
        what = barrier_of(each.reason.code, each.reason.group)
        if what is None:
            continue
        seen = reading.seen.get(each.row.call_sign)
        standing = seen.standing if seen else None
        kind = standing.kind.value if standing and standing.kind else ""
        skill = standing.skill or "" if standing else ""
        aids = _aids(organisation_id, reading, each.row.call_sign, ready, at)
        found.append(
            Stopped(
                each.row.pk,
                each.row.call_sign,
                each.row.area,
                each.reason.says,
                what,
                each.row.since,
                options(what, kind, skill, aids, policy.leads, policy.farthest),
                kept.get(each.row.pk),
            )
        )
    return sorted(found, key=lambda each: each.since)


def _aids(
    organisation_id: int, reading: situations.Reading, call_sign: str, ready: list[Aid], at: datetime
) -> list[Value]:
    """The register as seen from a crew, with the minutes from where it is, else from its station."""
    minutes: list[float | None] = [None] * len(ready)
    where = _where(organisation_id, reading, call_sign)
    if where is not None and ready:
        columns = columns_of([each.place for each in ready])
        here = np.array([where[0]]), np.array([where[1]])
        drives = network(columns).minutes(*here, columns, at=at.timestamp())[0]
        minutes = [None if np.isnan(each) else float(each) for each in drives]
    return [
        Value(each.pk, What(each.what), each.label, each.says, far)
        for each, far in zip(ready, minutes, strict=True)
    ]


def _where(organisation_id: int, reading: situations.Reading, call_sign: str) -> tuple[float, float] | None:
    seen = reading.seen.get(call_sign)
    if seen is None:
        return None
    if seen.place is not None:
        return seen.place.point.latitude, seen.place.point.longitude
    home = next((each for each in stations(organisation_id) if each.code == seen.standing.station), None)
    return (home.latitude, home.longitude) if home else None


def register(organisation_id: int) -> QuerySet[Aid]:
    """What can help, by what it is and its name."""
    rows = Aid.objects.filter(organisation_id=organisation_id).select_related("place", "promised_to")
    return rows.order_by("what", "label")


def with_steps(organisation_id: int) -> QuerySet[Barrier]:
    """Every barrier for which something was agreed, with its steps."""
    return Barrier.objects.filter(organisation_id=organisation_id).prefetch_related("steps", "aids")


def lasted(organisation_id: int, policy: BarrierPolicy, at: datetime) -> list[tuple[What, int, float, float]]:
    """Of the barriers that ended of late: what, how many, median and total minutes. One query."""
    return ended_between(organisation_id, at - timedelta(days=policy.history_days), at, at)


def ended_between(
    organisation_id: int, since: datetime, until: datetime, at: datetime
) -> list[tuple[What, int, float, float]]:
    """Of the barriers that ended in a time: what, how many, median and total minutes. One query."""
    words, found = unavailability(organisation_id, at), defaultdict[What, list[float]](list)
    for row in out.of_late(organisation_id, since).filter(ended_at__lte=until):
        reason = words.reason(row.said, row.corrected)
        what = barrier_of(reason.code, reason.group)
        if what is not None and row.ended_at is not None:
            found[what].append((row.ended_at - row.since).total_seconds() / 60)
    return [(what, len(each), median(each), sum(each)) for what, each in sorted(found.items())]
