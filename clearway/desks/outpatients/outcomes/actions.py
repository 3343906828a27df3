"""Cashing up clinics, and seeing to those who did not come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import clock, local
from clearway.core.onward import actions as onward
from clearway.domain.outpatients import outcomes as rules
from clearway.domain.outpatients.booking import DISCHARGED, UNSAID
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.clock_words import Phase
from clearway.domain.outpatients.consultants_clock import from_therapy
from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.letters import Kind
from clearway.domain.outpatients.outcomes import REVIEW_DAYS, SEEN_CODES, NextStep, Said
from clearway.domain.outpatients.telling import What
from clearway.domain.outpatients.words import Attended, CancelledBy
from clearway.domain.outpatients.words import Outcome as Outcomes
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.onward import Step

from .. import changed
from ..booking import actions as booking
from ..booking import queries as bookings
from ..clinics import queries as clinics
from ..clocks import actions as clocks
from ..clocks import queries as pathways
from ..exchange import wanted as exchange
from ..letters import wanted as letters
from ..waiting import actions as waiting
from ..waiting import standing
from . import queries
from .models import Appointment, Miss, OnRequest

FOLLOW_UP_MINUTES = 30
REVIEW = timedelta(days=REVIEW_DAYS)
# What other systems are told of a visit that was cashed up, by how it stands then.
TOLD: Mapping[str, What] = {
    "attended": What.ATTENDED,
    "missed": What.MISSED,
    "cancelled": What.CANCELLED,
}
State = Appointment.State
ASKED_AGAIN = "asked for another date"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one saying. why: "" where it was saved, else the reason it was refused."""

    appointment_id: int
    why: str = ""

    @property
    def is_saved(self) -> bool:
        return not self.why


@transaction.atomic
def cash_up(
    sheet: Sequence[tuple[int, Said]], *, organisation_id: int, by: Actor, at: datetime
) -> list[Outcome]:
    """Record what is said of each appointment (by id), in the order of the sheet.

    The legal ones are saved; each illegal one is refused with its reason and leaves nothing behind.
    """
    return [_one(key, said, organisation_id, by, at) for key, said in sheet]


def _one(key: int, said: Said, organisation_id: int, by: Actor, at: datetime) -> Outcome:
    try:
        with transaction.atomic():
            _record(_locked(key, organisation_id), said, by, at)
    except Appointment.DoesNotExist:
        return Outcome(key, "There is no such appointment here.")
    except NotAllowed as refusal:
        return Outcome(key, refusal.why)
    except IntegrityError:
        return Outcome(key, "Somebody changed it at the same moment. Open the sheet anew.")
    return Outcome(key)


def _locked(key: int, organisation_id: int) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",)).select_related(
        "patient", "entry", "referral", "slot__session"
    )
    return rows.get(pk=key, organisation_id=organisation_id)


def _record(row: Appointment, said: Said, by: Actor, at: datetime) -> None:
    if row.state not in (State.BOOKED, State.ARRIVED):
        when = f" at {clock(row.outcomed_at)} by {row.outcomed_by}" if row.outcomed_at else ""
        raise NotAllowed(
            row.get_state_display().lower(),
            rules.ASKED,
            f"It stands as “{row.get_state_display().lower()}”{when}. Open the sheet anew.",
        )
    stood = queries.stood(row, at)
    judged = rules.judge(said, stood)
    side = rules.cancelled_by(said.attended)
    told_at = _told_at(row, said, at) if side is not None else None
    if side is not None and not stood.has_started:
        booking.cancel(
            row.pk,
            by_whom=side,
            reason=said.reason or UNSAID[side],
            told_at=told_at,
            organisation_id=row.organisation_id,
            by=by,
            at=at,
        )
        return
    ends = rules.ends_all(said)
    cancelled = _cancel_rest(row, by, at) if ends else []
    _close(row, said, judged, told_at, by, at)
    if judged.event is not None:
        _tell_clock(row, judged.event, judged.evidence, by, at)
    exchange.appointment(row, TOLD[State(row.state)], by=by, at=at)
    _next(row, said, stood, by, at)
    _tell_onward(row, by, at, ends)
    changed.diary([row.starts_at], organisation_id=row.organisation_id, at=at)
    if ends:
        _tell_of_discharge(row, at)
    detail = {
        "attended": said.attended.value,
        "outcome": row.outcome,
        "status": row.status,
        "next": said.next_step.value,
        "due_on": said.due_on and said.due_on.isoformat(),
        **({"cancelled": cancelled} if cancelled else {}),
    }
    _note("outcomes.cash_up", f"appointment:{row.pk}", detail, row.organisation_id, by, at)


