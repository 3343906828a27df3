"""What happened in a simulated department, as figures of a span of days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from clearway.domain.outpatients.recycling import BANDS, Band, Freed

from .asking import Vacant
from .people_waiting import GROUPS, LIMIT_DAYS, Visit
from .seats import NEW
from .world import DAY, World

URGENT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Counted:
    """Freed slots of one band of notice: freed, filled, and kept, which is filled and attended."""

    freed: int
    filled: int
    kept: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One policy through one seed.

    values    figure -> value; bands  name -> freed, filled, kept
    by_group  group -> (median days to the first visit, fills per 100 who were on the list, missed %)
    seen_on   patient -> day of the first visit, in days since 1970; brought  whom an offer brought there
    """

    policy: str
    seed: int
    values: Mapping[str, float]
    bands: Mapping[str, Counted]
    by_group: Mapping[str, tuple[float, float, float]]
    seen_on: Mapping[str, int]
    brought: tuple[str, ...]


def read(world: World, policy: str, since: float, until: float) -> Outcome:
    """The figures of a world that has lived some weeks beyond `until`, so that what was freed has ended."""
    freed = [each for each in world.freed if since <= each.at < until and each.notice >= 1]
    given = [each for each in freed if each.how != "released" and each.state is not Freed.WITHDRAWN]
    visits = [each for each in world.visits if since <= each.seat.starts < until]
    over = [each for each in visits if each.state in ("attended", "missed")]
    firsts = [each for each in over if each.seat.kind == NEW and each.state == "attended"]
    bands = {band.name: _counted(each for each in given if _is_in(each, band)) for band in BANDS}
    return Outcome(
        policy=policy,
        seed=world.seed,
        values={
            **_of_slots(given, bands),
            **_of_offers(freed),
            **_of_visits(world, over, since, until),
            **_of_waits(world, firsts),
            "urgent": urgent_in_time(world, since, until),
        },
        bands=bands,
        by_group={name: _of_group(world, over, firsts, name, since, until) for name in GROUPS},
        seen_on={
            each.entry.referred.person.nhs_number: int(each.seat.starts // DAY)
            for each in world.visits
            if each.seat.kind == NEW and each.state == "attended"
        },
        brought=tuple(each.entry.referred.person.nhs_number for each in firsts if each.how == "offer"),
    )


def _is_in(each: Vacant, band: Band) -> bool:
    return each.notice >= band.over and (band.under is None or each.notice < band.under)


def _counted(freed: Iterable[Vacant]) -> Counted:
    every = list(freed)
    filled = [each for each in every if each.filled_by is not None]
    kept = [each for each in filled if each.filled_by is not None and each.filled_by.state == "attended"]
    return Counted(len(every), len(filled), len(kept))


def _of_slots(given: Sequence[Vacant], bands: Mapping[str, Counted]) -> dict[str, float]:
    freed, filled, kept = (
        sum(getattr(each, name) for each in bands.values()) for name in ("freed", "filled", "kept")
    )
    by_offer = sum(each.filled_by is not None and each.filled_by.how == "offer" for each in given)
    return {
        "freed": float(freed),
        "gross": _per_cent(filled, freed),
        "net": _per_cent(kept, freed),
        "by_offer": _per_cent(by_offer, freed),
    } | {f"net {name}": _per_cent(each.kept, each.freed) for name, each in bands.items()}


def _of_offers(freed: Sequence[Vacant]) -> dict[str, float]:
    """Of all slots that were offered, those let go by the urgent too."""
    filled = sum(each.filled_by is not None and each.filled_by.how == "offer" for each in freed)
    sooner = [each.days_sooner for each in freed if each.days_sooner is not None]
    released = [each for each in freed if each.how == "released"]
    return {
        "disappointed": sum(each.disappointed for each in freed) / filled if filled else 0.0,
        "asked": sum(len(each.offers) for each in freed) / filled if filled else 0.0,
        "moved_sooner": median(sooner) if sooner else 0.0,
        "released": _per_cent(sum(each.filled_by is not None for each in released), len(released)),
    }


def _of_visits(world: World, over: Sequence[Visit], since: float, until: float) -> dict[str, float]:
    seats = sum(since <= seat.starts < until and not seat.is_closed for seat in world.seats)
    attended = sum(each.state == "attended" for each in over)
    weeks = (until - since) / (7 * DAY)
    return {
        "missed": _per_cent(len(over) - attended, len(over)),
        "used": _per_cent(attended, seats),
        "attended": attended / weeks,
    }


def _of_waits(world: World, firsts: Sequence[Visit]) -> dict[str, float]:
    waits = [days_waited(each) for each in firsts]
    waiting = sum(len(line) + len(line.booked) for (_, kind), line in world.lines.items() if kind == NEW)
    return {
        "wait": float(np.median(waits)) if waits else 0.0,
        "wait_90": float(np.quantile(waits, 0.9)) if waits else 0.0,
        "breaches": _per_cent(sum(wait > LIMIT_DAYS for wait in waits), len(waits)),
        "waiting": float(waiting),
    }


def urgent_in_time(world: World, since: float, until: float) -> float:
    """Of the urgent referrals received in this time, how many per cent were seen within 14 days.

    Of those received, who are the same under every policy, and not of those seen: a policy that brings in
    who has waited long already would look worse for it.
    """
    received = {
        each.referred.person.nhs_number
        for each in world.entries
        if each.nth == 1 and each.wanted.is_urgent and since <= each.referred.at.timestamp() < until
    }
    in_time = {
        each.entry.referred.person.nhs_number
        for each in world.visits
        if each.seat.kind == NEW and each.state == "attended" and days_waited(each) <= URGENT_DAYS
    }
    return _per_cent(len(received & in_time), len(received))


def days_waited(visit: Visit) -> float:
    """Days from the referral to a visit."""
    return (visit.seat.starts - visit.entry.referred.at.timestamp()) / DAY


def _of_group(
    world: World, over: Sequence[Visit], firsts: Sequence[Visit], name: str, since: float, until: float
) -> tuple[float, float, float]:
    waits = [days_waited(each) for each in firsts if name in each.entry.groups]
    listed = sum(
        name in each.groups and each.since < until and not _ended_before(each.visit, since)
        for each in world.entries
    )
    brought = sum(each.how == "offer" and name in each.entry.groups for each in over)
    mine = [each for each in over if name in each.entry.groups]
    missed = _per_cent(sum(each.state == "missed" for each in mine), len(mine))
    return (median(waits) if waits else 0.0, 100 * brought / listed if listed else 0.0, missed)


def _ended_before(visit: Visit | None, since: float) -> bool:
    return visit is not None and visit.seat.starts < since


def _per_cent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
