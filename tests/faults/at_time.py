"""A command of Clearway whose clock stands where a file says, so that a day passes in seconds.

python -m tests.faults.at_time FILE mllp --port 2575

Everything else of it is the command: only the readings of the clock that it makes are given the file.
"""

import sys
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from clearway.cli import ground, main, sources


def standing_at(file: Path) -> type[datetime]:
    """Instants whose present is what a file says."""

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromisoformat(file.read_text()).astimezone(tz or UTC)

    return Standing


def begin(file: Path, words: list[str]) -> int:
    """Run a command by this clock; its exit code."""
    load = ground.load_django

    def load_django(process: str) -> None:
        load(process)
        from clearway.gateway import mllp, worker

        mllp.datetime = worker.datetime = standing_at(file)  # type: ignore[attr-defined]

    ground.load_django = load_django
    sources.datetime = standing_at(file)  # type: ignore[misc]
    return main(words)


if __name__ == "__main__":
    sys.exit(begin(Path(sys.argv[1]), sys.argv[2:]))
