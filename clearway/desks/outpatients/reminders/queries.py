"""Reading reminders: which step of which appointment is due, whom somebody rings, and what was sent."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from clearway.core.layout.times import local
from clearway.domain.outpatients.letter_formats import Format, needed
from clearway.domain.outpatients.messages import Channel
from clearway.domain.outpatients.reminders import Reach, ReminderPolicy, Step, Visit, Way, call_due, due
from clearway.domain.outpatients.trials import Days
from clearway.domain.shared.delivery import mobile

from ..booking import queries as booking
from ..conversations import queries as conversations
from ..patients import queries as patients
from .models import Reminder

NotThere = Reminder.DoesNotExist
MOST = 200
SPARE = timedelta(days=2)  # beyond the farthest step of the plan


@dataclass(frozen=True, slots=True)
class Due:
    """A step that is due for an appointment. service: its code."""

    appointment: int
    step: Step
    service: str


@dataclass(frozen=True, slots=True)
class ToRing:
    """How many are to be rung, and when the first of their appointments begins."""

    count: int = 0
    first_at: datetime | None = None


def due_now(
    organisation_id: int,
    policy: ReminderPolicy,
    at: datetime,
    own: Mapping[tuple[int, str], Days] = MappingProxyType({}),
) -> list[Due]:
    """The steps that are due, the soonest appointments first. Two queries.

    own  days of those on whom they are tried, by patient and code of service
    """
    plans = {code: policy.of(code) for code in policy.services}
    far = max(each.far for each in (policy, *plans.values()))
    far = max([far, *(each.farthest for each in own.values())])
    rows = booking.to_come(organisation_id, at, at + timedelta(days=far) + SPARE, at - timedelta(days=1))
    taken = _taken([row.pk for row in rows])
    found = []
    for row in rows:
        steps = taken.get(row.pk, {})
        visit = Visit(
            row.made_at,
            row.starts_at,
            row.confirmed_at is not None,
            frozenset(Step(each) for each in steps),
            max(steps.values(), default=None),
        )
        plan = plans.get(row.service, policy)
        if days := own.get((row.person_id, row.service)):
            plan = with_days(plan, days)
        if step := due(visit, plan, at):
            found.append(Due(row.pk, step, row.service))
        elif not steps and call_due(visit, plan, at):
            found.append(Due(row.pk, Step.CALL, row.service))
    return found


def with_days(plan: ReminderPolicy, days: Days) -> ReminderPolicy:
    """The plan with other days; as it is, where it was changed since so that they do not fit into it."""
    try:
        return replace(plan, far=days.far, near=days.near)
    except ValueError:
        return plan


def untold(
    organisation_id: int, services: Collection[str], nearest: int, farthest: int, at: datetime
) -> list[Any]:
    """Visits to these services, so many days from now, before their first reminder by day. Two queries."""
    rows = booking.to_come(organisation_id, at, at + timedelta(days=farthest + 1), at)
    today = local(at).date()
    near = [
        row
        for row in rows
        if row.service in services and nearest <= (local(row.starts_at).date() - today).days <= farthest
    ]
    taken = _taken([row.pk for row in near])
    return [row for row in near if not taken.get(row.pk, {}).keys() - {Step.BOOKED.value}]


def _taken(keys: Iterable[int]) -> dict[int, dict[str, datetime]]:
    """Appointment -> step -> when. One query."""
    found: dict[int, dict[str, datetime]] = {}
    rows = Reminder.objects.filter(appointment_id__in=list(keys))
    for key, step, at in rows.values_list("appointment_id", "step", "made_at"):
        found.setdefault(key, {})[step] = at
    return found


def reach_of(visits: Iterable[Any]) -> Mapping[int, Reach]:
    """Patient -> how they can be reached, as their records say. Four queries."""
    people = {row.patient.person_id: row.patient.stands for row in visits}
    needs, flags = patients.needs_of(people), patients.flags_of(people)
    organisations = {row.organisation_id for row in people.values()}
    numbers = {mobile(row.mobile) or "" for row in people.values()} | {row.email for row in people.values()}
    gone = {each for key in organisations for each in conversations.bounced(numbers - {""}, key)}
    return {key: _reach(row, needs.get(key, []), flags.get(key, []), gone) for key, row in people.items()}


def _reach(patient: Any, needs: list[Any], flags: list[Any], gone: set[str]) -> Reach:
    asked = needed((each.kind, each.detail) for each in needs)
    everywhere = ""
    if asked.languages:
        everywhere = "The patient needs an interpreter."
    elif asked.unknown or asked.format is not Format.STANDARD:
        everywhere = "The patient needs another form than print or screen in ordinary type."
    elif any(each.kind == "contact" for each in needs):
        everywhere = "How the patient is to be reached is recorded as a need: read it first."
    return Reach(
        patient.channel,
        {way: everywhere or _why_not(patient, way, flags, gone) for way in (Way.TEXT, Way.EMAIL)},
    )


def _why_not(patient: Any, way: Way, flags: list[Any], gone: set[str]) -> str:
    may = patients.may_contact(patient, way.value, by_machine=True, flags=flags)
    if not may:
        return may.why
    to = to_of(patient, Channel(way.value))
    if not to:
        return "The number that is known is no mobile number."
    return "The last message there was refused." if to in gone else ""


def to_of(patient: Any, channel: Channel) -> str:
    """The number or address of a channel; "" where there is none."""
    stands = patient.stands
    return (mobile(stands.mobile) or "") if channel is Channel.TEXT else stands.email


def reminders() -> QuerySet[Reminder]:
    """Reminders with all that is shown of them."""
    return Reminder.objects.select_related(
        "appointment__patient__merged_into",
        "appointment__entry",
        "appointment__slot__session__service",
        "appointment__slot__session__clinician",
        "appointment__slot__session__room__site",
        "message__outgoing",
    )


def to_ring(organisation_id: int) -> list[Reminder]:
    """Whom somebody rings, the soonest appointment first. One query."""
    rows = reminders().filter(organisation_id=organisation_id, state=Reminder.State.TO_RING)
    return list(rows.order_by("appointment__starts_at", "id")[:MOST])


def ringing(organisation_id: int) -> ToRing:
    """How many are to be rung. One query."""
    rows = Reminder.objects.filter(organisation_id=organisation_id, state=Reminder.State.TO_RING)
    found = rows.aggregate(count=Count("pk"), first=Min("appointment__starts_at"))
    return ToRing(found["count"], found["first"])


def calls_of(appointments: Iterable[int]) -> dict[int, Reminder]:
    """Appointment -> its call, whatever became of it. One query."""
    rows = Reminder.objects.filter(appointment_id__in=list(appointments), step=Step.CALL)
    return {row.appointment_id: row for row in rows}


def sent_since(organisation_id: int, since: datetime) -> list[Reminder]:
    """The newest reminders, newest first. One query."""
    rows = reminders().filter(organisation_id=organisation_id, made_at__gte=since)
    return list(rows.order_by("-id")[:MOST])


def of_appointment(key: int) -> list[Reminder]:
    """The reminders of one appointment. One query."""
    return list(reminders().filter(appointment_id=key).order_by("id"))


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of the reminders of a span of time, by way."""

    way: str
    made: int
    delivered: int
    not_delivered: int
    to_ring: int
    confirmed: int


def counted(organisation_id: int, since: datetime) -> list[Counted]:
    """Reminders made since, by way. One query."""
    rows = Reminder.objects.filter(organisation_id=organisation_id, made_at__gte=since).order_by()
    found = rows.values("way").annotate(
        made=Count("pk"),
        delivered=Count("pk", filter=Q(message__outgoing__state="delivered")),
        not_delivered=Count("pk", filter=Q(message__outgoing__state__in=["failed", "withdrawn"])),
        to_ring=Count("pk", filter=Q(state=Reminder.State.TO_RING)),
        confirmed=Count("pk", filter=Q(appointment__confirmed_at__isnull=False)),
    )
    return [Counted(**row) for row in found.order_by("way")]
