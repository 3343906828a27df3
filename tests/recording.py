"""Writes down which promises each test carries and how it ended, a line at once, for `clearway evidence`.

The first line names all tests that were chosen, so that a reader of a record that was cut short sees what did
not run.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests import sizes


class Recorder:
    """A plugin of pytest; registered when --record names a file."""

    def __init__(self, file: Path, size: str) -> None:
        self.file, self.size = file, size
        self.ended: dict[str, tuple[str, float]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        carries: dict[str, list[str]] = {}
        for item in session.items:
            for name in {mark.args[0] for mark in item.iter_markers("promise")}:
                carries.setdefault(name, []).append(item.nodeid)
        self.write(carries=carries, sizes={name: sizes.told(name, self.size) for name in carries})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has passed when its call and what is around it have; it is written once all are over."""
        outcome, seconds = self.ended.get(report.nodeid, ("passed", 0.0))
        if report.outcome != "passed" and outcome != "failed":
            outcome = report.outcome
        self.ended[report.nodeid] = outcome, seconds + report.duration
        if report.when == "teardown":
            outcome, seconds = self.ended.pop(report.nodeid)
            self.write(test=report.nodeid, outcome=outcome, seconds=round(seconds, 2))

    def write(self, **row: Any) -> None:
        with self.file.open("a") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
