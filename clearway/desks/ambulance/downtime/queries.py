"""Reading failures, what was entered by hand beside what other sources say, and the register of forms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, QuerySet

from clearway.core.feeds.models import Source
from clearway.core.feeds.queries import freshness_policy
from clearway.core.organisation.queries import departments, site_rows
from clearway.domain.ambulance import downtime
from clearway.domain.ambulance.events import AvailabilityEvent, JobEvent
from clearway.domain.ambulance.words import JobStatus, StatusSource
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.freshness import Freshness, freshness
from clearway.domain.shared.region import SiteKind

from ..facts import queries as facts
from ..incidents import queries as incidents
from ..incidents.queries import Sent
from .models import CadFailure, HandEntry, PackFolder, PaperForm

LOOK_BACK = timedelta(hours=24)
LOST_BACK = timedelta(days=14)  # after which nobody can say any more what was meant
NEAR = timedelta(minutes=60)  # a job of the CAD that began so near to one on paper may be the same


@dataclass(frozen=True, slots=True)
class CadFeed:
    """How the CAD is heard. `heard_at` None: never."""

    freshness: Freshness
    heard_at: datetime | None

    @property
    def is_away(self) -> bool:
        return not self.freshness.may_be_relied_on


def cad_feed(organisation_id: int, at: datetime) -> CadFeed:
    """The freshest source that is a CAD. Two queries."""
    policy = freshness_policy(organisation_id, at)
    sources = Source.objects.filter(organisation_id=organisation_id, kind="cad", enabled=True)
    heard = [
        CadFeed(
            freshness(
                None if each.received_at is None else (at - each.received_at).total_seconds(),
                each.expected_interval_seconds,
                policy,
            ),
            each.received_at,
        )
        for each in sources
    ]
    never = CadFeed(Freshness.LOST, None)
    return max(heard, key=lambda each: (each.heard_at is not None, each.heard_at), default=never)


def places(organisation_id: int) -> dict[str, str]:
    """Code -> name of every place where patients are taken. One query."""
    rows = site_rows(organisation_id).filter(kind__in=(SiteKind.EMERGENCY_DEPARTMENT, SiteKind.MINOR_UNIT))
    return dict(rows.values_list("code", "name"))


def current(organisation_id: int, *, drill: bool = False) -> CadFailure | None:
    """The failure that goes on, or the drill. One query."""
    return CadFailure.objects.filter(
        organisation_id=organisation_id, is_drill=drill, ended_at__isnull=True
    ).first()


def to_reconcile(organisation_id: int) -> CadFailure | None:
    """The newest failure that is not reconciled, whether it goes on or is over."""
    rows = CadFailure.objects.filter(
        organisation_id=organisation_id, is_drill=False, reconciled_at__isnull=True
    )
    return rows.order_by("-declared_at").first()


def unreconciled(organisation_id: int) -> list[CadFailure]:
    """Every failure that is not reconciled, newest first. One query."""
    rows = CadFailure.objects.filter(
        organisation_id=organisation_id, is_drill=False, reconciled_at__isnull=True
    )
    return list(rows.order_by("-declared_at"))


def one_to_reconcile(organisation_id: int, key: int | None) -> CadFailure | None:
    """One that is not reconciled, by its key; the newest where none is named. One query."""
    if key is None:
        return to_reconcile(organisation_id)
    return next((each for each in unreconciled(organisation_id) if each.pk == key), None)


def failures(organisation_id: int, *, drill: bool = False) -> QuerySet[CadFailure]:
    """All of them, newest first."""
    return CadFailure.objects.filter(organisation_id=organisation_id, is_drill=drill).order_by("-declared_at")


def entries(organisation_id: int, failure: CadFailure | None, at: datetime) -> QuerySet[HandEntry]:
    """What was entered by hand in a failure, else in the last day; newest entered first."""
    rows = HandEntry.objects.filter(organisation_id=organisation_id).select_related("form")
    if failure is not None:
        return rows.filter(failure=failure).order_by("-pk")
    return rows.filter(is_drill=False, entered_at__gt=at - LOOK_BACK).order_by("-pk")


def by_hand(organisation_id: int, at: datetime) -> Mapping[str, datetime]:
    """The newest instant of each call sign that was entered by hand of late. One query."""
    rows = rows_by_hand(organisation_id, at).values("call_sign").annotate(newest=Max("occurred_at"))
    return dict(rows.order_by().values_list("call_sign", "newest"))


def rows_by_hand(organisation_id: int, at: datetime) -> QuerySet[HandEntry]:
    """The rows behind by_hand."""
    return HandEntry.objects.filter(
        organisation_id=organisation_id, is_drill=False, entered_at__gt=at - LOOK_BACK, entered_at__lte=at
    )


def job_of(organisation_id: int, call_sign: str, occurred_at: datetime) -> Sent | None:
    """The job on which a crew was at an instant: the newest that had begun by then, and that stands in no
    other. One query."""
    begun = [
        sent
        for sent in incidents.sent(organisation_id, call_sign, occurred_at - LOOK_BACK)
        if sent.began_at <= occurred_at + downtime.AGAIN and not sent.is_moved
    ]
    return max(begun, key=lambda sent: sent.began_at, default=None)


def stands_in(organisation_id: int, key: str) -> tuple[str, str] | None:
    """Incident and key of the job in which one on paper stands since the two were joined. Two queries."""
    told = facts.by_stream(organisation_id, [f"assignment:{key}"]).get(f"assignment:{key}", [])
    joined = next((fact.event.same_as for fact in facts.of_kind(JobEvent, told) if fact.event.same_as), None)
    job = incidents.by_key(organisation_id, [joined]).get(joined) if joined else None
    return (job.incident, job.key) if job else None


@dataclass(frozen=True, slots=True)
class Compared:
    """One entry beside what another source says of the same status.

    theirs        None where nobody else says anything; said_by  who does
    their_status  what they say of an availability that nobody has confirmed; "" where nobody says anything
    unconfirmed   an availability that stands on the word by hand alone
    """

    entry: HandEntry
    theirs: datetime | None = None
    said_by: str = ""
    their_status: str = ""
    unconfirmed: bool = False

    @property
    def differs(self) -> bool:
        return self.unconfirmed or downtime.differs(self.entry.occurred_at, self.theirs)

    @property
    def is_open(self) -> bool:
        return self.differs and not self.entry.choice


def compared(organisation_id: int, failure: CadFailure, at: datetime) -> list[Compared]:
    """Every entry of a failure, and of the lost feed before it, beside the other word on it. 3 queries."""
    rows = [*entries(organisation_id, failure, at), *_before(organisation_id, failure)]
    return _beside(organisation_id, rows, is_over=failure.ended_at is not None)


def compared_while_lost(organisation_id: int, at: datetime) -> list[Compared]:
    """What was entered of late while the feed was lost and nobody declared a failure, beside the other word.

    What belongs to a failure that was declared within a day is compared there. 6 queries at most.
    """
    rows = HandEntry.objects.filter(
        organisation_id=organisation_id,
        is_drill=False,
        failure__isnull=True,
        entered_at__gt=at - LOST_BACK,
        entered_at__lte=at,
    )
    declared = [
        each.declared_at
        for each in failures(organisation_id).filter(declared_at__gt=at - LOST_BACK - LOOK_BACK)
    ]
    alone = [
        row
        for row in rows.select_related("form").order_by("-pk")
        if not any(row.entered_at <= each < row.entered_at + LOOK_BACK for each in declared)
    ]
    return _beside(organisation_id, alone, is_over=not cad_feed(organisation_id, at).is_away) if alone else []


def _beside(organisation_id: int, rows: Sequence[HandEntry], *, is_over: bool) -> list[Compared]:
    """is_over  the CAD is back: then an availability that it does not bear out is a difference."""
    streams = {f"assignment:{row.assignment}" for row in rows if row.assignment}
    standing = _standing(rows) if is_over else {}
    known = facts.by_stream(organisation_id, streams | {f"resource:{each}" for each in standing})
    told = {
        (stream, event.event.status): event
        for stream, each in known.items()
        for event in sorted(
            facts.of_kind(JobEvent, each), key=lambda fact: fact.event.occurred_at, reverse=True
        )
        if event.event.source is not StatusSource.MANUAL
    }
    found = []
    for row in rows:
        if not row.assignment:
            is_standing = standing.get(row.call_sign) == row
            said = facts.of_kind(AvailabilityEvent, known.get(f"resource:{row.call_sign}", []))
            found.append(_availability(row, said) if is_standing else Compared(row))
            continue
        other = told.get((f"assignment:{row.assignment}", JobStatus(row.status)))
        found.append(Compared(row, other.event.occurred_at, other.source) if other else Compared(row))
    return found


def _before(organisation_id: int, failure: CadFailure) -> QuerySet[HandEntry]:
    """What was entered while the feed was only lost, before anybody declared this failure."""
    rows = HandEntry.objects.filter(organisation_id=organisation_id, is_drill=False, failure__isnull=True)
    since = failure.declared_at - LOOK_BACK
    return rows.filter(entered_at__gt=since, entered_at__lte=failure.declared_at).order_by("-pk")


def _standing(rows: Iterable[HandEntry]) -> dict[str, HandEntry]:
    """Call sign -> the newest word by hand on its availability."""
    said = (row for row in rows if not row.assignment)
    return {row.call_sign: row for row in sorted(said, key=lambda row: (row.occurred_at, row.pk))}


def _availability(row: HandEntry, said: Iterable[Fact[AvailabilityEvent]]) -> Compared:
    """An availability beside the newest word of others: it stands alone while that is older and another."""
    others = [fact for fact in said if fact.event.source is not StatusSource.MANUAL]
    newest = max(others, key=lambda fact: fact.placed_at, default=None)
    if newest is None:
        return Compared(row, unconfirmed=True)
    if newest.placed_at >= row.occurred_at - downtime.AGAIN or newest.event.status == row.status:
        return Compared(row)
    return Compared(row, newest.placed_at, newest.source, newest.event.status, unconfirmed=True)


@dataclass(frozen=True, slots=True)
class PaperJob:
    """A job that was opened on paper, and the jobs of the CAD that it may be."""

    key: str
    call_sign: str
    began_at: datetime
    may_be: tuple[Sent, ...]


def paper_jobs(organisation_id: int, failure: CadFailure, at: datetime) -> list[PaperJob]:
    """The jobs of a failure that stand on paper alone. Some queries for each crew that has one."""
    rows = entries(organisation_id, failure, at).filter(incident__startswith="paper ")
    keys = dict(rows.order_by().values_list("assignment", "call_sign"))
    found = []
    for key, call_sign in sorted(keys.items()):
        jobs = incidents.sent(organisation_id, call_sign, failure.declared_at - LOOK_BACK)
        ours = next((job for job in jobs if job.key == key and not job.is_moved), None)
        if ours is not None:
            near = (
                job
                for job in jobs
                if not job.incident.startswith("paper ") and abs(job.began_at - ours.began_at) <= NEAR
            )
            found.append(PaperJob(key, call_sign, ours.began_at, tuple(near)))
    return found


def forms(organisation_id: int, *, drill: bool = False) -> QuerySet[PaperForm]:
    """The register, in the order of the numbers."""
    return PaperForm.objects.filter(organisation_id=organisation_id, is_drill=drill).order_by(
        "kind", "number"
    )


def forms_between(organisation_id: int, first: int, last: int) -> QuerySet[PaperForm]:
    """The forms between two keys, of drills too, in the order in which they are printed."""
    rows = PaperForm.objects.filter(organisation_id=organisation_id, pk__gte=first, pk__lte=last)
    return rows.order_by("pk")


def receiving(organisation_id: int) -> list[str]:
    """The names of the hospitals whose queues are kept. One query."""
    return [name for _, name in departments(organisation_id)]


def counts(organisation_id: int, failure: CadFailure) -> dict[str, int]:
    """How many forms of a failure are in which state. One query."""
    rows = PaperForm.objects.filter(organisation_id=organisation_id, failure=failure)
    return dict(rows.values("state").annotate(n=Count("id")).values_list("state", "n"))


def unaccounted(organisation_id: int, failure: CadFailure) -> QuerySet[PaperForm]:
    """The forms of which nobody knows what became."""
    return forms(organisation_id, drill=failure.is_drill).filter(
        failure=failure, state=PaperForm.State.UNACCOUNTED
    )


def pack_folders(organisation_id: int) -> QuerySet[PackFolder]:
    """How it stands with the downtime packs, one row for each folder."""
    return PackFolder.objects.filter(organisation_id=organisation_id).order_by("folder")
