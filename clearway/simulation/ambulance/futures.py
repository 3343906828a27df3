"""What if a hospital diverted from now on: many futures of the next four hours, with and without it.

A coarse simulation that starts from the situation as it stands. Patients come to each door at random around
what is expected; each hospital takes them at random around the rate that it has lately shown; a shock that
all hospitals share makes whole futures better or worse. Both arms of a future live through the same chance,
so that the difference is the divert's. It knows no bays and no beds: what a hospital can take is its rate.
Nobody leaves a future by being sent on: who would reach the receiver after its end is not turned away in it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearway.engine.ambulance.forecast import STEP_MINUTES, STEPS, Pressure

Numbers = npt.NDArray[np.float64]

SHARED_SHOCK, OWN_SHOCK = (
    0.15,
    0.20,
)  # deviations of the logarithm of a hospital's rate over a future (assumed)
STANDARD = 15.0  # minutes beyond which a crew's time counts as lost


@dataclass(frozen=True, slots=True)
class Diversion:
    """What is rehearsed. Rows are those of the pressure's sites.

    share    of those who come to `site` that is turned away
    minutes  how long, from now; lag, minutes before the first who is turned away would have arrived
    drive    minutes from the site to each receiver, finite: the most that a journey grows by
    """

    site: int
    to: tuple[int, ...]
    share: float
    minutes: float
    lag: float
    drive: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A figure over the futures: its mean, and between which bounds four of five futures lie."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SiteOutlook:
    """One site over the next four hours: mean wait of who arrives, without and with, in minutes."""

    site: int
    without: Range
    with_it: Range


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the futures say.

    turned_away    patients; extra_drive  minutes at the most, all together
    hours_saved    crew hours beyond the standard that the divert saves in the whole region, less all of the
                   extra driving, which is crew time as well; below 0 it costs
    better         share of futures in which it saves any, so counted
    """

    futures: int
    sites: tuple[SiteOutlook, ...]
    turned_away: Range
    extra_drive: Range
    hours_saved: Range
    better: float


def rehearse(pressure: Pressure, diversion: Diversion, seed: int, futures: int = 1000) -> Outlook:
    """Live through the next four hours so many times, without and with the divert. Same seed, same answer.

    Raises ValueError for a receiver that no road leads to.
    """
    if not np.isfinite(diversion.drive).all():
        raise ValueError(f"A receiver is out of reach: minutes to drive are {diversion.drive}")
    chance = np.random.default_rng(seed)
    sites = len(pressure.waiting)
    shock = chance.normal(0, SHARED_SHOCK, (futures, 1)) + chance.normal(0, OWN_SHOCK, (futures, sites))
    rate = pressure.rate * np.exp(shock)
    demand = np.exp(chance.normal(0, SHARED_SHOCK, (futures, 1, 1)))
    arrivals = chance.poisson(demand * pressure.coming.T).astype(float)  # futures x steps x sites
    turned = _turned_away(arrivals, diversion, chance)
    luck = chance.random((futures, STEPS, sites))
    without = _live(arrivals, rate, pressure, luck)
    with_it = _live(_moved(arrivals, turned, diversion), rate, pressure, luck)
    drive = turned.sum(axis=1) @ np.array(diversion.drive)
    saved = ((without.lost - with_it.lost).sum(axis=1) - drive) / 60
    return Outlook(
        futures=futures,
        sites=tuple(
            SiteOutlook(site, _range(without.wait[:, site]), _range(with_it.wait[:, site]))
            for site in (diversion.site, *diversion.to)
        ),
        turned_away=_range(turned.sum(axis=(1, 2))),
        extra_drive=_range(drive),
        hours_saved=_range(saved),
        better=float((saved > 0).mean()),
    )


def _turned_away(arrivals: Numbers, diversion: Diversion, chance: np.random.Generator) -> Numbers:
    """Patients turned away to each receiver: futures x steps x receivers. Spread evenly over them.

    Those whom a receiver would see only after the last step stay: else their wait would be saved, never paid.
    """
    leads = np.arange(STEPS) * STEP_MINUTES
    during = (leads >= diversion.lag) & (leads < diversion.lag + diversion.minutes)
    here = arrivals[:, :, diversion.site].astype(np.int64)
    away = chance.binomial(here, np.where(during, diversion.share, 0.0)[None, :])
    even = np.full(len(diversion.to), 1 / len(diversion.to))
    turned = chance.multinomial(away, even).astype(float)
    for place, later in enumerate(_later(diversion)):
        turned[:, STEPS - later :, place] = 0
    return turned


def _moved(arrivals: Numbers, turned: Numbers, diversion: Diversion) -> Numbers:
    moved = arrivals.copy()
    moved[:, :, diversion.site] -= turned.sum(axis=2)
    for place, (receiver, later) in enumerate(zip(diversion.to, _later(diversion), strict=True)):
        moved[:, later:, receiver] += turned[:, : STEPS - later, place]
    return moved


def _later(diversion: Diversion) -> tuple[int, ...]:
    """Steps from the site to each receiver, at most to the end of a future."""
    return tuple(min(STEPS, round(minutes / STEP_MINUTES)) for minutes in diversion.drive)


@dataclass(frozen=True, slots=True)
class _Lived:
    """futures x sites: mean wait of who arrived, and minutes lost beyond the standard."""

    wait: Numbers
    lost: Numbers


def _live(arrivals: Numbers, rate: Numbers, pressure: Pressure, luck: Numbers) -> _Lived:
    """Queues at every door. Who arrives waits for those who are there, at the rate of that future."""
    queue = np.broadcast_to(pressure.waiting, rate.shape).copy()
    waited, lost, came = np.zeros(rate.shape), np.zeros(rate.shape), np.zeros(rate.shape)
    thin = STEP_MINUTES / pressure.base
    for step in range(STEPS):
        arriving = arrivals[:, step]
        wait = np.hypot(pressure.base, (queue + arriving / 2) / rate)
        waited += arriving * wait
        lost += arriving * np.maximum(wait - STANDARD, 0)
        came += arriving
        out = np.minimum(queue * thin, rate * STEP_MINUTES)
        whole = np.floor(out)
        queue = np.maximum(queue + arriving - whole - (luck[:, step] < out - whole), 0)
    return _Lived(waited / np.maximum(came, 1), lost)


def _range(values: Numbers) -> Range:
    low, high = np.quantile(values, (0.1, 0.9))
    return Range(float(values.mean()), float(low), float(high))
