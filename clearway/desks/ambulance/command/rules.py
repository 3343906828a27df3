"""What command asks for: one task where a shift was not given, or not accepted in time."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from clearway.core.layout.times import LONDON, clock
from clearway.core.people.roles import name_of
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate
from clearway.domain.ambulance.command import Gap, shift_gaps

from . import queries
from .policy import NAME, made

POLICY = NAME
Found = Mapping[str, tuple[Gap, datetime]]
SAYS: Mapping[Gap, tuple[str, str, str]] = {
    Gap.NOT_GIVEN: (
        "Nobody has given the shift to the next",
        "{1}: the shift changed at {0}, and no sheet was given for it",
        "Open Shift: give what is open, also late",
    ),
    Gap.NOT_ACCEPTED: (
        "A shift was given and nobody has accepted it",
        "{1}: it waits since {0}",
        "Open Shift: read the sheet, ask what is unclear, accept it",
    ),
}


def gaps(found: Found, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for the change of shift of each role that gives its shift."""
    for role, (gap, since) in found.items():
        title, cause, suggestion = SAYS[gap]
        yield Wanted(
            subject=f"shift:{role}",
            priority=2,
            title=title,
            cause=cause.format(clock(since), name_of(role)),
            role=role,
            suggestion=suggestion,
            since=since,
        )


SHIFT_GAP: Rule[Found] = Rule(
    code="shift_gap",
    sentence="A shift is given to the next and accepted in time.",
    source="Policy command; hazard H20",
    check=gaps,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. One query."""
    given = queries.given_of_late(organisation_id, at)
    found = shift_gaps(made(policies.get(POLICY, {})), given, at, LONDON)
    return evaluate([SHIFT_GAP], found, policies, modes)
