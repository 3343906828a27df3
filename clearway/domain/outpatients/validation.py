"""The checks of waiting lists: what cannot be right or must be seen to, by whom, and in which words.

Each check is a condition over one frozen row; the rows are read by desks.outpatients.waiting.checks. Those of
the published set that the tables already make impossible, or cannot tell yet, are named in `NOT_ASKED`.
Severity E keeps a figure out of a return, W is looked at in the weekly ratification.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from .words import NhsNumberStatus, RttStatus

R = TypeVar("R")


class Severity(StrEnum):
    ERROR = "E"
    WARNING = "W"


class Fixer(StrEnum):
    """Who mends it: a role of the desk."""

    COORDINATOR = "outpatient_coordinator"
    TEAM_LEADER = "outpatient_team_leader"
    CLINICIAN = "clinician"


@dataclass(frozen=True, slots=True)
class Limits:
    """Days after which a check speaks; a trust may set others (policy `list_validation`).

    ask_again, ask_ring  after the first and the second question in writing that nobody answered
    ask_calls            calls in vain before a person looks, a number
    cancellations        by the patient one after the other, a number, at which somebody reviews it
    long_wait            who waits longer is in the monthly pack
    """

    unoutcomed_error: int = 7
    status_unknown: int = 7
    duplicate: int = 90
    lost: int = 14
    before_treat_by: int = 28
    urgent: int = 14
    contacts: int = 365
    asked_after: tuple[int, ...] = (84, 182, 364)  # 12, 26 and 52 weeks
    review: int = 84
    ask_again: int = 21
    ask_ring: int = 14
    ask_calls: int = 2
    long_wait: int = 126
    cancellations: int = 2

    def __post_init__(self) -> None:
        if min(self.unoutcomed_error, self.lost, self.urgent, self.contacts, self.review, self.ask_calls) < 1:
            raise ValueError("A limit is at least one day.")


@dataclass(frozen=True, slots=True)
class PathwayRow:
    """One pathway with what is known around it. Dates are civil; None where there is none.

    next_on, first_on, last_on  days of the next booked and of the first and last attended appointment
    wrong_on      day of the oldest event that the clock's rules could not apply
    entries       live entries of the list; `review_on` the earliest due date of them
    twins         other open pathways of the patient for the same function started within the limit
    is_consultants  the clock is a consultant's on which a therapy's referral sits, and outlives it
    parent_open   the clock of the consultant's pathway it came from still runs
    is_data_sent  somebody said that the transfer data went to who has the patient now
    """

    key: int
    state: str
    status: str
    measurement: str
    ppid: str
    issuer: str
    started_on: date | None
    ended_on: date | None
    treat_by: date | None
    wrong_on: date | None = None
    next_on: date | None = None
    first_on: date | None = None
    last_on: date | None = None
    entries: int = 0
    due_on: date | None = None
    twins: int = 0
    died_on: date | None = None
    nhs_number: str | None = None
    nhs_number_status: str = NhsNumberStatus.VERIFIED
    from_consultant: bool = False
    has_parent: bool = False
    is_consultants: bool = False
    parent_open: bool = False
    is_data_sent: bool = False
    referral_state: str = ""
    referral_ended_on: date | None = None

    @property
    def is_open(self) -> bool:
        return self.state in ("ticking", "unknown_start")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One live entry of the list."""

    key: int
    kind: str
    priority: str
    state: str
    added_on: date
    waits_from: date | None
    treat_by: date | None
    due_on: date | None
    latest_on: date | None
    validated_on: date | None
    confirmed_on: date | None
    has_failed_message: bool = False
    is_stepless: bool = False


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """One appointment that is over."""

    key: int
    session: int
    on: date
    state: str
    attended: str
    outcome: str
    status: str
    measurement: str | None
    has_notice: bool = True


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One appointment to come for which the patient needs something arranged. made_on  day of its booking."""

    key: int
    made_on: date
    is_arranged: bool


@dataclass(frozen=True, slots=True)
class EndedRow:
    """One place on a list of which something is left although it ended, or its referral did.

    ended_on   the day of the discharge or removal
    is_live    the entry still waits or is booked
    is_booked  a visit of it is still to come
    """

    key: int
    ended_on: date
    is_live: bool = False
    is_booked: bool = False


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One doubt about the figures of a month, as engine.outpatients.returns finds it.

    key  month and figure: "2026-10 incomplete";  code  of the check;  ended_on  the month's last day
    says  the figures
    """

    key: str
    code: str
    ended_on: date
    says: str


