"""How long the plan for the patients of cancelled clinics takes, and how good it is, beside three others.

500 patients into 600 seats and 2,000 into 2,500, all of one service, so that one problem holds them all. The
whole of ours is timed: hard rules, costs, search and the check of the proof. The others get the costs ready
made. Greedy is what a careful person does: the urgent first, then the soonest, each into the cheapest seat
that is left.

  python -m bench.replan
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from clearway.domain.outpatients.replanning import ReplanPolicy
from clearway.engine.outpatients import replan as engine
from clearway.engine.outpatients.assignment import NEVER, Assignment, Whole, assign, is_proved
from clearway.engine.outpatients.fit import Coded, Slots, Wanted

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SEED = 20261123
SIZES = ((500, 600, 3), (2000, 2500, 1))  # patients, seats, runs
DAY = 86_400
SITES = ("A", "B", "C")


def seats(count: int, chance: np.random.Generator) -> Slots:
    """Free seats of 25 clinicians at three sites in the coming twelve weeks; one in eight by telephone."""
    days = chance.integers(1, 84, count)
    clinician = chance.integers(1, 26, count)
    return Slots(
        key=np.arange(count),
        starts=int(AT.timestamp()) + days * DAY + chance.integers(1, 17, count) * 1800,
        minutes=np.full(count, 30),
        service=np.ones(count, np.int64),
        clinician=clinician,
        kind=Coded.of("follow_up" if each else "new" for each in chance.random(count) < 0.6),
        medium=Coded.of("03" if each else "01" for each in chance.random(count) < 0.125),
        held=Coded.of("" for _ in range(count)),
        released=np.full(count, 2**62),
        site=Coded.of(SITES[each % 3] for each in clinician),
        free=np.ones(count, np.int64),
        closed=np.zeros(count, np.bool_),
        faulty=np.zeros(count, np.bool_),
        skills=Coded.of(frozenset({"hands"}) if each % 5 == 0 else frozenset() for each in clinician),
    )


def patients(count: int, chance: np.random.Generator) -> list[engine.Displaced]:
    """Who was booked in the coming week; one in eight urgent, one in ten in need of a skill."""
    found = []
    for number in range(count):
        clinician = int(chance.integers(1, 26))
        wanted = Wanted(
            service=1,
            kind="follow_up" if chance.random() < 0.6 else "new",
            minutes=30,
            priority="2" if chance.random() < 0.125 else "1",
            skills=frozenset({"hands"}) if chance.random() < 0.1 else frozenset(),
            treat_by=date(2026, 11, 23) + timedelta(days=int(chance.integers(3, 120))),
            sites=frozenset({SITES[clinician % 3]}) if chance.random() < 0.4 else frozenset(),
            days=frozenset({1, 2, 3}) if chance.random() < 0.2 else frozenset(),
        )
        starts = int(AT.timestamp()) + int(chance.integers(0, 5)) * DAY + 7200
        found.append(engine.Displaced(number, wanted, starts, clinician, SITES[clinician % 3], "01"))
    return found


def greedy(costs: Whole, displaced: list[engine.Displaced]) -> Whole:
    """One after the other: the urgent first, then the soonest, each the cheapest column that is left."""
    order = sorted(
        range(len(costs)), key=lambda row: (not displaced[row].wanted.is_urgent, displaced[row].starts)
    )
    left, chosen = np.zeros(costs.shape[1], np.bool_), np.full(len(costs), -1)
    for row in order:
        column = int(np.where(left, NEVER, costs[row]).argmin())
        chosen[row], left[column] = column, True
    return chosen


def dense(costs: Whole) -> Whole:
    columns: Whole = linear_sum_assignment(np.where(costs >= NEVER, 1e17, costs))[1]
    return columns


def sparse(costs: Whole) -> Whole:
    rows, columns = np.nonzero(costs < NEVER)
    found = csr_matrix((costs[rows, columns] + 1.0, (rows, columns)), costs.shape)  # 0 would be no pair
    chosen: Whole = min_weight_full_bipartite_matching(found)[1]
    return chosen


def quickest(work: Callable[[], object], times: int) -> float:
    """Milliseconds of processor time of the quickest of some runs: others may use the machine."""
    taken = []
    for _ in range(times):
        begin = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - begin))
    return min(taken)


def costs_of(slots: Slots, displaced: list[engine.Displaced]) -> Whole:
    """The costs that the engine itself puts to its search."""
    seen: list[Whole] = []

    def watched(costs: Whole) -> Assignment:
        seen.append(costs)
        return assign(costs)

    with patch.object(engine, "assign", watched):
        engine.replan(slots, displaced, ReplanPolicy(), AT)
    return seen[0]


def said(name: str, taken: float, costs: Whole, chosen: Whole, seats_: int) -> None:
    placed = chosen < seats_
    cost = int(costs[np.arange(len(costs)), chosen][placed].sum())
    print(f"  {name:<44}{taken:>10.1f} ms{int(placed.sum()):>8} placed{cost:>10} days")


def run(people: int, count: int, times: int) -> None:
    """One size, all ways."""
    chance = np.random.default_rng(SEED)
    slots, displaced = seats(count, chance), patients(people, chance)
    costs = costs_of(slots, displaced)
    pairs = int((costs[:, :count] < NEVER).sum())
    found = assign(costs)
    print(f"{people} patients, {count} seats, {pairs} pairs that fit; proved: {is_proved(costs, found)}")
    whole = quickest(lambda: engine.replan(slots, displaced, ReplanPolicy(), AT), times)
    said("ours, rules and proof with it", whole, costs, found.columns, count)
    said("ours, the search alone", quickest(lambda: assign(costs), times), costs, found.columns, count)
    for name, work in (
        ("greedy, patient by patient", lambda: greedy(costs, displaced)),
        ("scipy linear_sum_assignment", lambda: dense(costs)),
        ("scipy min_weight_full_bipartite_matching", lambda: sparse(costs)),
    ):
        said(name, quickest(work, times), costs, work(), count)


def main() -> None:
    for people, count, times in SIZES:
        run(people, count, times)


if __name__ == "__main__":
    main()
