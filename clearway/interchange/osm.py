"""Roads from an OpenStreetMap extract (XML), and the compact file that is kept of them.

A regional extract comes as .osm.pbf; `osmium cat area.osm.pbf -o area.osm.gz` makes the XML. Speeds are by
class of road, lower where the map names a lower limit. They are assumed, and neither turns nor traffic lights
nor traffic are in them: a trust that uses a graph measures its error first.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import IO
from xml.etree import ElementTree

import numpy as np

from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.geography import distance_km
from clearway.engine.ambulance.road_graph import Roads

# Kilometres per hour in ordinary driving, all hours; assumed.
SPEEDS: Mapping[str, float] = {
    "motorway": 100,
    "trunk": 80,
    "primary": 60,
    "secondary": 52,
    "tertiary": 45,
    "unclassified": 38,
    "residential": 28,
    "living_street": 15,
    "service": 15,
}
LINK_SHARE = 0.7  # of its class: a slip road is slower
KM_PER_MILE = 1.609344
NO_ENTRY = {"no", "private"}
FORWARD, BACKWARD = {"yes", "true", "1"}, {"-1", "reverse"}


def parse(file: IO[bytes], as_of: float) -> Roads:
    """The roads that may be driven, every node of them kept. Streams: the file is read once.

    as_of  seconds of the map's date
    Raises CannotParse.
    """
    places: dict[str, tuple[float, float]] = {}
    row: dict[str, int] = {}
    tail: list[int] = []
    head: list[int] = []
    speed: list[float] = []
    for element in _elements(file):
        if element.tag == "node":
            places[element.get("id", "")] = _place(element)
        elif element.tag == "way":
            tags = {tag.get("k", ""): tag.get("v", "") for tag in element.iter("tag")}
            kmh = _speed(tags)
            nodes = [node.get("ref", "") for node in element.iter("nd")]
            known = [row.setdefault(node, len(row)) for node in nodes if node in places] if kmh else []
            forward, backward = _directions(tags)
            steps = list(pairwise(known))
            steps = (steps if forward else []) + ([step[::-1] for step in steps] if backward else [])
            tail += [step[0] for step in steps]
            head += [step[1] for step in steps]
            speed += [kmh] * len(steps)
    if not tail:
        raise CannotParse("the whole file", "It holds no road.", "Export nodes and ways with their tags.")
    latitude, longitude = np.array([places[node] for node in row]).T
    starts, ends = np.array(tail, dtype=np.int32), np.array(head, dtype=np.int32)
    km = distance_km(latitude[starts], longitude[starts], latitude[ends], longitude[ends])
    return Roads(latitude, longitude, starts, ends, 60 * km / np.array(speed), as_of)


def write(roads: Roads) -> bytes:
    """Roads as a compact file."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        places=np.stack((roads.latitude, roads.longitude)).round(6),
        arcs=np.stack((roads.tail, roads.head)),
        minutes=roads.minutes.astype(np.float32),
        as_of=np.array(roads.as_of),
    )
    return file.getvalue()


def read(file: bytes) -> Roads:
    """The roads in a compact file. Raises CannotParse."""
    try:
        with np.load(io.BytesIO(file), allow_pickle=False) as parts:
            (latitude, longitude), (tail, head) = parts["places"], parts["arcs"]
            minutes, as_of = parts["minutes"].astype(np.float64), float(parts["as_of"])
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as problem:
        why = f"It is not a road graph: {problem}."
        raise CannotParse("the whole file", why, "Make it with `clearway roads graph`.") from None
    fits = (
        len(tail) == len(head) == len(minutes) and len(tail) and max(tail.max(), head.max()) < len(latitude)
    )
    if not fits or min(tail.min(), head.min()) < 0 or not (minutes >= 0).all():
        why = "Its arcs do not fit its nodes."
        raise CannotParse("the whole file", why, "Make it anew with `clearway roads graph`.")
    return Roads(latitude, longitude, tail, head, minutes, as_of)


def _elements(file: IO[bytes]) -> Iterator[ElementTree.Element]:
    """Nodes and ways, each forgotten once it was used."""
    try:
        walk = ElementTree.iterparse(file, events=("start", "end"))
        _, root = next(walk)
        for event, element in walk:
            if event == "end" and element.tag in ("node", "way", "relation"):
                yield element
                root.clear()
    except (ElementTree.ParseError, StopIteration, EOFError, OSError) as problem:
        why = f"It is not OpenStreetMap XML: {problem}."
        raise CannotParse("the whole file", why, "Give .osm, .osm.gz or .osm.bz2.") from None


def _place(node: ElementTree.Element) -> tuple[float, float]:
    try:
        return float(node.get("lat", "")), float(node.get("lon", ""))
    except ValueError:
        where = f"node {node.get('id', 'without id')}"
        raise CannotParse(where, "It has no lat and lon in degrees.", "Export the extract again.") from None


def _speed(tags: Mapping[str, str]) -> float:
    """Kilometres per hour, 0 for what an ambulance does not drive on."""
    kind = tags.get("highway", "")
    kmh = SPEEDS.get(kind.removesuffix("_link"), 0.0) * (LINK_SHARE if kind.endswith("_link") else 1)
    closed = tags.get("access") in NO_ENTRY or tags.get("motor_vehicle") in NO_ENTRY
    if closed and tags.get("emergency") not in ("yes", "designated"):
        return 0.0
    return min(kmh, _limit(tags.get("maxspeed", "")) or kmh)


def _limit(text: str) -> float | None:
    """A speed limit such as "30 mph" or "50" in kilometres per hour."""
    number, _, unit = text.partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) <= 3) or not int(number):
        return None
    return int(number) * (KM_PER_MILE if unit == "mph" else 1.0)


def _directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether a way may be driven forwards, backwards."""
    said = tags.get("oneway", "")
    if said in BACKWARD:
        return False, True
    implied = tags.get("junction") == "roundabout" or tags.get("highway") in ("motorway", "motorway_link")
    return True, not (said in FORWARD or (implied and said != "no"))
