"""Copy the few front-end files that the pages use from node_modules to clearway/static/vendor.

The NHS stylesheet is mended on the way: its font comes from another origin and needs a licence, its icons are
named by an absolute path, and its source maps are not shipped. The coast of Great Britain and Ireland is cut
out of the Natural Earth outline of the world. Standard library only.
"""

import json
import re
import shutil
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

WEST, EAST, SOUTH, NORTH = -11.0, 3.0, 49.0, 61.0  # degrees; Great Britain and Ireland
ICONS = ("nhsuk-icon-arrow-down", "nhsuk-icon-arrow-up-down", "nhsuk-icon-arrow-up", "nhsuk-icon-cross")
FILES = ("nhsuk.css", "nhsuk.mjs", "coast.json", *(f"images/{icon}.svg" for icon in ICONS))

Point = tuple[float, float]


def vendor_folder(root: Path) -> Path:
    """Where the copies go; the folder is never committed, wheels carry it."""
    return root / "clearway" / "static" / "vendor"


def are_present(root: Path) -> bool:
    """Whether every file that the pages use has been copied."""
    return all((vendor_folder(root) / name).is_file() for name in FILES)


def copy(root: Path) -> None:
    """Copy and mend every file; node_modules must be there."""
    modules, vendor = root / "node_modules", vendor_folder(root)
    (vendor / "images").mkdir(parents=True, exist_ok=True)
    nhsuk = modules / "nhsuk-frontend" / "dist" / "nhsuk"
    styles = (nhsuk / "nhsuk-frontend.min.css").read_text()
    (vendor / "nhsuk.css").write_text(mended_styles(styles))
    script = (nhsuk / "nhsuk-frontend.min.js").read_text()
    (vendor / "nhsuk.mjs").write_text(without_source_map(script))
    for icon in ICONS:
        shutil.copy(nhsuk / "assets" / "images" / f"{icon}.svg", vendor / "images")
    world = json.loads((modules / "world-atlas" / "land-10m.json").read_text())
    (vendor / "coast.json").write_text(json.dumps(coast(world), separators=(",", ":")))


def mended_styles(styles: str) -> str:
    """The stylesheet without fonts of another origin, with icons beside it and no source map."""
    styles = re.sub(r"@font-face\{[^}]*\}", "", styles)
    styles = styles.replace("url(/assets/images/", "url(images/")
    if "url(http" in styles:
        raise SystemExit("The NHS stylesheet names another origin; see mended_styles in tools/assets.py.")
    return without_source_map(styles)


def without_source_map(text: str) -> str:
    """The file without the line that names its source map."""
    return re.sub(r"(//# |/\*# )sourceMappingURL=\S+( \*/)?", "", text).rstrip() + "\n"


def coast(world: dict[str, Any]) -> list[list[list[float]]]:
    """Lines of [latitude, longitude] around Great Britain and Ireland.

    world  TopoJSON of the land: arcs are whole-number steps, `transform` turns them into degrees
    """
    scale, origin = world["transform"]["scale"], world["transform"]["translate"]
    lines = []
    for arc in world["arcs"]:
        places = zip(accumulate(x for x, _ in arc), accumulate(y for _, y in arc), strict=True)
        points = [(x * scale[0] + origin[0], y * scale[1] + origin[1]) for x, y in places]
        lines += [[[round(north, 4), round(east, 4)] for east, north in line] for line in inside(points)]
    return lines


def inside(points: list[Point]) -> Iterator[list[Point]]:
    """The stretches of a line that lie inside the box, each at least two points long."""
    line: list[Point] = []
    for east, north in points:
        if WEST <= east <= EAST and SOUTH <= north <= NORTH:
            line.append((east, north))
            continue
        if len(line) > 1:
            yield line
        line = []
    if len(line) > 1:
        yield line
