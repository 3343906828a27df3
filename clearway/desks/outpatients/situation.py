"""What the rules of the outpatient desk look at: read from the tables once, at one instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .enquiries import queries as office
from .outcomes import queries as outcomes
from .referrals.rules import Chase, Late, chases, late
from .waiting import checks

NOTHING_LATE = office.Late(office.Overdue(0, None, False), office.Overdue(0, None, False), (), ())


@dataclass(frozen=True, slots=True)
class OpenMiss:
    """Somebody who did not come, undecided. No names: a task holds no identity."""

    key: int
    opened_at: datetime
    is_not_brought: bool
    is_safeguarded: bool
    is_reached: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """The outpatient desk at one instant.

    unoutcomed  ended appointments without outcome, since `oldest`; `old` of them for more than a week
    found       check -> how many rows it speaks of
    chases      what referrals lack and is to be asked for again
    late        referrals past their day of triage
    enquiries   calls, messages and complaints past their time, and what was escalated
    """

    at: datetime
    misses: tuple[OpenMiss, ...]
    unoutcomed: int
    oldest: datetime | None
    old: int
    found: Mapping[str, int]
    chases: tuple[Chase, ...] = ()
    late: tuple[Late, ...] = ()
    enquiries: office.Late = NOTHING_LATE


def read(organisation_id: int, at: datetime) -> Situation:
    """The situation now. A fixed number of queries."""
    open_ = outcomes.unoutcomed(organisation_id, at)
    counts: dict[str, int] = {}
    for each in checks.all_found(organisation_id, at):
        counts[each.code] = counts.get(each.code, 0) + 1
    misses = tuple(
        OpenMiss(
            row.pk,
            row.opened_at,
            row.kind == "not_brought",
            row.safeguarding_at is not None,
            row.contact_id is not None,
        )
        for row in outcomes.misses(organisation_id)
    )
    return Situation(
        at,
        misses,
        open_.count,
        open_.oldest,
        open_.over_a_week,
        counts,
        chases(organisation_id, at),
        late(organisation_id, at),
        office.late(organisation_id, at),
    )
