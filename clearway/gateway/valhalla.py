"""Asking a Valhalla service for travel times, within a time limit, and doing without it."""

import http.client
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.travel import SERVICE, Journeys, Network, Places, area_penalty, in_force
from clearway.interchange import valhalla

logger = logging.getLogger(__name__)
MOST_BYTES = 20_000_000
ERROR_SHARE = 0.15  # assumed mean absolute error, until a trust has measured its service


class NoAnswer(Exception):
    """The service did not answer in time, or not with a matrix; the message says which."""


@dataclass(frozen=True, slots=True)
class Service:
    """A Valhalla service.

    address  such as http://127.0.0.1:8002
    seconds  how long an answer may take
    """

    address: str
    seconds: float = 1.0

    def minutes(
        self, origins: Sequence[Point], ends: Sequence[Point], disruptions: Sequence[Disruption] = ()
    ) -> npt.NDArray[np.float64]:
        """Minutes (origins, ends), NaN where it found no way. Raises NoAnswer."""
        body = valhalla.request(origins, ends, disruptions)
        try:
            return valhalla.minutes(self._ask(body), len(origins), len(ends))
        except CannotParse as problem:
            raise NoAnswer(str(problem)) from None
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise NoAnswer(f"{self.address}: {getattr(problem, 'reason', None) or problem}") from None

    def _ask(self, body: bytes) -> bytes:
        """One request. The limit holds for the whole answer: a service that drips is cut off."""
        until = time.monotonic() + self.seconds
        asked = urllib.request.Request(
            f"{self.address.rstrip('/')}/sources_to_targets",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        if not asked.full_url.startswith(("http://", "https://")):
            raise ValueError("The address begins with http:// or https://.")
        with urllib.request.urlopen(asked, timeout=self.seconds) as answer:
            parts, size = [], 0
            while part := answer.read1(65_536):
                parts.append(part)
                size += len(part)
                if size > MOST_BYTES or time.monotonic() > until:
                    raise ValueError("its answer is too large or too slow.")
        return b"".join(parts)


def journeys(
    service: Service,
    network: Network,
    origins: Sequence[Point],
    sites: Places,
    *,
    at: float,
    disruptions: Sequence[Disruption] = (),
    blue_light: float = 1.0,
) -> Journeys:
    """The service's minutes where it gives any, marked as its own; the network's everywhere else.

    Closures are exact; what else hinders travel is an estimated penalty, as on a table.
    """
    latitude = np.array([point.latitude for point in origins])
    longitude = np.array([point.longitude for point in origins])
    known = network.journeys(
        latitude, longitude, sites, at=at, disruptions=disruptions, blue_light=blue_light
    )
    ends = [
        Point(float(north), float(east)) for north, east in zip(sites.latitude, sites.longitude, strict=True)
    ]
    now = in_force(disruptions, at)
    try:
        took = service.minutes(origins, ends, now)
    except NoAnswer as problem:
        logger.warning("Travel times without the routing service: %s", problem)
        return known
    penalty = np.zeros_like(took)
    for each in now:
        if each.kind is not DisruptionKind.CLOSURE:
            penalty += area_penalty(each, latitude, longitude, sites.latitude, sites.longitude)
    said = ~np.isnan(took)
    return replace(
        known,
        minutes=np.where(said, blue_light * (took + penalty), known.minutes),
        error=np.where(said, blue_light * ERROR_SHARE * took, known.error),
        source=np.where(said, np.int8(SERVICE), known.source),
        as_of=at if said.all() else min(at, known.as_of),
        estimated_penalty=np.where(said, blue_light * penalty, known.estimated_penalty),
    )
