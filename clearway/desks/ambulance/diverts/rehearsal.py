"""Rehearsing a divert before anybody is asked: what the next four hours hold with it and without.

The futures are lived in processes of their own, with less claim to the processor than the pages have; only
the thread of who asked waits for them.
"""

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, count
from multiprocessing import get_context
from multiprocessing.reduction import ForkingPickler
from types import MappingProxyType
from typing import Any

import numpy as np

from clearway.domain.ambulance.diverts import Divert, DivertPolicy, Terms
from clearway.domain.ambulance.situation import Situation
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.forecast import ForecastPolicy, forecast
from clearway.engine.ambulance.travel import Network
from clearway.simulation.ambulance.opening import ASSUMED, Known, not_said
from clearway.simulation.ambulance.rehearsing import Asked, Future, Outlook, live, summary

SECONDS = 5.0  # of each processor's time
PROCESSES_AT_MOST = 4
NICENESS = 5
WAIT_AT_MOST = 20.0  # seconds, on a machine that has no time for it
one_at_a_time = threading.Lock()


def _as_read_only(table: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(table)


def _sent(table: MappingProxyType[Any, Any]) -> tuple[Any, tuple[dict[Any, Any]]]:
    """How a read-only table of a pack is taken to another process."""
    return _as_read_only, (dict(table),)


ForkingPickler.register(MappingProxyType, _sent)


class CannotRehearse(ValueError):
    """Why no future can be lived, in a sentence for the coordinator."""


class OutOfReach(CannotRehearse):
    """No open road leads to a receiver."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came out, with the names of its sites.

    share    of those who come by ambulance, whom the divert covers
    not_said names of the divert's sites -> what they have not said of late, which is taken as usual
    """

    outlook: Outlook
    names: tuple[str, ...]
    share: float
    not_said: Mapping[str, tuple[str, ...]]
    assumed: tuple[str, ...] = ASSUMED


def asked_of(
    known: Known,
    terms: Terms,
    policy: DivertPolicy,
    forecasting: ForecastPolicy,
    network: Network,
    region: Region,
) -> Asked:
    """What is to be lived: such a divert from now on. Pure.

    Raises OutOfReach when no open road leads to a receiver, CannotRehearse for a region without a simulation,
    ValueError when a site of the terms is not one of the situation's.
    """
    situation = known.situation
    if not region.simulation:
        raise CannotRehearse(
            f"The pack of {region.organisation_name} says nothing of how the region behaves."
        )
    _check_roads(situation, terms, network)
    now = datetime.fromtimestamp(situation.at, UTC)
    divert = Divert(
        key="rehearsed",
        kind=terms.kind,
        site=terms.site,
        to=terms.to,
        covers=terms.covers,
        starts_at=now,
        ends_at=now + timedelta(minutes=terms.minutes) if terms.minutes else None,
        share=terms.share,
    )
    turned = replace(situation, diverts=(*situation.diverts, divert))
    ahead = forecast(turned, forecasting, network=network, explained=False)
    return Asked(region, known, divert, dict(policy.covered_share), ahead)


def _check_roads(situation: Situation, terms: Terms, network: Network) -> None:
    sites = situation.sites
    site, to = sites.code.index(terms.site), [sites.code.index(code) for code in terms.to]
    journeys = network.journeys(
        sites.latitude[site],
        sites.longitude[site],
        sites,
        at=situation.at,
        disruptions=situation.disruptions,
    )
    shut = [sites.name[row] for row in to if not np.isfinite(journeys.minutes[0, row])]
    if shut:
        raise OutOfReach(
            f"No open road leads from {sites.name[site]} to {' or '.join(shut)} now. Rehearse it without."
        )


def of(asked: Asked, seed: int, budget: Callable[[float, float], Callable[[], bool]]) -> Rehearsal:
    """Live as many futures as fit in SECONDS of each processor's time.

    budget  seconds of the processor, seconds on the wall -> whether there is still time, made in each process

    Raises CannotRehearse while another is lived, or when its processes end before they answer.
    """
    if not one_at_a_time.acquire(blocking=False):
        raise CannotRehearse("Another divert is being rehearsed just now. Ask again in some seconds.")
    try:
        found = _lived(asked, seed, partial(budget, SECONDS, WAIT_AT_MOST))
    finally:
        one_at_a_time.release()
    outlook = summary(asked, found)
    sites = asked.known.situation.sites
    names = tuple(sites.name[sites.code.index(each.code)] for each in outlook.sites)
    share = sum(asked.covered[cover.value] for cover in asked.divert.covers)
    told = {
        sites.name[sites.code.index(code)]: missing
        for code in (asked.divert.site, *asked.divert.to)
        if (missing := not_said(asked.known.situation, code))
    }
    return Rehearsal(outlook, names, min(1.0, share) * asked.divert.share, told)


def _lived(asked: Asked, seed: int, budget: Callable[[], Callable[[], bool]]) -> tuple[Future, ...]:
    processes = min(PROCESSES_AT_MOST, os.cpu_count() or 1)
    with ProcessPoolExecutor(processes, get_context("spawn"), os.nice, (NICENESS,)) as pool:
        shares = [pool.submit(live_for, asked, seed, place, processes, budget) for place in range(processes)]
        try:
            return tuple(chain.from_iterable(each.result() for each in shares))
        except CannotParse as problem:
            raise CannotRehearse(str(problem)) from None
        except BrokenProcessPool:
            raise CannotRehearse("The rehearsal broke off before it was done. Ask again.") from None


def live_for(
    asked: Asked, seed: int, place: int, places: int, budget: Callable[[], Callable[[], bool]]
) -> tuple[Future, ...]:
    """One process's share: every so many-th future, while its budget, which begins now, lasts."""
    return live(asked, (1000 * seed + number for number in count(place, places)), budget())
