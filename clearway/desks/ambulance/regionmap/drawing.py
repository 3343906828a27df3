"""Places on the ground to places on the drawing.

The outline is the Natural Earth coast that set-up cuts out for Great Britain and Ireland. One degree of
longitude is shortened by the cosine of the middle latitude, which is true enough over one region.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians
from pathlib import Path

import clearway

COAST = Path(clearway.__file__).parent / "static" / "vendor" / "coast.json"
WIDTH = 1000.0  # user units
MARGIN = 0.14  # share of the larger side left free around the outermost place
SMALLEST = 0.35  # degrees: a single place is not drawn at infinite scale
CLOSEST = 1.2  # user units: nearer points of the outline fall together

LABEL_SIDES = (  # where a name may stand beside its mark: anchor, then the shift in x and y
    ("start", 13.0, 5.0),
    ("end", -13.0, 5.0),
    ("middle", 0.0, -14.0),
    ("middle", 0.0, 25.0),
    ("end", 10.0, -14.0),  # near an edge of the drawing the middle has no room
    ("end", 10.0, 25.0),
    ("start", -10.0, -14.0),
    ("start", -10.0, 25.0),
)
LETTER, LINE_HEIGHT = 8.2, 17.0  # user units of one letter and of one line, a little generous

Line = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Frame:
    """The piece of the earth that is drawn, in degrees, and its size in user units."""

    south: float
    west: float
    north: float
    east: float

    @property
    def _scale(self) -> float:
        return WIDTH / ((self.east - self.west) * self._narrow)

    @property
    def _narrow(self) -> float:
        return cos(radians((self.south + self.north) / 2))

    @property
    def height(self) -> float:
        """User units from north to south."""
        return round((self.north - self.south) * self._scale, 1)

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        """x to the east and y to the south, in user units."""
        x = (longitude - self.west) * self._narrow * self._scale
        return round(x, 1), round((self.north - latitude) * self._scale, 1)

    def contains(self, latitude: float, longitude: float) -> bool:
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


def frame_of(places: Iterable[tuple[float, float]]) -> Frame | None:
    """The frame around latitudes and longitudes, with a margin; None when there are none."""
    points = list(places)
    if not points:
        return None
    latitudes, longitudes = zip(*points, strict=True)
    margin = MARGIN * max(max(latitudes) - min(latitudes), max(longitudes) - min(longitudes), SMALLEST)
    return Frame(
        round(min(latitudes) - margin, 3),
        round(min(longitudes) - margin, 3),
        round(max(latitudes) + margin, 3),
        round(max(longitudes) + margin, 3),
    )


@lru_cache(maxsize=32)
def outline(frame: Frame, coast: Path = COAST) -> str:
    """The coast inside the frame as the `d` of an SVG path; empty when set-up has not fetched it."""
    if not coast.is_file():
        return ""
    lines: list[Line] = json.loads(coast.read_text())
    return "".join(_path(frame, piece) for line in lines for piece in _near(frame, line))


def _near(frame: Frame, line: Line) -> Iterator[list[tuple[float, float]]]:
    """The stretches of a line that touch the frame, each with one point beyond it at either end."""
    piece: list[tuple[float, float]] = []
    inside_before = False
    for place, (latitude, longitude) in enumerate(line):
        inside = frame.contains(latitude, longitude)
        if inside and not inside_before and place:
            piece = [(line[place - 1][0], line[place - 1][1])]
        if inside or inside_before:
            piece.append((latitude, longitude))
        if inside_before and not inside:
            yield piece
            piece = []
        inside_before = inside
    if len(piece) > 1:
        yield piece


def _path(frame: Frame, piece: Sequence[tuple[float, float]]) -> str:
    points = [frame.place(latitude, longitude) for latitude, longitude in piece]
    kept = [points[0]]
    for x, y in points[1:]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= CLOSEST:
            kept.append((x, y))
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in kept) if len(kept) > 1 else ""


@dataclass(frozen=True, slots=True)
class Label:
    """Where a name stands: its anchor and its shift from the mark, in user units."""

    anchor: str
    x: float
    y: float


def labels(marks: Sequence[tuple[float, float, str]], frame: Frame) -> list[Label | None]:
    """A place for the name of each mark (x, y, name), the first named first; None where there is no room.

    A name that has no room still stands in the mark's title and in the table beside the map.
    """
    taken = [(x - 10, y - 10, x + 10, y + 10) for x, y, _ in marks]
    placed: list[Label | None] = []
    for own, (x, y, name) in enumerate(marks):
        label = None
        for anchor, right, down in LABEL_SIDES:
            box = _box(x + right, y + down, len(name) * LETTER, anchor)
            others = taken[:own] + taken[own + 1 :]
            if _is_inside(box, frame) and not any(_overlap(box, other) for other in others):
                label = Label(anchor, right, down)
                taken.append(box)
                break
        placed.append(label)
    return placed


Box = tuple[float, float, float, float]


def _box(x: float, baseline: float, width: float, anchor: str) -> Box:
    left = {"start": x, "end": x - width, "middle": x - width / 2}[anchor]
    return left, baseline - LINE_HEIGHT + 4, left + width, baseline + 4


def _is_inside(box: Box, frame: Frame) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= frame.height


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
