"""Rehearsing a divert before anybody is asked: what the next four hours hold with it and without."""

from dataclasses import dataclass

import numpy as np

from clearway.domain.ambulance.diverts import DivertPolicy, Terms
from clearway.domain.ambulance.situation import Situation
from clearway.engine.ambulance.forecast import ForecastPolicy, pressure
from clearway.engine.ambulance.travel import Network
from clearway.simulation.ambulance.futures import Diversion, Outlook, rehearse

FUTURES = 2000  # well within 5 seconds for the sites of a region
CLOSED_MINUTES = 240.0  # as far as a future reaches


class OutOfReach(ValueError):
    """No open road leads to a receiver. Says which, in a sentence for the coordinator."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came out, with the names of its sites. `share` is that of the patients who are turned away."""

    outlook: Outlook
    names: tuple[str, ...]
    share: float


def of(
    situation: Situation,
    terms: Terms,
    policy: DivertPolicy,
    forecasting: ForecastPolicy,
    network: Network,
    seed: int,
) -> Rehearsal:
    """Live through the next four hours with and without such a divert. Pure; same input, same answer.

    Raises OutOfReach when no open road leads to a receiver, ValueError when a site of the terms is not one of
    the situation's.
    """
    sites = situation.sites
    site = sites.code.index(terms.site)
    to = tuple(sites.code.index(code) for code in terms.to)
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
    covered = min(1.0, sum(policy.covered_share[cover.value] for cover in terms.covers))
    diversion = Diversion(
        site=site,
        to=to,
        share=covered * terms.share,
        minutes=terms.minutes or CLOSED_MINUTES,
        lag=forecasting.journey,
        drive=tuple(float(journeys.minutes[0, row]) for row in to),
    )
    outlook = rehearse(pressure(situation, forecasting, network), diversion, seed, FUTURES)
    return Rehearsal(outlook, tuple(sites.name[each.site] for each in outlook.sites), diversion.share)
