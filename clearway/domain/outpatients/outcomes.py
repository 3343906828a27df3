"""Cashing up: what may be said of an appointment once it is over, and what it does to the clock.

`TABLE` says for each attended code, status code, outcome and next step in which phases of the clock they are
legal together, and which clock event they make. What no row allows is refused with the reason. Nothing here
discharges anybody who did not come: after a miss a clinician decides, and the table has no row for less.

Source: NHS England, Recording and reporting referral to treatment waiting times, version 5.0, section 4.4 and
annexes D and E.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import NoReturn

from clearway.domain.shared.errors import NotAllowed

from .booking import REASONS
from .clock_events import EventKind, Evidence
from .clock_words import CLOSED, DONE, MONITORING, OPEN, STOPPED, UNSEEN, Phase
from .consultants_clock import from_therapy
from .waiting import MOST_VISITS
from .words import Attended, CancelledBy, Code, Outcome, RttStatus

ASKED = "Recording this outcome"
CHILD_UNTIL = 16  # younger ones are brought; from then on some book and come by themselves
PROTECTED_UNTIL = 18
LONGEST_DAYS = 730  # a follow-up further off than this is a slip of the hand
REVIEW_DAYS = 84  # active monitoring is reviewed at least every twelve weeks
SEEN_CODES = frozenset({Attended.ON_TIME, Attended.LATE_SEEN})
CANCELLED = frozenset({Attended.CANCELLED_BY_PATIENT, Attended.CANCELLED_BY_PROVIDER})


class NextStep(Code):
    """What comes after an appointment. Each of them leaves something that somebody will see."""

    FOLLOW_UP = "follow_up", "a follow-up, to be booked"
    GIVEN = "given", "another appointment is booked already"
    DISCHARGE = "discharge", "discharge"
    MONITORING = "monitoring", "active monitoring, to be reviewed"
    ON_REQUEST = "on_request", "the patient asks for the next visit until a day (patient-initiated follow-up)"
    REOFFER = "reoffer", "offer another date"
    DECIDE = "decide", "a clinician decides"


N, S, E = NextStep, RttStatus, EventKind
ON_TIME, LATER = Attended.ON_TIME, Outcome.ANOTHER_LATER
MORE = frozenset({N.FOLLOW_UP, N.GIVEN})
GOES_WITH: Mapping[NextStep, frozenset[Outcome | None]] = MappingProxyType(
    {
        N.FOLLOW_UP: frozenset({Outcome.ANOTHER_LATER}),
        N.GIVEN: frozenset({Outcome.ANOTHER_GIVEN}),
        N.DISCHARGE: frozenset({Outcome.DISCHARGED}),
        N.MONITORING: frozenset({Outcome.ANOTHER_LATER}),
        N.ON_REQUEST: frozenset({Outcome.ANOTHER_LATER}),
        N.REOFFER: frozenset({Outcome.ANOTHER_LATER, None}),
        N.DECIDE: frozenset({Outcome.ANOTHER_LATER, None}),
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of one appointment.

    outcome      None for an appointment that did not take place
    status       None: the usual one for where the clock stands
    not_brought  of a child or an adult who depends on somebody
    due_on       of a follow-up or a review; until when the patient can ask for the next visit
    visits       of a follow-up: how many, more than one for a course; in_class  with others, in a group
    cancels_booked  of a discharge: the visits that are still booked are cancelled with it
    reason, told_at  of a cancellation: why (domain.outpatients.booking), and when it was told, if said
    """

    attended: Attended
    outcome: Outcome | None
    status: RttStatus | None
    next_step: NextStep
    not_brought: bool = False
    due_on: date | None = None
    visits: int = 1
    in_class: bool = False
    cancels_booked: bool = False
    reason: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stood:
    """What must be known of an appointment to judge what is said of it.

    phase      of its clock; None where it has none
    age        of the patient in years on that day
    is_dependent  flagged as not expected to come alone
    has_notice    a contact shows that the patient had been told of it
    has_next      another appointment of the same referral is booked
    still_booked  the visits of the same referral that are to come, in words, soonest first
    is_consultants  the clock is that of the consultant who sent the patient
    late_is_miss  the trust counts who came too late to be seen as missed (clock_policy.LATE_ARRIVAL_IS_MISS)
    """

    on: date
    phase: Phase | None
    age: int
    has_started: bool = True
    is_dependent: bool = False
    has_notice: bool = False
    has_next: bool = False
    still_booked: tuple[str, ...] = ()
    is_consultants: bool = False
    late_is_miss: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Legal together. usual: taken where no status is said; event: None leaves the clock alone."""

    attended: frozenset[Attended]
    status: RttStatus | None
    steps: frozenset[NextStep]
    phases: frozenset[Phase]
    event: EventKind | None
    usual: bool = True


NO_CLOCK = frozenset({Phase.NONE})
SEEN = frozenset({Phase.SEEN})
WITH_CLOCK = OPEN | CLOSED

TABLE: tuple[Row, ...] = (
    # Seen, and more to do
    Row(SEEN_CODES, S.FIRST_ACTIVITY, MORE, UNSEEN, E.ATTENDED),
    Row(SEEN_CODES, S.FURTHER_ACTIVITY, MORE, SEEN, E.ATTENDED),
    Row(SEEN_CODES, S.AFTER_TREATMENT, MORE | {N.DISCHARGE}, STOPPED, E.ATTENDED),
    Row(SEEN_CODES, S.DURING_MONITORING, MORE, MONITORING, E.ATTENDED),
    Row(SEEN_CODES, S.NOT_APPLICABLE, MORE | {N.DISCHARGE}, NO_CLOCK, None),
    Row(SEEN_CODES, S.FIRST_AFTER_MONITORING, MORE, MONITORING, E.DECISION_TO_TREAT, usual=False),
    # The clock stops
    Row(SEEN_CODES, S.TREATED, MORE | {N.DISCHARGE}, OPEN, E.TREATED, usual=False),
    # Who asks for the next visit waits for nothing: the clock has stopped, or it stops with the treatment
    Row(SEEN_CODES, S.TREATED, frozenset({N.ON_REQUEST}), OPEN, E.TREATED),
    Row(SEEN_CODES, S.AFTER_TREATMENT, frozenset({N.ON_REQUEST}), STOPPED, E.ATTENDED),
    Row(SEEN_CODES, S.DURING_MONITORING, frozenset({N.ON_REQUEST}), MONITORING, E.ATTENDED),
    Row(SEEN_CODES, S.NOT_APPLICABLE, frozenset({N.ON_REQUEST}), NO_CLOCK, None),
    Row(SEEN_CODES, S.NOT_TO_TREAT, frozenset({N.DISCHARGE}), OPEN, E.NOT_TO_TREAT),
    Row(SEEN_CODES, S.DECLINED, frozenset({N.DISCHARGE}), OPEN, E.DECLINED_TREATMENT, usual=False),
    Row(SEEN_CODES, S.MONITORING_BY_CLINICIAN, frozenset({N.MONITORING}), OPEN, E.MONITORING_BY_CLINICIAN),
    Row(
        SEEN_CODES,
        S.MONITORING_BY_PATIENT,
        frozenset({N.MONITORING}),
        OPEN,
        E.MONITORING_BY_PATIENT,
        usual=False,
    ),
    Row(SEEN_CODES, S.DURING_MONITORING, frozenset({N.MONITORING}), MONITORING, E.MONITORING_REVIEWED),
    Row(SEEN_CODES, S.DURING_MONITORING, frozenset({N.DISCHARGE}), MONITORING, E.NOT_TO_TREAT),
    # To be asked
    Row(SEEN_CODES, S.NOT_YET_KNOWN, MORE, OPEN | DONE, E.STATUS_NOT_KNOWN, usual=False),
    # Did not come: status 33 where notice is shown for the first appointment
    Row(frozenset({Attended.MISSED}), S.FIRST_MISSED, frozenset({N.DECIDE}), UNSEEN, E.MISSED, usual=False),
    Row(frozenset({Attended.MISSED}), None, frozenset({N.DECIDE}), WITH_CLOCK, E.MISSED),
    Row(frozenset({Attended.MISSED}), None, frozenset({N.DECIDE}), NO_CLOCK, None),
    Row(frozenset({Attended.LATE_NOT_SEEN}), None, frozenset({N.REOFFER}), WITH_CLOCK, E.ARRIVED_TOO_LATE),
    Row(frozenset({Attended.LATE_NOT_SEEN}), None, frozenset({N.REOFFER}), NO_CLOCK, None),
    # Cancelled, by whomever and at any notice: the clock goes on
    Row(
        frozenset({Attended.CANCELLED_BY_PATIENT}),
        None,
        frozenset({N.REOFFER}),
        WITH_CLOCK,
        E.CANCELLED_BY_PATIENT,
    ),
    Row(
        frozenset({Attended.CANCELLED_BY_PROVIDER}),
        None,
        frozenset({N.REOFFER}),
        WITH_CLOCK,
        E.CANCELLED_BY_PROVIDER,
    ),
    Row(CANCELLED, None, frozenset({N.REOFFER}), NO_CLOCK, None),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a legal saying comes to. status: None where nothing new is said of the clock."""

    event: EventKind | None
    evidence: frozenset[Evidence]
    status: RttStatus | None


