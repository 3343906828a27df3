"""What each hospital says of itself, with the age of every figure, and which hospitals are silent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from clearway.domain.ambulance.situation import MEASURES, Situation, instant
from clearway.domain.ambulance.words import HospitalMeasure

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class ReportPolicy:
    """How often a hospital is to be heard (policy `hospital_reports`); all times in minutes.

    level_1 … level_4, unknown  from one report to the next, by the pressure level it last gave
    grace                       added before a figure counts as old and its hospital as silent
    coordinator_after           how long the hospital's own people are asked before the coordinator is
    asked                       role that is asked first
    each_up_to                  so many silent hospitals have a task each; more share one
    not_asked                   ODS codes of hospitals that nobody asks
    """

    level_1: float = 60
    level_2: float = 60
    level_3: float = 45
    level_4: float = 30
    unknown: float = 60
    grace: float = 5
    coordinator_after: float = 15
    asked: str = "halo"
    each_up_to: int = 3
    not_asked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        times = (self.level_1, self.level_2, self.level_3, self.level_4, self.unknown)
        if min(times) <= 0 or min(self.grace, self.coordinator_after) < 0:
            raise ValueError("The times between reports are minutes above 0, the others at least 0")

    def holds_for(self, level: int | None) -> float:
        """For how long what a hospital says can be taken for the present, in minutes."""
        intervals = (self.level_1, self.level_2, self.level_3, self.level_4)
        return self.grace + (self.unknown if level is None else intervals[level - 1])


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, when it was true, and whether it is too old to be taken for the present."""

    value: int
    said_at: datetime
    is_old: bool


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What one hospital says.

    said_at    its newest word; None when it never spoke
    holds_for  minutes for which its words count as the present
    """

    code: str
    figures: Mapping[HospitalMeasure, Figure] = field(default_factory=dict)
    said_at: datetime | None = None
    holds_for: float = 60
    is_silent: bool = False

    @property
    def level(self) -> int | None:
        """The pressure level it last gave."""
        said = self.figures.get(HospitalMeasure.PRESSURE_LEVEL)
        return said.value if said else None


def site_reports(situation: Situation, policy: ReportPolicy) -> tuple[SiteReport, ...]:
    """One report per site, in the order of the sites. A site that never spoke is not silent, but unknown."""
    return tuple(_site_report(situation, policy, row) for row in range(len(situation.sites.code)))


def _site_report(situation: Situation, policy: ReportPolicy, row: int) -> SiteReport:
    value, said_at = situation.reports.value[row], situation.reports.said_at[row]
    level = value[MEASURES.index(HospitalMeasure.PRESSURE_LEVEL)]
    holds_for = policy.holds_for(None if np.isnan(level) else int(level))
    oldest = situation.at - holds_for * MINUTE
    figures = {}
    for column in np.flatnonzero(~np.isnan(value)):
        at = instant(float(said_at[column]))
        if at is not None:
            figures[MEASURES[column]] = Figure(int(value[column]), at, bool(said_at[column] < oldest))
    newest = max((figure.said_at for figure in figures.values()), default=None)
    return SiteReport(
        code=situation.sites.code[row],
        figures=figures,
        said_at=newest,
        holds_for=holds_for,
        is_silent=newest is not None and newest.timestamp() < oldest,
    )