Since = date | None


@dataclass(frozen=True, slots=True)
class Check(Generic[R]):
    """One check. since: (row, today, limits) -> the day since which it holds, or None where all is well."""

    code: str
    says: str
    severity: Severity
    fixer: Fixer
    since: Callable[[R, date, Limits], Since]


@dataclass(frozen=True, slots=True)
class Found:
    """One row that a check speaks of. subject: "pathway:12"."""

    code: str
    subject: str
    since: date


E, W = Severity.ERROR, Severity.WARNING
COORDINATOR, LEADER, CLINICIAN = Fixer


def _no_start(row: PathwayRow, today: date, limits: Limits) -> Since:
    return today if row.is_open and row.started_on is None else None


def _wrong_start(row: PathwayRow, today: date, limits: Limits) -> Since:
    if row.started_on is None or not row.is_open:
        return None
    if row.started_on > today:
        return today
    return row.first_on if row.first_on and row.status == "10" and row.first_on < row.started_on else None


def _ends_first(row: PathwayRow, today: date, limits: Limits) -> Since:
    wrong = row.started_on and row.ended_on and row.ended_on < row.started_on
    return row.ended_on if wrong else None


def _identifier(row: PathwayRow, today: date, limits: Limits) -> Since:
    return None if len(row.ppid) == 20 and row.issuer else row.started_on or today


def _twin(row: PathwayRow, today: date, limits: Limits) -> Since:
    return row.started_on or today if row.is_open and row.twins else None


def _refused(row: PathwayRow, today: date, limits: Limits) -> Since:
    return row.wrong_on


def _unknown_status(row: PathwayRow, today: date, limits: Limits) -> Since:
    if row.status != RttStatus.NOT_YET_KNOWN or row.last_on is None:
        return None
    return _after(row.last_on, limits.status_unknown, today)


def _no_review(row: PathwayRow, today: date, limits: Limits) -> Since:
    if row.state != "monitoring" or row.ended_on is None:
        return None
    if not row.entries and row.next_on is None:
        return row.ended_on
    return _after(row.due_on, limits.review, today) if row.due_on and row.next_on is None else None


def _data_not_sent(row: PathwayRow, today: date, limits: Limits) -> Since:
    return row.ended_on if row.state == "transferred" and not row.is_data_sent else None


def _lost(row: PathwayRow, today: date, limits: Limits) -> Since:
    is_elsewhere = row.referral_state in ("triage", "held") or (row.is_consultants and _has_ended(row))
    if not row.is_open or row.entries or row.next_on or is_elsewhere:
        return None
    return _after(row.last_on or row.started_on or today, limits.lost, today)


def _discharged(row: PathwayRow, today: date, limits: Limits) -> Since:
    runs_on = row.is_open and not row.is_consultants
    return row.referral_ended_on if runs_on and _has_ended(row) else None


def _has_ended(row: PathwayRow) -> bool:
    return row.referral_state == "removed"


def _died(row: PathwayRow, today: date, limits: Limits) -> Since:
    return row.died_on if row.died_on and (row.is_open or row.next_on or row.entries) else None


def _no_parent(row: PathwayRow, today: date, limits: Limits) -> Since:
    return row.started_on or today if row.is_open and row.from_consultant and not row.has_parent else None


def _parent_runs(row: PathwayRow, today: date, limits: Limits) -> Since:
    return row.ended_on if row.status == RttStatus.TREATED and row.parent_open else None


def _no_dated_step(row: PathwayRow, today: date, limits: Limits) -> Since:
    if not row.is_open or row.treat_by is None or row.next_on:
        return None
    return row.treat_by + timedelta(days=1) if row.treat_by < today else None


def _too_late(row: PathwayRow, today: date, limits: Limits) -> Since:
    if not row.is_open or row.treat_by is None or row.treat_by < today:
        return None
    is_near = (row.treat_by - today).days <= limits.before_treat_by
    is_covered = row.next_on is not None and row.next_on <= row.treat_by
    return row.treat_by - timedelta(days=limits.before_treat_by) if is_near and not is_covered else None


def _nhs_number(row: PathwayRow, today: date, limits: Limits) -> Since:
    is_well = row.nhs_number and row.nhs_number_status == NhsNumberStatus.VERIFIED
    return row.started_on or today if row.is_open and not is_well else None


