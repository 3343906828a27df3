"""People of a simulated department miss visits by a habit of their own, whose size is as it is said to be."""

from pathlib import Path

import numpy as np

from clearway.domain.outpatients.words import Attended
from clearway.interchange import department_pack, region_pack
from clearway.simulation.outpatients import conduct
from clearway.simulation.outpatients.parameters import Parameters, read

PACK = Path(__file__).resolve().parents[2] / "regions/worcestershire"
PEOPLE = [f"99{number:08d}" for number in range(6000)]


def parameters() -> Parameters:
    pack = {file.name: file.read_bytes() for file in PACK.iterdir()}
    region = region_pack.parse(pack)
    department = department_pack.parse(pack, region)
    assert department is not None
    return read(region.simulation, department)


KNOWN = parameters()
CODE, VOLUME = next(iter(KNOWN.services.items()))


def risks(seed: int = 1, kind: str = "new") -> np.ndarray:
    return np.array([conduct.risk(who, kind, CODE, KNOWN, seed) for who in PEOPLE])


def test_habits_leave_the_share_of_a_service_as_its_pack_says() -> None:
    assert abs(risks().mean() - VOLUME.missed_new) < 0.06 * VOLUME.missed_new
    assert abs(risks(2, "follow_up").mean() - VOLUME.missed_follow_up) < 0.06 * VOLUME.missed_follow_up


def test_a_tenth_of_visits_holds_as_many_misses_as_is_said() -> None:
    found = np.sort(risks())[::-1]
    assert 0.33 < found[: len(found) // 10].sum() / found.sum() < 0.41


def test_a_person_has_one_habit_at_every_visit_and_another_under_another_seed() -> None:
    new, again = risks(kind="new"), risks(kind="follow_up")
    free = (new < conduct.MOST_LIKELY) & (again < conduct.MOST_LIKELY)
    assert np.allclose(again[free] / new[free], VOLUME.missed_follow_up / VOLUME.missed_new)
    assert abs(np.corrcoef(risks(1), risks(2))[0, 1]) < 0.05


def test_who_missed_before_misses_more_often() -> None:
    """The signal that a real past carries: over three visits each, drawn as the department draws them."""
    ends = np.array(
        [
            [
                conduct.seen(f"{who}/{visit}", who, "new", CODE, False, KNOWN, 1).attended is Attended.MISSED
                for visit in range(3)
            ]
            for who in PEOPLE[:4000]
        ]
    )
    before, last = ends[:, :2].any(axis=1), ends[:, 2]
    assert last[before].mean() > 1.8 * last[~before].mean()


def test_the_same_visit_ends_the_same_way_whoever_asks() -> None:
    ends = {conduct.seen("9900000001/x", "9900000001", "new", CODE, False, KNOWN, 3) for _ in range(3)}
    assert len(ends) == 1
