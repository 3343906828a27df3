"""What is known of the roads around a region: read once in each process."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings

from clearway.core.organisation.models import Site
from clearway.engine.ambulance.drive_times import Table
from clearway.engine.ambulance.travel import PLAIN, Network, Places
from clearway.interchange import drive_times

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Columns:
    code: tuple[str, ...]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]


def network(sites: Places) -> Network:
    """The network for journeys to these sites: the table of drive times where set-up has made one, and else
    the distance curve alone."""
    path = Path(settings.DRIVE_TIMES)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return PLAIN
    return _network(path, changed, sites.latitude.tobytes(), sites.longitude.tobytes())


def network_of(sites: Sequence[Site]) -> Network:
    """The same, for rows of sites."""
    return network(
        _Columns(
            tuple(site.code for site in sites),
            np.array([site.latitude for site in sites], dtype=np.float64),
            np.array([site.longitude for site in sites], dtype=np.float64),
        )
    )


@lru_cache(maxsize=4)
def _network(path: Path, changed: int, latitude: bytes, longitude: bytes) -> Network:
    where = np.frombuffer(latitude), np.frombuffer(longitude)
    try:
        times = drive_times.read(path.read_bytes()).around(*where)
    except (OSError, drive_times.CannotRead):
        logger.exception("The drive times in %s cannot be read; travel is estimated by distance.", path)
        return PLAIN
    if not (len(times.latitude) and len(times.unit_latitude)):
        return PLAIN  # a region outside England and Wales
    return Network(table=Table(times))