def _unoutcomed(row: AppointmentRow, today: date, limits: Limits) -> Since:
    is_over = row.state in ("booked", "arrived") and row.on < today
    return row.on if is_over and (today - row.on).days <= limits.unoutcomed_error else None


def _unoutcomed_long(row: AppointmentRow, today: date, limits: Limits) -> Since:
    is_over = row.state in ("booked", "arrived")
    return row.on if is_over and (today - row.on).days > limits.unoutcomed_error else None


def _half_said(row: AppointmentRow, today: date, limits: Limits) -> Since:
    return row.on if row.attended in ("5", "6") and not (row.outcome and row.status) else None


def _no_notice(row: AppointmentRow, today: date, limits: Limits) -> Since:
    return row.on if row.status == RttStatus.FIRST_MISSED and not row.has_notice else None


def _wrong_measure(row: AppointmentRow, today: date, limits: Limits) -> Since:
    moves = row.status in ("10", "20", "30")
    is_national = row.measurement == "01"
    wrong = (row.status == "98" and is_national) or (moves and row.measurement is None)
    return row.on if wrong else None


def mark_of(waits_from: date, asked_on: date | None, today: date, limits: Limits) -> date | None:
    """The latest of the times to ask that has passed and is not answered since; None where none is.

    asked_on  when the patient answered last
    """
    marks = [waits_from + timedelta(days=days) for days in limits.asked_after]
    passed = [mark for mark in marks if mark <= today]
    if not passed or (asked_on is not None and asked_on >= passed[-1]):
        return None
    return passed[-1]


def _to_validate(row: EntryRow, today: date, limits: Limits) -> Since:
    """Asked at each of the times that have passed, and again where the last answer is older than it."""
    if row.waits_from is None or row.state != "waiting":
        return None
    return mark_of(row.waits_from, row.validated_on, today, limits)


def _overdue(row: EntryRow, today: date, limits: Limits) -> Since:
    if row.state != "waiting" or row.kind == "new":
        return None
    late = [day for day in (row.latest_on, row.due_on) if day is not None and day < today]
    return min(late) if late else None


def _unverified(row: EntryRow, today: date, limits: Limits) -> Since:
    if row.has_failed_message:
        return row.confirmed_on or row.added_on
    return _after(row.confirmed_on or row.added_on, limits.contacts, today)


def _urgent(row: EntryRow, today: date, limits: Limits) -> Since:
    if row.state != "waiting" or row.priority == "1":
        return None
    return _after(row.added_on, limits.urgent, today)


def _unsupported(row: VisitRow, today: date, limits: Limits) -> Since:
    return None if row.is_arranged else row.made_on


def _left_behind(row: EndedRow, today: date, limits: Limits) -> Since:
    return row.ended_on if row.is_live or row.is_booked else None


def _doubted(code: str) -> Callable[[ReturnRow, date, Limits], Since]:
    """Whether a doubt about a return is of this check; a month is looked at once it has ended."""

    def since(row: ReturnRow, today: date, limits: Limits) -> Since:
        first = row.ended_on + timedelta(days=1)
        return first if row.code == code and first <= today else None

    return since


def _after(day: date, limit: int, today: date) -> Since:
    """The day on which the limit was passed, or None while it is not."""
    passed = day + timedelta(days=limit + 1)
    return passed if passed <= today else None


