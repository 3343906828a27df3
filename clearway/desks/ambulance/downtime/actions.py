"""Declaring and ending a failure of the CAD or a drill, and entering by hand what crews say meanwhile."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from django.db import IntegrityError, transaction
from django.urls import reverse

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.decisions import actions as decisions
from clearway.core.decisions.actions import LATE, Written
from clearway.core.feeds.models import BY_HAND, Source
from clearway.core.layout.times import LONDON, clock, local, moment
from clearway.core.live.actions import announce
from clearway.core.notices import actions as notices
from clearway.domain.ambulance import downtime
from clearway.domain.ambulance.downtime import Decided, Form, Line
from clearway.domain.ambulance.events import AvailabilityEvent, JobEvent
from clearway.domain.ambulance.transitions import AFTER_THE_END, is_legal
from clearway.domain.ambulance.words import Availability, FormKind, JobState, JobStatus, StatusSource
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.identity import holds_nhs_number

from ..facts import actions as facts
from ..incidents.queries import Sent
from ..resources import queries as resources
from . import queries, register
from .models import CadFailure, HandEntry, PaperForm

NOTICE = "cad_failure"
WHAT = "Entering by hand"
ENDS = (JobStatus.CLEAR, JobStatus.RELEASED)
SAME_END = timedelta(minutes=15)  # an end on paper so near to that of the CAD is the same
MARGIN = timedelta(hours=1)  # paper begins before a failure is declared, and goes on for a little after


@transaction.atomic
def declare(reason: str, *, is_drill: bool, organisation_id: int, by: Actor, at: datetime) -> CadFailure:
    """Declare that the CAD has failed, or that a drill begins. A failure stands on every page at once.

    Raises NotAllowed: nobody declares it, or one goes on.
    """
    what = "Declaring a drill" if is_drill else "Declaring a failure of the CAD"
    if by.user_id is None:
        raise NotAllowed("nobody", what, "Only a person declares it.")
    try:
        with transaction.atomic():
            row = CadFailure.objects.create(
                organisation_id=organisation_id,
                is_drill=is_drill,
                reason=reason,
                declared_at=at,
                declared_by=by.name,
            )
    except IntegrityError:
        raise NotAllowed("declared", what, "It was declared meanwhile. Open the page again.") from None
    _audit("declare", row, {"reason": reason}, by, at)
    if not is_drill:
        notices.put(
            NOTICE,
            f"CAD failure declared {clock(at)} by {by.name}: {reason}. Statuses are entered by hand",
            address=reverse("downtime:board"),
            ends_at=None,
            organisation_id=organisation_id,
            at=at,
        )
    return row


@transaction.atomic
def end(learnt: str, *, is_drill: bool, organisation_id: int, by: Actor, at: datetime) -> CadFailure:
    """End the failure or the drill that goes on. Raises NotAllowed."""
    what = "Ending the drill" if is_drill else "Ending the failure of the CAD"
    row = (
        CadFailure.objects.select_for_update()
        .filter(organisation_id=organisation_id, is_drill=is_drill, ended_at__isnull=True)
        .first()
    )
    if row is None:
        raise NotAllowed("over", what, "Nothing goes on. Open the page again.")
    if by.user_id is None:
        raise NotAllowed("nobody", what, "Only a person ends it.")
    if is_drill and not learnt:
        raise NotAllowed("without a lesson", what, "Write down what was learnt, if only that all went well.")
    row.ended_at, row.ended_by, row.learnt = at, by.name, learnt
    row.save(update_fields=["ended_at", "ended_by", "learnt"])
    _audit("end", row, {"learnt": learnt}, by, at)
    if not is_drill:
        notices.withdraw(NOTICE, organisation_id=organisation_id, at=at)
    return row


def _audit(verb: str, row: CadFailure, detail: dict[str, object], by: Actor, at: datetime) -> None:
    subject = f"{'drill' if row.is_drill else 'cad_failure'}:{row.pk}"
    audit([Entry(f"downtime.{verb}", subject, detail)], organisation_id=row.organisation_id, by=by, at=at)


@dataclass(frozen=True, slots=True)
class Understood:
    """A line with everything that it needs looked up, before anything is kept.

    warning  what a person should know before it is entered; "" for nothing
    """

    line: Line
    occurred_at: datetime
    job: Sent | None
    incident: str
    assignment: str
    place_name: str
    warning: str = ""


def understand(
    text: str, failure: CadFailure | None, *, from_paper: bool = False, organisation_id: int, at: datetime
) -> Understood | Decided:
    """What a line means now; from paper, what it meant in its failure. Changes nothing.

    Raises CannotParse and NotAllowed.
    """
    if holds_nhs_number(text):
        raise NotAllowed("with a number", WHAT, "Leave out the NHS number: name the incident instead.")
    if decided := downtime.parse_decision(text):
        return decided
    sites = queries.places(organisation_id)
    line = downtime.parse(text, resources.call_signs(organisation_id), sites)
    occurred_at = instant(line, at, failure if from_paper else None)
    incident = assignment = warning = ""
    job = None
    if isinstance(line.status, JobStatus):
        job = queries.job_of(organisation_id, line.call_sign, occurred_at)
        incident, assignment = _job(line, job, occurred_at, failure, organisation_id)
        warning = _missing_steps(line, job)
    if line.form and failure and (more := register.more_by(line.form, failure, organisation_id)):
        said = f"This makes {more} forms unaccounted for"
        warning = f"{warning}. {said}" if warning else said
    return Understood(line, occurred_at, job, incident, assignment, sites.get(line.place or "", ""), warning)


def instant(said: Line | Decided, at: datetime, failure: CadFailure | None = None) -> datetime:
    """The newest instant of the last day, not later than now, at which a wall clock showed this.

    Of a line without a time: now, to the second.
    failure  the line stands on its paper: it happened then, however late it is entered
    Raises NotAllowed: at no time, or from paper on two days.
    """
    if said.wall is None:
        return at.replace(microsecond=0)
    begin, until = at - timedelta(days=1), at
    if failure is not None:
        begin, until = failure.declared_at - MARGIN, min(at, (failure.ended_at or at) + MARGIN)
    found = _shown(said, begin, until)
    if failure is None:
        if not found:
            raise NotAllowed("another day", WHAT, "The last day had no such time. Leave out the day.")
        return found[-1]
    if not found:
        times = f"{moment(failure.declared_at, at)} to {moment(failure.ended_at or at, at)}"
        raise NotAllowed("another time", WHAT, f"This time is not of the failure, {times}. Check the form.")
    if len(found) > 1:
        why = "The failure had this time on several days: put the day before the time, as 20/0214."
        raise NotAllowed("two days", WHAT, why)
    return found[0]


def _shown(said: Line | Decided, begin: datetime, until: datetime) -> list[datetime]:
    """When a wall clock showed this, once a day: of an hour that comes twice the second."""
    assert said.wall is not None
    hour, minute = said.wall
    midnight = local(begin).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    days = [midnight + timedelta(days=each) for each in range((until - begin).days + 3)]
    found = []
    for day in days:
        wall = day.replace(hour=hour, minute=minute)
        both = (wall.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (1, 0))
        fits = [each for each in both if begin <= each and downtime.latest(each, until)]
        if fits and said.day in (None, day.day):
            found.append(max(fits))
    return found


def _job(
    line: Line, job: Sent | None, occurred_at: datetime, failure: CadFailure | None, organisation_id: int
) -> tuple[str, str]:
    """Incident and key of the job that a status belongs to. A new one needs its form."""
    if line.form is not None and line.form.kind is FormKind.INCIDENT:
        # Numbers are drawn for ever, so they name a job as well as the CAD's own would.
        drill = "drill " if failure is not None and failure.is_drill else ""
        incident = f"paper {drill}{line.form}"
        key = f"{incident}/{line.call_sign}"
        return queries.stands_in(organisation_id, key) or (incident, key)
    if line.status is JobStatus.ALLOCATED:
        why = "A job that the CAD does not know stands on an incident form: add its number, as #I12."
        raise NotAllowed("without a form", WHAT, why)
    if job is None:
        why = f"{line.call_sign} is on no job that is known. Add the number of its incident form, as #I12."
        raise NotAllowed("without a job", WHAT, why)
    if job.state is JobState.STOOD_DOWN:
        why = f"{line.call_sign} was stood down. Add the number of the incident form of its new job, as #I12."
        raise NotAllowed("stood down", WHAT, why)
    if _is_of_another_job(line, job, occurred_at):
        why = (
            f"{line.call_sign} has ended job {job.incident}. If this is of a new job, add the number of its "
            "incident form, as #I12; if it corrects the job, put an exclamation mark at the end."
        )
        raise NotAllowed("over", WHAT, why)
    return job.incident, job.key


def _is_of_another_job(line: Line, job: Sent, occurred_at: datetime) -> bool:
    """Whether a status came after the end of the job, and is none that may follow there."""
    assert isinstance(line.status, JobStatus)
    ended_at = min((at for end, at in job.stamps.items() if end in ENDS), default=None)
    if not job.state.is_over or ended_at is None or occurred_at <= ended_at + downtime.AGAIN:
        return False
    if line.status in AFTER_THE_END.get(job.state, ()):
        return False
    if line.status in job.stamps:
        is_the_end = line.status in ENDS and occurred_at <= ended_at + SAME_END
        return not line.corrects and not is_the_end
    return True


def _missing_steps(line: Line, job: Sent | None) -> str:
    assert isinstance(line.status, JobStatus)
    state = job.state if job is not None else JobState.NONE
    if line.status in (job.stamps if job else {}) or is_legal(state, line.status):
        return ""
    return f"A step may be missing: it stood as {state.value.replace('_', ' ')}"


@transaction.atomic
def enter(
    text: str,
    once: str,
    *,
    is_drill: bool = False,
    from_paper: bool = False,
    of: int | None = None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> HandEntry | None:
    """Enter one line by hand. The same `once` again is the same entry. None of a decision: it is in the log.

    from_paper  it was written on a form first: form number and time are needed
    of          key of the failure whose paper it is; None for the newest that is not reconciled
    Raises CannotParse, and NotAllowed: the CAD is there, or something else was entered before.
    """
    facts.lock(organisation_id)
    if done := HandEntry.objects.filter(organisation_id=organisation_id, once=once).first():
        return done
    failure = _failure(organisation_id, is_drill, from_paper, of, at)
    meant = understand(text, failure, from_paper=from_paper, organisation_id=organisation_id, at=at)
    if from_paper:
        _check_paper(meant)
    if isinstance(meant, Decided):
        decided_at = instant(meant, at, failure if from_paper else None)
        _decide(meant, decided_at, failure, organisation_id, by, at)
        return None
    if not is_drill:
        _check_anew(meant, organisation_id)
    form = register.use(meant.line.form, failure, organisation_id, by, at) if meant.line.form else None
    row = _entry(meant, once, failure, form, organisation_id, by, at)
    if not is_drill:
        _record(row, organisation_id, by, at)
        announce("hand_entry", [str(row.pk)], organisation_id=organisation_id, at=at)
    detail = {"status": row.status, "occurred_at": row.occurred_at.isoformat(), "drill": is_drill}
    entry = Entry(
        "downtime.enter", f"resource:{row.call_sign}", {**detail, "form": str(meant.line.form or "")}
    )
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def _failure(
    organisation_id: int, is_drill: bool, from_paper: bool, of: int | None, at: datetime
) -> CadFailure | None:
    """The failure to which an entry belongs; None while the CAD is only not heard. Raises NotAllowed."""
    if is_drill:
        if (drill := queries.current(organisation_id, drill=True)) is None:
            raise NotAllowed("no drill", WHAT, "No drill goes on. Begin one first.")
        return drill
    row = queries.one_to_reconcile(organisation_id, of) if from_paper else queries.current(organisation_id)
    if from_paper and row is None:
        raise NotAllowed("no failure", WHAT, "There is no failure that is not reconciled yet.")
    if row is None and not queries.cad_feed(organisation_id, at).is_away:
        raise NotAllowed("the CAD is there", WHAT, "The CAD is heard: enter it there.")
    return row


def _check_paper(meant: Understood | Decided) -> None:
    if isinstance(meant, Decided):
        return
    if meant.line.form is None:
        raise NotAllowed("without a form", WHAT, "Add the number of the form, as #S12.")
    if meant.line.wall is None:
        raise NotAllowed("without a time", WHAT, "Add the time that stands on the form, as 0214.")


def _check_anew(meant: Understood, organisation_id: int) -> None:
    """Nothing that was entered by hand is replaced unless somebody says so."""
    line = meant.line
    if line.corrects or not meant.assignment:
        return
    before = (
        HandEntry.objects.filter(
            organisation_id=organisation_id,
            is_drill=False,
            assignment=meant.assignment,
            status=line.status.value,
        )
        .exclude(status=JobStatus.DESTINATION_SELECTED.value)
        .order_by("-pk")
        .first()
    )
    if before is not None and downtime.differs(meant.occurred_at, before.occurred_at):
        why = (
            f"{clock(before.occurred_at)} was entered by {before.entered_by} at {clock(before.entered_at)}. "
            "Put an exclamation mark at the end to correct that."
        )
        raise NotAllowed("entered before", WHAT, why)


def _entry(
    meant: Understood,
    once: str,
    failure: CadFailure | None,
    form: PaperForm | None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> HandEntry:
    line, is_drill = meant.line, failure is not None and failure.is_drill
    return HandEntry.objects.create(
        organisation_id=organisation_id,
        failure=failure,
        form=form,
        is_drill=is_drill,
        once=once,
        call_sign=line.call_sign,
        status=line.status.value,
        incident=meant.incident,
        assignment=meant.assignment,
        place=line.place or "",
        reason=line.rest,
        occurred_at=meant.occurred_at,
        entered_at=at,
        entered_by=by.name,
        is_late=at - meant.occurred_at > LATE,
        message_id="" if is_drill else f"hand:{once}",
    )


def event_of(row: HandEntry, assignment: str = "", incident: str = "") -> JobEvent | AvailabilityEvent:
    """The event of an entry; in another job where one is named."""
    message_id = row.message_id or f"drill:{row.once}"
    if not row.assignment:
        return AvailabilityEvent(
            message_id=message_id,
            occurred_at=row.occurred_at,
            call_sign=row.call_sign,
            status=Availability(row.status),
            reason=row.reason or None,
            source=StatusSource.MANUAL,
        )
    return JobEvent(
        message_id=f"{message_id}:moved:{_short(assignment)}" if assignment else message_id,
        occurred_at=row.occurred_at,
        incident=incident or row.incident,
        call_sign=row.call_sign,
        assignment=assignment or row.assignment,
        status=JobStatus(row.status),
        destination=row.place or None,
        source=StatusSource.MANUAL,
    )


def _short(assignment: str) -> str:
    """What tells one job from another in a message's key, which has less room than the key of a job."""
    return facts.body_hash(assignment.encode()).hex()


