"""A command of Clearway whose clock stands where a file says, so that a day passes in seconds.

python -m tests.faults.at_time FILE mllp --port 2575

Everything else of it is the command: only the readings of the clock that it makes are given the file.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from clearway.cli import ground, main, sources

# What a worker does of the day; its other duties are claimed elsewhere, and take longer than the day.
DUTIES = ("outbox", "read-again", "holds", "freed-slots")
EVERY = 0.2  # seconds of the real clock: a minute of the day is over sooner than any duty's own pause


def standing_at(file: Path) -> type[datetime]:
    """Instants whose present is what a file says."""

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromisoformat(file.read_text()).astimezone(tz or UTC)

    return Standing


def of_the_day(groups: dict[str, Callable[[], list[Any]]]) -> Callable[[], dict[str, Any]]:
    """The duties of the day, in their groups, asked after as often as it needs."""

    def few(group: Callable[[], list[Any]]) -> list[Any]:
        return [replace(each, every=EVERY) for each in group() if each.name in DUTIES]

    return lambda: {name: lambda group=group: few(group) for name, group in groups.items()}


def begin(file: Path, words: list[str]) -> int:
    """Run a command by this clock; its exit code."""
    load = ground.load_django

    def load_django(process: str) -> None:
        load(process)
        from clearway.gateway import duties, mllp, worker

        mllp.datetime = worker.datetime = standing_at(file)  # type: ignore[attr-defined]
        duties.groups = of_the_day(duties.groups())

    ground.load_django = load_django
    sources.datetime = standing_at(file)  # type: ignore[misc]
    return main(words)


if __name__ == "__main__":
    sys.exit(begin(Path(sys.argv[1]), sys.argv[2:]))
