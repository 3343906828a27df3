"""One task for each concern that waits. It says since when, never what."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from clearway.core.layout.times import moment
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate

from . import queries
from .models import Safeguarding


def waits(
    found: tuple[Sequence[Safeguarding], datetime], _policies: Mapping[str, Values]
) -> Iterator[Wanted]:
    """One for each concern: there are few, and each is to be read by itself."""
    rows, at = found
    for each in rows:
        yield Wanted(
            subject=f"safeguarding:{each.pk}",
            priority=2,
            title="A safeguarding concern waits",
            cause=f"Raised {moment(each.at, at)}",
            role=each.queue,
            suggestion=f"Read it and acknowledge it: /safeguarding/{each.pk}/",
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
