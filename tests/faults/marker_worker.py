"""A worker whose one duty is the real tailer, with a renderer of the tests: each changed key is one push.

python -m tests.faults.marker_worker [SIZE]     bytes of filling in each push, default 0
"""

import os
import signal
import sys
import threading
from datetime import datetime


def main() -> None:
    os.environ["CLEARWAY_PROCESS"] = "worker"
    import django

    django.setup()
    from clearway.core.live.fragments import Fragment
    from clearway.core.live.tailer import Tailer
    from clearway.gateway.worker import Duty, run

    filling = "x" * int((sys.argv[1:] or ["0"])[0])

    def render(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
        return [Fragment("feeds", key, f"{key}{filling}") for key in sorted(keys, key=int)]

    def never(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
        raise ZeroDivisionError

    tailer = Tailer({"marker": render, "broken": never})
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run([Duty("tailer", lambda at: tailer.work(at) > 0, 0.04)], stop)


if __name__ == "__main__":
    main()