def _tell_onward(row: Appointment, by: Actor, at: datetime, ends: bool) -> None:
    """Whoever asked for the patient to be taken on is told what became of the visit."""
    scope: dict[str, Any] = {"organisation_id": row.organisation_id, "by": by, "at": at}
    step = {State.ATTENDED: Step.SEE, State.MISSED: Step.MISS}.get(State(row.state), Step.FREE)
    onward.tell(row.referral_id, step, **scope)
    if ends:
        onward.tell(row.referral_id, Step.DISCHARGE, **scope)


def _cancel_rest(row: Appointment, by: Actor, at: datetime) -> list[int]:
    """Cancel what is still booked of a referral that ends: told by letter, the seats free for others."""
    rest = [each.pk for each in bookings.still_booked(row, at)]
    for key in rest:
        booking.cancel(
            key,
            by_whom=CancelledBy.PROVIDER,
            reason=DISCHARGED,
            organisation_id=row.organisation_id,
            by=by,
            at=at,
        )
    return rest


def _tell_of_discharge(row: Appointment, at: datetime) -> None:
    """The patient, and whoever referred them, by letter; said anew after taking back, anew."""
    letters.want(
        Kind.DISCHARGE,
        f"appointment:{row.pk}:{at:%Y%m%dT%H%M%S}",
        audiences=letters.who_is_told(row.referral),
        patient_id=row.patient_id,
        referral_id=row.referral_id,
        entry_id=row.entry_id,
        appointment_id=row.pk,
        organisation_id=row.organisation_id,
        at=at,
    )


def _told_at(row: Appointment, said: Said, at: datetime) -> datetime:
    """When a cancellation was told: by the start at the latest where nobody says, else it were none.

    Raises NotAllowed for a time at which it cannot have been told.
    """
    if said.told_at is None:
        return min(at, row.starts_at)
    if said.told_at > at or said.told_at < row.made_at:
        why = "It was not booked yet at that time, or the time is still to come. Check when you were told."
        raise NotAllowed("cancelled", rules.ASKED, why)
    if said.told_at > row.starts_at and said.attended is Attended.CANCELLED_BY_PATIENT:
        why = "Told after it began it is no cancellation: record that the patient did not attend."
        raise NotAllowed("cancelled", rules.ASKED, why)
    return said.told_at


def _close(
    row: Appointment, said: Said, judged: rules.Judged, told_at: datetime | None, by: Actor, at: datetime
) -> None:
    attended = said.attended
    if attended is Attended.ON_TIME and row.arrived_at is not None and row.arrived_at > row.starts_at:
        attended = Attended.LATE_SEEN
    row.attended = attended.value
    row.outcome = said.outcome or ""
    row.status = judged.status or ""
    row.outcomed_at, row.outcomed_by = at, by.name
    if attended in SEEN_CODES:
        row.state = State.ATTENDED
    elif (side := rules.cancelled_by(attended)) is not None:
        row.state, row.cancelled_at = State.CANCELLED, told_at
        row.cancelled_by, row.cancel_reason = side, said.reason or UNSAID[side]
    else:
        row.state = State.MISSED
    row.save()


def _tell_clock(
    row: Appointment, kind: EventKind, evidence: frozenset[Evidence], by: Actor, at: datetime
) -> None:
    pathway = row.entry.pathway_id if row.entry else None
    if pathway is None:
        return
    name = f"appointment:{row.pk}"
    before = len(queries.told_clock(row))
    key = f"{name}/{before + 1}" if before else name
    event = ClockEvent(key, kind, local(row.cancelled_at or row.starts_at).date(), evidence=evidence)
    recorded = clocks.Recorded(pathway, event, name)
    clocks.record([recorded], organisation_id=row.organisation_id, by=by, at=at)