def is_miss(said: Said, stood: Stood) -> bool:
    """Whether a clinician decides what follows: nobody came, or too late where that counts alike."""
    late = stood.late_is_miss and said.attended is Attended.LATE_NOT_SEEN
    return late or said.attended is Attended.MISSED


def ends_all(said: Said) -> bool:
    """Whether the patient was seen and discharged: nothing more of the referral is to come."""
    return said.attended in SEEN_CODES and said.next_step is NextStep.DISCHARGE


def judge(said: Said, stood: Stood) -> Judged:
    """What is legal, with its clock event. Raises NotAllowed with a reason that a coordinator can act on."""
    phase = stood.phase or Phase.NONE
    if phase is Phase.DIED:
        _refuse("recorded as having died", "Check the day of death, and who was seen.")
    _check_day(said, stood)
    _check_who(said, stood)
    _check_reason(said)
    row = _row(said, phase)
    _check_next(said, stood)
    if is_miss(said, stood):
        return _missed(said, stood, row)
    return _of_therapy(row, phase) if stood.is_consultants else Judged(row.event, frozenset(), row.status)


def _of_therapy(row: Row, phase: Phase) -> Judged:
    """On a consultant's clock: what would stop it is recorded as an activity after which it goes on."""
    event = from_therapy(row.event) if row.event is not None else None
    status = row.status
    if event is not row.event and status is not None:
        goes_on = S.FIRST_ACTIVITY if event is E.ATTENDED and phase in UNSEEN else S.FURTHER_ACTIVITY
        status = goes_on if phase.is_open else S.DURING_MONITORING
    return Judged(event, frozenset(), status)


