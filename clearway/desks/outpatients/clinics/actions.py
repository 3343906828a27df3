"""Templates and their versions, the sessions made of them, freezing and cancelling, and leave.

None of these touches a waiting time clock: what is booked stays booked until booking.actions cancels it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.clashes import check_fields, check_whole
from clearway.core.layout.times import local
from clearway.core.locks import Lock, key_of, one_at_a_time, whole
from clearway.core.people.queries import may_be_asked
from clearway.domain.outpatients import clinics as rules
from clearway.domain.outpatients.bank_holidays import KNOWN_UNTIL
from clearway.domain.outpatients.clinics import SlotPlan, TimedSlot, Weeks
from clearway.domain.shared.errors import NotAllowed

from .. import changed
from ..upkeep import queries as upkeep
from ..upkeep.queries import Stopped
from . import queries
from .models import Clinician, Equipment, Leave, Room, Service, Session, Slot, Template
from .queries import Place

FROZEN, CANCELLED, ON_LEAVE = "Frozen", "Cancelled", "Leave"
TAKEN = ("clinician_id", "room_id", "equipment_id")  # what is in one session at a time
LINKING = "Linking this account"
SAVING = "Saving this clinic"
LEAVE_KINDS = {"annual": "Annual leave", "study": "Study leave", "sickness": "Sickness"}


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A weekly clinic as somebody wants it from `weeks.valid_from` on."""

    code: str
    name: str
    service_id: int
    room_id: int
    clinician_id: int
    weeks: Weeks
    slots: tuple[SlotPlan, ...]
    equipment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What making sessions came to. left_out: why a clinic does not meet on a day, in words."""

    sessions: int = 0
    slots: int = 0
    left_out: tuple[str, ...] = field(default_factory=tuple)


def says(row: Template | None) -> dict[str, Any]:
    """What a version says, to be held against what somebody saves after it; nothing where there is none."""
    if row is None:
        return {}
    what = (row.code, row.name, row.service_id, row.room_id, row.clinician_id)
    return _fields(NewTemplate(*what, queries.weeks_of(row), rules.plans_of(row.slots), row.equipment_id))


def _fields(wanted: NewTemplate) -> dict[str, Any]:
    weeks = wanted.weeks
    return {
        "name": wanted.name,
        "service": wanted.service_id,
        "clinician": wanted.clinician_id,
        "room": wanted.room_id,
        "equipment": wanted.equipment_id,
        "weekday": weeks.weekday,
        "every": weeks.every,
        "valid_from": weeks.valid_from,
        "valid_to": weeks.valid_to,
        "slots": rules.typed(wanted.slots),
    }


@transaction.atomic
def save_template(
    wanted: NewTemplate,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    seen: Mapping[str, Any] | None = None,
) -> Template:
    """Save a new version of a clinic; the version before ends the day before it begins.

    Its sessions from then on that nobody was ever booked or offered are taken away, for make_sessions to make
    anew; those with somebody in them stay as they were until the last booking is moved.

    seen  what the newest version said when the form was opened, as `says` gives it
    Raises NotAllowed, and ChangedMeanwhile where another version was saved since.
    """
    event = SAVING
    _same_organisation(wanted, organisation_id, event)
    # A lock on the newest row would give that row even where a newer one came while it was waited for.
    one_at_a_time(Lock.CLINIC, key_of(organisation_id, wanted.code))
    older = list(
        Template.objects.select_for_update()
        .filter(organisation_id=organisation_id, code=wanted.code)
        .order_by("-version")[:1]
    )
    if seen is not None:
        check_whole(_fields(wanted), seen, says(older[0] if older else None), event)
    starts_on = wanted.weeks.valid_from
    if older and starts_on < older[0].valid_from:
        raise NotAllowed(
            "a newer version is in force", event, "It would begin before the version it replaces."
        )
    if older and (older[0].valid_to is None or older[0].valid_to >= starts_on):
        older[0].valid_to = max(starts_on - timedelta(days=1), older[0].valid_from)
        older[0].save(update_fields=["valid_to"])
    made = Template.objects.create(
        organisation_id=organisation_id,
        code=wanted.code,
        version=older[0].version + 1 if older else 1,
        name=wanted.name,
        service_id=wanted.service_id,
        room_id=wanted.room_id,
        clinician_id=wanted.clinician_id,
        equipment_id=wanted.equipment_id,
        weekday=wanted.weeks.weekday,
        every=wanted.weeks.every,
        valid_from=starts_on,
        valid_to=wanted.weeks.valid_to,
        slots=rules.rows_of(wanted.slots),
        made_at=at,
        made_by=by.name,
    )
    gone = _take_away_empty(organisation_id, wanted.code, max(starts_on, local(at).date()), at)
    detail = {
        "version": made.version,
        "valid_from": starts_on.isoformat(),
        "slots": len(wanted.slots),
        "sessions_taken_away": gone,
    }
    entry = Entry("clinics.save_template", f"template:{wanted.code}", detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return made


def _take_away_empty(organisation_id: int, code: str, first: date, at: datetime) -> int:
    """Take away the coming sessions of a clinic in which nobody ever had a place. Returns how many."""
    coming = Session.objects.filter(
        organisation_id=organisation_id,
        template__code=code,
        state=Session.State.OPEN,
        starts_at__gte=queries.midnight(first),
        starts_at__gt=at,
    )
    empty = coming.exclude(slots__appointments__isnull=False).exclude(slots__offer__isnull=False)
    keys = list(empty.values_list("pk", flat=True))
    locked = Slot.objects.select_for_update().filter(session_id__in=keys).order_by("pk")
    list(locked.values_list("pk", flat=True))
    Slot.objects.filter(session_id__in=keys).delete()
    Session.objects.filter(pk__in=keys).delete()
    return len(keys)


def _same_organisation(wanted: NewTemplate, organisation_id: int, event: str) -> None:
    """Service, room, clinician and equipment are this trust's; the equipment is kept at the room's site."""
    for model, key in (
        (Service, wanted.service_id),
        (Room, wanted.room_id),
        (Clinician, wanted.clinician_id),
    ):
        if not model._default_manager.filter(pk=key, organisation_id=organisation_id).exists():
            raise NotAllowed("as it stands", event, f"The {model.__name__.lower()} is not one of this trust.")
    site = Room.objects.values_list("site_id", flat=True).get(pk=wanted.room_id)
    things = Equipment.objects.filter(organisation_id=organisation_id, room__site_id=site)
    if wanted.equipment_id is not None and not things.filter(pk=wanted.equipment_id).exists():
        why = "This equipment is kept at another site. Choose a room there, or other equipment."
        raise NotAllowed("as it stands", event, why)


@transaction.atomic
def make_sessions(*, organisation_id: int, until: date, by: Actor, at: datetime) -> Made:
    """Make the sessions and slots of every template up to a day, those that do not exist yet.

    A day that has a session of the clinic, even a cancelled one, gets no other; but where that one is frozen
    and of a version that is over, since its patients are being moved. On bank holidays, and where the
    clinician, the room or the equipment has another session, none is made, and that is said. Leave blocks
    its slots. Raises NotAllowed past the last day whose bank holidays are known.
    """
    if until > KNOWN_UNTIL:
        raise NotAllowed(
            f"bank holidays are known up to {KNOWN_UNTIL:%d %b %Y}",
            "Making sessions",
            "Choose an earlier day, or load the bank holidays first.",
        )
    first = local(at).date()
    templates = list(
        Template.objects.select_for_update(of=("self",))
        .select_related("clinician", "room", "equipment", "service")
        .filter(organisation_id=organisation_id, clinician__is_active=True, service__is_open=True)
        .order_by("code", "version")
    )
    making = _Making(organisation_id, first, until, at)
    for template in templates:
        making.add(template)
    made = making.save()
    if not made.sessions:
        return made
    detail = {
        "until": until.isoformat(),
        "sessions": made.sessions,
        "slots": made.slots,
        "left_out": len(made.left_out),
    }
    entry = Entry("clinics.make_sessions", f"organisation:{organisation_id}", detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return made


class _Making:
    """Sessions to be made, held against what is there; saved in two writes."""

    def __init__(self, organisation_id: int, first: date, last: date, at: datetime) -> None:
        self.organisation_id, self.first, self.last, self.at = organisation_id, first, last, at
        there = Session.objects.filter(
            organisation_id=organisation_id,
            starts_at__gte=queries.midnight(first),
            starts_at__lt=queries.after(last),
        ).values_list("template__code", "state", "starts_at", "ends_at", *TAKEN)
        given_up = set(queries.given_up(organisation_id, first, last))
        self.has = {(code, local(starts).date()) for code, _, starts, *_ in there} - given_up
        self.busy: dict[tuple[str, int], list[tuple[datetime, datetime]]] = {}
        for _, state, starts, ends, *taken in there:
            if state != Session.State.CANCELLED:
                self._take(taken, starts, ends)
        self.away: dict[int, list[Leave]] = {}
        for leave in Leave.objects.filter(
            organisation_id=organisation_id, decided=True, starts_on__lte=last, ends_on__gte=first
        ):
            self.away.setdefault(leave.clinician_id, []).append(leave)
        self.stopped = upkeep.stopped(organisation_id)
        self.sessions: list[Session] = []
        self.slots: list[Slot] = []
        self.left_out: list[str] = []

    def add(self, template: Template) -> None:
        plans, weeks = rules.plans_of(template.slots), queries.weeks_of(template)
        self.left_out += [
            f"{template.name}, {_day(on)}: {name}" for on, name in rules.closed(weeks, self.first, self.last)
        ]
        for on in rules.meets(weeks, self.first, self.last):
            if (template.code, on) not in self.has:
                self._add(template, plans, on)

    def _add(self, template: Template, plans: Sequence[SlotPlan], on: date) -> None:
        day = rules.on_day(plans, on)
        self.left_out += [
            f"{template.name}, {_day(on)}: the clocks skip {plan.start:%H:%M}" for plan in day.skipped
        ]
        if not day.slots or day.slots[0].starts_at <= self.at:
            return
        starts, ends = day.slots[0].starts_at, max(slot.ends_at for slot in day.slots)
        if clash := self._clash(template, starts, ends):
            self.left_out.append(f"{template.name}, {_day(on)}: {clash}")
            return
        self._take((template.clinician_id, template.room_id, template.equipment_id), starts, ends)
        self.has.add((template.code, on))
        session = Session(
            organisation_id=self.organisation_id,
            template=template,
            service_id=template.service_id,
            clinician_id=template.clinician_id,
            room_id=template.room_id,
            equipment_id=template.equipment_id,
            starts_at=starts,
            ends_at=ends,
        )
        self.sessions.append(session)
        away = any(each.starts_on <= on <= each.ends_on for each in self.away.get(template.clinician_id, ()))
        blocked = ON_LEAVE if away else self.stopped.words(template, on)
        self.slots += [_slot(session, slot, blocked) for slot in day.slots]

    def _clash(self, template: Template, starts: datetime, ends: datetime) -> str:
        for what, thing in zip(TAKEN, (template.clinician, template.room, template.equipment), strict=True):
            if thing is not None and self._is_busy(what, thing.pk, starts, ends):
                return f"{thing.name} has another clinic then"
        return ""

    def _is_busy(self, what: str, key: int, starts: datetime, ends: datetime) -> bool:
        return any(begin < ends and end > starts for begin, end in self.busy.get((what, key), ()))

    def _take(self, keys: Iterable[int | None], starts: datetime, ends: datetime) -> None:
        for what, key in zip(TAKEN, keys, strict=True):
            if key is not None:
                self.busy.setdefault((what, key), []).append((starts, ends))

    def save(self) -> Made:
        Session.objects.bulk_create(self.sessions)
        Slot.objects.bulk_create(self.slots)
        return Made(len(self.sessions), len(self.slots), tuple(self.left_out))


def _slot(session: Session, timed: TimedSlot, blocked: str = "") -> Slot:
    return Slot(
        organisation_id=session.organisation_id,
        session=session,
        starts_at=timed.starts_at,
        ends_at=timed.ends_at,
        kind=timed.plan.kind,
        medium=timed.plan.medium,
        seats=timed.plan.seats,
        held=timed.plan.held,
        released_at=timed.released_at,
        blocked=blocked,
    )


def _day(on: date) -> str:
    return f"{on:%a} {on.day} {on:%b %Y}"


@whole
def freeze(session_id: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Session:
    """Let nobody be booked into a session any more; what is booked stays. Raises NotAllowed."""
    session = _lock(session_id, organisation_id)
    _check(session, {Session.State.OPEN}, "Freezing this clinic")
    _set(session, Session.State.FROZEN, why)
    _block(session.slots.filter(blocked=""), f"{FROZEN}: {why}")
    _say("clinics.freeze", session, {"why": why}, by, at)
    return session


@whole
def unfreeze(session_id: int, *, organisation_id: int, by: Actor, at: datetime) -> Session:
    """Open a frozen session again; leave and what is broken still block it. Raises NotAllowed."""
    session = _lock(session_id, organisation_id)
    _check(session, {Session.State.FROZEN}, "Opening this clinic")
    _set(session, Session.State.OPEN, "")
    # The clinician may have gone on leave, or something broken, while it was frozen: that still holds.
    stopped = upkeep.stopped(organisation_id)
    _block(session.slots.filter(blocked__startswith=FROZEN), _reason_to_block(session, stopped))
    _say("clinics.unfreeze", session, {}, by, at)
    return session


@whole
def cancel_session(session_id: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Session:
    """Cancel a session: no slot of it can be booked. Raises NotAllowed.

    What is booked in it is not cancelled by this: each patient is offered another date by somebody, soonest
    first (booking.queries.affected lists them), and no clock is touched.
    """
    session = _lock(session_id, organisation_id)
    _check(session, {Session.State.OPEN, Session.State.FROZEN}, "Cancelling this clinic")
    _set(session, Session.State.CANCELLED, why)
    _block(session.slots.all(), f"{CANCELLED}: {why}")
    _say("clinics.cancel_session", session, {"why": why}, by, at)
    return session


@whole
def block(
    place: Place, words: str, until: date, *, organisation_id: int, by: Actor, at: datetime
) -> list[int]:
    """Let nobody be booked where something is broken from now up to a day, that day included.

    Returns the slots it blocked. What is blocked for another reason stays so, and who is booked stays until
    somebody moves them.
    """
    slots = queries.slots_at(place, organisation_id, at, until).filter(blocked="")
    found = list(slots.values_list("pk", flat=True))
    _block(Slot.objects.filter(pk__in=found), words)
    changed.diary(_starts(found), organisation_id=organisation_id, at=at)
    detail = {"until": until.isoformat(), "slots": len(found)}
    entry = Entry("clinics.block", str(place), detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return found


@whole
def free(place: Place, cause: str, *, organisation_id: int, by: Actor, at: datetime) -> list[int]:
    """Undo what `block` did for a cause, the beginning of its words. Returns the slots that are free now.

    What stands in the way otherwise goes on blocking them: a clinic frozen since, leave, or another fault.
    """
    blocked = queries.slots_blocked_by(organisation_id, cause)
    rows = list(blocked.select_related("session").filter(ends_at__gt=at))
    found: list[int] = []
    reasons: dict[str, list[int]] = {}
    stopped = upkeep.stopped(organisation_id)
    for slot in rows:
        reasons.setdefault(_other_reason(slot, stopped), []).append(slot.pk)
    for reason, keys in reasons.items():
        _block(Slot.objects.filter(pk__in=keys), reason)
        found += keys if not reason else []
    changed.diary([slot.starts_at for slot in rows], organisation_id=organisation_id, at=at)
    entry = Entry("clinics.free", str(place), {"slots": len(found)})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return found


def _other_reason(slot: Slot, stopped: Stopped) -> str:
    """Why nobody could be booked into a slot; "" where somebody can."""
    session = slot.session
    if session.state != Session.State.OPEN:
        return f"{FROZEN if session.state == Session.State.FROZEN else CANCELLED}: {session.why}"
    return _reason_to_block(session, stopped)


def _starts(slot_ids: Iterable[int]) -> list[datetime]:
    return list(Slot.objects.filter(pk__in=list(slot_ids)).values_list("starts_at", flat=True))


def _reason_to_block(session: Session, stopped: Stopped) -> str:
    """Why nobody could be booked into an open session; "" where somebody can."""
    on = local(session.starts_at).date()
    if queries.granted_leave([session.clinician_id], on, on):
        return ON_LEAVE
    return stopped.words(session, on)


def _lock(session_id: int, organisation_id: int) -> Session:
    rows = Session.objects.select_for_update()
    return rows.get(pk=session_id, organisation_id=organisation_id)


def _check(session: Session, allowed: Iterable[str], event: str) -> None:
    if session.state not in allowed:
        state = f"it is {session.state}"
        raise NotAllowed(state, event, "Somebody changed it a moment ago; look at it again.")


def _set(session: Session, state: Session.State, why: str) -> None:
    session.state, session.why = state, why[:200]
    session.save(update_fields=["state", "why"])


def _block(slots: "QuerySet[Slot]", words: str) -> None:
    """Write on each slot why it cannot be booked: a booking that is under way locks the same rows."""
    rows = Slot.objects.select_for_update(no_key=True).filter(pk__in=[slot.pk for slot in slots])
    for slot in rows.order_by("pk"):
        slot.blocked = words[:200]
        slot.save(update_fields=["blocked"])


def _say(verb: str, session: Session, detail: dict[str, str], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"session:{session.pk}", detail)
    record([entry], organisation_id=session.organisation_id, by=by, at=at)
    changed.diary([session.starts_at], organisation_id=session.organisation_id, at=at)


@transaction.atomic
def link(
    clinician_id: int,
    user_id: int | None,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    seen: Mapping[str, Any] | None = None,
) -> Clinician:
    """Say with which account a clinician signs in; None for none.

    seen  the account that was shown. Raises NotAllowed, and ChangedMeanwhile where it is another now.
    """
    event = LINKING
    rows = Clinician.objects.filter(organisation_id=organisation_id)
    row = rows.select_for_update().filter(pk=clinician_id).first()
    if row is None:
        raise NotAllowed("as it stands", event, "There is no such clinician here.")
    if user_id is not None and not may_be_asked(organisation_id, at).filter(pk=user_id).exists():
        raise NotAllowed("as it stands", event, "Choose an account of this trust.")
    if user_id is not None and rows.filter(user_id=user_id).exclude(pk=clinician_id).exists():
        raise NotAllowed("linked", event, "This account is linked. Take it from the other clinician first.")
    if seen is not None:
        check_fields({"user": user_id}, seen, {"user": row.user_id}, event)
    row.user_id = user_id
    row.save(update_fields=["user"])
    entry = Entry("clinics.link", f"clinician:{row.code}", {"user": user_id})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return row


@dataclass(frozen=True, slots=True)
class NewLeave:
    """Leave as somebody asks for it; both days included."""

    clinician_id: int
    starts_on: date
    ends_on: date
    kind: str


@transaction.atomic
def ask_leave(wanted: NewLeave, *, organisation_id: int, by: Actor, at: datetime) -> Leave:
    """Write down leave that is asked for. Sickness is granted at once. Raises NotAllowed."""
    event = "Asking for this leave"
    if wanted.ends_on < wanted.starts_on:
        raise NotAllowed("as it stands", event, "It ends before it begins.")
    if wanted.kind not in LEAVE_KINDS:
        raise NotAllowed("as it stands", event, f"Choose one of {', '.join(LEAVE_KINDS)}.")
    clinician = Clinician.objects.get(pk=wanted.clinician_id, organisation_id=organisation_id)
    is_sick = wanted.kind == "sickness"
    row = Leave.objects.create(
        organisation_id=organisation_id,
        clinician=clinician,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        kind=wanted.kind,
        asked_at=at,
        decided=True if is_sick else None,
        decided_at=at if is_sick else None,
    )
    if is_sick:
        touched = queries.touched(row)
        _block(Slot.objects.filter(pk__in=touched, blocked=""), ON_LEAVE)
        changed.diary(_starts(touched), organisation_id=organisation_id, at=at)
    detail = {"from": wanted.starts_on.isoformat(), "to": wanted.ends_on.isoformat(), "kind": wanted.kind}
    entry = Entry("clinics.ask_leave", f"clinician:{clinician.code}", detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return row


@whole
def decide_leave(leave_id: int, granted: bool, *, organisation_id: int, by: Actor, at: datetime) -> Leave:
    """Grant or refuse leave. Granted, its slots are blocked; bookings in them stay. Raises NotAllowed."""
    row = Leave.objects.select_for_update().get(pk=leave_id, organisation_id=organisation_id)
    if row.decided is not None:
        raise NotAllowed("it has been decided", "Deciding this leave", "Look at it again.")
    row.decided, row.decided_at = granted, at
    row.save(update_fields=["decided", "decided_at"])
    if granted:
        touched = queries.touched(row)
        _block(Slot.objects.filter(pk__in=touched, blocked=""), ON_LEAVE)
        changed.diary(_starts(touched), organisation_id=organisation_id, at=at)
    entry = Entry("clinics.decide_leave", f"leave:{row.pk}", {"granted": granted})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return row
