"""The load that each department has agreed to: how many of others' patients it may still be asked to take.

A patient who is taken past the nearest appropriate department is one of others' where it goes. A department
takes such patients up to a share of its usual ambulances a day, and none while its whole load of 24 hours,
with those on their way, has reached the usual and that share. Both are counted from the situation, so desk
and simulator count alike. A patient for whom it is the nearest is never turned away by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import JOB_STATES, UNKNOWN, Situation
from clearway.domain.ambulance.words import JobState, JobStatus

from .rulebook import Column, Rulebook

DAY = 86_400.0
CONVEYING, ON_SCENE = JOB_STATES.index(JobState.CONVEYING), JOB_STATES.index(JobState.ON_SCENE)
ROUNDING = 1e-9  # a tenth of 120 is twelve


@dataclass(frozen=True, slots=True, eq=False)
class DayLoad:
    """The last 24 hours and what is committed, by place of the rulebook; NaN for what is no department.

    load        ambulances that arrived, are on their way or have the place accepted or chosen
    others      of them, those taken past the nearest appropriate, less those of its own taken elsewhere
    allowed     others that were agreed; agreed  load up to which others are taken. Infinite without a bound
    """

    load: Column
    others: Column
    allowed: Column
    agreed: Column

    @property
    def spare(self) -> Column:
        """How many more of others' patients each may be asked to take, a whole number or infinite."""
        return np.asarray(np.minimum(self.others_left, self.load_left))

    @property
    def others_left(self) -> Column:
        """The same by the share that was agreed."""
        return _whole(self.allowed - self.others)

    @property
    def load_left(self) -> Column:
        """How many more ambulances, anybody's, until others' patients come no more."""
        return _whole(self.agreed - self.load)

    def with_one(self, to: int, nearest: int) -> "DayLoad":
        """With one more patient taken to a place, whose nearest appropriate one it is or another."""
        load, others = self.load.copy(), self.others.copy()
        load[to] += 1
        others[to] += 1
        others[nearest] -= 1
        return replace(self, load=load, others=others)


def day_load(
    situation: Situation,
    site: npt.NDArray[np.int64],
    rules: Rulebook,
    share: float | None,
    usual: Mapping[str, float],
) -> DayLoad:
    """The loads of the places of a rulebook.

    site   row in the situation's sites of each place, UNKNOWN for none
    share  of its usual ambulances a day, that a department takes of others' patients; None for no bound
    usual  site code -> ambulances a day. Who is not in it has agreed to nothing
    """
    load, others = _counted(situation, site)
    department = rules.places.is_department
    if share is None:
        allowed = agreed = np.full(len(site), np.inf)
    else:
        each = np.array([usual.get(code, 0.0) for code in rules.places.code])
        allowed, agreed = share * each, (1 + share) * each
    return DayLoad(*(np.where(department, column, np.nan) for column in (load, others, allowed, agreed)))


def _whole(left: Column) -> Column:
    return np.asarray(np.maximum(np.floor(np.where(np.isnan(left), np.inf, left) + ROUNDING), 0.0))


def _counted(situation: Situation, site: npt.NDArray[np.int64]) -> tuple[Column, Column]:
    table, count = situation.assignments, len(situation.sites.code)
    arrived = table.stamp(JobStatus.AT_HOSPITAL)
    conveying, scene = table.state == CONVEYING, table.state == ON_SCENE
    on_its_way = conveying | scene
    lately = (arrived > situation.at - DAY) & (arrived <= situation.at)
    # On the way what was accepted last counts, not what the control room has still.
    to = np.where(on_its_way & (table.bound != UNKNOWN), table.bound, table.site)
    counts = (on_its_way | lately) & (to != UNKNOWN)
    passed = counts & (table.passed != UNKNOWN)
    load = np.bincount(to[counts], minlength=count + 1)
    others = np.bincount(to[passed], minlength=count + 1) - np.bincount(
        table.passed[passed], minlength=count + 1
    )
    return load[site].astype(np.float64), others[site].astype(np.float64)  # the last is nobody's
