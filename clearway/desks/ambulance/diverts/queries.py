"""Reading diverts as domain values."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance import diverts as domain
from clearway.domain.ambulance.diverts import (
    Cover,
    DivertKind,
    DivertPolicy,
    DivertStep,
    Party,
    Signature,
    Taken,
    Terms,
)

from .models import LIVE, Divert, Step

POLICY = "diverts"


def policy(organisation_id: int, at: datetime) -> DivertPolicy:
    """The trust's limits; the defaults where it has set none."""
    return DivertPolicy(**policies(organisation_id, [POLICY], local(at).date()).get(POLICY, {}))


def in_force(organisation_id: int, at: datetime) -> tuple[domain.Divert, ...]:
    """The diverts that turn patients away at an instant, as it was known then; one query.

    One that ended early was in force until then; one that was extended, until its newest end.
    """
    return tuple(as_divert(row) for row in rows_in_force(organisation_id, at))


def rows_in_force(organisation_id: int, at: datetime) -> QuerySet[Divert]:
    """The rows behind in_force."""
    rows = Divert.objects.filter(organisation_id=organisation_id, starts_at__lte=at)
    return rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))


def between(organisation_id: int, begin: datetime, end: datetime) -> list[Divert]:
    """Those that turned patients away at any time between two instants, in order; one query."""
    rows = Divert.objects.filter(organisation_id=organisation_id, starts_at__lt=end)
    return list(rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=begin)).order_by("starts_at", "id"))


def live(organisation_id: int) -> list[Divert]:
    """Those that are proposed, asked for, agreed or in force, oldest first; one query."""
    return list(Divert.objects.filter(organisation_id=organisation_id, state__in=LIVE).order_by("id"))


def over(organisation_id: int, most: int = 50) -> list[Divert]:
    """The newest of those that are over; one query."""
    rows = Divert.objects.filter(organisation_id=organisation_id).exclude(state__in=LIVE)
    return list(rows.order_by("-id")[:most])


def one(organisation_id: int, key: int) -> Divert:
    """One divert. Raises Divert.DoesNotExist."""
    return Divert.objects.select_related("proposed_by").get(organisation_id=organisation_id, pk=key)


def steps(divert: Divert) -> list[Step]:
    """Everything that happened to it, in order; one query."""
    return list(Step.objects.filter(divert=divert).select_related("by"))


def steps_of(rows: Sequence[Divert]) -> dict[int, list[Step]]:
    """Everything that happened to several, by divert; one query."""
    found: dict[int, list[Step]] = {row.pk: [] for row in rows}
    for step in Step.objects.filter(divert__in=rows).select_related("by"):
        found[step.divert_id].append(step)
    return found


def terms(row: Divert) -> Terms:
    """What a row asks for."""
    return Terms(
        kind=DivertKind(row.kind),
        site=row.site,
        to=tuple(row.to),
        covers=frozenset(Cover(word) for word in row.covers),
        minutes=row.minutes,
        share=row.share,
    )


def taken(step: Step) -> Taken:
    """The domain value of one step."""
    signature = Signature(Party(step.party), step.site or None) if step.party else None
    return Taken(DivertStep(step.step), step.at, signature, step.until)


def levels_answered(steps: Sequence[Step]) -> frozenset[str]:
    """The sites of unknown pressure level that somebody has answered for in these steps."""
    return frozenset(code for step in steps for code in step.unknown_levels)


def standing(steps: Sequence[Step], terms: Terms) -> domain.DivertStanding:
    """What these steps add up to."""
    return domain.fold(map(taken, steps), terms)


def as_divert(row: Divert) -> domain.Divert:
    """The value that the engine takes, of one that has begun."""
    if row.starts_at is None:
        raise ValueError(f"Divert {row.pk} has not begun.")
    return domain.Divert(
        key=str(row.pk),
        kind=DivertKind(row.kind),
        site=row.site,
        to=tuple(row.to),
        covers=frozenset(Cover(word) for word in row.covers),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        share=row.share,
        reviewed_at=row.reviewed_at,
    )
