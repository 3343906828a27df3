"""One at a time, for what cannot be locked by its row."""

import functools
import random
import time
import zlib
from collections.abc import Callable
from enum import IntEnum, unique
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

GIVEN_UP = ("40001", "40P01")  # serialization failure, deadlock: nothing was done, and it can be done again
AGAIN = 3
PAUSE = 0.05  # seconds, at most, before each further try
P = ParamSpec("P")
T = TypeVar("T")


@unique
class Lock(IntEnum):
    """What is done by one at a time, each with a number of its own among PostgreSQL's advisory locks.

    The key is the organisation, where nothing else is said.
    """

    TAILER = 4103  # of the whole database
    SEALER = 4104  # of the whole database
    FACTS = 4101  # facts and positions
    TASKS = 4105  # a sweep of the worklist
    DIVERTS = 4107  # two that are right alone may be a ring together
    FORECAST = 4108
    TAKING = 4121  # many referrals at once
    INVITATIONS = 4122
    LIST_CHECKS = 4123
    COMMAND = 4131
    ROSTERS = 4132
    MESSAGE = 4133  # one recipient's: the key is the message to them
    DELAYS = 4135
    FINDINGS = 4136  # they and their cases
    LEVELS = 4137
    EXCHANGE = 4139  # messages of another system: the key is its source
    CONCERN = 4141  # the key is the concern
    SAFEGUARDING = 4142  # the key is the concern
    COVER = 4144  # moves to standby points
    DIRECTORY = 4145
    PROVIDER_SESSIONS = 4146  # of the whole database: one begins, or a logout token ends some
    CLINIC = 4147  # its versions: the key is made of its code
    TEXT = 4148  # the versions of a letter's text: the key is made of its code
    DESTINATION = 4150  # what somebody answers for: the key is made of its name
    LAYOUT = 4149  # its versions: the key is made of headings and sender
    ANSWERS = 4143  # one request of one source: the key is made of both


def one_at_a_time(what: Lock, key: int) -> None:
    """Wait until nobody else does this with this key until the transaction ends.

    Also for append-only rows: PostgreSQL locks a row only for who may update it, and nobody may.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [what.value, key % 2**31])


def key_of(*words: object) -> int:
    """A key of what has words and no number. Two may share one: then they wait for one another."""
    return zlib.crc32(repr(words).encode())


def whole(action: Callable[P, T]) -> Callable[P, T]:
    """One transaction, done again when the database gave it up for another's, three times at most.

    Two actions may lock the same rows in another order, each for a good reason; then one of them is given up,
    and nothing of it has happened. Inside another transaction it is not done again: that one is lost too.
    """

    @functools.wraps(action)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        is_outermost = not connection.in_atomic_block
        for left in reversed(range(AGAIN + 1)):
            try:
                with transaction.atomic():
                    return action(*args, **kwargs)
            except OperationalError as lost:
                if not left or not is_outermost or getattr(lost.__cause__, "sqlstate", "") not in GIVEN_UP:
                    raise
            time.sleep(random.uniform(0, PAUSE))
        raise AssertionError("unreachable")

    return done
