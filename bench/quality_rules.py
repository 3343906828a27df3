"""How well each rule of data quality finds what is wrong: precision and recall on simulated days.

Faults of every kind are put by seed into days that were lived without any; see simulation/ambulance/
quality_trial.py for what counts. The feed of the South West in a pressured winter, positions every 30 s; each
day is a world of its own, so that a month fits into memory.

  python -m bench.quality_rules [--days 28] [--each 3] [--seed 1] [--markdown]
"""

import argparse
import time
from datetime import timedelta

from clearway.config.regions import find
from clearway.domain.ambulance.quality import RULES
from clearway.interchange.region_pack import parse
from clearway.simulation.ambulance.quality_trial import added, beginning, trial

START = "2026-01-05"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--each", type=int, default=3, help="faults of every kind in a day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--region", default="south-west")
    parser.add_argument("--regime", default="pressured")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    region, start = parse(find(given.region)), beginning(START)
    done = added(
        trial(region, given.regime, given.seed + day, start + timedelta(days=day), 1, given.each)
        for day in range(given.days)
    )
    print(
        f"{given.days} days, seed {given.seed}: {done.jobs:,} jobs, {done.arrivals:,} arrivals;"
        f" {time.perf_counter() - began:.0f} s"
    )
    line = "| {} | {} | {} | {} | {} | {} | {} |" if given.markdown else "{:6} {:6} {:6} {:6} {:>9} {:>9} {}"
    print(line.format("rule", "put in", "found", "false", "recall", "precision", "what is wrong"))
    if given.markdown:
        print("|" + " --- |" * 7)
    for score in done.scores:
        print(
            line.format(
                score.code,
                score.put_in,
                score.found,
                score.false,
                f"{score.recall:.3f}",
                f"{score.precision:.3f}",
                RULES[score.code].sentence,
            )
        )


if __name__ == "__main__":
    main()
