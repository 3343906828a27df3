"""What a phone at the door shows: figures to step, and where the cohort list and the board disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.engine.ambulance.reports import SiteReport

from ..handovers.queries import FindingRow
from ..liaison.presenters import LABEL
from ..release.presenters import Row
from .forms import MOST, STEPPED

CONFLICTS = ("HQ15", "HQ16")  # of a handover that somebody at the hospital sees otherwise


@dataclass(frozen=True, slots=True)
class Stepped:
    """One figure with one less and one more; value is None where nobody said it."""

    name: str
    label: str
    value: int | None
    at: datetime | None
    is_old: bool

    @property
    def less(self) -> int | None:
        return self.value - 1 if self.value else None

    @property
    def more(self) -> int | None:
        return self.value + 1 if self.value is not None and self.value < MOST else None


def stepped(report: SiteReport) -> list[Stepped]:
    """The figures that change by the hour, in the order of the form."""
    rows = []
    for measure in STEPPED:
        figure = report.figures.get(measure)
        rows.append(
            Stepped(
                name=measure.value,
                label=LABEL[measure],
                value=figure.value if figure else None,
                at=figure.said_at if figure else None,
                is_old=bool(figure and figure.is_old),
            )
        )
    return rows


def disagreements(rows: Sequence[Row], found: Sequence[FindingRow]) -> list[str]:
    """Where what was said at the door and what the board knows cannot both be right, in words."""
    told = [f"{each.call_sign}: {each.evidence}" for each in found if each.code in CONFLICTS]
    return [*told, *(row.doubt for row in rows if row.doubt)]
