"""Start the processes of one machine, keep them running, stop them in order.

Each process is a direct child that the kernel stops when the supervisor is gone, so nothing is left behind
even after kill -9. A child that ends by itself is started again, soon at first and then with growing
patience. Everything here runs in the main thread: the kernel watches the thread that started a child.
"""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from clearway.config.children import stop_with_parent
from clearway.config.postgres import CannotStart

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0  # seconds before a child is started again
CALM = 60.0  # seconds of running after which a child is trusted again
LOOK_EVERY = 0.1  # seconds
LOG_LIMIT = 10_000_000  # bytes; a longer log is put aside when its process starts


@dataclass(frozen=True)
class Part:
    """One process to keep running.

    start     begins it and returns its process; may raise CannotStart
    stop_by   the signal that asks it to end
    patience  seconds it may take to end before it is killed
    last      stopped only when every other part has ended
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stop_by: signal.Signals = signal.SIGTERM
    patience: float = 6.0
    last: bool = False


@dataclass
class Running:
    """A part with its present process, or the moment of the next try. Moments are of time.monotonic."""

    part: Part
    process: subprocess.Popen[bytes] | None
    started_at: float
    failures: int = 0
    again_at: float = 0.0


def program(name: str, words: Sequence[str], environment: Mapping[str, str], log: Path) -> Part:
    """A part that runs `python -m clearway WORDS`, with its output in `log`."""

    def start() -> subprocess.Popen[bytes]:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.rename(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "clearway", *words],
                env={**environment, "CLEARWAY_SUPERVISED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,  # Ctrl-C in a terminal is for the supervisor, which stops things in order
                preexec_fn=stop_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it only asks the kernel
            )

    return Part(name, start)


class Supervisor:
    """Keeps its parts running until told to stop; `say` tells a person what happened."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.stopping = False
        self._running: list[Running] = []

    def begin(self, part: Part) -> None:
        """Start a part and watch it from now on. Raises CannotStart when it does not start at all."""
        self._running.append(Running(part, part.start(), time.monotonic()))

    def watch(self, until: Callable[[], bool]) -> bool:
        """Restart what ends, until `until()` is true (returns True) or a signal asks to stop (False)."""
        while not self.stopping:
            if until():
                return True
            self._look()
            time.sleep(LOOK_EVERY)
        return False

    def stop(self) -> None:
        """End every part: first all that are not `last`, then the rest, newest first."""
        for stage in (False, True):
            parts = [running for running in reversed(self._running) if running.part.last is stage]
            for running in parts:
                if running.process and running.process.poll() is None:
                    running.process.send_signal(running.part.stop_by)
            for running in parts:
                _wait_or_kill(running)
        self._running.clear()

    @contextlib.contextmanager
    def until_signalled(self) -> Iterator[None]:
        """Let Ctrl-C, SIGTERM and a closed terminal end `watch`; put the old handlers back afterwards."""
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._heed) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heed(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _look(self) -> None:
        for running in self._running:
            if running.process is None:
                if time.monotonic() >= running.again_at:
                    self._start_again(running)
            elif running.process.poll() is not None:
                self._note_the_end(running, ending(running.process.returncode))

    def _note_the_end(self, running: Running, how: str) -> None:
        calm = time.monotonic() - running.started_at > CALM
        running.failures = 1 if calm else running.failures + 1
        wait = min(FIRST_WAIT * 2 ** (running.failures - 1), LONGEST_WAIT)
        running.process, running.again_at = None, time.monotonic() + wait
        self.say(f"{running.part.name} {how}; starting it again in {wait:g} s.")

    def _start_again(self, running: Running) -> None:
        running.started_at = time.monotonic()
        try:
            running.process = running.part.start()
        except CannotStart as problem:
            self._note_the_end(running, f"did not start ({problem})")
        else:
            self.say(f"{running.part.name} is running again.")


def ending(code: int) -> str:
    """How a process ended, in words: "stopped with exit code 1", "was killed (SIGKILL)"."""
    return f"was killed ({signal.Signals(-code).name})" if code < 0 else f"stopped with exit code {code}"


def _wait_or_kill(running: Running) -> None:
    if running.process is None:
        return
    try:
        running.process.wait(timeout=running.part.patience)
    except subprocess.TimeoutExpired:
        running.process.kill()
        running.process.wait()
