"""Every write to referrals once they are registered (registering.py): made complete, triaged, never lost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import check_fields
from clearway.core.layout.times import local
from clearway.core.onward import actions as onward
from clearway.domain.outpatients import completeness
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.completeness import ReviewReason, TriageOutcome
from clearway.domain.outpatients.consultants_clock import from_therapy
from clearway.domain.outpatients.identity import PathwayIdentifier, identifier_of
from clearway.domain.outpatients.letters import Kind
from clearway.domain.outpatients.measurement import Asked, ServiceKind, measure
from clearway.domain.outpatients.waiting import REMOVALS, Removal
from clearway.domain.outpatients.words import Priority
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.onward import Step

from ..clinics import queries as clinics
from ..clocks import actions as clocks
from ..clocks import queries as pathways
from ..letters import wanted as letters
from ..waiting import actions as waiting
from ..waiting import standing
from . import queries, registering
from .models import Gap, Referral, Triage
from .registering import New, Repeated, register

__all__ = ["New", "Repeated", "register"]  # what other parts call an action of referrals

State = Referral.State
TRIAGING, REMOVING = "Triaging", "Removing this referral"
# What `supply` may bring.
VISIT = "appointment:"
CARRIED = (VISIT, "entry:")  # what was said to a clock of a visit, or of somebody who waits
SUPPLIED = ("sender", "sender_organisation", "source", "condition", "side", "question", "priority")
SUPPLYING = "Completing this referral"
MINUTES = 45  # of an appointment for which the clinician did not say
# Of these no letter tells: the patient waits on under another number, or nobody is there to read it.
UNTOLD = (Removal.DUPLICATE, Removal.ERROR, Removal.DIED)
ENDS_WITH = {
    TriageOutcome.ADVICE: EventKind.NOT_TO_TREAT,
    TriageOutcome.SELF_MANAGEMENT: EventKind.NOT_TO_TREAT,
    TriageOutcome.RETURN: EventKind.RETURNED_TO_PRIMARY_CARE,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a clinician decided. minutes, skills, kind, medium  of the appointment to be made.

    visits      how many of them: more than one for a course or a class
    service_id  where it is sent on to, for `redirect`
    """

    outcome: str
    priority: str = ""
    kind: str = "new"
    minutes: int | None = None
    skills: tuple[str, ...] = ()
    medium: str = "01"
    visits: int = 1
    reason: str = ""
    service_id: int | None = None


def says(row: Referral) -> dict[str, Any]:
    """What a referral says of what may be supplied, to be held against what somebody supplies."""
    started_on = row.pathway.started_on if row.pathway else None
    return {
        **{name: getattr(row, name) for name in SUPPLIED},
        "parent": row.parent_id,
        "start_on": started_on,
    }


@transaction.atomic
def supply(
    referral_id: int,
    values: Mapping[str, Any],
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    parent_id: int | None = None,
    start_on: date | None = None,
    seen: Mapping[str, Any] | None = None,
) -> Referral:
    """Add what a referral lacked: gaps that the values close are closed, and the clock is worked out again.

    values              columns of SUPPLIED
    parent_id, start_on the consultant's pathway here, or the day its clock started elsewhere
    seen                what it said when the form was opened, as `says` gives it
    Raises NotAllowed for an ended referral, for words there are not, and for a start that cannot be; and
    ChangedMeanwhile where somebody else supplied something else since.
    """
    row = _locked(referral_id, organisation_id)
    event = SUPPLYING
    if row.state not in queries.COMPLETED_IN:
        raise NotAllowed(row.get_state_display().lower(), event, "It has ended.")
    if unknown := sorted(set(values) - set(SUPPLIED)):
        raise NotAllowed("as it stands", event, f"{', '.join(unknown)} cannot be changed here.")
    if "priority" in values:
        values = {**values, "priority": completeness.priority_of(values["priority"]) or ""}
    if seen is not None:
        places = {"parent": parent_id, "start_on": start_on}
        given = {name: value for name, value in places.items() if value is not None}
        check_fields({**values, **given}, seen, says(row), event)
    for name, value in values.items():
        setattr(row, name, value)
    registering.check(_as_new(row, start_on), at)
    if parent_id is not None:
        _link(row, parent_id, by, at)
    elif start_on is not None:
        _found_start(row, start_on, by, at)
    row.save()
    _recheck(row, by, at)
    supplied = sorted(values) + ["parent"] * (parent_id is not None) + ["start_on"] * (start_on is not None)
    _note("referrals.supply", row, {"fields": supplied}, by, at)
    return row


