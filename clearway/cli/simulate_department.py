"""Try how an outpatient department is run, before going live: policies beside each other on the same chance.

The department of a region pack lives its simulated weeks: referrals, triage, booking rounds, reminders,
cancellations, offers of freed slots by the engine of the desk, visits and follow-ups. Without --compare the
plan (the pack's own policies, offers made by themselves) is set beside one in which nobody is asked. What
reminders do and how people answer are inputs, with their sources on the page, and never results.
Same pack, seed, start and days give the same result, byte for byte.

Example: clearway simulate department worcestershire --seed 1
Example: clearway simulate department worcestershire --compare --seed 1 --seeds 5 --html department.html
Example: clearway simulate department worcestershire --compare --seed 1 --policies "one by one" broadcast
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clearway.cli import a_midnight

from .simulate import _as_json, _days, _spread

if TYPE_CHECKING:
    from clearway.domain.shared.region import Region
    from clearway.simulation.outpatients.comparing import Comparison

START = datetime(2026, 3, 2, tzinfo=UTC)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slug", help="name of the pack, for instance worcestershire")
    parser.add_argument("--seed", type=int, required=True, help="which of the possible departments")
    parser.add_argument("--days", type=_days, default=91, metavar="N", help="days measured (default 91)")
    parser.add_argument(
        "--start",
        type=a_midnight,
        default=START,
        metavar="YYYY-MM-DD",
        help=f"first measured day (default {START:%Y-%m-%d})",
    )
    parser.add_argument(
        "--compare", action="store_true", help="every policy there is, or those of --policies"
    )
    parser.add_argument(
        "--seeds", type=_days, default=1, metavar="N", help="seeds compared, from --seed on (default 1)"
    )
    parser.add_argument("--policies", nargs="+", metavar="NAME", help="only these beside the plan")
    parser.add_argument("--scale", type=float, metavar="SHARE", help="of the pack's volume of referrals")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the comparison there as a page")
    parser.add_argument("--jobs", type=_days, default=1, metavar="N", help="processes at once (default 1)")
    parser.set_defaults(backend="processes", address=None)


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun
    from clearway.config.regions import find
    from clearway.domain.shared.errors import CannotParse
    from clearway.interchange import region_pack

    try:
        region = region_pack.parse(find(arguments.slug))
        found = _compared(region, arguments)
    except (LookupError, ValueError, CannotParse) as problem:
        raise CannotRun(str(problem)) from None
    if arguments.html:
        from clearway.simulation.outpatients import comparing_page

        try:
            arguments.html.write_text(comparing_page.page(found, region.organisation_name), encoding="utf-8")
        except OSError as problem:
            raise CannotRun(f"--html: {problem}. Name a file in a folder that can be written to.") from None
    from clearway.simulation.outpatients import comparing

    print(_as_json(found) if arguments.json else comparing.as_text(found))
    return 0


def _compared(region: "Region", arguments: argparse.Namespace) -> "Comparison":
    from clearway.config.regions import find
    from clearway.interchange import department_pack
    from clearway.simulation.outpatients import comparing, parameters, policies

    department = department_pack.parse(find(arguments.slug), region)
    if department is None:
        raise LookupError(f"The pack {arguments.slug!r} has no outpatient desk. Name one that has.")
    table = dict(region.simulation)
    if arguments.scale is not None:
        table["scale"] = arguments.scale
    chosen = arguments.policies or (policies.POLICIES if arguments.compare else ())
    behaves = parameters.read(table, department)
    return comparing.compare(
        comparing.Setting(region.slug, department, behaves, policies.plan_of(region)),
        range(arguments.seed, arguments.seed + arguments.seeds),
        arguments.start,
        arguments.days,
        chosen,
        spread=_spread(arguments),  # type: ignore[arg-type]  # carries out tasks of any kind
    )
