"""What happens by itself: reading the inbox, telling the boards, rules, snapshots, housekeeping.

Each duty is a function called again and again in a thread of its own, with a heartbeat. A duty that fails
says so and is tried again; one that cannot reach the database waits for it.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import OperationalError, connection

from clearway.core.live.models import Heartbeat

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0  # a heartbeat row is written at most so often
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.25, 8.0  # after a failure; doubled each time


def clock() -> datetime:
    """The present instant, UTC: the one clock of the worker."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Duty:
    """Something done again and again.

    work   does it once for an instant and says whether there may be more at once
    every  seconds to wait when there was nothing to do
    """

    name: str
    work: Callable[[datetime], bool]
    every: float


def run(duties: Sequence[Duty], stop: threading.Event) -> None:
    """Do the duties until told to stop, each in a thread of its own."""
    threads = [
        threading.Thread(target=_repeat, args=(duty, stop), name=duty.name, daemon=True) for duty in duties
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _repeat(duty: Duty, stop: threading.Event) -> None:
    beaten, failures = 0.0, 0
    while not stop.is_set():
        at = clock()
        try:
            more = duty.work(at)
            failures = 0
            if at.timestamp() - beaten >= BEAT_SECONDS:
                _beat(duty, at)
                beaten = at.timestamp()
        except OperationalError as error:
            log.warning("%s cannot reach the database: %s", duty.name, str(error).splitlines()[0])
            failures += 1
            _reconnect(stop, failures)
            continue
        except Exception:
            log.exception("%s failed; it will be tried again", duty.name)
            failures += 1
            _reconnect(stop, failures)
            continue
        if not more:
            stop.wait(duty.every)
    connection.close()


def _reconnect(stop: threading.Event, failures: int) -> None:
    # Not back to the pool: it may be broken, or hold a lock of its session.
    if connection.connection is not None:
        connection.connection.close()
    connection.close()
    stop.wait(min(FIRST_WAIT_SECONDS * 2 ** (failures - 1), LONGEST_WAIT_SECONDS))


def _beat(duty: Duty, at: datetime) -> None:
    Heartbeat.objects.update_or_create(
        name=duty.name, defaults={"at": at, "every_seconds": max(duty.every, BEAT_SECONDS)}
    )