def _next(row: Appointment, said: Said, stood: rules.Stood, by: Actor, at: datetime) -> None:
    """Turn the next step into what somebody will see: a list entry, a miss to decide, or an end."""
    if said.attended in SEEN_CODES:
        _seen(row, said)
        if said.next_step in (NextStep.FOLLOW_UP, NextStep.MONITORING):
            _follow_up(row, said, by, at)
        elif said.next_step is NextStep.ON_REQUEST and said.due_on is not None:
            OnRequest.objects.create(
                organisation_id=row.organisation_id, appointment=row, until=said.due_on, opened_at=at
            )
    elif rules.is_miss(said, stood):
        _missed(row, said, stood, at)
    elif row.entry is not None and row.entry.state in standing.LIVE:
        standing.stands(row.entry, "waiting")


def _seen(row: Appointment, said: Said) -> None:
    """The entry has got what it waited for, unless visits of its series are still to come or to be booked.

    A discharge ends it all the same, and whatever else waits for the same referral with it.
    """
    entry, referral = row.entry, row.referral
    ends = rules.ends_all(said)
    if entry is not None and (ends or not queries.has_more(entry.pk, row.pk)):
        if bookings.left(entry) > 0 and not ends:
            standing.stands(entry, "waiting")
        else:
            entry.state, entry.ended_at = "seen", row.outcomed_at
            entry.save(update_fields=["state", "ended_at"])
    if ends and row.outcomed_at is not None:
        standing.end_others(row.referral_id, row.entry_id, row.outcomed_at)
        _end_requests(row.referral_id, row.outcomed_by, row.outcomed_at)
    if referral is not None and referral.state == "waiting":
        referral.state = "seen"
        referral.save(update_fields=["state"])


def _follow_up(row: Appointment, said: Said, by: Actor, at: datetime) -> None:
    before, day = row.entry, local(row.starts_at).date()
    is_review = said.next_step is NextStep.MONITORING
    new = waiting.New(
        patient_id=row.patient_id,
        service_id=row.slot.session.service_id,
        kind="group" if said.in_class else "follow_up",
        series=said.visits,
        priority=before.priority if before else "1",
        minutes=FOLLOW_UP_MINUTES,
        referral_id=row.referral_id,
        pathway_id=before.pathway_id if before else None,
        skills=tuple(before.skills) if before else (),
        medium=before.medium if before else "01",
        clinician_id=row.slot.session.clinician_id,
        due_on=said.due_on or day + REVIEW,
        latest_on=day + REVIEW if is_review else None,
        outcome_of_id=row.pk,
    )
    waiting.add(new, organisation_id=row.organisation_id, by=by, at=at)


def _end_requests(referral_id: int | None, by: str, at: datetime) -> None:
    """Who is discharged asks no more on that referral: they are referred anew, or refer themselves."""
    if referral_id is not None:
        rows = OnRequest.objects.filter(appointment__referral_id=referral_id, entry=None, ended_at=None)
        rows.filter(taken_back_at=None).update(ended_at=at, ended_by=by, why="discharged")


def _missed(row: Appointment, said: Said, stood: rules.Stood, at: datetime) -> None:
    """The entry stays as it is until a clinician has decided: nobody is re-offered or discharged by rule."""
    Miss.objects.create(
        organisation_id=row.organisation_id,
        appointment=row,
        kind="not_brought" if said.not_brought else "missed",
        notice=queries.notice_of(row),
        opened_at=at,
        is_protected=said.not_brought
        or stood.age < rules.PROTECTED_UNTIL
        or stood.is_dependent
        or queries.is_safeguarded(row.patient_id),
    )


# Taking an outcome back

TAKING_BACK = "Taking this outcome back"


