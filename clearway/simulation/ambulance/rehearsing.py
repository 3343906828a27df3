"""What if a hospital diverted from now on: many futures of the next four hours, with and without it.

Each future is the simulator itself, begun from the situation as it stands (see opening.py) and lived twice on
the same luck, so that the difference is the divert's. As many are lived as the asker has time for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.diverts import Divert
from clearway.domain.ambulance.words import Category, JobStatus
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.forecast import Forecast

from . import ledger, opening
from . import parameters as packs
from .control import Incident
from .opening import Known
from .parameters import Parameters
from .turning import Turning
from .world import World

HORIZON = timedelta(hours=4)
RUN_ON = timedelta(hours=1)  # lived on, for those who arrive late in the four hours
STANDARD = 15 * 60.0  # seconds beyond which a crew's time at the door counts as lost
LEAST_TOLD = 0.25  # hours that a department must gain or lose to be named
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Range:
    """A figure over the futures: its mean, and between which bounds four of five futures lie."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Lived:
    """One future under one set of diverts. Rows of the arrays are the departments in the order of `sites`.

    wait    sum of minutes from arrival to handover, of those who arrive in the four hours; came  how many
    lost    minutes beyond the standard, of everybody who is at the door in that time
    extra   minutes driven beyond the nearest; c2  mean minutes to those of category 2 who call, NaN if nobody
    """

    wait: Numbers
    came: Numbers
    lost: Numbers
    extra: float
    c2: float
    turned: int


@dataclass(frozen=True, slots=True)
class Future:
    """One future lived twice."""

    without: Lived
    with_it: Lived


@dataclass(frozen=True, slots=True)
class SiteOutlook:
    """One department over the next four hours, in minutes: mean wait of who arrives, without and with.

    change  of the mean wait, on the same luck
    saved   crew hours beyond the standard that are saved at it; came  how many more arrive
    """

    code: str
    without: Range
    with_it: Range
    change: Range
    saved: Range
    came: Range


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the futures say; differences are with less without.

    sites          those of the divert first, then whoever gains or loses in four of five futures
    region         change of the mean wait over all departments, minutes
    c2             change of the mean minutes to category 2
    extra_drive    minutes, all together
    hours_saved    crew hours beyond the standard that the divert saves in the whole region, less all of the
                   extra driving, which is crew time as well; below 0 it costs
    better         share of futures in which it saves any, so counted
    """

    futures: int
    regime: str
    sites: tuple[SiteOutlook, ...]
    region: Range
    c2: Range
    turned_away: Range
    extra_drive: Range
    hours_saved: Range
    better: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What is rehearsed.

    covered   of those who come by ambulance, the share that each cover takes in (policy `diverts`)
    expected  the forecast with the divert in force, for whom it turns away to choose by
    """

    region: Region
    known: Known
    divert: Divert
    covered: Mapping[str, float]
    expected: Forecast


def live(asked: Asked, seeds: Iterable[int], still_time: Callable[[], bool]) -> tuple[Future, ...]:
    """Live one future after the other while there is time, the first in any case. Same seeds, same futures.

    Raises CannotParse for a region that cannot be simulated.
    """
    parameters, regime = prepared(asked.region, asked.known)
    before = asked.known.situation.diverts
    found: list[Future] = []
    for seed in seeds:
        arms = before, (*before, asked.divert)
        without, with_it = (one(asked, parameters, regime, seed, diverts) for diverts in arms)
        found.append(Future(without, with_it))
        if not still_time():
            break
    return tuple(found)


def prepared(region: Region, known: Known) -> tuple[Parameters, str]:
    """The region's parameters as its departments stand, and the regime that the last day was most like."""
    parameters = packs.read(region)
    return opening.parameters_for(known, parameters), opening.regime_of(known.situation, parameters)


def one(asked: Asked, parameters: Parameters, regime: str, seed: int, diverts: Sequence[Divert]) -> Lived:
    """The next four hours once, under these diverts."""
    situation = asked.known.situation
    turning = Turning(diverts, asked.covered, situation.sites.code, asked.expected)
    start = datetime.fromtimestamp(situation.at, UTC)
    world = World(
        asked.region,
        regime,
        seed,
        start,
        speaks=False,
        policy=turning,
        parameters=parameters,
        known=asked.known,
    )
    world.advance(start + HORIZON + RUN_ON)
    return summed(world.incidents, tuple(world.hospitals), situation.at, turning.turned)


