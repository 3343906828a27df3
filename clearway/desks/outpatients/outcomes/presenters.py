"""The cashing-up sheet in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import local
from clearway.domain.outpatients.booking import REASONS
from clearway.domain.outpatients.outcomes import CHILD_UNTIL, PRESETS, age_on
from clearway.domain.outpatients.words import Attended, CancelledBy, Outcome, RttStatus

from .forms import Typed
from .models import Appointment
from .queries import still_booked

STATES = {
    "ticking": "Running",
    "none": "None",
    "monitoring": "Monitoring",
    "stopped": "Stopped",
    "nullified": "Nullified",
    "transferred": "Elsewhere",
    "unknown_start": "Start not known",
}
# Those of the sheet that most rows need; the others stand after them.
STATUSES = tuple((code.value, code.meaning) for code in RttStatus)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the sheet.

    done    what was recorded, "" while nothing is
    booked  visits of the same referral that are still to come; counted where the row was refused
    """

    key: int
    starts_at: datetime
    name: str
    number: str
    is_child: bool
    flags: tuple[str, ...]
    kind: str
    clock: str
    days: int | None
    arrived_at: datetime | None
    is_late: bool
    done: str
    outcomed_at: datetime | None
    by: str
    typed: Typed
    booked: int


def lines(rows: Sequence[Appointment], typed: Mapping[int, Typed], at: datetime) -> list[Line]:
    return [_line(row, typed.get(row.pk, Typed()), at) for row in rows]


def _line(row: Appointment, typed: Typed, at: datetime) -> Line:
    pathway = row.entry.pathway if row.entry else None
    running = pathway is not None and pathway.state == "ticking" and pathway.started_on is not None
    return Line(
        key=row.pk,
        starts_at=row.starts_at,
        name=str(row.patient),
        number=row.patient.number,
        is_child=age_on(row.patient.born_on, local(row.starts_at).date()) < CHILD_UNTIL,
        flags=tuple(each.get_kind_display() for each in row.patient.flags.all() if not each.ended_at),
        kind=row.entry.kind.replace("_", "-") if row.entry else "",
        clock=STATES.get(pathway.state, pathway.state) if pathway else "None",
        days=(local(at).date() - pathway.started_on).days if running and pathway else None,  # type: ignore[operator]
        arrived_at=row.arrived_at,
        is_late=row.arrived_at is not None and row.arrived_at > row.starts_at,
        done=done(row),
        outcomed_at=row.outcomed_at,
        by=row.outcomed_by,
        typed=typed,
        booked=len(still_booked(row, at)) if typed.problem else 0,
    )


def undone(row: Appointment) -> list[str]:
    """What taking the outcome back undoes, in words."""
    said = ["What the clock was told of it is withdrawn; the history keeps both."]
    if row.state == Appointment.State.ATTENDED:
        said.append("A follow-up that came of it leaves the list, if nothing is booked for it yet.")
        said.append("If the patient was to ask for the next visit, that ends.")
    if row.outcome == Outcome.DISCHARGED:
        said.append("What waited for the same referral waits again; visits cancelled with it stay cancelled.")
    if row.state == Appointment.State.MISSED:
        said.append("The miss is closed as recorded wrongly; contacts that were made stay.")
    said.append("The appointment is open again on its clinic's sheet, where you say what happened.")
    return said


def done(row: Appointment) -> str:
    """What was recorded of an appointment; "" while nothing is."""
    if not row.attended:
        return ""
    parts = [Attended(row.attended).meaning]
    if row.outcome:
        parts.append(Outcome(row.outcome).meaning)
    if row.status:
        parts.append(f"status {row.status}")
    return "; ".join(parts)


def reasons() -> list[tuple[str, list[tuple[str, str]]]]:
    """Why a visit was cancelled, by whose reason it is."""
    whose = {CancelledBy.PATIENT: "The patient's", CancelledBy.PROVIDER: "The service's"}
    return [(whose[side], list(each.items())) for side, each in REASONS.items()]


def keys() -> list[tuple[str, str]]:
    """Key and words of every outcome, as the sheet offers them."""
    return [(key, preset.words) for key, preset in PRESETS.items()]