@transaction.atomic
def take_back(key: int, why: rules.Mistake, *, organisation_id: int, by: Actor, at: datetime) -> Appointment:
    """Undo an outcome that was recorded wrongly: all is as before, and it can be said again.

    What the clock was told is withdrawn by a correction; the follow-up that came of it leaves the list; entry
    and referral stand as they stood; a miss is kept as taken back. What was sent or said meanwhile stays, and
    visits that were cancelled with a discharge stay cancelled.
    Raises NotAllowed where more rests on it already, naming what to undo first, and Appointment.DoesNotExist.
    """
    row = _locked(key, organisation_id)
    _may_be_taken_back(row)
    for entry in queries.followed_up(row):
        if entry.state != "waiting":
            raise NotAllowed(
                "its follow-up is booked", TAKING_BACK, "Cancel the appointment of the follow-up first."
            )
        waiting.remove(entry.pk, "error", organisation_id=organisation_id, by=by, at=at)
    _untell_clock(row, by, at)
    Miss.objects.filter(appointment=row, taken_back_at=None).update(taken_back_at=at)
    OnRequest.objects.filter(appointment=row, taken_back_at=None).update(taken_back_at=at)
    was, stood_as = row.attended, (State(row.state), row.outcome == Outcomes.DISCHARGED)
    _reopen(row)
    exchange.appointment(row, What.REOPENED, by=by, at=at)
    changed.diary([row.starts_at], organisation_id=organisation_id, at=at)
    _untell_onward(row, stood_as, by, at)
    detail = {"attended": was, "why": why.value}
    _note("outcomes.take_back", f"appointment:{row.pk}", detail, organisation_id, by, at)
    return row


def _may_be_taken_back(row: Appointment) -> None:
    state = row.get_state_display().lower()
    if row.outcomed_at is None:
        raise NotAllowed(state, TAKING_BACK, "No outcome is recorded of it.")
    if OnRequest.objects.filter(appointment=row, taken_back_at=None, entry__isnull=False).exists():
        raise NotAllowed(
            "asked for",
            TAKING_BACK,
            "The patient has asked for the next visit: take that off the list first.",
        )
    if Miss.objects.filter(appointment=row, taken_back_at=None, decided_at__isnull=False).exists():
        raise NotAllowed(
            "decided", TAKING_BACK, "A clinician has decided about this miss. Ask that clinician what stands."
        )
    if row.entry is not None and row.entry.state not in _left_behind(row.state, row.entry.series):
        raise NotAllowed(
            f"its place on the list is “{row.entry.state}”",
            TAKING_BACK,
            "Somebody went on from there: undo that first, for example cancel the new appointment.",
        )


# What cashing up leaves of the entry, by the state of the appointment. Of a series it can still be booked.
_LEFT_BEHIND: Mapping[str, tuple[str, ...]] = {
    State.ATTENDED: ("seen", "booked"),
    State.MISSED: ("booked", "waiting"),
    State.CANCELLED: ("waiting",),
}


def _left_behind(state: str, series: int) -> tuple[str, ...]:
    """Other visits of a series may still be to be booked."""
    return (*_LEFT_BEHIND[state], "waiting") if series > 1 else _LEFT_BEHIND[state]


def _untell_clock(row: Appointment, by: Actor, at: datetime) -> None:
    said, pathway = queries.told_clock(row), row.entry.pathway_id if row.entry else None
    if not said or pathway is None or said[-1].kind is EventKind.WITHDRAWN:
        return
    name, last = f"appointment:{row.pk}", said[-1]
    event = ClockEvent(f"{name}/{len(said) + 1}", EventKind.WITHDRAWN, last.on, replaces=last.key)
    recorded = clocks.Recorded(pathway, event, name)
    clocks.record([recorded], organisation_id=row.organisation_id, by=by, at=at)


