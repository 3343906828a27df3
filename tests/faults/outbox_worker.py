"""A worker whose one duty is the real outbox, with a maker and two carriers of the tests.

python -m tests.faults.outbox_worker FOLDER

Each carrier writes down what it was given, in a file of its own, and takes its time before and after: "keyed"
takes keys, "plain" does not.
"""

import os
import random
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

LEASE = timedelta(seconds=1.5)


class Maker:
    def make(self, row, *, by, at):  # type: ignore[no-untyped-def]
        from clearway.core.outbox.sending import Ready

        time.sleep(random.random() * 0.02)
        return Ready("0" * 64)

    def look_again(self, row, at):  # type: ignore[no-untyped-def]
        return None

    def body(self, row):  # type: ignore[no-untyped-def]
        return b""

    def left(self, row, *, by, at):  # type: ignore[no-untyped-def]
        pass


class Carrier:
    def __init__(self, path: Path, takes_key: bool) -> None:
        self.path, self.takes_key = path, takes_key

    def carry(self, parcel) -> str:  # type: ignore[no-untyped-def]
        time.sleep(random.random() * 0.02)
        with self.path.open("ab", buffering=0) as file:
            file.write(f"{parcel.key}\n".encode())
        time.sleep(random.random() * 0.02)
        return "taken"


def main() -> None:
    os.environ["CLEARWAY_PROCESS"] = "worker"
    import django

    django.setup()
    from clearway.core.outbox.sending import Office
    from clearway.gateway.worker import Duty, run

    folder = Path(sys.argv[1])
    carriers = {name: Carrier(folder / name, name == "keyed") for name in ("keyed", "plain")}
    office = Office({"test": Maker()}, carriers, lease=LEASE)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run([Duty("outbox", office.work, 0.05)], stop)


if __name__ == "__main__":
    main()
