"""Reading clinics: services, templates, and the sessions and slots of days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from clearway.core.layout.times import LONDON, local
from clearway.core.organisation.models import Site
from clearway.domain.outpatients.clinics import Weeks
from clearway.domain.shared.errors import NotAllowed

from .models import Clinician, Equipment, Leave, Room, Service, Session, Slot, Template

LOCKED = (
    *("organisation_id", "starts_at", "ends_at", "kind", "medium", "seats", "held", "released_at", "blocked"),
    *("session__state", "session__service_id", "session__clinician__skills", "session__room__fault"),
    *("session__room__site__code", "session__equipment__gives"),
)


def lock_slot(slot_id: int, organisation_id: int) -> Slot:
    """A slot with its session, locked until the transaction ends: the columns that a booking reads.

    Who freezes or cancels a session changes its slots, so that a booking waits for it or is refused.
    Raises Slot.DoesNotExist.
    """
    rows = Slot.objects.select_for_update(of=("self",), no_key=True)
    chosen = rows.select_related("session__clinician", "session__room__site", "session__equipment").only(
        *LOCKED
    )
    return chosen.get(pk=slot_id, organisation_id=organisation_id)


def sessions(
    organisation_id: int, first: date, last: date, *, site: str = "", clinician_id: int | None = None
) -> list[Session]:
    """The sessions that begin on these days, both included, with their slots, in order. Two queries."""
    rows = Session.objects.filter(
        organisation_id=organisation_id, starts_at__gte=midnight(first), starts_at__lt=after(last)
    )
    if site:
        rows = rows.filter(room__site__code=site)
    if clinician_id is not None:
        rows = rows.filter(clinician_id=clinician_id)
    rows = rows.select_related("service", "clinician", "room__site", "equipment")
    return list(
        rows.order_by("room__site__name", "clinician__name", "starts_at", "pk").prefetch_related(
            Prefetch("slots", Slot.objects.order_by("starts_at", "pk"))
        )
    )


def day(organisation_id: int, on: date, *, site: str = "", clinician_id: int | None = None) -> list[Session]:
    """The sessions of one day. Two queries."""
    return sessions(organisation_id, on, on, site=site, clinician_id=clinician_id)


def week(organisation_id: int, on: date, *, site: str = "", clinician_id: int | None = None) -> list[Session]:
    """The sessions of the week, Monday to Sunday, that a day lies in. Two queries."""
    monday = on - timedelta(days=on.weekday())
    return sessions(organisation_id, monday, monday + timedelta(days=6), site=site, clinician_id=clinician_id)


def every_session(organisation_id: int) -> QuerySet[Session]:
    """Every clinic of the trust, for who tells other systems of them."""
    rows = Session.objects.filter(organisation_id=organisation_id)
    return rows.select_related("service", "clinician", "room__site")


def every_slot(organisation_id: int) -> QuerySet[Slot]:
    """Every slot of the trust with its clinic, for who tells other systems of them."""
    rows = Slot.objects.filter(organisation_id=organisation_id)
    return rows.select_related("session__service", "session__room")


def session(key: int, organisation_id: int) -> Session:
    """One session with its slots. Raises Session.DoesNotExist."""
    rows = Session.objects.select_related("service", "clinician", "room__site", "equipment", "template")
    return rows.prefetch_related("slots").get(pk=key, organisation_id=organisation_id)


def templates(organisation_id: int) -> list[Template]:
    """The newest version of every template, by name. One query."""
    rows = Template.objects.filter(organisation_id=organisation_id)
    newest = rows.order_by("code", "-version").distinct("code")
    return sorted(
        newest.select_related("service", "clinician", "room__site", "equipment"),
        key=lambda each: (each.name, each.code),
    )


def versions(organisation_id: int, code: str) -> list[Template]:
    """Every version of one template, newest first."""
    rows = Template.objects.filter(organisation_id=organisation_id, code=code)
    return list(rows.select_related("service", "clinician", "room__site", "equipment").order_by("-version"))


def weeks_of(template: Template) -> Weeks:
    """When a version meets."""
    return Weeks(template.weekday, template.every, template.valid_from, template.valid_to)


def coming(organisation_id: int, code: str, since: datetime) -> list[Session]:
    """The sessions of one template that are still to come, with their slots. Two queries."""
    rows = Session.objects.filter(
        organisation_id=organisation_id, template__code=code, starts_at__gt=since
    ).exclude(state=Session.State.CANCELLED)
    return list(rows.select_related("service", "clinician", "room__site").prefetch_related("slots"))


def given_up(organisation_id: int, first: date, last: date) -> list[tuple[str, date]]:
    """Code and day of frozen sessions that a newer version of their clinic has taken the place of, where none
    of that stands yet. One query."""
    rows = Session.objects.filter(
        organisation_id=organisation_id, starts_at__gte=midnight(first), starts_at__lt=after(last)
    )
    newer = Template.objects.filter(
        organisation_id=organisation_id,
        code=OuterRef("template__code"),
        version__gt=OuterRef("template__version"),
    )
    rows = rows.filter(template__isnull=False).annotate(
        since=Subquery(newer.order_by("version").values("valid_from")[:1])
    )
    over: dict[tuple[str, date], bool] = {}
    for code, starts_at, state, since in rows.values_list("template__code", "starts_at", "state", "since"):
        on = local(starts_at).date()
        is_over = state == Session.State.FROZEN and since is not None and since <= on
        over[code, on] = over.get((code, on), True) and is_over
    return [place for place, is_over in over.items() if is_over]


def services(organisation_id: int) -> QuerySet[Service]:
    """The services that are open."""
    return Service.objects.filter(organisation_id=organisation_id, is_open=True)


def every_service(organisation_id: int) -> QuerySet[Service]:
    """Every service of the trust, closed ones too."""
    return Service.objects.filter(organisation_id=organisation_id)


def clinicians(organisation_id: int) -> QuerySet[Clinician]:
    """Who sees patients now."""
    return Clinician.objects.filter(organisation_id=organisation_id, is_active=True)


def check_clinician(organisation_id: int, name: str, state: str, event: str) -> Clinician:
    """Who sees patients here under this name. Raises NotAllowed where nobody does. One query."""
    found = clinicians(organisation_id).filter(name=name.strip()).first()
    if found is None:
        why = f"Nobody who sees patients here is called “{name.strip()}”. Choose the clinician from the list."
        raise NotAllowed(state, event, why)
    return found


def clinician_of(organisation_id: int, user_id: int) -> Clinician | None:
    """Who of those who see patients signs in with an account. One query."""
    return clinicians(organisation_id).filter(user_id=user_id).first()


def rooms(organisation_id: int) -> QuerySet[Room]:
    """Every room with its site."""
    return Room.objects.filter(organisation_id=organisation_id).select_related("site")


def equipment(organisation_id: int) -> QuerySet[Equipment]:
    """Everything that clinics take turns with, with the room where it is kept."""
    return Equipment.objects.filter(organisation_id=organisation_id).select_related("room__site")


def sites(organisation_id: int) -> list[Site]:
    """The sites that have rooms, by name."""
    return list(
        Site.objects.filter(organisation_id=organisation_id, rooms__isnull=False).distinct().order_by("name")
    )


def slots_of(organisation_id: int, slot_ids: Iterable[int]) -> list[int]:
    """Those of these slots that are this trust's. One query."""
    rows = Slot.objects.filter(organisation_id=organisation_id, pk__in=list(slot_ids))
    return list(rows.values_list("pk", flat=True))