def _record(row: HandEntry, organisation_id: int, by: Actor, at: datetime) -> None:
    _say([event_of(row)], organisation_id, by, at)


def _say(events: list[JobEvent | AvailabilityEvent], organisation_id: int, by: Actor, at: datetime) -> None:
    """Make them facts. Raises NotAllowed, and keeps nothing, where a key was used for something else."""
    source = Source.objects.get(organisation_id=organisation_id, kind=BY_HAND)
    received = [
        facts.Received(event.message_id, facts.body_hash(msgspec.json.encode(event)), (event,))
        for event in events
    ]
    if facts.Outcome.CONTRADICTION in facts.record(received, source=source, by=by, at=at):
        why = "This was entered before and said something else then. Nothing is changed; open the page again."
        raise NotAllowed("said otherwise", WHAT, why)


def _decide(
    decided: Decided,
    decided_at: datetime,
    failure: CadFailure | None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> None:
    register.use(decided.form, failure, organisation_id, by, at)
    if failure is not None and failure.is_drill:
        entry = Entry("downtime.enter", f"form:{decided.form}", {"drill": True})
        audit([entry], organisation_id=organisation_id, by=by, at=at)
        return
    decisions.write(
        Written(
            known=f"What stood on paper form {decided.form}",
            decision=decided.words,
            reason="As on the paper form",
            decided_at=decided_at,
            late_reason="Entered from paper after a failure of the CAD",
        ),
        organisation_id=organisation_id,
        by=by,
        at=at,
    )


@transaction.atomic
def choose(key: int, choice: HandEntry.Choice, *, organisation_id: int, by: Actor, at: datetime) -> HandEntry:
    """Record whose time is right where another source gives another one. Raises NotAllowed.

    The record stays what the other source says until that source corrects it: both times go on to be shown.
    An availability stands by time alone: theirs is said again, for the source itself will not.
    """
    what = "Settling this"
    row = HandEntry.objects.select_for_update().filter(organisation_id=organisation_id, pk=key).first()
    if row is None or row.is_drill:
        raise NotAllowed("gone", what, "There is no such entry. Open the page again.")
    if not row.assignment and HandEntry.Choice.THEIRS == choice != row.choice:
        _take_back(row, organisation_id, by, at)
    row.choice, row.chosen_at, row.chosen_by = choice, at, by.name
    row.save(update_fields=["choice", "chosen_at", "chosen_by"])
    entry = Entry("downtime.choose", f"resource:{row.call_sign}", {"entry": row.pk, "choice": choice})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def _take_back(row: HandEntry, organisation_id: int, by: Actor, at: datetime) -> None:
    """Let the availability that another source gave last stand again: it will not say the same twice."""
    found = queries.compared_while_lost(organisation_id, at)
    for failure in queries.unreconciled(organisation_id):
        found += queries.compared(organisation_id, failure, at)
    theirs = next((each.their_status for each in found if each.entry.pk == row.pk), "")
    if not theirs:
        why = "No other source says anything of it. Ours stands until one does."
        raise NotAllowed("nothing said", "Settling this", why)
    again = AvailabilityEvent(
        message_id=f"theirs:{row.once}:{at:%Y%m%dT%H%M%S.%f}",  # ours may have been chosen in between
        occurred_at=at,
        call_sign=row.call_sign,
        status=Availability(theirs),
        source=StatusSource.MANUAL,
    )
    _say([again], organisation_id, by, at)


@transaction.atomic
def same_job(paper: str, cad: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Say that a job on paper is one that the CAD has: what was entered of it stands there from now on.

    The facts on paper stay, and count in the job of the CAD alone. Raises NotAllowed.
    """
    facts.lock(organisation_id)
    open_ = queries.unreconciled(organisation_id)
    jobs = [job for failure in open_ for job in queries.paper_jobs(organisation_id, failure, at)]
    ours = next((job for job in jobs if job.key == paper), None)
    theirs = next((job for job in ours.may_be if job.key == cad), None) if ours else None
    if ours is None or theirs is None:
        raise NotAllowed("not found", "Joining two jobs", "One of the two is gone. Open the page again.")
    _move(paper, theirs.key, theirs.incident, organisation_id, by, at)
    entry = Entry("downtime.same_job", f"assignment:{theirs.key}", {"paper": paper})
    audit([entry], organisation_id=organisation_id, by=by, at=at)


def _move(paper: str, key: str, incident: str, organisation_id: int, by: Actor, at: datetime) -> None:
    """Say everything of a job on paper in another job, and end the one on paper by a fact that names it."""
    rows = HandEntry.objects.filter(organisation_id=organisation_id, assignment=paper, is_drill=False)
    moved = [event_of(row, key, incident) for row in rows.order_by("pk")]
    first = rows.earliest("occurred_at")
    gone = msgspec.structs.replace(
        event_of(first), message_id=f"same:{first.once}:{key}", status=JobStatus.STOOD_DOWN, same_as=key
    )
    _say([*moved, gone], organisation_id, by, at)
    rows.update(assignment=key, incident=incident)


@transaction.atomic
def take_back(
    wrong: Form, right: Form, why: str, failure: CadFailure, *, organisation_id: int, by: Actor, at: datetime
) -> int:
    """Say that a form's number was mistyped: what was entered from it stands on another form.

    The wrong one is unaccounted for again, for nobody knows what stands on it. Of incident forms the jobs
    take the other number with them. Returns how many lines moved. Raises NotAllowed: nothing was entered from
    it in this failure, no reason, or the other number cannot have been used.
    """
    what = f"Taking back form {wrong}"
    facts.lock(organisation_id)
    row = register.entered(wrong, failure, organisation_id)
    if row is None:
        raise NotAllowed("not entered", what, "Nothing was entered from it in this failure.")
    if not why.strip():
        raise NotAllowed("no reason", what, "Say what happened: a number was mistyped.")
    if right == wrong or right.kind is not wrong.kind:
        raise NotAllowed("the same", what, "Give another number of the same kind of form.")
    other = register.use(right, failure, organisation_id, by, at)
    lines = HandEntry.objects.filter(organisation_id=organisation_id, form=row)
    keys = set(lines.exclude(assignment="").values_list("assignment", "call_sign"))
    moved = lines.update(form=other)
    if wrong.kind is FormKind.INCIDENT:
        for key, call_sign in sorted(keys):
            if key == f"paper {wrong}/{call_sign}":  # else it stands in a job of the CAD already
                incident = f"paper {right}"
                _move(key, f"{incident}/{call_sign}", incident, organisation_id, by, at)
    register.unaccount(row)
    detail = {"form": str(wrong), "other": str(right), "why": why, "lines": moved}
    entry = Entry("downtime.take_back", "paper_forms", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return moved


@transaction.atomic
def reconcile(*, of: int | None = None, organisation_id: int, by: Actor, at: datetime) -> CadFailure:
    """Close the reconciliation of a failure; the newest where none is named.

    Raises NotAllowed while anything is open.
    """
    what = "Closing the reconciliation"
    failure = queries.one_to_reconcile(organisation_id, of)
    if failure is None:
        raise NotAllowed("closed", what, "Nothing is left to reconcile.")
    if failure.ended_at is None:
        raise NotAllowed("going on", what, "End the failure first.")
    left = [
        (queries.unaccounted(organisation_id, failure).count(), "forms unaccounted for"),
        (
            sum(each.is_open for each in queries.compared(organisation_id, failure, at)),
            "words that another source does not bear out",
        ),
        (
            sum(bool(job.may_be) for job in queries.paper_jobs(organisation_id, failure, at)),
            "jobs on paper that the CAD may have",
        ),
    ]
    if any(number for number, _ in left):
        why = "Still open: " + ", ".join(f"{number} {words}" for number, words in left if number) + "."
        raise NotAllowed("open", what, why)
    failure.reconciled_at, failure.reconciled_by = at, by.name
    failure.save(update_fields=["reconciled_at", "reconciled_by"])
    _audit("reconcile", failure, {}, by, at)
    return failure
