"""The figures of the waiting list as its pages show them, for these pages and for reports."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import local
from clearway.core.people.roles import name_of
from clearway.domain.outpatients.validation import CHECKS
from clearway.domain.outpatients.waiting import KINDS
from clearway.domain.shared.figures import Figures
from clearway.engine.outpatients.capacity import DEMAND_DAYS, Load, load

from .. import policy
from . import packs, queries, queue, queueing

CAPACITY = (
    *("Service", "Kind", "Waiting", "Oldest", "Mean wait, weeks", "Demand a week", "Capacity a week"),
    *("Free ahead", "Queue load", "Target list", "Relief a week", "Pressure"),
)
CHECK_COLUMNS = ("Check", "What it says", "Severity", "Owner", "Found")
LONG_COLUMNS = ("By", "Long waits of", "Count")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list with its arithmetic. free: seats ahead."""

    service: str
    kind: str
    asked: queries.Demand
    load: Load
    free: int


def lines(organisation_id: int, at: datetime) -> list[Line]:
    """Every line that somebody waits in or joined lately, by service and kind. A fixed number of queries."""
    names = dict(queries.services(organisation_id))
    ahead, aim = queries.free_seats(organisation_id, local(at).date()), policy.capacity(organisation_id, at)
    found = []
    for asked in queries.demand(organisation_id, at):
        seats = ahead.get((asked.service, asked.kind))
        kept = load(
            asked.came * 7 / DEMAND_DAYS,
            seats.per_day * 7 if seats else 0.0,
            asked.waiting,
            None if asked.mean_days is None else asked.mean_days / 7,
            aim,
        )
        name, kind = names.get(asked.service, "Closed service"), KINDS.get(asked.kind, asked.kind)
        found.append(Line(name, kind, asked, kept, seats.free if seats else 0))
    return sorted(found, key=lambda line: (line.service, line.kind))


def capacity(organisation_id: int, at: datetime) -> Figures:
    """Demand, capacity, queue load, target list and relief capacity of every line, per week."""
    found = lines(organisation_id, at)
    waiting = sum(line.asked.waiting for line in found)
    grows = sum(line.load.load is None or line.load.load >= 1 for line in found)
    sentence = f"{waiting:,} wait. Lines: {len(found)}, of which {grows} grow or have no clinics."
    numbers = frozenset({2, 4, 5, 6, 7, 9, 10, 11})
    return Figures(sentence, CAPACITY, tuple(_capacity_row(line) for line in found), numbers)


def _capacity_row(line: Line) -> tuple[str, ...]:
    asked, kept = line.asked, line.load
    return (
        line.service,
        line.kind,
        str(asked.waiting),
        f"{asked.oldest:%-d %b %Y}" if asked.oldest else "",
        "" if asked.mean_days is None else f"{asked.mean_days / 7:.1f}",
        f"{kept.demand:.1f}",
        f"{kept.capacity:.1f}",
        str(line.free),
        _queue_load(kept.load),
        f"{kept.target_list:.0f}",
        f"{kept.relief:.1f}",
        "" if kept.pressure is None else f"{kept.pressure:.1f}",
    )


def _queue_load(found: float | None) -> str:
    if found is None:
        return "No clinics"
    return f"{found:.2f} grows" if found >= 1 else f"{found:.2f}"


def checks_found(organisation_id: int, at: datetime) -> Figures:
    """How much each check finds, asked anew for it: what the page says at this instant."""
    queueing.check(organisation_id=organisation_id, at=at)
    return of_counts(queue.counts(organisation_id))


def of_counts(counts: Counter[str]) -> Figures:
    """One row for each check that found something, in the order of the checks."""
    errors = sum(count for code, count in counts.items() if CHECKS[code].severity == "E")
    rows = tuple(
        (
            code,
            check.says,
            "Error" if check.severity == "E" else "Look at it",
            name_of(check.fixer),
            str(count),
        )
        for code, check in CHECKS.items()
        if (count := counts[code])
    )
    sentence = f"{counts.total():,} found, {errors} of them errors that keep a figure out of a return."
    return Figures(sentence, CHECK_COLUMNS, rows, frozenset({4}))


def long_waits(organisation_id: int, at: datetime) -> Figures:
    """Who has waited longer than the policy says, by service and by weeks: the head of a pack made now."""
    over = policy.check_limits(organisation_id, at).long_wait
    said, _ = packs.long_waits(organisation_id, at, over)
    sentence = (
        f"Of {said['waiting']:,} who wait, {said['long']:,} have waited longer than {over} days; "
        f"{said['breached']} of them past treat-by, "
        f"{said['never_asked']} never asked whether it is still needed."
    )
    rows = [("Service", word, str(count)) for word, count in said["by_service"]]
    rows += [("Weeks waited", word, str(count)) for word, count in said["by_band"]]
    return Figures(sentence, LONG_COLUMNS, tuple(rows), frozenset({2}))
