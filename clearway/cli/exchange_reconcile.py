"""Compare appointments with those of another system: what differs, and what to do about it.

The file is an extract of that system as CSV with the columns filler (its id), placer (ours, as it echoes
it), patient, clinic, start and status, in its codes. The days from its first to its last start are compared,
at most 92. A day that the system has lost whole is not among them: say with --since and --until which days
the extract is of, and they are compared too.
Without a file it is compared with what that system told or acknowledged last, from --since, or today, for the
days of --days or until --until. What was found is kept for the page of other systems. Exit code 1 where
something differs.

Examples:
  clearway exchange reconcile pas extract.csv --since 2026-11-23 --until 2026-12-20
  clearway exchange reconcile pas --days 14 --json
"""

import argparse
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from clearway.cli import a_day, sources

MOST_BYTES = 64 * 1024 * 1024
AHEAD = 28
FAR = 10_000  # days ahead of any calendar


def add_arguments(parser: argparse.ArgumentParser) -> None:
    sources.add_arguments(parser)
    parser.add_argument("file", nargs="?", type=Path, help="its extract as CSV")
    parser.add_argument("--since", type=a_day, metavar="DAY", help="first day that is compared")
    parser.add_argument("--until", type=a_day, metavar="DAY", help="last day that is compared")
    parser.add_argument(
        "--days", type=int, help=f"days ahead, in place of --until (default without a file: {AHEAD})"
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun
    from clearway.domain.shared.errors import CannotParse, NotAllowed

    with sources.named(arguments.name) as (source, by, at):
        from clearway.core.layout.times import local
        from clearway.desks.outpatients.exchange import comparing, reconciling

        asked, aside = _asked(arguments, local(at).date()), 0
        try:
            if len(asked) == 2:
                comparing.check_span(*asked)
            if arguments.file is not None:
                theirs, aside = _read(source, arguments.file)
                days = comparing.days_of(theirs, *asked) or (local(at).date(), local(at).date())
            else:
                days = (asked[0], asked[1])
                theirs = comparing.told_last(source, *days)
            name = arguments.file.name if arguments.file else ""
            row, _ = reconciling.compare(source, theirs, days, file=name, aside=aside, by=by, at=at)
        except (CannotParse, NotAllowed) as refused:
            raise CannotRun(f"{arguments.file}: {refused}" if arguments.file else str(refused)) from None
    _print(row, days, arguments.json)
    return 1 if row.rows else 0


def _asked(arguments: argparse.Namespace, today: date) -> tuple[date, ...]:
    """The days that are asked for; both are there without a file."""
    since, until, ahead = arguments.since, arguments.until, arguments.days
    if arguments.file is None or ahead is not None:
        since = since or today
        room = (date.max - since).days
        until = until or since + timedelta(days=min(max(AHEAD if ahead is None else ahead, 0), FAR, room))
    return tuple(each for each in (since, until) if each is not None)


def _read(source: Any, file: Path) -> tuple[list[Any], int]:
    from clearway.cli import CannotRun
    from clearway.desks.outpatients.exchange import queries
    from clearway.interchange import appointment_extract

    try:
        if file.stat().st_size > MOST_BYTES:
            raise CannotRun(f"{file} is over 64 MiB. Give it day by day.")
        raw = file.read_bytes()
    except OSError as problem:
        raise CannotRun(f"{file} cannot be read: {problem.strerror}.") from None
    found = appointment_extract.read(raw, queries.mapping_of(source))
    return list(found.rows), found.aside


def _print(row: Any, days: tuple[date, date], as_json: bool) -> None:
    if as_json:
        said = {"source": row.source.name, "since": days[0].isoformat(), "until": days[1].isoformat()}
        print(json.dumps(said | {"alike": row.alike, "aside": row.aside, "differing": row.rows}))
        return
    print(f"{row.source.name}, {days[0]} to {days[1]}: {row.alike} alike, {len(row.rows)} differing.")
    print("Days before and after were not compared: --since and --until name others.")
    for each in row.rows:
        name = f"appointment {each['appointment']}" if each["appointment"] else f"theirs {each['filler']}"
        what = ", ".join(each["fields"]) or each["kind"]
        print(f"  {name}: {what}; here {_side(each['here'])}; there {_side(each['there'])}: {each['todo']}")
    if not row.rows:
        print("Nothing differs on these days.")


def _side(said: dict[str, Any] | None) -> str:
    from clearway.core.layout.times import clock, day

    if not said:
        return "nothing"
    at = said["starts_at"] and datetime.fromisoformat(said["starts_at"])
    when = f"{day(at)}, {clock(at)}, " if at else ""
    return f"{when}{said['clinic']} {said['state']}".strip()
