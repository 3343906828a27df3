"""How long a plan of meal breaks takes, and how much better it is than sending who is due first.

Crews of a region at midday: most started at six or seven, so their windows close together. All is timed:
prices, programme, search and proof. "First come" is what a careful person does: who must begin soonest goes
as soon as it is free and its area may spare it.

  python -m bench.breaks
"""

import time

import numpy as np

from clearway.engine.ambulance.breaks import BreakPlan, Ground, Hungry, PlanPolicy, first_come, plan, steps

SEEDS = range(1, 11)
CREWS = 300
AREAS = ("Devon", "Cornwall", "Dorset", "Somerset", "Bristol", "Gloucestershire", "Wiltshire")
SHARES = (0.24, 0.11, 0.14, 0.09, 0.22, 0.06, 0.14)  # of the responses of 2017 by area


def crews(chance: np.random.Generator) -> list[Hungry]:
    """Crews that are owed a break: two thirds on a job, windows that opened within the last hour or soon."""
    found = []
    for number in range(CREWS):
        opens = float(chance.integers(-60, 90))
        found.append(
            Hungry(
                call_sign=f"A{number:03d}",
                area=str(chance.choice(AREAS, p=SHARES)),
                minutes=45.0 if chance.random() < 0.8 else 30.0,
                free=0.0 if chance.random() < 0.33 else float(chance.integers(3, 117)),
                opens=opens,
                start_by=opens + 120,
                closes=opens + 360,
                travel=float(chance.integers(0, 18)),
                owed=int(chance.integers(0, 3)) if chance.random() < 0.2 else 0,
            )
        )
    return found


def ground(hungry: list[Hungry], policy: PlanPolicy, chance: np.random.Generator) -> Ground:
    """Areas of as many crews as are hungry, a third of them free, and a demand that grows."""
    size = len(steps(policy))
    number = {area: sum(each.area == area for each in hungry) for area in AREAS}
    return Ground(
        crews={area: np.full(size, float(count)) for area, count in number.items()},
        eating={area: np.zeros(size) for area in AREAS},
        free={area: np.full(size, count / 3) for area, count in number.items()},
        demand={
            area: count / 1.6 * np.linspace(1.0, 1.0 + chance.random() / 3, size)
            for area, count in number.items()
        },
    )


def late(found: BreakPlan) -> float:
    """Minutes of lateness of all who begin."""
    return sum(each.late for each in found.breaks)


def main() -> None:
    policy, rows = PlanPolicy(), []
    for seed in SEEDS:
        chance = np.random.default_rng(seed)
        hungry = crews(chance)
        around = ground(hungry, policy, chance)
        began = time.process_time()
        best = plan(hungry, around, policy)
        took = time.process_time() - began
        simple = first_come(hungry, around, policy)
        rows.append((took, best, simple))
    seconds = [took for took, _, _ in rows]
    print(f"{CREWS} crews, {len(AREAS)} areas, {len(steps(policy))} beginnings, {len(rows)} seeds")
    print(f"processor seconds of a plan: median {np.median(seconds):.2f}, most {max(seconds):.2f}")
    print(f"proved to be the cheapest: {sum(best.is_proved for _, best, _ in rows)} of {len(rows)}")
    for name, of in (
        ("cost", lambda found: found.cost),
        ("minutes late", late),
        ("without a place", lambda found: float(len(found.unplaced))),
    ):
        ours = np.mean([of(best) for _, best, _ in rows])
        theirs = np.mean([of(simple) for _, _, simple in rows])
        ratio = ours / theirs if theirs else 1.0
        print(f"{name:16s} plan {ours:9.1f}   first come {theirs:9.1f}   ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