@transaction.atomic
def list_slot_issue(
    referral_id: int,
    reason: ReviewReason,
    listed_on: date,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Referral:
    """Note on a referral that e-RS lists it because its patient could not book. Its clock stays as it is."""
    row = _locked(referral_id, organisation_id)
    row.review_reason, row.listed_on = reason, listed_on
    row.save(update_fields=["review_reason", "listed_on"])
    _note("referrals.list", row, {"reason": reason, "listed_on": listed_on.isoformat()}, by, at)
    return row


def _as_new(row: Referral, start_on: date | None) -> New:
    named = ("route", "written_on", "source", "ubrn", "side")
    known = {name: getattr(row, name) for name in named}
    return New(row.patient_id, row.service_id, row.received_on, start_on=start_on, **known)


def _link(row: Referral, parent_id: int, by: Actor, at: datetime) -> None:
    """Put the referral on the consultant's pathway; the clock that stood in for it is withdrawn.

    What was said to it of visits is said to the consultant's clock, as therapy says it.
    """
    parent = registering.parent_of(row, parent_id)
    before = row.pathway
    if before is not None and before.pk == parent.pk:
        return
    row.parent = parent
    row.from_consultant = True
    if not measure(Asked(ServiceKind(row.service.kind), on_open_pathway=True)).on_parent:
        return
    row.pathway = parent
    row.entries.update(pathway_id=parent.pk)
    if before is not None:
        recorded = _carried_over(row, before.pk, parent.pk)
        clocks.record(recorded, organisation_id=row.organisation_id, by=by, at=at)


def _carried_over(row: Referral, before: int, parent: int) -> list[clocks.Recorded]:
    """Every event that stands on the one pathway taken away there; those of visits and entries said again."""
    moved: list[clocks.Recorded] = []
    name = f"referral:{row.pk}"
    for place, stands in enumerate(pathways.that_stand([before]), start=1):
        key = f"{name}:linked" + (f"/{place}" if place > 1 else "")
        gone = ClockEvent(key, EventKind.WITHDRAWN, stands.on, replaces=stands.key)
        moved.append(clocks.Recorded(before, gone, name))
        kind = from_therapy(EventKind(stands.kind))
        if kind is not None and stands.source.startswith(CARRIED):
            is_visit = stands.source.startswith(VISIT)  # which is numbered anew from here on
            key = stands.source if is_visit else stands.key
            event = replace(pathways.value_of(stands), key=key, kind=kind, sequence=0, replaces=None)
            moved.append(clocks.Recorded(parent, event, stands.source))
    return moved


def _found_start(row: Referral, start_on: date, by: Actor, at: datetime) -> None:
    if row.pathway is None or row.pathway.started_on is not None:
        why = "The start of this clock is known. Correct it on the page of the pathway."
        raise NotAllowed("known", "Finding the start", why)
    found = ClockEvent(f"referral:{row.pk}:start", EventKind.START_FOUND, local(at).date(), start_on=start_on)
    recorded = clocks.Recorded(row.pathway.pk, found, f"referral:{row.pk}")
    clocks.record([recorded], organisation_id=row.organisation_id, by=by, at=at)
    row.pathway.refresh_from_db()
    row.parent, row.from_consultant = row.pathway, True  # also of one that was not known to be a consultant's


@transaction.atomic
def recheck(patient_id: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """See anew what the open referrals of a patient lack, after something became known of the patient."""
    for row in _lock(organisation_id, patient_id=patient_id, state__in=queries.OPEN):
        _recheck(row, by, at)


def _recheck(row: Referral, by: Actor, at: datetime) -> None:
    missing = {item.what: item for item in completeness.gaps(queries.given(row))}
    known = {gap.what: gap for gap in row.gaps.filter(closed_at__isnull=True)}
    closed = [gap for what, gap in known.items() if what not in missing]
    for gap in closed:
        gap.closed_at = at
    Gap.objects.bulk_update(closed, ["closed_at"])
    opened = [item for what, item in missing.items() if what not in known]
    Gap.objects.bulk_create(registering.gap(row, item, at) for item in opened)
    if row.state in (State.TRIAGE, State.HELD):
        row.state = State.HELD if completeness.is_held(missing) else State.TRIAGE
        row.save(update_fields=["state"])
    if closed or opened:
        detail = {"closed": [gap.what for gap in closed], "opened": [item.what for item in opened]}
        _note("referrals.gaps", row, detail, by, at)
    if row.acknowledged_at is None:
        registering.acknowledge([row], organisation_id=row.organisation_id, by=by, at=at)


@transaction.atomic
def ask(gap_id: int, *, organisation_id: int, by: Actor, at: datetime) -> Gap:
    """Record that a gap was asked for again. Raises Gap.DoesNotExist when it is closed."""
    gap = Gap.objects.select_for_update(of=("self",)).get(
        pk=gap_id, referral__organisation_id=organisation_id, closed_at__isnull=True
    )
    gap.asked, gap.asked_at = gap.asked + 1, at
    gap.save(update_fields=["asked", "asked_at"])
    detail = {"what": gap.what, "fixer": gap.fixer, "asked": gap.asked}
    entry = Entry("referrals.ask", f"referral:{gap.referral_id}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return gap


@transaction.atomic
def triage(
    referral_id: int, decision: Decision, *, organisation_id: int, by: Actor, at: datetime
) -> Referral:
    """Record what a clinician decided, and do it: onto the list, to another service, or back with a reason.

    Raises NotAllowed for a referral that is not there to be triaged, and for a decision that lacks what its
    outcome asks for.
    """
    row = _locked(referral_id, organisation_id)
    if row.state != State.TRIAGE:
        why = "Its clinical question is missing." if row.state == State.HELD else "It was triaged already."
        raise NotAllowed(row.get_state_display().lower(), TRIAGING, why)
    outcome = _outcome(decision)
    decision = replace(decision, priority=decision.priority or row.priority)
    if outcome.joins_the_list and decision.priority not in list(Priority):
        raise NotAllowed("not yet ranked", TRIAGING, "Choose a priority: the sender's could not be read.")
    if not outcome.joins_the_list and not decision.reason.strip():
        raise NotAllowed("not said", TRIAGING, "Give the reason, so that it can be told.")
    made = Triage.objects.create(
        referral=row,
        outcome=outcome,
        priority=decision.priority,
        kind=_kind(outcome, decision),
        minutes=decision.minutes,
        skills=list(decision.skills),
        medium=decision.medium,
        visits=decision.visits,
        reason=decision.reason,
        at=at,
        by=by.name,
    )
    row.priority = decision.priority
    _carry_out(row, outcome, decision, made.pk, by, at)
    detail = {"outcome": outcome.value, "priority": decision.priority, "service": row.service_id}
    _note("referrals.triage", row, detail, by, at)
    return row


def _outcome(decision: Decision) -> TriageOutcome:
    try:
        return TriageOutcome(decision.outcome)
    except ValueError:
        raise NotAllowed("not said", TRIAGING, "Choose an outcome from the list.") from None


def _kind(outcome: TriageOutcome, decision: Decision) -> str:
    return "group" if outcome is TriageOutcome.GROUP else decision.kind


def _carry_out(
    row: Referral, outcome: TriageOutcome, decision: Decision, triage_id: int, by: Actor, at: datetime
) -> None:
    if outcome.joins_the_list:
        row.state = State.WAITING
        row.save(update_fields=["state", "priority"])
        new = waiting.New(
            patient_id=row.patient_id,
            service_id=row.service_id,
            referral_id=row.pk,
            pathway_id=row.pathway_id,
            kind=_kind(outcome, decision),
            priority=decision.priority,
            minutes=decision.minutes or MINUTES,
            skills=decision.skills,
            medium=decision.medium,
            series=decision.visits,
        )
        waiting.add(new, organisation_id=row.organisation_id, by=by, at=at)
    elif outcome is TriageOutcome.REDIRECT:
        if decision.service_id is None or decision.service_id == row.service_id:
            raise NotAllowed("with this service", TRIAGING, "Choose the other service it is sent on to.")
        services = {each.pk: each for each in queries.services(row.organisation_id)}
        row.service = registering.open_service(services, decision.service_id)
        _measure_again(row, f"triage:{triage_id}", by, at)
        row.save(update_fields=["service", "priority", "pathway"])
        _tell_onward(row, Step.NOTE, f"Sent on to {row.service.name}", by, at)
        _tell_of_triage(row, Kind.REDIRECTED, triage_id, at)
    else:
        _stop_clock(row, ENDS_WITH[outcome], f"triage:{row.pk}", by, at)
        _end(row, outcome.value, at)
        reason = row.triages.latest("pk").reason
        _tell_onward(row, Step.END, f"{outcome.meaning}: {reason}", by, at)
        _tell_of_triage(row, Kind.RETURNED, triage_id, at)


def _tell_of_triage(row: Referral, kind: Kind, triage_id: int, at: datetime) -> None:
    letters.want(
        kind,
        f"triage:{triage_id}",
        audiences=letters.who_is_told(row),
        patient_id=row.patient_id,
        referral_id=row.pk,
        organisation_id=row.organisation_id,
        at=at,
    )


def _measure_again(row: Referral, key: str, by: Actor, at: datetime) -> None:
    """Another service may be measured otherwise: then its clock runs from the same receipt, on a pathway of
    its own, and what the other one was told is withdrawn. Else the same clock goes on under its function.

    key  names the decision
    """
    measured = measure(Asked(ServiceKind(row.service.kind), on_open_pathway=bool(row.from_consultant)))
    scope: dict[str, Any] = {"organisation_id": row.organisation_id, "by": by, "at": at}
    before = row.pathway
    if before is None or (measured.on_parent and queries.is_consultants(row, before.pk)):
        return
    if measured.measurement == before.measurement and not queries.is_consultants(row, before.pk):
        on = local(at).date()
        clocks.treats(before.pk, row.service, ClockEvent(key, EventKind.REFERRAL_RECEIVED, on), **scope)
        return
    row.pathway = clocks.open_pathway(
        row.patient_id,
        service=row.service,
        measure=measured,
        parent=row.parent_id,
        **scope,
    )
    first = registering.first_event(row, _as_new(row, None), measured)
    clocks.moved(before.pk, row.pathway.pk, first, source=f"referral:{row.pk}", **scope)
    if row.ubrn and PathwayIdentifier(before.ppid, before.issuer) == identifier_of(row.ubrn):
        clocks.take_over_identifier(before.pk, row.pathway.pk, **scope)
    row.pathway.refresh_from_db()


@transaction.atomic
def remove(
    referral_id: int, why: str, *, organisation_id: int, by: Actor, at: datetime, clinician: str = ""
) -> Referral:
    """End a referral without the patient being seen, for one of the reasons of the waiting list.

    clinician  who decided it, where the reason asks for one
    Raises NotAllowed when it has ended, when an appointment is booked, and for a reason that is not one.
    """
    row = _locked(referral_id, organisation_id)
    if row.state not in queries.OPEN:
        raise NotAllowed(row.get_state_display().lower(), REMOVING, "It has ended already.")
    try:
        reason = Removal(why)
    except ValueError:
        raise NotAllowed(
            "open", REMOVING, "Choose a reason from the list. Silence is none of them."
        ) from None
    if REMOVALS[reason].needs_clinician and not clinician.strip():
        raise NotAllowed("open", REMOVING, "Name the clinician who decided it.")
    if REMOVALS[reason].needs_clinician:
        clinician = clinics.check_clinician(organisation_id, clinician, "open", REMOVING).name
    for entry in row.entries.filter(state__in=("waiting", "booked")):
        waiting.remove(entry.pk, why, organisation_id=organisation_id, by=by, at=at, clinician=clinician)
    _settle_clock(row, reason, by, at)
    _end(row, reason.value, at)
    _tell_onward(row, Step.END, reason.meaning, by, at)
    _tell_of_end(row, reason, Kind.RETURNED, f"referral:{row.pk}:removed", at)
    _note("referrals.remove", row, {"why": reason.value, "clinician": clinician}, by, at)
    return row


@transaction.atomic
def stand_again(referral_id: int, *, organisation_id: int, by: Actor, at: datetime) -> Referral:
    """Take up a referral again that a wrongly recorded death ended: on the list, or to be triaged."""
    row = _locked(referral_id, organisation_id)
    if row.state != State.REMOVED or row.removed_why != Removal.DIED:
        raise NotAllowed(row.get_state_display().lower(), "Taking it up again", "No death ended it.")
    row.state = State.WAITING if row.entries.exists() else State.TRIAGE
    row.removed_why, row.removed_on = "", None
    row.save(update_fields=["state", "removed_why", "removed_on"])
    _tell_onward(row, Step.REOPEN, "", by, at)
    _note("referrals.stand_again", row, {"after": "died"}, by, at)
    _recheck(row, by, at)
    return row


@transaction.atomic
def leave_list(
    entry_id: int, why: str, *, organisation_id: int, by: Actor, at: datetime, clinician: str = ""
) -> None:
    """Take somebody off the list without being seen, and say to the clock what follows from it.

    Of a first appointment the referral ends with it. A follow-up ends alone; where nothing else is to come on
    its pathway, its clock stops as the reason says. Patient and referrer are told by letter once nothing else
    is to come. Raises NotAllowed as `remove` does.
    """
    who: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    entry = standing.lock(entry_id, organisation_id)
    row = _locked(entry.referral_id, organisation_id) if entry.referral_id is not None else None
    if row is not None and entry.kind != "follow_up" and row.state == State.WAITING:
        remove(row.pk, why, clinician=clinician, **who)
        return
    waiting.remove(entry_id, why, clinician=clinician, **who)
    rule = REMOVALS[Removal(why)]
    if row is not None and not standing.waits_for_more(row.pk):
        kind = Kind.DISCHARGE if queries.was_seen(row) else Kind.RETURNED
        _tell_of_end(row, Removal(why), kind, f"entry:{entry_id}:removed", at, entry_id)
    if row is None or rule.event is None or standing.has_others(entry):
        return
    _stop_clock(row, rule.event, f"entry:{entry_id}:removed", by, at, rule.evidence)


def _tell_of_end(
    row: Referral, reason: Removal, kind: Kind, cause: str, at: datetime, entry_id: int | None = None
) -> None:
    """Tell the patient, and whoever referred them, by letter, unless nothing ended for the patient by it."""
    if reason in UNTOLD:
        return
    letters.want(
        kind,
        cause,
        audiences=letters.who_is_told(row),
        patient_id=row.patient_id,
        referral_id=row.pk,
        entry_id=entry_id,
        organisation_id=row.organisation_id,
        at=at,
    )


def _settle_clock(row: Referral, reason: Removal, by: Actor, at: datetime) -> None:
    """A referral made in error never started a clock; other reasons stop it as their rule says."""
    key = f"referral:{row.pk}"
    if reason in (Removal.DUPLICATE, Removal.ERROR) and row.pathway is not None:
        if pathways.events_of([row.pathway.pk]).filter(key=key).exists():
            withdrawn = ClockEvent(f"{key}:removed", EventKind.WITHDRAWN, row.received_on, replaces=key)
            recorded = clocks.Recorded(row.pathway.pk, withdrawn, key)
            clocks.record([recorded], organisation_id=row.organisation_id, by=by, at=at)
        return
    rule = REMOVALS[reason]
    if rule.event is not None:
        _stop_clock(row, rule.event, f"{key}:removed", by, at, rule.evidence)


def _stop_clock(
    row: Referral,
    kind: EventKind,
    key: str,
    by: Actor,
    at: datetime,
    evidence: frozenset[Evidence] = frozenset(),
) -> None:
    """Stop the referral's own clock. A consultant's clock runs on: who runs it is told, and decides."""
    pathway = row.pathway
    if pathway is None:
        return
    if queries.is_consultants(row, pathway.pk):
        told = from_therapy(kind)
        if told is None:
            return
        kind = told
    pathway.refresh_from_db()
    if pathway.state not in ("ticking", "unknown_start"):
        return
    event = ClockEvent(key, kind, local(at).date(), evidence=evidence, outside_contact=True)
    recorded = clocks.Recorded(pathway.pk, event, f"referral:{row.pk}")
    clocks.record([recorded], organisation_id=row.organisation_id, by=by, at=at)


def _end(row: Referral, why: str, at: datetime) -> None:
    row.state, row.removed_why, row.removed_on = State.REMOVED, why, local(at).date()
    row.save(update_fields=["state", "removed_why", "removed_on", "priority"])


@transaction.atomic
def seen(referral_id: int, *, organisation_id: int, by: Actor, at: datetime) -> Referral:
    """The patient was seen for it. Said again it stays so. Raises NotAllowed unless the patient waited."""
    row = _locked(referral_id, organisation_id)
    if row.state == State.SEEN:
        return row
    if row.state != State.WAITING:
        raise NotAllowed(row.get_state_display().lower(), "Seeing the patient", "Nobody triaged it.")
    row.state = State.SEEN
    row.save(update_fields=["state"])
    _note("referrals.seen", row, {}, by, at)
    return row


def _locked(referral_id: int, organisation_id: int) -> Referral:
    rows = _lock(organisation_id, pk=referral_id)
    if not rows:
        raise Referral.DoesNotExist
    return rows[0]


def _lock(organisation_id: int, **chosen: Any) -> list[Referral]:
    rows = Referral.objects.select_for_update(of=("self",)).filter(organisation_id=organisation_id, **chosen)
    return list(rows.select_related("patient", "service", "pathway", "parent").order_by("id"))


def _tell_onward(row: Referral, step: Step, words: str, by: Actor, at: datetime) -> None:
    """Whoever asked for the patient to be taken on from another desk is told."""
    onward.tell(row.pk, step, words, organisation_id=row.organisation_id, by=by, at=at)


def _note(verb: str, row: Referral, detail: Mapping[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"referral:{row.pk}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
