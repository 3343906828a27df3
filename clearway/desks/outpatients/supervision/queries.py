"""Reading what was given to whom, how far it is, and how well it was done."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from clearway.core.layout.times import local
from clearway.core.people.models import User
from clearway.core.people.queries import holding
from clearway.core.worklist import queries as worklist
from clearway.domain.outpatients.supervision import Kind

from .models import Batch, BatchItem, Training
from .standing import STANDING, Thing

JUNIOR = "junior_coordinator"
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch with how far it is.

    holder  whose it is now: the worklist says so until it is handed in
    open    subjects that still stand and of which nothing was said
    """

    row: Batch
    items: tuple[BatchItem, ...]
    holder: User | None
    open: frozenset[str]
    is_late: bool

    @property
    def done(self) -> int:
        return len(self.items) - len(self.open)

    @property
    def sampled(self) -> list[BatchItem]:
        return [each for each in self.items if each.is_sampled]

    @property
    def looked_at(self) -> int:
        return sum(each.is_right is not None for each in self.items)

    @property
    def right(self) -> int:
        return sum(each.is_right is True for each in self.items)


def juniors(organisation_id: int, at: datetime) -> list[User]:
    """Who may be given work, by name. One query."""
    return list(holding(organisation_id, [JUNIOR], at))


def batches(organisation_id: int, at: datetime, user_id: int | None = None) -> list[Progress]:
    """What is in work or to be reviewed, then what was reviewed, newest first; of one person or of all."""
    rows = Batch.objects.filter(organisation_id=organisation_id).select_related("user")
    going_on = list(_with_items(rows.filter(reviewed_at__isnull=True)))
    over = list(_with_items(rows.filter(reviewed_at__isnull=False).order_by("-reviewed_at"))[:SHOWN])
    found = _progress([*going_on, *over], organisation_id, at)
    return [each for each in found if user_id is None or (each.holder and each.holder.pk == user_id)]


def one(organisation_id: int, key: int, at: datetime) -> Progress:
    """One batch. Raises Batch.DoesNotExist."""
    row = _with_items(Batch.objects.filter(organisation_id=organisation_id).select_related("user")).get(
        pk=key
    )
    return _progress([row], organisation_id, at)[0]


def to_give(organisation_id: int, kind: Kind, at: datetime) -> list[Thing]:
    """What stands and is in no batch that goes on."""
    taken = set(
        BatchItem.objects.filter(
            batch__organisation_id=organisation_id, batch__handed_in_at__isnull=True
        ).values_list("subject", flat=True)
    )
    return [each for each in STANDING[kind](organisation_id, at) if each.subject not in taken]


def _with_items(rows: QuerySet[Batch]) -> QuerySet[Batch]:
    return rows.prefetch_related(Prefetch("items", BatchItem.objects.all()))


def _progress(rows: Sequence[Batch], organisation_id: int, at: datetime) -> list[Progress]:
    kinds = {Kind(row.kind) for row in rows if row.handed_in_at is None}
    stands = {kind: {each.subject for each in STANDING[kind](organisation_id, at)} for kind in sorted(kinds)}
    tasks = {task.pk: task for task in worklist.open_tasks(organisation_id)} if kinds else {}
    today = local(at).date()
    return [
        Progress(
            row,
            tuple(row.items.all()),
            tasks[row.task].owner if row.task in tasks and row.handed_in_at is None else row.user,
            _open(row, stands),
            row.handed_in_at is None and row.due_on < today,
        )
        for row in rows
    ]


def _open(row: Batch, stands: dict[Kind, set[str]]) -> frozenset[str]:
    if row.handed_in_at is not None:
        return frozenset()
    still = stands[Kind(row.kind)]
    return frozenset(each.subject for each in row.items.all() if not each.done_at and each.subject in still)


@dataclass(frozen=True, slots=True)
class Skill:
    """How one person does with one kind of work: things done, reviewed, and right."""

    kind: str
    done: int
    reviewed: int
    right: int


def skills(organisation_id: int, user_id: int) -> list[Skill]:
    """What was done, reviewed and right, by kind. One query."""
    rows = BatchItem.objects.filter(batch__organisation_id=organisation_id, worker_id=user_id)
    done: Counter[str] = Counter()
    reviewed: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for kind, is_right in rows.values_list("batch__kind", "is_right"):
        done[kind] += 1
        reviewed[kind] += is_right is not None
        right[kind] += is_right is True
    return [
        Skill(kind.meaning, done[kind.value], reviewed[kind.value], right[kind.value])
        for kind in Kind
        if done[kind.value]
    ]


def wrong(organisation_id: int, user_id: int) -> list[BatchItem]:
    """What a review found wrong, newest first. One query."""
    rows = BatchItem.objects.filter(batch__organisation_id=organisation_id, worker_id=user_id, is_right=False)
    return list(rows.order_by("-reviewed_at")[:SHOWN])


def training(organisation_id: int, user_id: int) -> list[Training]:
    """What somebody was taught, newest first. One query."""
    return list(Training.objects.filter(organisation_id=organisation_id, user_id=user_id))


@dataclass(frozen=True, slots=True)
class ToReview:
    """What the rules look at: batches handed in and not reviewed, since when."""

    count: int = 0
    since: datetime | None = None


def to_review(organisation_id: int) -> ToReview:
    """What waits for a review. One query."""
    rows = Batch.objects.filter(
        organisation_id=organisation_id, handed_in_at__isnull=False, reviewed_at__isnull=True
    )
    found = list(rows.values_list("handed_in_at", flat=True))
    return ToReview(len(found), min((each for each in found if each), default=None))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many batches go on, and how many are past their day. One query."""
    rows = Batch.objects.filter(organisation_id=organisation_id, reviewed_at__isnull=True)
    late = rows.filter(Q(handed_in_at__isnull=True), due_on__lt=local(at).date()).count()
    return rows.count(), late