def summed(incidents: Iterable[Incident], sites: Sequence[str], start: float, turned: int = 0) -> Lived:
    """What the four hours from `start` held; `incidents` have been lived an hour longer."""
    end, stop = start + HORIZON.total_seconds(), start + (HORIZON + RUN_ON).total_seconds()
    row = {code: place for place, code in enumerate(sites)}
    wait, came, lost = np.zeros(len(row)), np.zeros(len(row)), np.zeros(len(row))
    extra, answered = 0.0, list[float]()
    for incident in incidents:
        called = incident.categorised_at
        if incident.call.category is Category.C2 and start <= called < end and not incident.call.by_phone:
            took = ledger.response_minutes(incident)
            answered.append((stop - called) / 60 if took is None else took)
        for job in incident.jobs:
            arrived = job.stamps.get(JobStatus.AT_HOSPITAL, stop)
            if arrived >= end or job.site not in row:
                continue
            received = min(stop, job.stamps.get(JobStatus.HANDOVER, stop))
            at = row[job.site]
            lost[at] += max(0.0, received - max(start, arrived + STANDARD)) / 60
            if arrived >= start:
                wait[at] += (received - arrived) / 60
                came[at] += 1
                extra += max(0.0, job.drive - job.drive_to_nearest)
    return Lived(wait, came, lost, extra, float(np.mean(answered)) if answered else float("nan"), turned)


def summary(asked: Asked, found: Sequence[Future]) -> Outlook:
    """What these futures say of the divert. Raises ValueError without any."""
    if not found:
        raise ValueError("No future was lived.")
    parameters, regime = prepared(asked.region, asked.known)
    sites = tuple(parameters.sites)
    without, with_it = _table(each.without for each in found), _table(each.with_it for each in found)
    saved = (without.lost - with_it.lost) / 60
    drive = np.array([each.with_it.extra - each.without.extra for each in found])
    whole = saved.sum(axis=1) - drive / 60
    named = [asked.divert.site, *asked.divert.to]
    rows = [sites.index(code) for code in named if code in sites]
    moved = [row for row in range(len(sites)) if row not in rows and _is_clear(saved[:, row])]
    turned = np.array([float(each.with_it.turned - each.without.turned) for each in found])
    return Outlook(
        futures=len(found),
        regime=regime,
        sites=tuple(_of_site(sites[row], row, without, with_it, saved) for row in (*rows, *moved)),
        region=_range(
            _mean(with_it.wait.sum(axis=1), with_it.came.sum(axis=1))
            - _mean(without.wait.sum(axis=1), without.came.sum(axis=1))
        ),
        c2=_range(np.array([each.with_it.c2 - each.without.c2 for each in found])),
        turned_away=_range(turned),
        extra_drive=_range(drive),
        hours_saved=_range(whole),
        better=float((whole > 0).mean()),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """futures x sites."""

    wait: Numbers
    came: Numbers
    lost: Numbers


def _table(lived: Iterable[Lived]) -> _Table:
    each = list(lived)
    return _Table(*(np.array([getattr(one, name) for one in each]) for name in ("wait", "came", "lost")))


def _of_site(code: str, row: int, without: _Table, with_it: _Table, saved: Numbers) -> SiteOutlook:
    before = _mean(without.wait[:, row], without.came[:, row])
    after = _mean(with_it.wait[:, row], with_it.came[:, row])
    return SiteOutlook(
        code=code,
        without=_range(before),
        with_it=_range(after),
        change=_range(after - before),
        saved=_range(saved[:, row]),
        came=_range(with_it.came[:, row] - without.came[:, row]),
    )


def _mean(total: Numbers, count: Numbers) -> Numbers:
    """NaN where nobody came: nobody waited then, and no mean is made of it."""
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _is_clear(difference: Numbers) -> bool:
    """It gains, or it loses, in four futures of five and by more than a quarter of an hour."""
    low, high = np.quantile(difference, (0.1, 0.9))
    return bool(low > LEAST_TOLD or high < -LEAST_TOLD)


def _range(values: Numbers) -> Range:
    known = values[~np.isnan(values)]
    if not len(known):
        return Range(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(known, (0.1, 0.9))
    return Range(float(known.mean()), float(low), float(high))
