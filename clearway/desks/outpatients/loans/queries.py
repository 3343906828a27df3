"""Reading items and loans: what is out, what is late, and who has one of a make."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Min, Q, QuerySet

from clearway.core.layout.times import local

from .models import Item, Loan

SHOWN = 300


def item(organisation_id: int, key: int) -> Item:
    """One item. Raises Item.DoesNotExist. One query."""
    return Item.objects.get(organisation_id=organisation_id, pk=key)


def store(organisation_id: int) -> list[Item]:
    """Every item that is not written off, by kind. One query."""
    rows = Item.objects.filter(organisation_id=organisation_id).exclude(state="gone")
    return list(rows[:SHOWN])


def out(organisation_id: int) -> list[Loan]:
    """What is with patients, the first due first. One query."""
    return list(_out(organisation_id).select_related("item", "patient").order_by("due_on", "id")[:SHOWN])


def of_item(row: Item) -> list[Loan]:
    """Every loan of an item, newest first. One query."""
    return list(row.loans.select_related("patient").order_by("-issued_at"))


def of_patient(organisation_id: int, patient_id: int) -> list[Loan]:
    """Every loan to a patient, newest first. One query."""
    rows = Loan.objects.filter(organisation_id=organisation_id, patient_id=patient_id)
    return list(rows.select_related("item").order_by("-issued_at"))


def recalled(organisation_id: int) -> list[Loan]:
    """Who has something of a recalled make now, by make. One query."""
    rows = _out(organisation_id).filter(item__recalled_at__isnull=False)
    return list(rows.select_related("item", "patient").order_by("item__make", "item__batch", "issued_at"))


def makes(organisation_id: int) -> list[tuple[str, int]]:
    """The makes there are, and how many of each are with patients. One query."""
    rows = Item.objects.filter(organisation_id=organisation_id).exclude(state="gone").order_by("make")
    return list(rows.values_list("make").annotate(out=Count("pk", filter=Q(state="out"))))


@dataclass(frozen=True, slots=True)
class Recall:
    """A make of which patients still have some."""

    make: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What the rules look at. late: loans whose return is to be asked for; given_up: asked often enough."""

    late: int = 0
    since: date | None = None
    given_up: int = 0
    recalls: tuple[Recall, ...] = ()


def due(organisation_id: int, at: datetime) -> Due:
    """Whose return is to be asked for by now, and what of a recalled make is still out. Two queries."""
    today = local(at).date()
    rows = _out(organisation_id)
    to_chase = Q(chase_on__lte=today)
    found = rows.aggregate(
        late=Count("pk", filter=to_chase),
        since=Min("due_on", filter=to_chase),
        given_up=Count("pk", filter=Q(chase_on__isnull=True)),
    )
    recalls = (
        rows.filter(item__recalled_at__isnull=False)
        .order_by("item__make")
        .values_list("item__make")
        .annotate(Count("pk"), Min("item__recalled_at"))
    )
    return Due(found["late"], found["since"], found["given_up"], tuple(Recall(*row) for row in recalls))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many are with patients, and how many of them past their day. One query."""
    late = Q(due_on__lt=local(at).date())
    found = _out(organisation_id).aggregate(open=Count("pk"), late=Count("pk", filter=late))
    return found["open"], found["late"]


def _out(organisation_id: int) -> QuerySet[Loan]:
    return Loan.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