PATHWAY_CHECKS: tuple[Check[PathwayRow], ...] = (
    Check("DQ01", "The clock runs and nobody knows since when", E, COORDINATOR, _no_start),
    Check("DQ02", "The clock starts in the future or after an activity", E, COORDINATOR, _wrong_start),
    Check("DQ03", "The clock ends before it starts", E, COORDINATOR, _ends_first),
    Check("DQ05", "The pathway identifier is not 20 characters with an issuer", E, COORDINATOR, _identifier),
    Check("DQ06", "Two open pathways of one patient for the same function", W, COORDINATOR, _twin),
    Check("DQ09", "The status is not known for more than a week", W, COORDINATOR, _unknown_status),
    Check("DQ10", "The clock was told what cannot follow from where it stands", E, COORDINATOR, _refused),
    Check("DQ15", "On active monitoring, and no review or it is overdue", W, CLINICIAN, _no_review),
    Check(
        "DQ18", "Handed on, and nobody says that the transfer data were sent", W, COORDINATOR, _data_not_sent
    ),
    Check("DQ19", "Lost: the clock runs, nothing is booked and nobody is on a list", E, COORDINATOR, _lost),
    Check("DQ20", "The referral has ended and the clock runs on", E, COORDINATOR, _discharged),
    Check("DQ21", "The patient has died; a clock, list entry or booking is left", E, COORDINATOR, _died),
    Check("DQ23", "Sent by a consultant, and no parent pathway is linked", W, COORDINATOR, _no_parent),
    Check("DQ24", "Treated here, and the consultant's clock runs on", W, COORDINATOR, _parent_runs),
    Check("DQ25", "Past treat-by without a dated next step", W, LEADER, _no_dated_step),
    Check("DQ26", "Treat-by is near and no appointment lies before it", W, COORDINATOR, _too_late),
    Check("DQ29", "The NHS number is missing or not verified", W, COORDINATOR, _nhs_number),
)
APPOINTMENT_CHECKS: tuple[Check[AppointmentRow], ...] = (
    Check("DQ07", "An appointment is over and has no outcome", W, COORDINATOR, _unoutcomed),
    Check("DQ07E", "An appointment has had no outcome for more than a week", E, LEADER, _unoutcomed_long),
    Check("DQ08", "Attended, and the outcome or the status is missing", W, CLINICIAN, _half_said),
    Check("DQ12", "Status 33 without proof that the patient was told", E, COORDINATOR, _no_notice),
    Check("DQ22", "The status does not fit how the wait is measured", W, COORDINATOR, _wrong_measure),
)
ENTRY_CHECKS: tuple[Check[EntryRow], ...] = (
    Check("DQ27", "Not asked at 12, 26 or 52 weeks whether still needed", W, COORDINATOR, _to_validate),
    Check("DQ28", "A follow-up is past its due or latest date", W, LEADER, _overdue),
    Check("DQ30", "Contacts not confirmed for a year, or a message failed", W, COORDINATOR, _unverified),
    Check("DQ32", "Urgent, and not booked for more than two weeks", W, LEADER, _urgent),
)
VISIT_CHECKS: tuple[Check[VisitRow], ...] = (
    Check("DQ31", "What the patient needs at the visit is not arranged", E, COORDINATOR, _unsupported),
)
# Clearway's own, beside the published set.
ENDED_CHECKS: tuple[Check[EndedRow], ...] = (
    Check("CW01", "Discharged or removed, and yet booked or waiting", W, COORDINATOR, _left_behind),
)
# Judged on the monthly return, not on a row of the lists: the day after its month they are due.
RETURN_CHECKS: tuple[Check[ReturnRow], ...] = (
    Check("DQ33", "More wait at most four weeks than are new in the month", E, LEADER, _doubted("DQ33")),
    Check("DQ34", "A total as the month before, or a tenth away from it", W, LEADER, _doubted("DQ34")),
)
RETURN = "return"  # the kind of their subjects
AnyCheck = (
    Check[PathwayRow]
    | Check[AppointmentRow]
    | Check[EntryRow]
    | Check[VisitRow]
    | Check[EndedRow]
    | Check[ReturnRow]
)
_EVERY: tuple[AnyCheck, ...] = (
    *PATHWAY_CHECKS,
    *APPOINTMENT_CHECKS,
    *ENTRY_CHECKS,
    *VISIT_CHECKS,
    *RETURN_CHECKS,
    *ENDED_CHECKS,
)
CHECKS: Mapping[str, AnyCheck] = MappingProxyType({check.code: check for check in _EVERY})

NOT_ASKED: Mapping[str, str] = MappingProxyType(
    {
        "DQ04": "cannot be: a pathway's periods are worked out of its events, one after the other",
        "DQ11": "refused when it is entered: the table of outcomes gives 33 only before the first activity",
        "DQ13": "cannot be: the database wants a named clinician with every decision after a miss",
        "DQ14": "cannot be: the database wants the safeguarding step before such a discharge",
        "DQ16": "the clock rules count the reasonable offers and let the clock run on",
        "DQ17": "a separate condition is not cashed up here; the clock asks for its pathway",
        "DQ35": "cannot be: a status follows from events, nobody overrides it",
    }
)


def found(
    checks: Iterable[Check[R]], rows: Iterable[R], kind: str, today: date, limits: Limits
) -> Iterator[Found]:
    """Every check that speaks of a row. kind: of the subject, as "pathway" or "visit"."""
    asked = tuple(checks)
    for row in rows:
        for check in asked:
            since = check.since(row, today, limits)
            if since is not None:
                yield Found(check.code, f"{kind}:{row.key}", min(since, today))  # type: ignore[attr-defined]
