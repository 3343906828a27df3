"""Reading messages: those that were sent, those for a crew or a person, those that nobody acknowledged."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from .models import DeskMessage, DeskMessageStep, DeskMessageTo

OF_LATE = timedelta(hours=12)
SHOWN = 100


def sent(organisation_id: int, at: datetime) -> list[DeskMessage]:
    """Messages of the last twelve hours with what became of them, newest first. Three queries."""
    rows = DeskMessage.objects.filter(organisation_id=organisation_id, at__gt=at - OF_LATE)
    return list(_whole(rows).order_by("-at", "-pk")[:SHOWN])


def by_keys(organisation_id: int, keys: Collection[str]) -> list[DeskMessage]:
    """These messages, likewise."""
    return list(_whole(DeskMessage.objects.filter(organisation_id=organisation_id, pk__in=map(int, keys))))


def one(organisation_id: int, key: int) -> DeskMessage | None:
    """One message with its recipients."""
    return _whole(DeskMessage.objects.filter(organisation_id=organisation_id, pk=key)).first()


def _whole(rows: QuerySet[DeskMessage]) -> QuerySet[DeskMessage]:
    return rows.select_related("superseded_by").prefetch_related("to__steps")


def for_crew(organisation_id: int, call_sign: str, at: datetime) -> list[DeskMessageTo]:
    """What stands for a crew, newest first. Two queries."""
    return _standing(organisation_id, Q(kind="crew", key=call_sign), at)


def for_person(
    organisation_id: int, sites: Collection[str], roles: Iterable[str], at: datetime
) -> list[DeskMessageTo]:
    """What stands for somebody: to the sites they have, and to the roles that they hold. Two queries."""
    whose = Q(kind="site", key__in=list(sites)) | Q(kind="role", key__in=list(roles))
    return _standing(organisation_id, whose, at)


def _standing(organisation_id: int, whose: Q, at: datetime) -> list[DeskMessageTo]:
    rows = DeskMessageTo.objects.filter(
        whose, of__organisation_id=organisation_id, of__at__gt=at - OF_LATE, of__superseded_by=None
    )
    return list(rows.select_related("of").prefetch_related("steps").order_by("-of__at", "-pk"))


def unanswered(organisation_id: int, minutes: float, at: datetime) -> list[DeskMessageTo]:
    """Recipients who have not acknowledged what stands for so long, oldest first. One query."""
    answered = DeskMessageStep.objects.filter(to=OuterRef("pk"), step="acknowledged")
    rows = DeskMessageTo.objects.filter(
        ~Exists(answered),
        of__organisation_id=organisation_id,
        of__superseded_by=None,
        of__at__gt=at - OF_LATE,
        of__at__lte=at - timedelta(minutes=minutes),
    )
    return list(rows.select_related("of").order_by("of__at", "pk"))


def step_of(row: DeskMessageTo, step: str) -> DeskMessageStep | None:
    """A recipient's step, where it was taken; read with the row."""
    return next((each for each in row.steps.all() if each.step == step), None)
