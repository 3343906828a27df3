"""Train a model of who might not come on the trust's own past, and keep it with its report.

It learns only from visits whose end was known in time, and sees nothing protected. It is not in use by that:
a team leader puts it in use on the page Who might not come, where its report is.

Examples:
  clearway attendance train
  clearway attendance train --organisation worcestershire --json
"""

import argparse
import getpass
import json
from datetime import UTC, datetime
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which trust, and how to print."""
    parser.add_argument("--organisation", metavar="SLUG", help="the trust; default: the only outpatient one")
    parser.add_argument("--json", action="store_true", help="print version and report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Train, and print the report. Raises CannotRun where the past is too short."""
    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.desks.outpatients.attendance import actions
    from clearway.desks.outpatients.attendance.presenters import verdict
    from clearway.engine.outpatients.attendance_fit import TooLittle

    by, at = Actor(f"command:{getpass.getuser()}"), datetime.now(UTC)
    organisation = ground.the_trust(arguments.organisation)
    try:
        model = actions.train(organisation_id=organisation.pk, by=by, at=at)
    except TooLittle as problem:
        raise CannotRun(
            f"The past of {organisation.slug} is too short to learn from. {problem} Train again when more "
            "clinics are cashed up."
        ) from None
    if arguments.json:
        print(json.dumps({"version": model.version, "organisation": organisation.slug, **model.report}))
        return 0
    print(f"Model {model.version} of {organisation.slug} is kept. It is not in use.")
    print("\n".join(lines(model.report["measures"][model.report["chosen"]], model.report["shares"])))
    print(verdict(model.report))
    return 0


def lines(measures: dict[str, Any], shares: list[dict[str, float]]) -> list[str]:
    """Measures with intervals, and what a list of calls finds."""
    from clearway.engine.outpatients.attendance_measures import MEANINGS

    said = [
        f"  {MEANINGS[name][0]:<28}{value:7.3f}  ({low:.3f} to {high:.3f})"
        for name, (value, low, high) in measures.items()
    ]
    rung = [
        f"  {each['share']:.0%} rung: {each['precision']:.1%} of them missed, {each['recall']:.1%} of misses"
        for each in shares
    ]
    return [*said, *rung]
