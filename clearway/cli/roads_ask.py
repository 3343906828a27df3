"""Ask how long a crew takes from a position to every emergency department of a region, as the boards do.

Each line gives minutes, the mean error, the source and its date. With --service a Valhalla service is asked
first, for a second at most; where it does not answer, the region's own table or graph does.

Examples:
  clearway roads ask 51.02 -3.10 --region south-west --json
  clearway roads ask 51.02 -3.10 --region south-west --service http://127.0.0.1:8002
"""

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("latitude", type=float, help="degrees north")
    parser.add_argument("longitude", type=float, help="degrees east, so negative in most of England")
    parser.add_argument("--region", required=True, help="slug of the region pack, for instance south-west")
    parser.add_argument("--service", help="address of a Valhalla service")
    parser.add_argument("--json", action="store_true", help="print the journeys as JSON, nearest first")


def run(arguments: argparse.Namespace) -> int:
    import time
    from datetime import UTC, datetime

    import numpy as np

    from clearway.cli import CannotRun
    from clearway.cli.ground import load_django
    from clearway.config import regions
    from clearway.domain.shared.geography import Point
    from clearway.domain.shared.region import SiteKind
    from clearway.interchange import region_pack

    try:
        pack = region_pack.parse(regions.find(arguments.region))
    except LookupError as problem:
        raise CannotRun(str(problem)) from None
    here = Point(arguments.latitude, arguments.longitude)
    if not (-90 <= here.latitude <= 90 and -180 <= here.longitude <= 180):
        raise CannotRun("Latitude and longitude are in degrees: 51.02 -3.10")
    load_django("owner")
    from clearway.desks.ambulance.travel.network import columns_of, network
    from clearway.engine.ambulance.travel import SOURCES
    from clearway.gateway.valhalla import Service, journeys

    departments = pack.sites_of(SiteKind.EMERGENCY_DEPARTMENT)
    sites = columns_of(departments)
    known, now = network(sites), time.time()
    if arguments.service:
        answer = journeys(Service(arguments.service), known, [here], sites, at=now)
    else:
        answer = known.journeys(*here, sites, at=now)
    rows = [
        {
            "code": departments[row].code,
            "name": departments[row].name,
            "minutes": round(float(answer.minutes[0, row]), 1),
            "error": round(float(answer.error[0, row]), 1),
            "source": SOURCES[answer.source[0, row]],
        }
        for row in np.argsort(answer.minutes[0], kind="stable")
    ]
    as_of = datetime.fromtimestamp(answer.as_of, UTC)
    if arguments.json:
        print(json.dumps({"oldest_as_of": as_of.isoformat(), "journeys": rows}))
        return 0
    for each in rows:
        print(f"{each['minutes']:6.1f} min  +- {each['error']:4.1f}  {each['source']:8}  {each['name']}")
    print(f"The oldest of these figures is of {as_of:%d %B %Y}.")
    return 0
