"""Measure a model of who might not come: on what happened since it was trained, or on a file.

Without --file, a kept model is measured on visits judged after all that it has seen. With --file, models are
trained on the earlier part of the file and measured on the last, as for a trust; nothing is kept.

The file is CSV with a header. Columns: person, booked_at, starts_at (ISO 8601), came (yes or no; empty for a
booking without an end). Optional: service, kind (new or follow_up), medium (02 telephone, 03 video),
confirmed_at, reminded_at, and any column named group_..., which is compared in the report and seen by no
model.

Examples:
  clearway attendance evaluate --version 3
  clearway attendance evaluate --file bookings.csv --days-before 4 --json
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A model of a trust, or a file."""
    parser.add_argument("--organisation", metavar="SLUG", help="the trust; default: the only outpatient one")
    parser.add_argument("--version", type=int, help="model; default: the one in use, else the newest")
    parser.add_argument("--file", help="CSV of bookings, as said above")
    parser.add_argument(
        "--days-before", type=int, default=4, help="with --file: when a visit is judged (default: 4)"
    )
    parser.add_argument(
        "--share", type=float, default=0.1, help="with --file: how many are rung (default: 0.1)"
    )
    parser.add_argument("--seed", type=int, default=1, help="with --file: of the intervals (default: 1)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure, and print."""
    from clearway.cli.attendance_train import lines

    report = _of_file(arguments) if arguments.file else _of_trust(arguments)
    if arguments.json:
        print(json.dumps(report))
        return 0
    measures = report["measures"]
    for title, found in ({"": measures} if "auc" in measures else measures).items():
        is_chosen = title in ("", report.get("chosen"))
        if title:
            print(f"{title} (chosen)" if is_chosen else title)
        print("\n".join(lines(found, report["shares"] if is_chosen else [])))
    for each in report["groups"]:
        told = "not shown: small" if each["count"] is None else f"happened / told {each['ratio']:.2f}"
        print(f"  {each['cut']}: {each['group']}: {told}")
    return 0


def _of_file(arguments: argparse.Namespace) -> dict[str, Any]:
    from clearway.cli import CannotRun
    from clearway.engine.outpatients.attendance_fit import TooLittle, train
    from clearway.interchange.attendance_file import parse

    if not 0 <= arguments.days_before <= 60 or not 0 < arguments.share < 1:
        raise CannotRun("--days-before is from 0 to 60, and --share between 0 and 1.")
    try:
        raw = Path(arguments.file).read_bytes()
    except OSError as problem:
        raise CannotRun(f"{arguments.file} cannot be read: {problem.strerror}.") from None
    bookings, groups = parse(raw)
    try:
        return train(
            bookings,
            at=int(bookings.starts.max()) + 10 * 86_400,
            days_before=arguments.days_before,
            share=arguments.share,
            seed=arguments.seed,
            groups=groups,
        ).report
    except TooLittle as problem:
        raise CannotRun(f"{arguments.file} is too short. {problem}") from None


def _of_trust(arguments: argparse.Namespace) -> dict[str, Any]:
    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.desks.outpatients.attendance import actions, queries
    from clearway.engine.outpatients.attendance_fit import TooLittle

    trust = ground.the_trust(arguments.organisation)
    every, use = queries.models(trust.pk), queries.in_use(trust.pk)
    if not every:
        raise CannotRun(f"{trust.slug} has no model. Train one: clearway attendance train")
    wanted = arguments.version or (use.model.version if use else every[0].version)
    model = next((each for each in every if each.version == wanted), None)
    if model is None:
        known = ", ".join(str(each.version) for each in every)
        raise CannotRun(f"{trust.slug} has no model {wanted}. There is: {known}.")
    try:
        return {"version": model.version, **actions.evaluate(model, at=datetime.now(UTC))}
    except TooLittle as problem:
        raise CannotRun(f"Model {model.version} cannot be measured yet. {problem}") from None
