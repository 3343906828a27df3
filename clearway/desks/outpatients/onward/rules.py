"""What other desks ask for: that it is read, that a slot is held, and that a person decides."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from clearway.core.layout.times import clock, day
from clearway.core.onward.queries import Due
from clearway.core.worklist.rules import Wanted

COORDINATOR = "outpatient_coordinator"
PAGE = "/outpatients/onward/"
SOON = timedelta(hours=4)


def to_see_to(found: Due, at: datetime) -> Iterator[Wanted]:
    """One task for those nobody has read, one for those without a slot, one for each that is wanted back."""
    if found.unread and found.unread_due is not None:
        yield Wanted(
            subject="onward:unread",
            priority=2 if found.unread_due < at + SOON else 3,
            title="Another desk asks for patients to be taken on",
            cause=f"The first is to have a slot by {_when(found.unread_due)}",
            role=COORDINATOR,
            suggestion=f"Register or refuse each: {PAGE}",
            reading=float(found.unread),
            threshold=1.0,
        )
    if found.unheld and found.unheld_due is not None:
        yield Wanted(
            subject="onward:unheld",
            priority=2 if found.unheld_due < at + SOON else 3,
            title="Patients whom another desk referred have no slot",
            cause=f"The first is to have one by {_when(found.unheld_due)}",
            role=COORDINATOR,
            suggestion=f"Hold a slot for each: {PAGE}",
            reading=float(found.unheld),
            threshold=1.0,
        )
    for key in found.wanted_back:
        yield Wanted(
            subject=f"onward:{key}",
            priority=2,
            title="A request is asked for back after it was registered",
            cause="Its sender no longer wants it; nobody leaves the list by itself",
            role=COORDINATOR,
            suggestion=f"End the referral, or go on with a reason: {PAGE}{key}/",
        )


def _when(at: datetime) -> str:
    return f"{day(at)}, {clock(at)}"
