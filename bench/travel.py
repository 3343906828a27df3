"""Travel: one crew to every hospital, by table and by road graph, beside the plain ways to do it.

    python bench/travel.py [--data ../shared/data] [--seed 1]

The table is the one that set-up makes; the graph is Auckland's main roads (OpenStreetMap through JEMSS.jl),
read from road_network_auckland below the data folder. What is absent is skipped with a reason. Times are CPU
seconds of this process, the median of several runs. The error of the table is measured by leaving small areas
out, one at a time.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from clearway.config import regions
from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.ambulance.situation import Sites
from clearway.domain.shared.geography import Point, distance_km
from clearway.domain.shared.region import SiteKind
from clearway.engine.ambulance import travel
from clearway.engine.ambulance.curve import ROADS
from clearway.engine.ambulance.drive_times import KM_PER_DEGREE, DriveTimes, Table
from clearway.interchange import drive_times, region_pack

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "clearway" / "_vendor" / "drive_times.npz"


def main() -> int:
    parser = argparse.ArgumentParser(description="Travel times: ours beside the plain ways.")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if TABLE.is_file():
        by_table(asked.seed)
    else:
        print("Skipped: no table of drive times; run tools/drive_times.py.")
    folder = asked.data / "road_network_auckland"
    if not folder.is_dir():
        print(f"Skipped: no road network at {folder}.")
        return 0
    try:
        by_graph(folder, asked.seed)
    except ImportError as missing:
        print(f"Skipped: {missing}; the road graph needs scipy, this bench pyarrow too.")
    return 0


def by_table(seed: int) -> None:
    sites = south_west()
    began = time.process_time()
    times = drive_times.read(TABLE.read_bytes()).around(sites.latitude, sites.longitude)
    network = travel.Network(table=Table(times))
    print(f"table     {len(times.latitude)} areas x {times.minutes.shape[1]} hospitals,", end=" ")
    print(f"ready in {time.process_time() - began:.2f} s")
    chance = np.random.default_rng(seed)
    rows = chance.integers(0, len(times.latitude), 2000)
    latitude = times.latitude[rows] + chance.normal(0, 0.005, 2000)
    longitude = times.longitude[rows] + chance.normal(0, 0.008, 2000)
    crews = [(float(north), float(east)) for north, east in zip(latitude, longitude, strict=True)]
    ours = each(lambda crew: network.journeys(*crew, sites, at=0.0), crews)
    plain = each(lambda crew: travel.minutes(*crew, sites.latitude, sites.longitude), crews)
    print(
        f"1 crew to {len(sites.code)} hospitals: table {ours:.1f} us, plain haversine {plain:.1f} us,",
        end=" ",
    )
    print(f"ratio {ours / plain:.2f}")
    together = each(lambda _: network.journeys(latitude[:300], longitude[:300], sites, at=0.0), [0] * 15)
    print(f"300 crews to {len(sites.code)} hospitals at once: {together / 1000:.2f} ms")
    leave_out(times)


def leave_out(times: DriveTimes) -> None:
    """The error of interpolation: each small area from its neighbours, journeys of up to two hours."""
    apart = np.hypot(
        (times.longitude[:, None] - times.longitude) * KM_PER_DEGREE * np.cos(np.radians(51.2)),
        (times.latitude[:, None] - times.latitude) * KM_PER_DEGREE,
    )
    np.fill_diagonal(apart, np.inf)
    nearest = np.argpartition(apart, 4, axis=1)[:, :4]
    km = np.take_along_axis(apart, nearest, axis=1)
    weight = 1 / np.maximum(km, 0.05) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    straight = distance_km(
        times.latitude[:, None], times.longitude[:, None], times.unit_latitude, times.unit_longitude
    )
    curve = ROADS.minutes(straight)
    found = curve + np.einsum("ok,oku->ou", weight, (times.minutes - curve)[nearest])
    counted = times.minutes < 120
    for name, estimate in (("table", found), ("distance", curve)):
        off = np.abs(estimate - times.minutes)
        near = off[times.minutes < 30].mean()
        mean, most = off[counted].mean(), np.quantile(off[counted], 0.9)
        print(f"error     {name:8} mean {mean:.2f} min, 90% within {most:.1f}, below 30 min {near:.2f}")
    off, closest = np.abs(found - times.minutes), km.min(axis=1)
    for low, high in ((0, 0.5), (0.5, 1), (1, 2), (2, 4), (4, 8)):
        band = (closest >= low) & (closest < high)
        mean = off[band][counted[band]].mean()
        promised = (0.55 + 0.45 * closest[band]).mean()
        print(f"          {low}-{high} km from an area: mean {mean:.2f} min, said {promised:.2f}")


def by_graph(folder: Path, seed: int) -> None:
    from clearway.engine.ambulance.road_graph import RoadGraph

    roads, destinations = auckland(folder)
    began = time.process_time()
    graph = RoadGraph(roads)
    network = travel.Network(graph=graph)
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    network.journeys(-36.85, 174.76, destinations, at=at.timestamp())
    count = len(destinations.code)
    print(f"graph     {graph.count} nodes, {len(graph.tail)} arcs, {count} destinations,", end=" ")
    print(f"ready in {time.process_time() - began:.2f} s")
    chance = np.random.default_rng(seed)
    starts = chance.integers(0, graph.count, 500)
    crews = [(float(graph.latitude[node]), float(graph.longitude[node])) for node in starts]
    ours = each(lambda crew: network.journeys(*crew, destinations, at=at.timestamp()), crews)
    plain = each(lambda node: search(graph, graph.minutes, int(node)), list(starts[:15]))
    print(f"1 crew to {count} hospitals: graph {ours:.1f} us, one scipy Dijkstra {plain:.0f} us,", end=" ")
    print(f"ratio {plain / ours:.0f}")
    shut_roads(graph, destinations, chance, at)


def shut_roads(graph, destinations: Sites, chance: np.random.Generator, at: datetime) -> None:  # type: ignore[no-untyped-def]
    """A hundred closures, one after another: how long until every answer is right, and whether it is."""
    nodes, _ = graph.nearest(destinations.latitude, destinations.longitude)
    took, anew, worst, compared, guessed = [], [], 0.0, 0, []
    normal = graph.minutes_to(nodes)
    for number in range(100):
        centre = chance.integers(0, graph.count)
        shut = Disruption(
            str(number),
            DisruptionKind.CLOSURE,
            Point(float(graph.latitude[centre]), float(graph.longitude[centre])),
            float(chance.uniform(0.05, 1.0)),
            15.0,
            at,
            at + timedelta(hours=1),
        )
        began = time.process_time()
        found = graph.minutes_to(nodes, (shut,))
        took.append(time.process_time() - began)
        some = chance.integers(0, graph.count, 100)
        began = time.process_time()
        right = backwards(graph, graph.changed((shut,)), nodes)
        anew.append(time.process_time() - began)
        assert (np.isfinite(found) == np.isfinite(right)).all()
        off = (
            np.where(np.isfinite(right), found, 0.0)[:, some]
            - np.where(np.isfinite(right), right, 0.0)[:, some]
        )
        worst = max(worst, float(np.abs(off).max()))
        compared += off.size
        guessed.append(guess(graph, destinations, shut, some, (found - normal)[:, some].T))
    print(f"1 closure, all {len(nodes)} destinations right: median {ms(took)} ms,", end=" ")
    print(f"worst {1e3 * max(took):.1f} ms;", end=" ")
    print(f"all from zero {ms(anew)} ms, ratio {statistics.median(anew) / statistics.median(took):.1f}")
    print(f"{compared:,} pairs after 100 closures: largest difference from scipy {worst:.1e} min")
    every = np.concatenate(guessed)
    held_up, charged = every[:, 0] > 0.5, every[:, 1] > 0.5
    print(
        f"the area penalty of 15 min beside the graph: {held_up.mean():.1%} of journeys are held up, by"
        f" {every[held_up, 0].mean():.1f} min; {charged.mean():.1%} are charged,"
        f" {every[charged, 1].mean():.1f} min; both {(held_up & charged).mean():.1%}"
    )


def guess(graph, destinations: Sites, shut: Disruption, some: np.ndarray, exact: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Extra minutes on the graph and as the area penalty estimates them, of journeys that stay possible."""
    penalty = travel.area_penalty(
        shut,
        graph.latitude[some],
        graph.longitude[some],
        destinations.latitude,
        destinations.longitude,
    )
    both = np.stack((exact.ravel(), penalty.ravel()), axis=1)
    return both[np.isfinite(both).all(axis=1)]


