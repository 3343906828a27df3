"""What Clearway itself can say about the pressure on hospitals and on the trust."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from clearway.domain.ambulance.pressure import Trigger, Value
from clearway.domain.ambulance.situation import AVAILABILITIES, UNKNOWN, Situation, instant
from clearway.domain.ambulance.words import Availability, Category, HospitalMeasure, JobStatus

from .feeds import Basis
from .handovers import MINUTE, HandoverPolicy, local_midnight
from .reports import SiteReport

M = HospitalMeasure
OCCUPANCY = (M.MAJORS_TAKEN, M.RESUS_TAKEN), (M.MAJORS_PLACES, M.RESUS_PLACES)
OFF = (Availability.OFF, Availability.BOOKING_ON)
FREE = (Availability.AVAILABLE, Availability.RESTRICTED)


@dataclass(frozen=True, slots=True)
class Seen:
    """A situation with what its figures rest on.

    held     category -> calls without a crew
    reports  what each hospital says of itself, by site code
    """

    situation: Situation
    basis: Basis
    handover: HandoverPolicy
    held: Mapping[Category, int]
    reports: Mapping[str, SiteReport] = field(default_factory=dict)

    @property
    def knows_handover(self) -> bool:
        """Some source knows handovers, and has spoken."""
        return self.basis.knows_handover and self.basis.cad.heard_at is not None


def handover_mean(seen: Seen) -> dict[str, Value]:
    """Mean handover since local midnight in minutes, by site code: of those handed over, by when they were.

    A site without one yet has no mean. As old as the last word of the control room's feed, to the minute:
    otherwise every message would make another row of the same figure. It counts while the feed may be relied
    on: crews whose handover nobody tells us of are those who wait.
    """
    counts = seen.basis.cad.freshness.may_be_relied_on
    heard_at = seen.basis.cad.heard_at
    if not seen.knows_handover or heard_at is None:
        return {}
    heard_at = heard_at.replace(second=0, microsecond=0)
    table, at = seen.situation.assignments, seen.situation.at
    handed_over = table.stamp(JobStatus.HANDOVER)
    took = (handed_over - table.stamp(JobStatus.AT_HOSPITAL)) / MINUTE
    today = (handed_over >= local_midnight(at, seen.handover.zone)) & (handed_over <= at)
    counted = today & (took >= 0) & (took <= seen.handover.not_counted_beyond)
    return {
        code: Value(float(took[counted & (table.site == row)].mean()), heard_at, counts=counts)
        for row, code in enumerate(seen.situation.sites.code)
        if (counted & (table.site == row)).any()
    }


def occupancy(seen: Seen) -> dict[str, Value]:
    """Patients in majors and resus in percent of its places, by site code, of what hospitals say themselves.

    As old as the oldest of its four figures; nothing where one of them was never said. It counts while all of
    them may be taken for the present.
    """
    reports = seen.situation.reports
    taken, places = (np.sum([reports.measure(each) for each in measures], axis=0) for measures in OCCUPANCY)
    said_at = np.min([reports.measured_at(each) for measures in OCCUPANCY for each in measures], axis=0)
    found = {}
    for row, code in enumerate(seen.situation.sites.code):
        at: datetime | None = instant(float(said_at[row]))
        if at is not None and np.isfinite(taken[row]) and places[row] > 0:
            counts = not any(_is_old(seen, code, each) for measures in OCCUPANCY for each in measures)
            found[code] = Value(float(100 * taken[row] / places[row]), at, "hospital", counts)
    return found


def _is_old(seen: Seen, code: str, measure: HospitalMeasure) -> bool:
    report = seen.reports.get(code)
    said = report.figures.get(measure) if report else None
    return said is not None and said.is_old


COMPUTED: Mapping[str, Callable[[Seen], dict[str, Value]]] = {
    "handover_mean": handover_mean,
    "majors_resus_occupancy": occupancy,
}


def computed(seen: Seen, names: Sequence[str]) -> dict[str, dict[str, Value]]:
    """Of each of these names, what Clearway works out by site code. Raises KeyError for an unknown one."""
    return {name: COMPUTED[name](seen) for name in names}


def held(seen: Seen, trigger: Trigger) -> float | None:
    """Calls of the trigger's categories to which nobody has been sent."""
    return float(sum(seen.held.get(Category(each), 0) for each in trigger.categories))


def free_share(seen: Seen, _trigger: Trigger) -> float | None:
    """Crews that can be sent now, in percent of those on shift; None where nobody is."""
    crews = seen.situation.resources
    on_shift = crews.availability >= 0
    for status in OFF:
        on_shift &= crews.availability != AVAILABILITIES.index(status)
    free = np.isin(crews.availability, [AVAILABILITIES.index(each) for each in FREE])
    free &= crews.assignment == UNKNOWN
    return float(100 * free.sum() / on_shift.sum()) if on_shift.any() else None


def waiting_beyond(seen: Seen, _trigger: Trigger) -> float | None:
    """Patients who wait for their handover for longer than the maximum of the policy, at all hospitals."""
    if not seen.knows_handover:
        return None
    table = seen.situation.assignments
    waited = (seen.situation.at - table.stamp(JobStatus.AT_HOSPITAL)) / MINUTE
    return float((table.patient_is_waiting & (waited > seen.handover.maximum)).sum())


def mean_everywhere(seen: Seen, _trigger: Trigger) -> float | None:
    """The mean of the hospitals' mean handovers since midnight."""
    means = [each.number for each in handover_mean(seen).values()]
    return sum(means) / len(means) if means else None


MEASURES: Mapping[str, Callable[[Seen, Trigger], float | None]] = {
    "held": held,
    "free_share": free_share,
    "waiting_beyond": waiting_beyond,
    "mean_handover": mean_everywhere,
}


def measured(seen: Seen, triggers: Sequence[Trigger]) -> dict[str, float | None]:
    """The value of each trigger, by its code. Raises KeyError for a measure it does not know."""
    return {each.code: MEASURES[each.measure](seen, each) for each in triggers}
