"""Make the road graph of a region from an OpenStreetMap extract (.osm, .osm.gz or .osm.bz2).

Where both ends of a journey are on the graph it answers before the table of drive times, and closures are
exact. Needs scipy (the extra road-graph). The graph is kept in CLEARWAY_HOME, or in the file that
CLEARWAY_ROAD_GRAPH names; processes that run already read it when they start again.

Example: clearway roads graph area.osm.gz --as-of 2026-11-01
"""

import argparse
import json
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("extract", type=Path, help="OpenStreetMap XML")
    parser.add_argument("--as-of", required=True, help="date of the map, for instance 2026-11-01")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(arguments: argparse.Namespace) -> int:
    import bz2
    import gzip
    import os
    from datetime import UTC, datetime

    from clearway.cli import CannotRun
    from clearway.config.database import home
    from clearway.domain.shared.errors import CannotParse
    from clearway.interchange import osm

    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
    try:
        as_of = datetime.fromisoformat(arguments.as_of).replace(tzinfo=UTC)
        with openers.get(arguments.extract.suffix, open)(arguments.extract, "rb") as file:
            roads = osm.parse(file, as_of.timestamp())
    except ValueError:
        raise CannotRun(f"{arguments.as_of!r} is not a date; write it as 2026-11-01.") from None
    except OSError as problem:
        raise CannotRun(f"{arguments.extract} cannot be read: {problem.strerror or problem}.") from None
    except CannotParse as problem:
        raise CannotRun(f"{arguments.extract}: {problem}") from None
    kept = Path(os.environ.get("CLEARWAY_ROAD_GRAPH") or home(os.environ) / "roads.npz")
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    part.write_bytes(osm.write(roads))
    part.replace(kept)
    nodes, arcs = len(roads.latitude), len(roads.tail)
    if arguments.json:
        made = {"nodes": nodes, "arcs": arcs, "as_of": as_of.date().isoformat(), "kept_in": str(kept)}
        print(json.dumps(made))
    else:
        print(f"{nodes:,} nodes, {arcs:,} arcs, as of {as_of.date()}: kept in {kept}.")
    return 0
