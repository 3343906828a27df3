"""Rehearse a region: let its simulated days pass, and hold the result against published figures.

Waits are not drawn from the published distribution: they emerge from bays, nurses, boarding and beds, whose
parameters stand in the pack's simulation.toml. One day passes unmeasured before the first one counted.
Same region, regime, seed, start and days give the same result, byte for byte.

With --compare, destination policies live through the same days on common random numbers, seed by seed, and
the differences are reported with their intervals. With --replay, a recorded day is lived again under a
policy, from a file of native events or, with the word "desk", from the facts of the desk's database.

Example: clearway simulate south-west --days 7 --seed 1 --regime pressured
Example: clearway simulate south-west --compare --seed 1 --seeds 10 --regime pressured --html policies.html
Example: clearway simulate south-west --replay monday.ndjson --policies advice
Example: clearway simulate south-west --replay desk --start 2026-03-02 --days 1 --policies "count rule"
"""

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from clearway.cli import a_midnight

if TYPE_CHECKING:
    from clearway.domain.ambulance.events import Event
    from clearway.domain.shared.region import Region
    from clearway.simulation.ambulance.comparing import Outcome

BACKENDS = ("processes", "dask", "ray")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slug", help="name of the pack, for instance south-west")
    parser.add_argument("--seed", type=int, help="which of the possible days; needed but for --replay")
    parser.add_argument("--days", type=_days, default=7, metavar="N", help="days measured (default 7)")
    parser.add_argument("--regime", default="typical", help="state of the system (default typical)")
    parser.add_argument(
        "--start",
        type=a_midnight,
        metavar="YYYY-MM-DD",
        help="first measured day, from midnight UTC (default: of the month the regime stands for)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of tables; minutes and shares"
    )
    parser.add_argument(
        "--events",
        type=Path,
        metavar="FILE",
        help="also write the measured days' events there, one JSON a line",
    )
    parser.add_argument(
        "--compare", action="store_true", help="compare destination policies on the same days"
    )
    parser.add_argument(
        "--seeds", type=_days, default=5, metavar="N", help="seeds compared, from --seed on (default 5)"
    )
    parser.add_argument("--policies", nargs="+", metavar="NAME", help="only these beside nearest")
    parser.add_argument(
        "--replay", metavar="FILE", help='events of a recorded day, one JSON a line; or "desk" for its facts'
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the comparison there as a page")
    parser.add_argument("--jobs", type=_days, default=1, metavar="N", help="processes at once (default 1)")
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="processes",
        help="where the runs are spread: processes here, or a Dask or Ray cluster",
    )
    parser.add_argument(
        "--address", metavar="URL", help="of the cluster's scheduler (default: one made here)"
    )


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun
    from clearway.config.regions import find
    from clearway.interchange.region_pack import parse

    try:
        region = parse(find(arguments.slug))
        if arguments.seed is None and not arguments.replay:
            raise CannotRun("Say which of the possible days: --seed 1, for instance.")
        said = _chosen(arguments)(region, arguments)
    except (LookupError, OSError) as problem:
        raise CannotRun(str(problem)) from None
    print(said)
    return 0


def _chosen(arguments: argparse.Namespace) -> "Callable[[Region, argparse.Namespace], str]":
    if arguments.replay:
        return _replayed
    return _compared if arguments.compare else _rehearsed


def _replayed(region: "Region", arguments: argparse.Namespace) -> str:
    from clearway.simulation.ambulance import comparing, parameters, replay

    events = _desk_events(region, arguments) if arguments.replay == "desk" else _file_events(arguments.replay)
    whole = parameters.read(region)
    said = []
    for name in arguments.policies or (comparing.ADVICE,):
        if name not in comparing.POLICIES or name == comparing.ORACLE:
            raise LookupError(
                f"A record cannot be lived again under {name!r}: nobody knows what might have been."
            )
        policy, refresh, _ = comparing.made(name, region, whole, whole.regime(arguments.regime))
        said.append(replay.as_text(name, replay.relive(region, events, policy, picture=refresh is not None)))
    return "\n\n".join(said)


def _file_events(file: str) -> "list[Event]":
    from clearway.cli import CannotRun
    from clearway.domain.shared.errors import CannotParse
    from clearway.interchange import native

    events = []
    for number, line in native.lines(Path(file).read_bytes()):
        try:
            events.append(native.parse_event(line))
        except CannotParse as problem:
            raise CannotRun(f"{file}, line {number}: {problem}") from None
    return sorted(events, key=lambda event: (event.occurred_at, event.sequence or 0))


