"""What the supervisor does when its children, or it itself, end."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clearway.cli.ground import database_at_hand
from clearway.config import postgres
from clearway.config.postgres import CannotStart
from clearway.config.supervisor import Part, Supervisor, ending
from tests.watching import wait_until_gone


def sleeper(name: str, started: list[subprocess.Popen[bytes]], last: bool = False) -> Part:
    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "600"]))
        return started[-1]

    return Part(name, start, last=last)


def after(seconds: float) -> float:
    return time.monotonic() + seconds


def test_a_killed_child_runs_again_within_seconds_and_is_spoken_of() -> None:
    said: list[str] = []
    started: list[subprocess.Popen[bytes]] = []
    supervisor, end = Supervisor(said.append), after(10)
    supervisor.begin(sleeper("web", started))

    started[0].kill()
    supervisor.watch(until=lambda: len(started) == 2 or time.monotonic() > end)
    supervisor.stop()

    assert said == ["web was killed (SIGKILL); starting it again in 0.5 s.", "web is running again."]
    assert started[1].poll() is not None


def test_a_child_that_keeps_failing_is_tried_with_growing_patience() -> None:
    said: list[str] = []

    def fail() -> subprocess.Popen[bytes]:
        return subprocess.Popen(["false"])

    def twice() -> list[str]:
        return [line for line in said if "starting it again" in line][:2]

    supervisor, end = Supervisor(said.append), after(10)
    supervisor.begin(Part("worker", fail))
    supervisor.watch(until=lambda: len(twice()) == 2 or time.monotonic() > end)
    supervisor.stop()

    assert twice() == [
        "worker stopped with exit code 1; starting it again in 0.5 s.",
        "worker stopped with exit code 1; starting it again in 1 s.",
    ]


def test_a_restart_that_fails_is_tried_again() -> None:
    said: list[str] = []
    tries: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        tries.append(subprocess.Popen(["sleep", "600"]))
        if len(tries) == 2:
            raise CannotStart("The disk is full.")
        return tries[-1]

    supervisor, end = Supervisor(said.append), after(10)
    supervisor.begin(Part("database", start))
    tries[0].kill()
    supervisor.watch(until=lambda: len(tries) == 3 or time.monotonic() > end)
    supervisor.stop()
    tries[1].kill()

    assert "database did not start (The disk is full.); starting it again in 1 s." in said


def test_the_database_is_stopped_after_everything_that_uses_it() -> None:
    stops: list[str] = []
    supervisor = Supervisor(lambda line: None)
    for name, last in (("database", True), ("web", False), ("feed", False)):
        started: list[subprocess.Popen[bytes]] = []
        supervisor.begin(sleeper(name, started, last=last))
        process = started[0]
        send = process.send_signal
        process.send_signal = lambda number, name=name, send=send: (stops.append(name), send(number))  # type: ignore[method-assign, misc]

    supervisor.stop()

    assert stops == ["feed", "web", "database"]


def test_a_child_deaf_to_the_signal_is_killed() -> None:
    deaf = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(1, flush=True)\ntime.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    supervisor = Supervisor(lambda line: None)
    supervisor.begin(Part("deaf", lambda: process, patience=0.3))

    supervisor.stop()

    assert process.returncode == -signal.SIGKILL


def test_nothing_is_left_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    (tmp_path / "clearway").mkdir()
    (tmp_path / "clearway" / "__init__.py").touch()
    (tmp_path / "clearway" / "__main__.py").write_text("import time\ntime.sleep(600)\n")
    keep_one_child = (
        "import os, sys\nfrom pathlib import Path\n"
        "from clearway.config.supervisor import Supervisor, program\n"
        f"environment = {{**os.environ, 'PYTHONPATH': {str(tmp_path)!r}}}\n"
        f"os.chdir({str(tmp_path)!r})\n"
        "keeper = Supervisor(print)\n"
        "keeper.begin(program('child', [], environment, Path('child.log')))\n"
        "print(keeper._running[0].process.pid, flush=True)\n"
        "keeper.watch(until=lambda: False)"
    )
    parent = subprocess.Popen([sys.executable, "-c", keep_one_child], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert Path(f"/proc/{child}").exists()

    parent.kill()
    parent.wait()

    assert wait_until_gone(child)


def test_a_supervised_process_leaves_the_database_to_its_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARWAY_HOME", str(tmp_path))
    monkeypatch.setenv("CLEARWAY_SUPERVISED", "1")

    with database_at_hand():
        assert not postgres.is_answering(tmp_path / "postgres")


def test_an_ending_is_told_in_words() -> None:
    assert ending(3) == "stopped with exit code 3"
    assert ending(-9) == "was killed (SIGKILL)"
