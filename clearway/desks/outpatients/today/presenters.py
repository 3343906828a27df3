"""The numbers of the day as lines that people read: what, how many, since when, and where to go."""

from dataclasses import dataclass
from datetime import datetime

from .queries import Counted, Today


@dataclass(frozen=True, slots=True)
class Line:
    """One number of the page.

    count    how many; of  of how many in all, None where that says nothing
    oldest   since when the oldest waits
    view     named view that lists them, with its query; permission to open it
    is_due   it should be nothing, and is not
    """

    label: str
    count: int
    of: int | None
    oldest: datetime | None
    view: str
    query: str
    permission: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    lines: tuple[Line, ...]


def groups(seen: Today) -> tuple[Group, ...]:
    """The page from top to bottom: what is late first, then the day, then the list."""
    referrals, read = "op-referrals:", "referrals.read"
    return (
        Group(
            "Referrals",
            (
                _line("Urgent or unranked, to be triaged", seen.urgent_to_triage, f"{referrals}triage", read),
                _line("To be triaged", seen.to_triage, f"{referrals}triage", read, due=False),
                _line("Held: the clinical question is missing", seen.held, f"{referrals}gaps", read),
                _line("Missing items to be asked for again today", seen.gaps_due, f"{referrals}gaps", read),
            ),
        ),
        Group(
            "Clinics",
            (
                _line("Clinics today", seen.clinics, "op-clinics:diary", "clinics.read", due=False),
                _line("Patients seen or here", seen.patients, "op-clinics:diary", "clinics.read", due=False),
                _line(
                    "Appointments over, no outcome", seen.unoutcomed, "op-outcomes:clinics", "outcomes.write"
                ),
                _line("Missed, nobody has decided yet", seen.misses, "op-outcomes:misses", "misses.read"),
                _line("Slots free in the next 48 hours", seen.free_soon, "op-clinics:diary", "clinics.read"),
            ),
        ),
        Group(
            "Waiting list",
            (
                _line(
                    "Past treat-by, not booked",
                    seen.breached,
                    "op-waiting:list",
                    "waiting.read",
                    "breached=on",
                ),
                _line(
                    "Treat-by within 28 days, not booked", seen.breaching, "op-waiting:list", "waiting.read"
                ),
                _line("Tasks open", seen.tasks, "tasks:worklist", "tasks.read", due=False),
            ),
        ),
    )


def _line(
    label: str, counted: Counted, view: str, permission: str, query: str = "", *, due: bool = True
) -> Line:
    return Line(
        label=label,
        count=counted.count,
        of=counted.of,
        oldest=counted.oldest,
        view=view,
        query=query,
        permission=permission,
        is_due=due and counted.count > 0,
    )
