"""Say whether a file of a control room, of a hospital or of positions conforms, before anything is connected.

Needs no database. Every line that the gateway would keep in quarantine is named with the place, the reason
and the fix. Then come the events by kind, what the feed says and what the desk needs and it never says, lines
out of order or in the future, and times that contradict each other. Whether a hospital's code is one of the
trust's sites is not known here: the codes are listed.

Exit code 1: it does not conform: a line would be refused, a time lies in the future, the file holds nothing,
or the adapter says what its KNOWS leaves out. Contradictions do not count: a feed must pass them on.

Examples:
  clearway feed check events.jsonl
  clearway feed check state.jsonl --kind hospital --json
  clearway feed check export.csv.gz --format san_francisco
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clearway.interchange.conformance import Report

SHOWN = 20
KINDS = ("cad", "hospital", "positions")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the file, plain or gzip")
    parser.add_argument("--format", default="native", help="native (JSON lines) or an adapter's name")
    parser.add_argument("--kind", choices=KINDS, default="cad", help="kind of source; default: cad")
    parser.add_argument("--json", action="store_true", help="print everything found as JSON")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun
    from clearway.interchange import conformance
    from clearway.interchange.adapters import ADAPTERS

    if arguments.format != "native" and arguments.format not in ADAPTERS:
        raise CannotRun(
            f"There is no format {arguments.format!r}; choose from native, {', '.join(ADAPTERS)}."
        )
    if arguments.format != "native" and arguments.kind == "positions":
        raise CannotRun("Positions are read in the native format only.")
    try:
        body = arguments.file.read_bytes()
    except OSError as problem:
        raise CannotRun(f"{arguments.file} cannot be read: {problem.strerror}.") from None
    kind = conformance.Kind(arguments.kind)
    report = conformance.check(body, arguments.format, kind, datetime.now(UTC))
    print(json.dumps(_as_json(report)) if arguments.json else "\n".join(_in_words(report)))
    return 0 if report.conforms else 1


def _as_json(report: "Report") -> dict[str, Any]:
    from dataclasses import asdict

    refused = [
        {"line": each.line, "where": each.error.where, "why": each.error.why, "fix": each.error.fix}
        for each in report.refused
    ]
    return {"conforms": report.conforms, **asdict(report), "refused": refused}


def _in_words(report: "Report") -> Iterator[str]:
    refused = len(report.refused)
    yield (
        f"received {report.received} = can be taken {report.taken} + repeated {report.repeated}"
        f" + would be refused {refused}"
    )
    yield from _block("Would be refused", [f"line {each.line}, {each.error}" for each in report.refused])
    yield from _block("Events", [f"{count:>7} {title}" for title, count in report.kinds.items()], None)
    never = [f"{word}: {follows}" for word, follows in report.never_says.items()]
    yield from _block("Never said", never)
    yield from _block("Said, though the adapter's KNOWS leaves it out", report.unlisted)
    yield from _block("Hospitals named", [f"{count:>7} {code}" for code, count in report.sites.items()], None)
    yield from _block("In the future", [f"line {line}" for line in report.future])
    if report.late:
        yield f"\nOut of order: {len(report.late)}, first line {report.late[0]}. They are put in order."
    doubts = [
        f"{each.code} ({each.count}): {each.sentence}; first on line "
        + ", ".join(map(str, each.lines[:SHOWN]))
        for each in report.doubts
    ]
    yield from _block("Contradictions, which a person will be asked about", doubts, None)
    yield "\nIt conforms." if report.conforms else f"\nIt does not conform: {_reasons(report)}."


def _block(title: str, lines: "list[str] | tuple[str, ...]", most: int | None = SHOWN) -> Iterator[str]:
    if lines:
        yield f"\n{title}:"
        yield from (f"  {line}" for line in lines[:most])
    if most is not None and len(lines) > most:
        yield f"  … and {len(lines) - most} more; --json has all"


def _reasons(report: "Report") -> str:
    reasons = (
        (not report.taken, "it holds nothing that can be taken"),
        (report.refused, f"{len(report.refused)} would be refused"),
        (report.future, f"{len(report.future)} in the future"),
        (report.unlisted, "the adapter says what its KNOWS leaves out"),
    )
    return ", ".join(reason for holds, reason in reasons if holds)
