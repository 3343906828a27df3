"""What reports ask for: that each leaves on its day, and is read."""

from collections.abc import Iterator, Sequence

from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.reports import What

from .queries import Late

COORDINATOR, LEADER = "outpatient_coordinator", "outpatient_team_leader"


def to_send(found: Sequence[Late]) -> Iterator[Wanted]:
    """One task for each report that is late, and one of the leader's for each that nobody has read."""
    for each in found:
        about = What(each.what).meaning
        if each.is_unread:
            yield Wanted(
                subject=f"report_unread:{each.key}",
                priority=3,
                title=f"A report was not read: {about}",
                cause=f"It came to {each.recipient} on {in_words(each.on)} and was not said to be read",
                role=LEADER,
                suggestion=f"Ask them, or name another recipient: /outpatients/reports/{each.key}/",
            )
        else:
            yield Wanted(
                subject=f"report:{each.key}",
                priority=2,
                title=f"A report has not left: {about}",
                cause=f"It was due on {in_words(each.on)}. {each.why or 'No worker has taken it up.'}",
                role=COORDINATOR,
                suggestion=f"See to what holds it: /outpatients/reports/{each.key}/",
            )