def _untell_onward(row: Appointment, stood_as: tuple[State, bool], by: Actor, at: datetime) -> None:
    """Whoever asked for the patient to be taken on is told; one visit that was kept stays told.

    stood_as  state of the appointment before, and whether it ended with a discharge
    """
    state, was_discharged = stood_as
    scope: dict[str, Any] = {"organisation_id": row.organisation_id, "by": by, "at": at}
    if state == State.CANCELLED:
        onward.tell(row.referral_id, Step.BOOK, **scope)
    elif not queries.was_seen_before(row):
        onward.tell(row.referral_id, Step.REOPEN, **scope)
    elif was_discharged:
        onward.tell(row.referral_id, Step.REOPEN, **scope)
        onward.tell(row.referral_id, Step.SEE, **scope)


def _reopen(row: Appointment) -> None:
    entry, referral, was_seen = row.entry, row.referral, row.state == State.ATTENDED
    if row.outcome == Outcomes.DISCHARGED and row.outcomed_at is not None:
        standing.stand_again(row.referral_id, row.outcomed_at)
    row.state = State.ARRIVED if row.arrived_at else State.BOOKED
    row.attended = row.outcome = row.status = row.outcomed_by = ""
    row.outcomed_at = row.cancelled_at = None
    row.cancelled_by = row.cancel_reason = ""
    row.save()
    if entry is not None:
        entry.state, entry.ended_at = "waiting" if bookings.left(entry) > 0 else "booked", None
        entry.save(update_fields=["state", "ended_at"])
    if was_seen and referral is not None and referral.state == "seen" and not queries.was_seen_before(row):
        referral.state = "waiting"
        referral.save(update_fields=["state"])


# Patient-initiated follow-up


@transaction.atomic
def request_visit(key: int, *, organisation_id: int, by: Actor, at: datetime) -> OnRequest:
    """The patient asks for the next visit: a follow-up on the list, due today, where and as the last was.

    Raises OnRequest.DoesNotExist, and NotAllowed once they have asked, it has ended, or its time is over.
    """
    event = "Asking for the next visit"
    row, today = _on_request(key, organisation_id, event), local(at).date()
    if row.until < today:
        why = f"They could ask until {in_words(row.until)}. Ask the clinician, or register a referral."
        raise NotAllowed("over", event, why)
    visit = row.appointment
    before = visit.entry
    new = waiting.New(
        patient_id=visit.patient_id,
        service_id=visit.slot.session.service_id,
        kind="follow_up",
        priority=before.priority if before else "1",
        minutes=FOLLOW_UP_MINUTES,
        referral_id=visit.referral_id,
        pathway_id=before.pathway_id if before else None,
        skills=tuple(before.skills) if before else (),
        medium=before.medium if before else "01",
        clinician_id=visit.slot.session.clinician_id,
        due_on=today,
        outcome_of_id=visit.pk,
    )
    row.entry = waiting.add(new, organisation_id=organisation_id, by=by, at=at)
    row.asked_at, row.asked_by = at, by.name
    row.save(update_fields=["entry", "asked_at", "asked_by"])
    _note("outcomes.request_visit", f"on_request:{row.pk}", {"entry": row.entry.pk}, organisation_id, by, at)
    return row


