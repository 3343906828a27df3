"""Count how many alarms the rules would raise, for whom and how often, before they are switched on.

Lets a simulated day pass, or again what this database kept of a past one, in a database of its own that goes
at the end. The policies are the pack's, and with --since those in force at the desk; --policies takes others
in their place, from a file like a pack's policies.toml, to see what another threshold or mode would do.
Nobody answers a task there, so one stands until its cause has gone. What people did at the desk (diverts,
breaks, answers) is not replayed.

Exit code 1 when a role would hear more than the budget (policy `alarm_budget`) in a mean hour or in ten
minutes. What stands is told and not judged: at a desk somebody answers it.

Example: clearway rules replay south-west --regime severe --seed 1 --hours 24
Example: clearway rules replay south-west --since 2026-10-01 --hours 720 --policies tried.toml
"""

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearway.cli import a_midnight

if TYPE_CHECKING:
    from clearway.core.worklist.queries import Limits
    from clearway.domain.shared.alarms import Rate
    from clearway.domain.shared.region import Region
    from clearway.gateway.alarm_replay import Heard


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slug", help="name of the region, for instance south-west")
    parser.add_argument("--regime", default="severe", help="how busy the simulated days are (default severe)")
    parser.add_argument("--seed", type=int, default=1, help="which of the possible days (default 1)")
    parser.add_argument("--hours", type=_hours, default=24, metavar="N", help="hours counted (default 24)")
    parser.add_argument(
        "--since",
        type=a_midnight,
        metavar="YYYY-MM-DD",
        help="what was kept from this day on, not a simulation",
    )
    parser.add_argument("--policies", type=Path, metavar="FILE", help="policies to take in place of those")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: argparse.Namespace) -> int:
    import tempfile

    from clearway.config import scratch

    with tempfile.TemporaryDirectory(prefix="clearway-rules-") as folder:
        region = _region(arguments, Path(folder))
        with scratch.server():
            from clearway.core.layout.times import local
            from clearway.core.worklist.queries import limits

            organisation_id, heard = _replayed(arguments, region, Path(folder))
            budget = limits(organisation_id, local(heard.since).date())
    print(json.dumps(_as_json(heard, budget)) if arguments.json else _as_text(heard, budget))
    return int(any(_over(each, budget) for each in heard.by_role.values()))


def _replayed(arguments: argparse.Namespace, region: "Region", folder: Path) -> "tuple[int, Heard]":
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.actions import Opening
    from clearway.core.organisation.actions import load_region
    from clearway.gateway import alarm_replay as replay

    start, by = _start(arguments) - replay.SETTLING, Actor("command:rules replay")
    until = start + replay.SETTLING + timedelta(hours=arguments.hours)
    organisation = load_region(region, by=by, at=start)
    if arguments.since:
        openings = json.loads((folder / "sources.json").read_text())
        rows = [Opening(**{**row, "knows": frozenset(row["knows"])}) for row in openings]
        replay.open_sources(organisation, rows, by=by, at=start)
        deliveries = replay.kept(folder / "facts.ndjson")
    else:
        deliveries = _simulated(arguments, region, start)
    replay.play(organisation, deliveries, start=start, until=until, each=_told(until))
    return organisation.pk, replay.heard(organisation.pk, start + replay.SETTLING, until)


def _simulated(arguments: argparse.Namespace, region: "Region", start: datetime) -> Any:
    from clearway.cli import CannotRun
    from clearway.gateway import alarm_replay as replay

    try:
        return replay.simulated(region, arguments.regime, arguments.seed, start)
    except (LookupError, ValueError) as problem:
        raise CannotRun(str(problem)) from problem


def _told(until: datetime) -> Any:
    """Says on a terminal how far it is, once for each hour that passed."""

    def tell(at: datetime) -> None:
        if sys.stderr.isatty() and at.minute == 0 and at.second == 0:
            print(f"\r{at:%a %d %b %H:%M} of {until:%a %d %b %H:%M} ", end="", file=sys.stderr, flush=True)

    return tell


def _start(arguments: argparse.Namespace) -> datetime:
    """The first instant counted. A simulated day begins at six of yesterday, when the policies hold."""
    if arguments.since:
        return arguments.since  # type: ignore[no-any-return]
    return (datetime.now(UTC) - timedelta(days=1)).replace(hour=6, minute=0, second=0, microsecond=0)


# What is replayed, and under which policies


def _region(arguments: argparse.Namespace, folder: Path) -> "Region":
    """The pack, or what is in force at the desk whose past it is; with the policies that are tried."""
    from clearway.cli import CannotRun
    from clearway.config.regions import find
    from clearway.domain.shared.errors import CannotParse
    from clearway.interchange.region_pack import parse

    try:
        files = dict(find(arguments.slug))
        if arguments.since:
            files |= _past(arguments, folder)
        return _with_others(parse(files), arguments.policies)
    except (LookupError, CannotParse) as problem:
        raise CannotRun(str(problem)) from None


