"""Reading sources, their account and the quarantine."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import cast

from django.db import connection
from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from clearway.domain.shared.freshness import FreshnessPolicy

from ..audit.models import Action
from ..layout.times import local
from ..organisation.queries import policies
from .actions import key_hash
from .models import Answer, Batch, Quarantined, Source

FRESHNESS = "feed_freshness"
WORTH_KNOWING = ("destination", "handover")
SWITCHES = {"feeds.enable_source": True, "feeds.disable_source": False}  # verb -> whether it then delivers


def who_holds(key: str, kind: str, name: str = "") -> tuple[int, str] | None:
    """Organisation and name of the enabled source of this kind that a bearer key belongs to. One query.

    name  of the source, where the key of another is a wrong one
    In plain SQL: it is asked before anything else of every request, and wording it took longer than asking.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT organisation_id, name FROM {Source._meta.db_table}"
            " WHERE key_hash = %s AND kind = %s AND enabled AND %s IN ('', name)",
            [key_hash(key), kind, name],
        )
        row = cursor.fetchone()
    return (int(row[0]), str(row[1])) if row else None


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """received = applied + duplicate + aside + quarantined, once nothing is waiting to be read."""

    source: Source
    batches: int
    waiting: int
    received: int
    applied: int
    duplicate: int
    aside: int
    quarantined: int

    @property
    def adds_up(self) -> bool:
        return self.received == self.applied + self.duplicate + self.aside + self.quarantined

    @property
    def cannot_know(self) -> list[str]:
        """What a control room's source never says, so that the boards show it as unknown."""
        return (
            []
            if self.source.kind != "cad"
            else [what for what in WORTH_KNOWING if what not in self.source.knows]
        )


def accounts(organisation_id: int) -> list[SourceAccount]:
    """The account of every source, since its first message or since `counts_since`. Two queries."""
    sums: dict[int, Mapping[str, int]] = {
        row["source_id"]: cast("dict[str, int]", row)
        for row in Batch.objects.filter(source__organisation_id=organisation_id)
        .values("source_id")
        .annotate(
            batches=Count("id"),
            waiting=Count("id", filter=Q(done_at__isnull=True)),
            **{
                f"sum_{name}": Coalesce(Sum(name), 0)
                for name in ("lines", "applied", "duplicate", "aside", "quarantined")
            },
        )
    }
    nothing = dict.fromkeys(
        ("batches", "waiting", "sum_lines", "sum_applied", "sum_duplicate", "sum_aside", "sum_quarantined"), 0
    )
    return [
        _account(source, sums.get(source.pk, nothing))
        for source in Source.objects.filter(organisation_id=organisation_id)
    ]


def _account(source: Source, row: Mapping[str, int]) -> SourceAccount:
    return SourceAccount(
        source=source,
        batches=row["batches"],
        waiting=row["waiting"],
        received=row["sum_lines"],
        applied=row["sum_applied"],
        duplicate=row["sum_duplicate"],
        aside=row["sum_aside"],
        quarantined=row["sum_quarantined"],
    )


def answered(source_id: int, key: str) -> Answer | None:
    """What a request of this source that had this key was answered. One query."""
    return Answer.objects.filter(source_id=source_id, key=key).first()


def quarantine(organisation_id: int) -> QuerySet[Quarantined]:
    """Lines waiting to be mended, oldest first."""
    return (
        Quarantined.objects.filter(source__organisation_id=organisation_id, state=Quarantined.State.WAITING)
        .select_related("source")
        .order_by("id")
    )


def last_heard(organisation_id: int, until: datetime) -> dict[int, datetime]:
    """Source id -> when it was last heard by an instant. A source never heard by then is left out."""
    batches = Batch.objects.filter(source__organisation_id=organisation_id, received_at__lte=until)
    newest = batches.values("source_id").annotate(newest=Max("received_at"))
    return dict(newest.values_list("source_id", "newest"))


def first_heard(organisation_id: int) -> datetime | None:
    """When the first message that is still kept came in; None before that. One query."""
    own = Batch.objects.filter(source=OuterRef("pk")).order_by("received_at").values("received_at")[:1]
    sources = Source.objects.filter(organisation_id=organisation_id).annotate(first=Subquery(own))
    return cast("datetime | None", sources.aggregate(Min("first"))["first__min"])


def switched_on(organisation_id: int, at: datetime) -> frozenset[int]:
    """The sources that were enabled at an instant, by id, as the audit tells. Three queries."""
    sources = dict(Source.objects.filter(organisation_id=organisation_id).values_list("name", "id"))
    now = set(Source.objects.filter(pk__in=sources.values(), enabled=True).values_list("id", flat=True))
    subjects = {f"source:{name}": key for name, key in sources.items()}
    later = Action.objects.filter(verb__in=SWITCHES, at__gt=at, subject__in=subjects)
    # From the newest back: what the first switch after the instant changed is how it stood before.
    for verb, subject in later.order_by("-id").values_list("verb", "subject"):
        key = subjects[subject]
        now = now - {key} if SWITCHES[verb] else now | {key}
    return frozenset(now)


def freshness_policy(organisation_id: int, at: datetime) -> FreshnessPolicy:
    """When a source is late, stale and lost at this trust, on the local day of `at`. One query.

    The one answer for the strip, its pushes and the pictures kept with decisions.
    """
    values = policies(organisation_id, [FRESHNESS], local(at).date()).get(FRESHNESS, {})
    known = {each.name for each in fields(FreshnessPolicy)}
    return FreshnessPolicy(**{name: value for name, value in values.items() if name in known})
