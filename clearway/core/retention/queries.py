"""Reading what is to be kept for how long, and what is past it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q, QuerySet

from clearway.domain.shared.region import Desk

from ..layout.times import local
from ..organisation.models import Organisation
from ..organisation.queries import policies, with_desk
from .models import LegalHold
from .shelves import MESSAGE_KEYS, Shelf

POLICY = "retention"
LEFT_TO_PEOPLE = ("decisions", "audit")  # periods that are shown, and after which nothing goes by itself
KEY_MARGIN = timedelta(days=1)  # keys stay so much longer than messages of their time are taken

# As a condition over the table `t`; an open hold has no end.
_HELD = """EXISTS (
    SELECT FROM core_legalhold h
    WHERE h.organisation_id = %(organisation)s AND h.released_at IS NULL
        AND {last} >= h.known_from AND (h.known_until IS NULL OR {first} < h.known_until)
)"""


@dataclass(frozen=True, slots=True)
class Due:
    """What of one kind is past its period.

    before      what became known before this instant is past it; None when no period is set
    rows        that would go; held are past their period too, and stay under a legal hold
    partitions  names of those that would go whole, their rows are counted in `rows`
    """

    organisation: str
    of: str
    before: datetime | None
    rows: int = 0
    held: int = 0
    partitions: tuple[str, ...] = ()


def periods(organisation_id: int, at: datetime) -> dict[str, timedelta]:
    """How long each kind is kept, by the policy of the local day of `at`; what has no period is kept."""
    values = policies(organisation_id, [POLICY], local(at).date()).get(POLICY, {})
    return {period["of"]: timedelta(days=period["days"]) for period in values.get("periods", ())}


def cutoff(organisation_id: int, of: str, at: datetime) -> datetime | None:
    """What is older than this is past its period; None when no period is set."""
    period = periods(organisation_id, at).get(of)
    return None if period is None else at - period


def common_cutoff(of: str, at: datetime, desk: Desk = Desk.AMBULANCE) -> datetime | None:
    """The same for what all trusts with a desk share: the longest period counts, and everybody's."""
    cutoffs = [cutoff(pk, of, at) for pk in with_desk(desk)]
    known = [each for each in cutoffs if each is not None]
    return min(known) if known and len(known) == len(cutoffs) else None


def holds() -> QuerySet[LegalHold]:
    """Every hold that is not released."""
    return LegalHold.objects.filter(released_at__isnull=True)


def is_held(start: datetime, end: datetime) -> bool:
    """Whether any trust holds anything that became known in [start, end)."""
    return holds().filter(Q(known_until__isnull=True) | Q(known_until__gt=start), known_from__lt=end).exists()


def last_to_go(shelf: Shelf, before: datetime) -> datetime:
    """Rows of the shelf before this instant may go; keys outlive the messages that are still taken."""
    return before - KEY_MARGIN if shelf is MESSAGE_KEYS else before


def _held(shelf: Shelf) -> str:
    """SQL: whether a row of the shelf, as `t`, is under a hold."""
    first = last = shelf.time
    if shelf.since:
        first, last = (f"{which}({shelf.since}, {shelf.time})" for which in ("LEAST", "GREATEST"))
    in_time = _HELD.format(first=first, last=last)
    return f"({shelf.held} OR {in_time})" if shelf.held else in_time


def past(shelf: Shelf) -> str:
    """SQL: the rows of a shelf, as `t`, that are past their period and under no hold."""
    return f"{shelf.table} t WHERE {shelf.where} AND {shelf.time} < %(before)s AND NOT {_held(shelf)}"


def due(organisation: Organisation, shelves: Collection[Shelf], at: datetime) -> list[Due]:
    """What would go from each shelf, and what only a hold keeps. One or two queries a shelf."""
    known = periods(organisation.pk, at)
    return [
        _due(organisation, shelf, at - known[shelf.of] if shelf.of in known else None) for shelf in shelves
    ]


def _due(organisation: Organisation, shelf: Shelf, before: datetime | None) -> Due:
    if before is None:
        return Due(organisation.slug, shelf.of, None)
    held = f"count(*) FILTER (WHERE {_held(shelf)})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), {held} FROM {shelf.table} t WHERE {shelf.where} AND {shelf.time} < %(before)s",
            {"organisation": organisation.pk, "before": last_to_go(shelf, before)},
        )
        rows, kept = cursor.fetchone()
    return Due(organisation.slug, shelf.of, before, rows - kept, kept)


def left_to_people(organisation: Organisation, at: datetime) -> list[Due]:
    """The kinds that Clearway never removes, with the end of their periods."""
    return [Due(organisation.slug, of, cutoff(organisation.pk, of, at)) for of in LEFT_TO_PEOPLE]
