"""What loans ask for: that what is due is asked for, and that nobody keeps what is recalled."""

from collections.abc import Iterator

from clearway.core.layout.times import day
from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words

from .queries import Due

COORDINATOR, LEADER = "outpatient_coordinator", "outpatient_team_leader"
PAGE = "/outpatients/office/loans/"


def to_chase(found: Due) -> Iterator[Wanted]:
    """One task for what is to be asked for, and one of the leader's for what was asked for often enough."""
    if found.late and found.since is not None:
        several = "loan is" if found.late == 1 else "loans are"
        yield Wanted(
            subject="loans:late",
            priority=3,
            title=f"{found.late} {several} overdue, to be asked for",
            cause=f"The first was due on {in_words(found.since)}",
            role=COORDINATOR,
            suggestion=f"Ask the patients: {PAGE}",
        )
    if found.given_up:
        yield Wanted(
            subject="loans:given_up",
            priority=3,
            title=f"{found.given_up} on loan, asked for in vain as often as the policy says",
            cause="Whether it is written off is for the team leader to decide",
            role=LEADER,
            suggestion=f"Decide about each: {PAGE}",
        )


def of_recalls(found: Due) -> Iterator[Wanted]:
    """One task for each recalled make of which a patient has one."""
    for each in found.recalls:
        yield Wanted(
            subject=f"recall:{each.make}",
            priority=2,
            title=f"{each.count} of the recalled make {each.make} still with patients",
            cause=f"Recalled on {day(each.since)}",
            role=COORDINATOR,
            suggestion=f"Ring everybody who has one: {PAGE}recall/",
        )
