"""Roads from OpenStreetMap XML: which may be driven, which way, how fast."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.geography import distance_km
from clearway.engine.ambulance.road_graph import Roads
from clearway.interchange import osm

AUCKLAND = Path(__file__).parents[2] / "../shared/data/road_network_auckland/auckland_main_roads.osm.gz"
NODES = "".join(f'<node id="{place}" lat="51.0{place}" lon="-3.0"/>' for place in range(1, 4))


def roads(**tags: str) -> Roads:
    """One way from node 1 over 2 to 3."""
    said = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
    way = f'<way id="9"><nd ref="1"/><nd ref="2"/><nd ref="3"/>{said}</way>'
    return osm.parse(io.BytesIO(f"<osm>{NODES}{way}</osm>".encode()), as_of=1e9)


def arcs(found: Roads) -> set[tuple[int, int]]:
    return set(zip(found.tail.tolist(), found.head.tolist(), strict=True))


def test_a_road_is_driven_both_ways_at_the_speed_of_its_class() -> None:
    found = roads(highway="primary")

    assert arcs(found) == {(0, 1), (1, 2), (1, 0), (2, 1)}
    assert found.minutes[0] == pytest.approx(float(distance_km(51.01, -3, 51.02, -3)))  # 60 km an hour


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, {(0, 1), (1, 2)}),
        ({"oneway": "-1"}, {(1, 0), (2, 1)}),
        ({"junction": "roundabout"}, {(0, 1), (1, 2)}),
        ({"highway": "motorway"}, {(0, 1), (1, 2)}),
    ],
)
def test_a_one_way_road_is_driven_one_way(tags: dict[str, str], expected: set[tuple[int, int]]) -> None:
    assert arcs(roads(**{"highway": "primary", **tags})) == expected


def test_a_lower_limit_counts_and_a_higher_one_does_not() -> None:
    normal, slow, fast = (
        roads(highway="primary", **tags) for tags in ({}, {"maxspeed": "20 mph"}, {"maxspeed": "110"})
    )

    assert slow.minutes == pytest.approx(normal.minutes * 60 / (20 * 1.609344))
    assert fast.minutes == pytest.approx(normal.minutes)


@pytest.mark.parametrize("tags", [{"highway": "footway"}, {"highway": "primary", "access": "private"}, {}])
def test_what_an_ambulance_cannot_drive_on_is_no_road(tags: dict[str, str]) -> None:
    with pytest.raises(CannotParse, match="no road"):
        roads(**tags)


def test_a_private_road_for_emergencies_is_one() -> None:
    assert len(roads(highway="service", access="private", emergency="yes").tail)


def test_the_compact_file_gives_the_same_roads() -> None:
    kept = osm.read(osm.write(found := roads(highway="primary")))

    assert arcs(kept) == arcs(found)
    assert kept.minutes == pytest.approx(found.minutes, rel=1e-6)
    assert kept.as_of == 1e9


@pytest.mark.parametrize("body", [b"", b"<osm>", b"<osm><node id='1'/></osm>", b"\x1f\x8b"])
def test_what_is_no_extract_is_refused(body: bytes) -> None:
    with pytest.raises(CannotParse):
        osm.parse(io.BytesIO(body), as_of=0)
    with pytest.raises(CannotParse):
        osm.read(body)


@pytest.mark.skipif(not AUCKLAND.is_file(), reason="no extract of a real city in ../shared/data")
def test_a_real_city_is_read_whole() -> None:
    with gzip.open(AUCKLAND) as file:
        found = osm.parse(file, as_of=0)

    assert len(found.latitude) > 50_000
    assert (found.minutes >= 0).all()
    assert np.abs(found.latitude + 36.9).max() < 1.5