@transaction.atomic
def end_request(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> OnRequest:
    """End it as a clinician decided. Raises like the above, but for its time."""
    event = "Ending a patient-initiated follow-up"
    row = _on_request(key, organisation_id, event)
    if not why.strip():
        raise NotAllowed("not said", event, "Say who decided it, and why.")
    row.ended_at, row.ended_by, row.why = at, by.name, why.strip()
    row.save(update_fields=["ended_at", "ended_by", "why"])
    _note("outcomes.end_request", f"on_request:{row.pk}", {}, organisation_id, by, at)
    return row


def _on_request(key: int, organisation_id: int, event: str) -> OnRequest:
    rows = OnRequest.objects.select_for_update(of=("self",)).select_related(
        "appointment__entry", "appointment__patient", "appointment__slot__session"
    )
    row = rows.get(pk=key, organisation_id=organisation_id)
    if row.taken_back_at is not None or row.ended_at is not None:
        raise NotAllowed("ended", event, "It has ended. Open the page anew.")
    if row.entry_id is not None:
        raise NotAllowed("asked for", event, "The patient has asked already, and is on the list.")
    if row.appointment.patient.stands.died_on is not None:
        raise NotAllowed("recorded as having died", event, "Check the day of death.")
    return row


# After a miss


def _miss(key: int, organisation_id: int) -> Miss:
    rows = Miss.objects.select_for_update(of=("self",)).select_related(
        "appointment__entry", "appointment__referral"
    )
    miss = rows.get(pk=key, organisation_id=organisation_id)
    if miss.taken_back_at is not None:
        raise NotAllowed(
            "taken back", "Changing it", "This miss was recorded wrongly and has been taken back."
        )
    if miss.decided_at is not None:
        raise NotAllowed(
            "decided", "Changing it", f"{miss.clinician} decided it already; the decision stands."
        )
    return miss


@transaction.atomic
def reach(
    key: int,
    channel: str,
    outcome: str,
    words: str,
    *,
    asked_on: date | None = None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Miss:
    """Record the attempt of the same day to reach somebody who did not come.

    asked_on  the day on which the patient asked for another date; a clock that the miss nullified starts anew
              on it, and a later decision does not move it
    Raises NotAllowed for a day that cannot be, and where nobody was reached who could have asked.
    """
    miss = _miss(key, organisation_id)
    if asked_on is not None:
        _asks_again(miss, asked_on, outcome, by, at)
    appointment = miss.appointment
    attempt = waiting.Attempt(
        appointment.patient_id,
        "missed",
        channel,
        words,
        outcome=outcome,
        said="" if asked_on is None else f"{ASKED_AGAIN} on {in_words(asked_on)}",
        entry_id=appointment.entry_id,
        referral_id=appointment.referral_id,
        appointment_id=appointment.pk,
    )
    miss.contact = waiting.contact(attempt, organisation_id=organisation_id, by=by, at=at)
    miss.save(update_fields=["contact"])
    return miss


@transaction.atomic
def asked_again(
    patient_id: int, channel: str, words: str, *, organisation_id: int, by: Actor, at: datetime
) -> int:
    """Who did not come calls or writes today for another date: kept with every miss of theirs of which nobody
    has decided. Returns how many there are."""
    keys = queries.misses_of(patient_id, organisation_id)
    today = local(at).date()
    for key in keys:
        reach(
            key,
            channel,
            "answered",
            words,
            asked_on=today,
            organisation_id=organisation_id,
            by=by,
            at=at,
        )
    return len(keys)


def _asks_again(miss: Miss, on: date, outcome: str, by: Actor, at: datetime) -> None:
    """Tell the clock; the first day counts. Raises NotAllowed."""
    row, event = miss.appointment, "Asking for another date"
    if outcome != "answered":
        raise NotAllowed("not reached", event, "Only who answered can ask for another date.")
    if not local(row.starts_at).date() <= on <= local(at).date():
        raise NotAllowed("as it stands", event, "The day lies before the missed visit, or is still to come.")
    kind: EventKind | None = EventKind.REBOOKED_BY_PATIENT
    if queries.is_consultants(row):
        kind = from_therapy(EventKind.REBOOKED_BY_PATIENT)
    if kind is None or queries.phase(row, at) in (None, Phase.NONE, Phase.DIED):
        return
    pathway, key = row.entry.pathway_id if row.entry else None, f"miss:{miss.pk}:asked"
    if pathway is None or pathways.events_of([pathway]).filter(key=key).exists():
        return
    recorded = clocks.Recorded(pathway, ClockEvent(key, kind, on), f"miss:{miss.pk}")
    clocks.record([recorded], organisation_id=miss.organisation_id, by=by, at=at)


@transaction.atomic
def safeguard(key: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Miss:
    """Record what was done to see that somebody who was not brought, or depends on others, is safe."""
    miss = _miss(key, organisation_id)
    if not words.strip():
        raise NotAllowed("not safeguarded", "The safeguarding step", "Say what was done, and who was told.")
    miss.safeguarding_at, miss.safeguarding_by, miss.safeguarding_words = at, by.name, words
    miss.save(update_fields=["safeguarding_at", "safeguarding_by", "safeguarding_words"])
    _note("outcomes.safeguard", f"miss:{key}", {}, organisation_id, by, at)
    return miss


@transaction.atomic
def ask(key: int, clinician: str, *, organisation_id: int, by: Actor, at: datetime) -> Miss:
    """Ask a clinician, by name, for the decision: it stands on their page and is a task of clinicians.

    Raises NotAllowed for a name that nobody has who sees patients here.
    """
    miss = _miss(key, organisation_id)
    miss.asked_of = clinics.check_clinician(organisation_id, clinician, "missed", "Asking for the decision")
    miss.asked_at = at
    miss.save(update_fields=["asked_of", "asked_at"])
    _note("outcomes.ask", f"miss:{key}", {"clinician": miss.asked_of.pk}, organisation_id, by, at)
    return miss


@transaction.atomic
def decide(  # noqa: PLR0913 - what was decided, by whom, and all that it rests on
    key: int,
    decision: str,
    *,
    clinician: str,
    reason: str,
    follows_policy: bool,
    cancels_booked: bool = False,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Miss:
    """What a clinician decided after a miss: another date, or discharge.

    cancels_booked  of a discharge: the visits of the referral that are still booked are cancelled with it
    clinician  by the name known here: whoever is signed in (views), or for whom somebody writes it down
    Raises NotAllowed without a clinician of this name, and for a discharge without notice, policy or, for
    somebody who is protected, the safeguarding step; also while visits are booked that it does not cancel.
    """
    miss = _miss(key, organisation_id)
    row = miss.appointment
    known = rules.AfterMiss(
        is_protected=miss.is_protected,
        has_safeguarding_step=miss.safeguarding_at is not None,
        has_notice=miss.notice_id is not None,
        phase=queries.phase(row, at),
        follows_policy=follows_policy,
        still_booked=queries.still_booked(row, at),
        cancels_booked=cancels_booked,
        is_consultants=queries.is_consultants(row),
    )
    event, evidence = rules.decide(decision, clinician, known)
    clinician = clinics.check_clinician(organisation_id, clinician, "missed", "Deciding after a miss").name
    miss.decision, miss.clinician, miss.reason = decision, clinician, reason
    miss.decided_at, miss.decided_by = at, by.name
    miss.save()
    if event is not None and row.entry is not None and row.entry.pathway_id is not None:
        told = ClockEvent(f"miss:{key}", event, local(at).date(), evidence=evidence)
        recorded = clocks.Recorded(row.entry.pathway_id, told, f"miss:{key}")
        clocks.record([recorded], organisation_id=organisation_id, by=by, at=at)
    cancelled = _cancel_rest(row, by, at) if decision == rules.Decision.DISCHARGE else []
    _carry_out(miss, at)
    detail: dict[str, object] = {"decision": decision, "clinician": miss.clinician, "notice": miss.notice_id}
    if cancelled:
        detail["cancelled"] = cancelled
    _note("outcomes.decide", f"miss:{key}", detail, organisation_id, by, at)
    return miss


def _carry_out(miss: Miss, at: datetime) -> None:
    entry, referral = miss.appointment.entry, miss.appointment.referral
    if miss.decision == rules.Decision.REOFFER:
        if entry is not None:
            standing.stands(entry, "waiting")
        return
    _tell_of_discharge(miss.appointment, at)
    if entry is not None:
        entry.state, entry.why, entry.ended_at = "removed", "clinician", at
        entry.save(update_fields=["state", "why", "ended_at"])
    standing.end_others(miss.appointment.referral_id, miss.appointment.entry_id, at)
    if referral is not None and referral.state == "waiting":
        referral.state, referral.removed_why, referral.removed_on = "removed", "clinician", local(at).date()
        referral.save(update_fields=["state", "removed_why", "removed_on"])


def _note(
    verb: str, subject: str, detail: Mapping[str, object], organisation_id: int, by: Actor, at: datetime
) -> None:
    audit([Entry(verb, subject, detail)], organisation_id=organisation_id, by=by, at=at)
