"""What breaks ask for: a beginning for each crew whose window is closing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate, listed
from clearway.domain.ambulance.breaks import BreakState

from . import queries
from .models import ShiftBreaks

SOON = timedelta(minutes=30)
WAITS = {BreakState.OPEN.value, BreakState.LATE.value}


@dataclass(frozen=True, slots=True)
class Due:
    """Crews whose break must begin within half an hour, or should have begun, and who have no plan.

    failed  call sign -> why the plan that they had did not begin
    """

    at: datetime
    rows: Sequence[ShiftBreaks]
    failed: Mapping[str, str]


def due(found: Due, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each area: breaks are planned together."""
    for area in sorted({row.area for row in found.rows}):
        rows = [row for row in found.rows if row.area == area]
        late = [row for row in rows if row.state == BreakState.LATE]
        first = rows[0].start_by
        assert first is not None
        where = area or "Area unknown"
        number = f"{len(rows)} break{'' if len(rows) == 1 else 's'}"
        yield Wanted(
            subject=f"breaks:{area}",
            priority=2 if late else 3,
            title=f"{where}: {number} {'late' if late else 'due within 30 min'}, none planned",
            cause=_cause(rows, found.failed),
            role="patient_flow_coordinator",
            suggestion="Open Breaks: accept the plan, or plan each crew",
            since=first - SOON,
            members=frozenset(row.call_sign for row in rows),
        )


def _cause(rows: Sequence[ShiftBreaks], failed: Mapping[str, str]) -> str:
    return listed(
        [
            f"{row.call_sign} to begin by {clock(row.start_by)}"
            + (f" (planned before: {failed[row.call_sign]})" if row.call_sign in failed else "")
            for row in rows
        ]
    )


BREAK_DUE: Rule[Due] = Rule(
    code="break_due",
    sentence="A crew whose meal break must begin within half an hour, or is late, is planned by somebody.",
    source="Policy meal_breaks; the coordinator acts to resolve delay in the commencement of meal breaks",
    check=due,
    many="Areas with breaks that nobody has planned",
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. Three queries."""
    planned = queries.plans(organisation_id)
    rows = [
        row
        for row in queries.on_shift(organisation_id, at).filter(state__in=WAITS, start_by__lte=at + SOON)
        if row.call_sign not in planned
    ]
    missed = queries.missed_plans(organisation_id, at - timedelta(hours=2))
    failed = {row.call_sign: row.cause for row in reversed(missed)}  # the newest counts
    return evaluate([BREAK_DUE], Due(at, rows, failed), policies, modes)