def _past(arguments: argparse.Namespace, folder: Path) -> dict[str, bytes]:
    """Have another process write down what this database holds of the time: a process knows one database.

    Returns the pack's files of policies, as they are in force at the desk.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return apart.submit(_write_down, arguments.slug, arguments.since, arguments.hours, folder).result()


def _write_down(slug: str, since: datetime, hours: int, folder: Path) -> dict[str, bytes]:
    from clearway.cli import CannotRun, ground

    with ground.database_at_hand():
        ground.load_django("owner")
        from clearway.core.layout.times import local
        from clearway.core.organisation.models import Organisation
        from clearway.core.organisation.queries import in_force
        from clearway.gateway import alarm_replay as replay
        from clearway.interchange import pack_writer

        organisation = Organisation.objects.filter(slug=slug).first()
        if organisation is None:
            raise CannotRun(f"No region {slug!r} is loaded. Run: clearway region load <slug>")
        begins, ends = since - replay.SETTLING, since + timedelta(hours=hours)
        if not replay.keep(organisation.pk, begins, ends, folder / "facts.ndjson"):
            raise CannotRun(f"Nothing is kept of the time from {begins:%d %B %Y} on. Choose a later day.")
        sources = [
            {name: getattr(each, name) for name in each.__slots__} | {"knows": sorted(each.knows)}
            for each in replay.sources_of(organisation.pk)
        ]
        (folder / "sources.json").write_text(json.dumps(sources))
        today = local(datetime.now(UTC)).date()
        return pack_writer.written(in_force(organisation.pk, today), today)


def _with_others(region: "Region", file: Path | None) -> "Region":
    """The region with the policies of a file in place of its own of the same names."""
    from dataclasses import replace

    from clearway.cli import CannotRun
    from clearway.interchange import region_pack

    if file is None:
        return region
    try:
        others = region_pack.policies({"policies.toml": file.read_bytes()})
    except OSError as problem:
        raise CannotRun(f"{file} cannot be read: {problem.strerror}.") from None
    names = {each.name for each in others}
    if unknown := names - {each.name for each in region.policies}:
        raise CannotRun(
            f"{file}: the region has no policy {sorted(unknown)[0]!r} to take another in place of."
        )
    kept = tuple(each for each in region.policies if each.name not in names)
    return replace(region, policies=(*kept, *others))


# What is told


def _over(rate: "Rate", budget: "Limits") -> bool:
    return rate.per_hour > budget.raised_per_hour or rate.most_in_ten_minutes > budget.most_in_ten_minutes


COLUMNS = ("alarms", "an hour", "most in an hour", "most in ten minutes", "most standing over an hour")


def _row(name: str, rate: "Rate") -> str:
    figures = (
        f"{rate.alarms}",
        f"{rate.per_hour:.2f}",
        f"{rate.most_in_an_hour}",
        f"{rate.most_in_ten_minutes}",
        f"{rate.most_standing}",
    )
    return f"{name:44}" + "".join(
        f"{each:>{len(head) + 3}}" for each, head in zip(figures, COLUMNS, strict=True)
    )


def _as_text(heard: "Heard", budget: "Limits") -> str:
    from clearway.core.people.roles import name_of

    lines = [
        f"From {heard.since:%d %B %Y %H:%M} to {heard.until:%d %B %Y %H:%M} UTC, one person in each role",
        " " * 44 + "".join(f"   {head}" for head in COLUMNS),
    ]
    for role, rate in heard.by_role.items():
        lines.append(_row(name_of(role) + (": over the budget" if _over(rate, budget) else ""), rate))
        rules = [(rule, each) for (whose, rule), each in heard.by_rule.items() if whose == role]
        lines += [_row(f"  {rule}", each) for rule, each in rules]
    shares = ", ".join(f"P{priority} {count}" for priority, count in heard.by_priority.items())
    lines.append(f"By priority: {shares}")
    lines.append(
        f"The budget of one person: {budget.raised_per_hour:g} an hour, {budget.most_in_ten_minutes} in ten "
        f"minutes, {budget.standing_over_an_hour} standing over an hour"
    )
    return "\n".join(lines)


def _as_json(heard: "Heard", budget: "Limits") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "since": heard.since.isoformat(),
        "until": heard.until.isoformat(),
        "by_role": {
            role: asdict(rate) | {"over_budget": _over(rate, budget)} for role, rate in heard.by_role.items()
        },
        "by_rule": [
            {"role": role, "rule": rule, **asdict(rate)} for (role, rule), rate in heard.by_rule.items()
        ],
        "by_priority": {f"P{priority}": count for priority, count in heard.by_priority.items()},
    }


def _hours(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 4 and 0 < int(text) <= 24 * 62:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours from 1 to {24 * 62}")