def _desk_events(region: "Region", arguments: argparse.Namespace) -> "list[Event]":
    """What became known in the days asked for; what a source said twice, once."""
    from datetime import timedelta

    from clearway.cli import CannotRun, ground

    if arguments.start is None:
        raise CannotRun("Say which recorded day: --start 2026-03-02, for instance.")
    ground.prepare("owner")
    from clearway.core.organisation.models import Organisation
    from clearway.desks.ambulance.facts import queries

    organisation = Organisation.objects.filter(slug=region.slug).first()
    if organisation is None:
        raise CannotRun(f"The region {region.slug!r} has not been loaded here.")
    until = arguments.start + timedelta(days=arguments.days)
    streams = queries.streams_known(organisation.pk, arguments.start, until)
    facts = queries.by_stream(organisation.pk, streams, known_by=until, known_from=arguments.start)
    known = {(fact.source, fact.event.message_id): fact.event for each in facts.values() for fact in each}
    return sorted(known.values(), key=lambda event: (event.occurred_at, event.sequence or 0))


def _rehearsed(region: "Region", arguments: argparse.Namespace) -> str:
    from clearway.simulation.ambulance import report

    start = _start(region, arguments)
    each = _writer(arguments.events, start) if arguments.events else None
    summary = report.rehearse(region, arguments.regime, arguments.seed, start, arguments.days, each=each)
    return _as_json(summary) if arguments.json else report.as_text(summary)


def _compared(region: "Region", arguments: argparse.Namespace) -> str:
    from clearway.simulation.ambulance import comparing, comparing_page

    found = comparing.compare(
        region,
        arguments.regime,
        range(arguments.seed, arguments.seed + arguments.seeds),
        _start(region, arguments),
        arguments.days,
        arguments.policies or comparing.POLICIES,
        spread=_spread(arguments),
    )
    if arguments.html:
        arguments.html.write_text(comparing_page.page(found, region), encoding="utf-8")
    return _as_json(found) if arguments.json else comparing.as_text(found)


def _spread(arguments: argparse.Namespace) -> "Callable[[Sequence[Callable[[], Outcome]]], list[Outcome]]":
    """How the runs are carried out; their order never changes the result."""
    from clearway.simulation.shared.estimating import one_after_the_other

    if arguments.jobs == 1 and arguments.backend == "processes":
        return one_after_the_other
    return lambda tasks: _by_joblib(tasks, arguments.jobs, arguments.backend, arguments.address)


def _by_joblib(
    tasks: "Sequence[Callable[[], Outcome]]", jobs: int, backend: str, address: str | None
) -> "list[Outcome]":
    from clearway.cli import CannotRun

    try:
        import joblib

        if backend == "ray":
            import ray
            from ray.util.joblib import register_ray

            ray.init(address=address)
            register_ray()
        if backend == "dask":
            from dask.distributed import Client

            Client(address) if address else Client(n_workers=jobs, threads_per_worker=1)
    except ImportError as missing:
        raise CannotRun(
            f"{missing.name} is not installed. Install clearway[cluster], or leave out --jobs and --backend."
        ) from None
    with joblib.parallel_config(backend={"processes": "loky"}.get(backend, backend), n_jobs=jobs):
        return list(joblib.Parallel()(joblib.delayed(task)() for task in tasks))


def _start(region: "Region", arguments: argparse.Namespace) -> datetime:
    from clearway.simulation.ambulance import parameters

    if arguments.start is not None:
        return cast(datetime, arguments.start)
    begins = parameters.read(region).regime(arguments.regime).published.begins or date(2026, 3, 2)
    return datetime.combine(begins, time(), UTC)


def _as_json(value: object) -> str:
    import msgspec

    def plain(other: Any) -> Any:
        return dict(other.items()) if hasattr(other, "items") else str(other)

    return msgspec.json.format(msgspec.json.encode(value, enc_hook=plain), indent=2).decode()


def _writer(file: Path, start: datetime) -> "Callable[[list[Event]], None]":
    """What writes each batch of events."""
    from clearway.interchange.native import dump

    file.write_bytes(b"")

    def write(events: "list[Event]") -> None:
        with file.open("ab") as out:
            out.write(dump(event for event in events if event.occurred_at >= start))

    return write


def _days(word: str) -> int:
    days = int(word)
    if not 1 <= days <= 366:
        raise argparse.ArgumentTypeError("between 1 and 366")
    return days