def search(graph, minutes: np.ndarray, node: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Plain scipy: from one node to all, forwards."""
    from scipy.sparse import csgraph, csr_array

    open_ = np.isfinite(minutes)
    ways = csr_array(
        (minutes[open_], (graph.tail[open_], graph.head[open_])), shape=(graph.count, graph.count)
    )
    return csgraph.dijkstra(ways, indices=node)


def backwards(graph, minutes: np.ndarray, nodes: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Plain scipy: from every node to some, all from zero."""
    from scipy.sparse import csgraph, csr_array

    open_ = np.isfinite(minutes)
    ways = csr_array(
        (minutes[open_], (graph.head[open_], graph.tail[open_])), shape=(graph.count, graph.count)
    )
    return csgraph.dijkstra(ways, indices=nodes)


def auckland(folder: Path):  # type: ignore[no-untyped-def]
    """The roads at normal speed, and four hospitals with six ambulance stations as destinations."""
    from pyarrow import csv, parquet

    from clearway.engine.ambulance.road_graph import Roads

    nodes = parquet.read_table(folder / "nodes.parquet").to_pydict()
    arcs = parquet.read_table(folder / "arcs.parquet").to_pydict()
    row = {index: place for place, index in enumerate(nodes["index"])}
    roads = Roads(
        np.array(nodes["y"]),
        np.array(nodes["x"]),
        np.array([row[node] for node in arcs["fromNode"]], dtype=np.int32),
        np.array([row[node] for node in arcs["toNode"]], dtype=np.int32),
        np.array(arcs["mode_2"]) * 1440,
        as_of=datetime(2017, 10, 1, tzinfo=UTC).timestamp(),
    )
    places = [
        (float(each[east]), float(each[north]))
        for name, east, north, most in (
            ("hospitals.csv", "x", "y", 4),
            ("ambulance_stations_2010.csv", "lon", "lat", 6),
        )
        for each in csv.read_csv(folder / name).to_pylist()[:most]
    ]
    east, north = np.array(places).T
    names = tuple(str(place) for place in range(len(places)))
    return roads, Sites(names, names, north, east)


def south_west() -> Sites:
    pack = region_pack.parse(regions.find("south-west"))
    sites = pack.sites_of(SiteKind.EMERGENCY_DEPARTMENT)
    return Sites(
        tuple(site.code for site in sites),
        tuple(site.name for site in sites),
        np.array([site.latitude for site in sites]),
        np.array([site.longitude for site in sites]),
    )


def each(do: Callable, things: list) -> float:  # type: ignore[type-arg]
    """Microseconds of CPU for one, the median of five rounds."""
    do(things[0])
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for thing in things:
            do(thing)
        rounds.append((time.process_time() - began) / len(things))
    return statistics.median(rounds) * 1e6


def ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e3:.1f}"


if __name__ == "__main__":
    sys.exit(main())
