"""Training, putting in use, judging, and the calls that follow. A risk adds a call; it takes nothing away."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db import transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.domain.outpatients.recycling import Said
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.outpatients import attendance as engine
from clearway.engine.outpatients import attendance_fit as fitting
from clearway.engine.outpatients.attendance_measures import DRAWS

from .. import policy
from ..reminders import actions as reminders
from ..reminders import queries as calls
from . import queries
from .models import Appointment, AttendanceModel, AttendanceScore, AttendanceUse, SetAside
from .reading import groups, read

SEED = 1  # of the draws for intervals: the same past gives the same report
CHANGED = 0.005  # a risk that moved less is the same
WHY = "Might not come"


@transaction.atomic
def train(*, organisation_id: int, by: Actor, at: datetime, draws: int = DRAWS) -> AttendanceModel:
    """Learn from the trust's own past, and keep the model with its report; it is not in use by that.

    Raises TooLittle where the past is too short.
    """
    ours = policy.attendance(organisation_id, at)
    found = read(organisation_id, at, ours.weeks_back)
    trained = fitting.train(
        found.bookings,
        at=int(at.timestamp()),
        days_before=ours.days_before,
        share=ours.share,
        seed=SEED,
        groups=groups(found, organisation_id, at),
        draws=draws,
    )
    # Two that train at once take turns at the newest version; of the first there is none to lock.
    newest = AttendanceModel.objects.select_for_update().filter(organisation_id=organisation_id).first()
    folds = trained.report["folds"]
    row = AttendanceModel.objects.create(
        organisation_id=organisation_id,
        version=newest.version + 1 if newest else 1,
        trained_at=at,
        trained_by=by.name,
        since=_at(folds["learn"]["since"]),
        until=_at(folds["learn"]["until"]),
        tested_until=_at(folds["test"]["until"]),
        parameters=trained.model.as_json(),
        report=trained.report,
    )
    detail = {"version": row.version, "kind": trained.model.kind}
    record([Entry("attendance.train", f"attendance_model:{row.pk}", detail)], **_who(organisation_id, by, at))
    return row


def evaluate(model: AttendanceModel, *, at: datetime, draws: int = DRAWS) -> dict[str, Any]:
    """How a model does on what happened after all that it has seen. Writes nothing. Raises TooLittle."""
    ours = policy.attendance(model.organisation_id, at)
    found = read(model.organisation_id, at, ours.weeks_back)
    seen_until = int(model.tested_until.timestamp())
    fold = fitting.after(found.bookings, seen_until, int(at.timestamp()), ours.days_before)
    kinds = groups(found, model.organisation_id, at)
    of_fold = {name: [codes[row] for row in fold.rows.tolist()] for name, codes in kinds.items()}
    return fitting.judge(engine.Model.of_json(model.parameters), fold, ours.share, SEED, of_fold, draws)


@transaction.atomic
def put_in_use(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> AttendanceUse:
    """Use this model from now on; the one before is withdrawn and can be put back the same way.

    Raises AttendanceModel.DoesNotExist, and NotAllowed where it is in use already.
    """
    event = "Putting this model in use"
    model = AttendanceModel.objects.select_for_update(no_key=True).get(
        pk=key, organisation_id=organisation_id
    )
    now = _lock_use(organisation_id)
    if now is not None and now.model_id == model.pk:
        raise NotAllowed("in use", event, "It is in use already.")
    if not model.parameters["slope"]:
        why_not = "Every booking has the same risk by it: its list would be drawn by lot."
        raise NotAllowed("it tells nobody from another", event, why_not)
    if now is not None:
        _end(now, by, at)
    made = AttendanceUse.objects.create(
        organisation_id=organisation_id, model=model, began_at=at, began_by=by.name, why=why
    )
    entry = Entry("attendance.put_in_use", f"attendance_model:{key}", {"version": model.version, "why": why})
    record([entry], **_who(organisation_id, by, at))
    return made


@transaction.atomic
def withdraw(why: str, *, organisation_id: int, by: Actor, at: datetime) -> AttendanceUse:
    """Use no model: its risks end, and nobody is put onto the list of calls for one. Raises NotAllowed."""
    now = _lock_use(organisation_id)
    if now is None:
        raise NotAllowed("not in use", "Withdrawing the model", "No model is in use.")
    _end(now, by, at)
    AttendanceScore.objects.filter(organisation_id=organisation_id, ended_at=None).update(ended_at=at)
    detail = {"version": now.model.version, "why": why}
    entry = Entry("attendance.withdraw", f"attendance_model:{now.model_id}", detail)
    record([entry], **_who(organisation_id, by, at))
    return now


def _end(now: AttendanceUse, by: Actor, at: datetime) -> None:
    now.ended_at, now.ended_by = at, by.name
    now.save(update_fields=["ended_at", "ended_by"])


def _lock_use(organisation_id: int) -> AttendanceUse | None:
    rows = AttendanceUse.objects.select_for_update(of=("self",)).select_related("model")
    return rows.filter(organisation_id=organisation_id, ended_at=None).first()


@transaction.atomic
def judge(*, organisation_id: int, by: Actor, at: datetime) -> int:
    """Judge the bookings that are new, and every one once a night; then see to the calls of the riskiest.

    Returns how many were judged: none where no model is in use.
    """
    use = _lock_use(organisation_id)
    if use is None:
        return 0
    due = queries.to_judge(organisation_id, use.model_id, at)
    if due:
        _judge(use.model, due, at)
        entry = Entry("attendance.judge", f"attendance_model:{use.model_id}", {"bookings": len(due)})
        record([entry], **_who(organisation_id, by, at))
    _ring_the_riskiest(organisation_id, by, at)
    return len(due)


def _judge(model: AttendanceModel, due: Sequence[int], at: datetime) -> None:
    found = read(model.organisation_id, at, policy.attendance(model.organisation_id, at).weeks_back)
    rows = found.rows_of(due)
    known = engine.known_at(found.bookings, rows, np.full(len(rows), int(at.timestamp())))
    fitted = engine.Model.of_json(model.parameters)
    risks, why = fitted.risks(known.x), engine.reasons(fitted, known)
    standing = {
        row.appointment_id: row
        for row in AttendanceScore.objects.filter(appointment_id__in=due, ended_at=None)
    }
    made, same, over = [], [], []
    for key, risk, reasons in zip(found.keys[rows].tolist(), risks.tolist(), why, strict=True):
        now = standing.get(key)
        if now is not None and _is_same(now, model, risk, reasons):
            same.append(now.pk)
            continue
        if now is not None:
            over.append(now.pk)
        made.append(
            AttendanceScore(
                organisation_id=model.organisation_id,
                appointment_id=key,
                model=model,
                risk=risk,
                reasons=list(reasons),
                scored_at=at,
                looked_at=at,
            )
        )
    AttendanceScore.objects.filter(pk__in=same).update(looked_at=at)
    AttendanceScore.objects.filter(pk__in=over).update(ended_at=at)
    AttendanceScore.objects.bulk_create(made, batch_size=1000)


def _is_same(now: AttendanceScore, model: AttendanceModel, risk: float, reasons: Sequence[str]) -> bool:
    same_model = now.model_id == model.pk
    return same_model and abs(now.risk - risk) < CHANGED and now.reasons == list(reasons)


def _ring_the_riskiest(organisation_id: int, by: Actor, at: datetime) -> None:
    """The riskiest of each day whose calls are due go onto the list of calls, each once."""
    ours = policy.attendance(organisation_id, at)
    if not ours.is_on:
        return
    found = queries.standing(organisation_id, at, queries.day_after(at, ours.days_before))
    chosen = queries.to_ring(found, ours.share)
    known = calls.calls_of(chosen)
    whom = {
        each.appointment_id: why_rung(each)
        for each in found
        if each.appointment_id in chosen
        and each.appointment_id not in known
        and each.appointment.confirmed_at is None
        and not hasattr(each.appointment, "attendance_set_aside")
    }
    if whom:
        reminders.ring(whom, **_who(organisation_id, by, at))


def why_rung(score: AttendanceScore) -> str:
    """Why somebody is rung, for the list of calls: the reasons, never the number."""
    return f"{WHY}: {'; '.join(score.reasons)}"[:200] if score.reasons else f"{WHY}."


@transaction.atomic
def rung(appointment: int, said: Said, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """What came of a call to somebody listed, kept where every call is. Raises NotAllowed, NoBooking."""
    score = _of_booking(appointment, organisation_id)
    who = _who(organisation_id, by, at)
    if appointment not in calls.calls_of([appointment]):
        reminders.ring({appointment: why_rung(score)}, **who)
    reminders.rung(calls.calls_of([appointment])[appointment].pk, said, **who)


@transaction.atomic
def set_aside(appointment: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> SetAside:
    """Somebody knows better: no call for the risk of this booking. Raises NotAllowed, NoBooking."""
    _of_booking(appointment, organisation_id)
    row, is_new = SetAside.objects.get_or_create(
        appointment_id=appointment, defaults={"why": why, "at": at, "by": by.name}
    )
    if not is_new:
        raise NotAllowed("set aside", "Setting this aside", f"{row.by} has done it: {row.why}")
    who = _who(organisation_id, by, at)
    reminders.no_call(appointment, WHY, **who)
    record([Entry("attendance.set_aside", f"appointment:{appointment}", {"why": why})], **who)
    return row


def _of_booking(appointment: int, organisation_id: int) -> AttendanceScore:
    visit = Appointment.objects.get(pk=appointment, organisation_id=organisation_id)
    score = queries.of_appointment(visit.pk)
    if score is None:
        raise NotAllowed("not judged", "Changing this", "No risk of it stands: look at the list again.")
    return score


@transaction.atomic
def look(keys: Sequence[int], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record whose names were on the list."""
    entry = Entry("attendance.look", "page:attendance", {"appointments": sorted(keys)})
    record([entry], **_who(organisation_id, by, at))


def _who(organisation_id: int, by: Actor, at: datetime) -> dict[str, Any]:
    return {"organisation_id": organisation_id, "by": by, "at": at}


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