def _missed(said: Said, stood: Stood, row: Row) -> Judged:
    if stood.is_consultants:
        if said.status is S.FIRST_MISSED:
            _refuse("on a consultant's clock", "Missing therapy does not nullify it: leave the status empty.")
        return Judged(from_therapy(row.event) if row.event is not None else None, frozenset(), None)
    is_first = stood.phase in UNSEEN
    if said.status is S.FIRST_MISSED and not stood.has_notice:
        _refuse(
            "without proof of notice",
            "Status 33 needs a letter or text that told the patient of this appointment. "
            "Record it among the contacts, or leave the status empty: the clock goes on.",
        )
    evidence = frozenset({Evidence.NOTICE} if stood.has_notice else ())
    kind = E.NOT_BROUGHT if said.not_brought and row.event else row.event
    status = S.FIRST_MISSED if is_first and stood.has_notice and stood.phase is Phase.WAITING else None
    return Judged(kind, evidence, status)


def _check_day(said: Said, stood: Stood) -> None:
    if not stood.has_started and said.attended not in CANCELLED:
        _refuse("still to come", "It has not begun: only a cancellation can be recorded now.")


def cancelled_by(attended: Attended) -> CancelledBy | None:
    """Who cancelled, by the code; None where nobody did."""
    if attended not in CANCELLED:
        return None
    by_patient = attended is Attended.CANCELLED_BY_PATIENT
    return CancelledBy.PATIENT if by_patient else CancelledBy.PROVIDER


def _check_reason(said: Said) -> None:
    side = cancelled_by(said.attended)
    if side is None and (said.reason or said.told_at):
        _refuse("not cancelled", "Why and when it was cancelled is said of a cancellation only.")
    if side is not None and said.reason and said.reason not in REASONS[side]:
        whose = "the patient's" if side is CancelledBy.PATIENT else "the service's"
        _refuse("cancelled", f"Choose one of {whose} reasons, or none.")


def _check_who(said: Said, stood: Stood) -> None:
    """Children and dependent adults are brought; others come or do not come themselves."""
    if said.attended is not Attended.MISSED:
        return
    is_brought = stood.age < CHILD_UNTIL or stood.is_dependent
    if is_brought and not said.not_brought:
        why = "under 16" if stood.age < CHILD_UNTIL else "flagged as dependent on somebody"
        _refuse(f"{why}", "Record that the patient was not brought: it brings the safeguarding step.")
    if said.not_brought and not is_brought and stood.age >= PROTECTED_UNTIL:
        _refuse("an adult who comes alone", "Record that the patient did not attend, or flag the dependence.")


