"""One task for each queue while concerns wait there. It says how many and since when, never what."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from clearway.core.layout.times import moment
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate

from . import queries
from .models import Safeguarding


def waits(
    found: tuple[Sequence[Safeguarding], datetime], _policies: Mapping[str, Values]
) -> Iterator[Wanted]:
    """One for each queue."""
    rows, at = found
    for queue in sorted({each.queue for each in rows}):
        of = [each for each in rows if each.queue == queue]
        number = f"{len(of)} safeguarding concern{' waits' if len(of) == 1 else 's wait'}"
        yield Wanted(
            subject=f"safeguarding:{queue}",
            priority=2,
            title=number,
            cause=f"The oldest was raised {moment(of[0].at, at)}",
            role=queue,
            suggestion="Read each and acknowledge it: /safeguarding/",
            members=frozenset(f"safeguarding:{each.pk}" for each in of),
        )


SAFEGUARDING_WAITS: Rule[tuple[Sequence[Safeguarding], datetime]] = Rule(
    code="safeguarding_waits",
    sentence="A safeguarding concern is acknowledged by its queue.",
    source="Policy contacts; procedures for vulnerable people of the coordinator's job description",
    check=waits,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. One query."""
    return evaluate([SAFEGUARDING_WAITS], (queries.waiting(organisation_id), at), policies, modes)
