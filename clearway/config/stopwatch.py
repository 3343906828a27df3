"""A budget of time for work that may not read a clock by itself."""

import time
from collections.abc import Callable


def still_time(seconds: float, patience: float) -> Callable[[], bool]:
    """Whether one more piece of work is likely to fit, asked after each; pieces take about the same.

    seconds   of this process's processor time, from now
    patience  of seconds on the wall, on a machine that has no time for it
    """
    began, wall, done = time.process_time(), time.monotonic() + patience, 0

    def still() -> bool:
        nonlocal done
        done += 1
        spent = time.process_time() - began
        return spent * (done + 1) / done <= seconds and time.monotonic() < wall

    return still