def _row(said: Said, phase: Phase) -> Row:
    rows = [row for row in TABLE if said.attended in row.attended and phase in row.phases]
    steps = [row for row in rows if said.next_step in row.steps]
    if not steps:
        if said.attended is Attended.MISSED:
            _refuse(
                "missed", "After a miss a clinician decides: nobody is discharged or re-offered from here."
            )
        if not rows:
            _refuse(_where(phase), "Record what began a new wait first: an offer, or a new referral.")
        _refuse(_where(phase), f"The next step can be: {_steps(rows)}.")
    if said.outcome not in GOES_WITH[said.next_step]:
        right = " or ".join(
            "none" if each is None else f"{each} ({each.meaning})" for each in GOES_WITH[said.next_step]
        )
        _refuse(f"the next step is “{said.next_step.meaning}”", f"The outcome that goes with it is {right}.")
    chosen = [row for row in steps if (row.usual if said.status is None else row.status is said.status)]
    if not chosen and said.status is not None:
        may = ", ".join(sorted({str(row.status) for row in steps if row.status})) or "none"
        _refuse(
            _where(phase),
            f"Status {said.status} ({said.status.meaning}) is not possible here; it can be {may}.",
        )
    if not chosen:
        _refuse(_where(phase), "Say which status it is.")
    return chosen[0]


def _check_next(said: Said, stood: Stood) -> None:
    if said.next_step is N.DISCHARGE and not said.cancels_booked:
        _check_nothing_booked(stood.still_booked, ASKED)
    if said.next_step is N.GIVEN and not stood.has_next:
        _refuse("without another appointment", "Book it first, or choose a follow-up to be booked.")
    if said.next_step is N.FOLLOW_UP and said.due_on is None:
        _refuse("without a date", "Say in how many weeks the follow-up is due.")
    if said.next_step is N.ON_REQUEST and said.due_on is None:
        _refuse("without a date", "Say for how many weeks the patient can ask for the next visit.")
    if not 1 <= said.visits <= MOST_VISITS:
        _refuse(f"a course of {said.visits}", f"Choose 1 to {MOST_VISITS} visits.")
    if said.next_step is N.ON_REQUEST and said.visits > 1:
        _refuse("a course", "Who asks for the next visit asks for one at a time: write the weeks alone.")
    if said.due_on is not None:
        days = (said.due_on - stood.on).days
        longest = REVIEW_DAYS if said.next_step is N.MONITORING else LONGEST_DAYS
        if not 0 < days <= longest:
            _refuse(f"due in {days} days", f"Choose a time of 1 day to {longest // 7} weeks.")


def _check_nothing_booked(still_booked: Sequence[str], event: str) -> None:
    """Nobody is discharged and stays booked: the visits to come are cancelled with it, or there is none."""
    if not still_booked:
        return
    count = "1 visit is" if len(still_booked) == 1 else f"{len(still_booked)} visits are"
    why = f"{count} still booked: {'; '.join(still_booked)}."
    why += " Tick to cancel with the discharge, or choose another outcome."
    raise NotAllowed("with visits still booked", event, why)


def _where(phase: Phase) -> str:
    return {
        Phase.NONE: "no clock runs",
        Phase.WAITING: "waiting for the first appointment",
        Phase.WAITING_AGAIN: "waiting for the first appointment again",
        Phase.SEEN: "seen before, the clock runs",
        Phase.MONITORING: "on active monitoring",
        Phase.STOPPED: "the clock has stopped",
        Phase.NULLIFIED: "the clock was nullified",
        Phase.TRANSFERRED: "with another provider",
        Phase.DIED: "recorded as having died",
    }[phase]


def _steps(rows: Sequence[Row]) -> str:
    known = {step for row in rows for step in row.steps}
    return ", ".join(step.meaning for step in NextStep if step in known)


def _refuse(state: str, why: str) -> NoReturn:
    raise NotAllowed(state, ASKED, why)


