"""What freed seats ask for: that somebody is asked in time, and that nobody is left without a word."""

from collections.abc import Iterator
from datetime import datetime

from clearway.core.layout.times import clock, day
from clearway.core.worklist.rules import Wanted

from .queries import Due

COORDINATOR = "outpatient_coordinator"
PAGE = "/outpatients/freed/"


def to_ask(found: Due) -> Iterator[Wanted]:
    """One task for the seats about which nobody is asked, one for the calls, one for those to be told."""
    if found.unasked and found.unasked_by is not None:
        yield Wanted(
            subject="freed:unasked",
            priority=3,
            title=f"{found.unasked} freed {'slot' if found.unasked == 1 else 'slots'} nobody is asked about",
            cause=f"The first begins {_when(found.unasked_by)}",
            role=COORDINATOR,
            suggestion=f"See who fits: {PAGE}",
            reading=float(found.unasked),
            threshold=1.0,
        )
    if found.calls and found.calls_by is not None:
        yield Wanted(
            subject="freed:calls",
            priority=2,
            title=f"{found.calls} {'patient' if found.calls == 1 else 'patients'} to ring about freed slots",
            cause=f"The first offer ends {_when(found.calls_by)}",
            role=COORDINATOR,
            suggestion=f"Ring them: {PAGE}",
            reading=float(found.calls),
            threshold=1.0,
        )
    if found.to_thank:
        yield Wanted(
            subject="freed:thank",
            priority=3,
            title=f"{found.to_thank} to be told that a slot is taken",
            cause="They were spoken with, and somebody else was first",
            role=COORDINATOR,
            suggestion=f"Tell them; they keep their place: {PAGE}",
            reading=float(found.to_thank),
            threshold=1.0,
        )


def _when(at: datetime) -> str:
    return f"{day(at)}, {clock(at)}"
