"""Child processes that cannot outlive their parent."""

import ctypes
import os
import signal
import threading
from collections.abc import Callable

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_LIBRARY = ctypes.CDLL(None)


def stop_with_parent(by: signal.Signals) -> Callable[[], None]:
    """What a child runs before its program, so that the kernel sends it `by` when its parent is gone.

    Give it to Popen as preexec_fn. The kernel watches the thread that started the child, so this is refused
    outside the main thread, whose end is the end of the parent.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("A child that stops with its parent must be started from the main thread.")
    parent = os.getpid()

    def before_the_program() -> None:
        _LIBRARY.prctl(_SET_PARENT_DEATH_SIGNAL, by)
        if os.getppid() != parent:  # the parent went before the kernel was told
            os._exit(1)

    return before_the_program


def ask_to_stop_with_parent() -> None:
    """Have the kernel send this process SIGTERM when its own parent is gone."""
    _LIBRARY.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() == 1:
        os.kill(os.getpid(), signal.SIGTERM)