@dataclass(frozen=True, slots=True)
class Preset:
    """One key of the cashing-up sheet."""

    key: str
    words: str
    attended: Attended
    outcome: Outcome | None
    status: RttStatus | None
    next_step: NextStep
    not_brought: bool = False


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        each.key: each
        for each in (
            Preset("s", "Seen, more to do", ON_TIME, LATER, None, N.FOLLOW_UP),
            Preset("t", "Treated, more to do", ON_TIME, LATER, S.TREATED, N.FOLLOW_UP),
            Preset("x", "Treated and discharged", ON_TIME, Outcome.DISCHARGED, S.TREATED, N.DISCHARGE),
            Preset("d", "Discharged", ON_TIME, Outcome.DISCHARGED, None, N.DISCHARGE),
            Preset("n", "Did not attend", Attended.MISSED, None, None, N.DECIDE),
            Preset("b", "Not brought", Attended.MISSED, None, None, N.DECIDE, not_brought=True),
            Preset("c", "Cancelled by the patient", Attended.CANCELLED_BY_PATIENT, None, None, N.REOFFER),
            Preset("p", "Provider cancelled", Attended.CANCELLED_BY_PROVIDER, None, None, N.REOFFER),
            Preset("l", "Late, could not be seen", Attended.LATE_NOT_SEEN, None, None, N.REOFFER),
            Preset("m", "Monitoring, active", ON_TIME, LATER, None, N.MONITORING),
            Preset("i", "Initiates the next visit (PIFU)", ON_TIME, LATER, None, N.ON_REQUEST),
            Preset("r", "Refused all treatment", ON_TIME, Outcome.DISCHARGED, S.DECLINED, N.DISCHARGE),
            Preset("g", "Given another date", ON_TIME, Outcome.ANOTHER_GIVEN, None, N.GIVEN),
            Preset("u", "Unknown status", ON_TIME, LATER, S.NOT_YET_KNOWN, N.FOLLOW_UP),
        )
    }
)


class Mistake(Code):
    """Why an outcome is taken back."""

    OTHER_PATIENT = "other_patient", "it was another patient's"
    SLIP = "slip", "a slip of the hand"
    CLINICIAN_CORRECTED = "clinician_corrected", "the clinician corrected what was said"
    FOUND_LATER = "found_later", "something became known later"


class Decision(Code):
    """What a clinician decides after a miss."""

    REOFFER = "reoffer", "offer another date"
    DISCHARGE = "discharge", "discharge, with letters to patient and referrer"


@dataclass(frozen=True, slots=True)
class AfterMiss:
    """What is known when a clinician decides after a miss.

    is_protected  under 18, dependent or flagged for safeguarding
    still_booked, cancels_booked, is_consultants  as of an outcome: `Stood` and `Said`
    """

    is_protected: bool
    has_safeguarding_step: bool
    has_notice: bool
    phase: Phase | None
    follows_policy: bool
    still_booked: tuple[str, ...] = ()
    cancels_booked: bool = False
    is_consultants: bool = False


def decide(decision: str, clinician: str, known: AfterMiss) -> tuple[EventKind | None, frozenset[Evidence]]:
    """The clock event of a decision. Raises NotAllowed for anything that would discharge by rule."""
    event, evidence = _decided(decision, clinician, known)
    return (from_therapy(event) if event is not None and known.is_consultants else event), evidence


def _decided(decision: str, clinician: str, known: AfterMiss) -> tuple[EventKind | None, frozenset[Evidence]]:
    asked = "Deciding after a miss"
    try:
        chosen = Decision(decision)
    except ValueError:
        raise NotAllowed("missed", asked, "Choose: offer another date, or discharge.") from None
    if not clinician.strip():
        raise NotAllowed("missed", asked, "Name the clinician who decided.")
    has_clock = known.phase not in (None, Phase.NONE)
    if chosen is Decision.REOFFER:
        return (E.REOFFERED if has_clock else None), frozenset()
    if known.is_protected and not known.has_safeguarding_step:
        raise NotAllowed(
            "not safeguarded", asked, "Record first what was done to see that the patient is safe."
        )
    if not known.follows_policy:
        raise NotAllowed("missed", asked, "Confirm that the published access policy allows this discharge.")
    is_open = known.phase is not None and known.phase.is_open
    if is_open and not known.has_notice:
        raise NotAllowed(
            "without proof of notice", asked, "It is not shown that the patient was told: offer another date."
        )
    if not known.cancels_booked:
        _check_nothing_booked(known.still_booked, asked)
    evidence = frozenset({Evidence.CLINICAL_DECISION, Evidence.POLICY})
    return (
        E.DISCHARGED_AFTER_MISS if has_clock else None,
        evidence | ({Evidence.NOTICE} if known.has_notice else frozenset()),
    )


def age_on(born_on: date, on: date) -> int:
    """Whole years on a day."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))