def slot_at(organisation_id: int, code: str, starts_at: datetime) -> Slot | None:
    """The slot of the clinic of this code that begins then; None where there is none. One query."""
    rows = Slot.objects.select_related("session").exclude(session__state=Session.State.CANCELLED)
    wanted = {"session__template__code": code, "starts_at": starts_at, "organisation_id": organisation_id}
    return rows.filter(**wanted).first()


def is_clinic(organisation_id: int, code: str) -> bool:
    """Whether a clinic has this code, whatever its weeks. One query."""
    return Template.objects.filter(organisation_id=organisation_id, code=code).exists()


def names_of_slots(slot_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Slot -> names of its clinician and its room. One query."""
    rows = Slot.objects.filter(pk__in=list(slot_ids))
    found = rows.values_list("pk", "session__clinician__name", "session__room__name")
    return {key: (clinician, room) for key, clinician, room in found}


def leave(organisation_id: int, since: date) -> list[Leave]:
    """Leave that has not ended, soonest first; what is still to be decided comes first. One query."""
    rows = Leave.objects.filter(organisation_id=organisation_id, ends_on__gte=since)
    found = rows.select_related("clinician").order_by("starts_on", "pk")
    return sorted(found, key=lambda each: each.decided is not None)


def leave_of(key: int, organisation_id: int) -> Leave:
    """One leave that was granted. Raises Leave.DoesNotExist."""
    return Leave.objects.get(pk=key, organisation_id=organisation_id, decided=True)


def granted_leave(clinician_ids: Iterable[int], first: date, last: date) -> list[Leave]:
    """Leave that was granted and touches these days. One query."""
    return list(
        Leave.objects.filter(
            clinician_id__in=list(clinician_ids), decided=True, starts_on__lte=last, ends_on__gte=first
        )
    )


def touched(leave: Leave) -> list[int]:
    """The slots of a clinician on the days of a leave, those of cancelled clinics left out. One query."""
    return list(_touched(leave).values_list("pk", flat=True))


def _touched(leave: Leave) -> QuerySet[Slot]:
    return Slot.objects.filter(
        session__clinician_id=leave.clinician_id,
        starts_at__gte=midnight(leave.starts_on),
        starts_at__lt=after(leave.ends_on),
    ).exclude(session__state=Session.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is broken: a room, or a thing that clinics take turns with, wherever they use it."""

    room: int | None = None
    equipment: int | None = None

    def __str__(self) -> str:
        return f"room:{self.room}" if self.equipment is None else f"equipment:{self.equipment}"


def slots_at(place: Place, organisation_id: int, since: datetime, until: date) -> QuerySet[Slot]:
    """The slots of a place that have not ended, up to a day; those of cancelled clinics left out."""
    where = {"room_id": place.room} if place.equipment is None else {"equipment_id": place.equipment}
    rows = Slot.objects.filter(
        organisation_id=organisation_id,
        ends_at__gt=since,
        starts_at__lt=after(until),
        **{f"session__{name}": key for name, key in where.items()},
    )
    return rows.exclude(session__state=Session.State.CANCELLED)


def slots_blocked_by(organisation_id: int, cause: str) -> QuerySet[Slot]:
    """The slots that are blocked for a cause, the beginning of the words on them."""
    return Slot.objects.filter(organisation_id=organisation_id, blocked__startswith=cause)


def midnight(on: date) -> datetime:
    """The instant at which a London day begins."""
    return datetime.combine(on, time(), LONDON)


def after(on: date) -> datetime:
    """The instant at which a London day is over."""
    return midnight(on + timedelta(days=1))
