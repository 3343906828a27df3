"""What is known of the roads around a region: read once in each process."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from django.conf import settings

from clearway.domain.shared.errors import CannotParse
from clearway.engine.ambulance.drive_times import DriveTimes, Table
from clearway.engine.ambulance.road_graph import RoadGraph
from clearway.engine.ambulance.travel import PLAIN, Network, Places
from clearway.interchange import drive_times, osm

logger = logging.getLogger(__name__)


class HasPlace(Protocol):
    """A site, from a table or from a region pack."""

    @property
    def code(self) -> str: ...
    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...


@dataclass(frozen=True, slots=True)
class _Columns:
    code: tuple[str, ...]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]


def network(sites: Places) -> Network:
    """The network for journeys to these sites.

    The road graph where a trust has made one, the table of drive times where set-up has made it, and else the
    distance curve alone.
    """
    files = tuple(_as_it_stands(Path(path)) for path in (settings.DRIVE_TIMES, settings.ROAD_GRAPH))
    if files == (None, None):
        return PLAIN
    return _network(*files, sites.latitude.tobytes(), sites.longitude.tobytes())


def columns_of(sites: Sequence[HasPlace]) -> Places:
    """The places of rows of sites, in their order."""
    return _Columns(
        tuple(site.code for site in sites),
        np.array([site.latitude for site in sites], dtype=np.float64),
        np.array([site.longitude for site in sites], dtype=np.float64),
    )


def columns_at(latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64]) -> Places:
    """Places that have no code, by their degrees."""
    return _Columns(("",) * len(latitude), latitude, longitude)


File = tuple[Path, int] | None


def _as_it_stands(path: Path) -> File:
    """The file with the time of its last change, None where there is none."""
    try:
        return path, path.stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=64)  # a process may serve every region, each with its hospitals and its alternatives
def _network(times: File, graph: File, latitude: bytes, longitude: bytes) -> Network:
    where = np.frombuffer(latitude), np.frombuffer(longitude)
    return Network(table=times and _table(times, *where), graph=graph and _graph(graph))


@lru_cache(maxsize=1)
def _times(file: tuple[Path, int]) -> DriveTimes:
    return drive_times.read(file[0].read_bytes())


def _table(
    file: tuple[Path, int], latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64]
) -> Table | None:
    try:
        times = _times(file).around(latitude, longitude)
    except (OSError, drive_times.CannotRead):
        logger.exception("The drive times in %s cannot be read; travel is estimated without them.", file[0])
        return None
    inside = len(times.latitude) and len(times.unit_latitude)  # else a region outside England and Wales
    return Table(times) if inside else None


@lru_cache(maxsize=1)
def _graph(file: tuple[Path, int]) -> RoadGraph | None:
    try:
        return RoadGraph(osm.read(file[0].read_bytes()))
    except (OSError, CannotParse, ImportError):
        logger.exception("The road graph in %s cannot be used; travel is estimated without it.", file[0])
        return None
