"""What legal holds ask for: that each is looked at by its day, and that a second person decides a lifting."""

from collections.abc import Iterator, Sequence

from clearway.core.layout.times import day
from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words

from .queries import Due

LEADER = "outpatient_team_leader"
PAGE = "/outpatients/office/holds/"


def to_see_to(found: Sequence[Due]) -> Iterator[Wanted]:
    """One task for each hold that is to be reviewed, or that somebody asks to lift. Nothing lifts it."""
    for each in found:
        if each.lift_asked_at is not None:
            title = "Somebody asks to lift a legal hold: a second person decides"
            cause = f"Asked {day(each.lift_asked_at)}; it stays in force until then"
        else:
            title = "A legal hold is to be looked at again"
            cause = f"Its review was due on {in_words(each.review_on)}; it stays in force"
        yield Wanted(
            subject=f"hold:{each.key}",
            priority=3,
            title=title,
            cause=cause,
            role=LEADER,
            suggestion=f"Decide it: {PAGE}{each.key}/",
        )
