"""What faults ask for: that they are asked about again, and that nobody comes where something is broken."""

from collections.abc import Iterator

from clearway.core.layout.times import day
from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.upkeep import Mender

from .queries import Due

COORDINATOR = "outpatient_coordinator"
PAGE = "/outpatients/office/faults/"


def to_chase(found: Due) -> Iterator[Wanted]:
    """One task for each fault that is to be asked about again."""
    for each in found.chases:
        yield Wanted(
            subject=f"fault:{each.key}",
            priority=2 if each.is_danger else 3,
            title=f"Ask about the fault of {each.where}, {each.site}",
            cause=f"To be asked about since {in_words(each.chase_on)}",
            role=COORDINATOR,
            suggestion=f"Ask {Mender(each.mender).meaning}: {PAGE}{each.key}/",
        )


def to_move(found: Due) -> Iterator[Wanted]:
    """One task while patients are booked into rooms, or with equipment, that cannot be used."""
    if found.booked and found.first is not None:
        several = "patient is" if found.booked == 1 else "patients are"
        yield Wanted(
            subject="faults:booked",
            priority=2,
            title=f"{found.booked} {several} booked where a room or equipment cannot be used",
            cause=f"The first is due {day(found.first)}",
            role=COORDINATOR,
            suggestion=f"Move them, soonest first: {PAGE}",
        )
