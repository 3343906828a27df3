"""What a phone at the door shows: figures to step, and where the cohort list and the board disagree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.domain.ambulance.hospitals import HospitalStanding
from clearway.engine.ambulance.reports import SiteReport

from ..handovers.queries import Board, FindingRow
from ..liaison.presenters import LABEL, SPEAKER
from ..release.presenters import Row
from .forms import MOST, STEPPED

CONFLICTS = ("HQ15", "HQ16", "HQ18")  # of a handover that somebody at the hospital sees otherwise


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


@dataclass(frozen=True, slots=True)
class Cohorted:
    """The newest cohort list in words: each crew's patient and who looks after them, its age and author."""

    lines: tuple[str, ...]
    at: datetime
    by: str


def cohort(told: Iterable[HospitalStanding], read: Board) -> Cohorted | None:
    """The newest list of a site under all its codes; None where no list is kept."""
    lists = [each.cohort for each in told if each.cohort is not None]
    newest = max(lists, key=lambda each: each.place, default=None)
    if newest is None:
        return None
    table = read.situation.assignments
    names = dict(zip(table.key, table.call_sign, strict=True))
    lines = [
        f"{names.get(key, 'another job')}{f', with {carer}' if carer else ''}"
        for key, carer in newest.lines.items()
    ]
    return Cohorted(tuple(sorted(lines)), newest.at, SPEAKER.get(newest.by, "feed"))


def disagreements(rows: Sequence[Row], found: Sequence[FindingRow]) -> list[str]:
    """Where what was said at the door and what the board knows cannot both be right, in words."""
    told = [f"{each.call_sign}: {each.evidence}" for each in found if each.code in CONFLICTS]
    return [*told, *(row.doubt for row in rows if row.doubt)]
