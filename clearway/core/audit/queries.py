"""Reading the audit."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from .models import LOOKS, Action, CheckpointPlace, Seal

PAGE = 200  # rows shown at a time
REVIEWED_LATELY = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; empty fields leave everything in.

    subject  the beginning of it, e.g. "task:" or "incident:2026-1234"
    actor    the whole name: a user name or a process
    verb     the beginning of it, e.g. "people."
    before   id of an action: only what comes before it, for the next page
    """

    subject: str = ""
    actor: str = ""
    verb: str = ""
    start: datetime | None = None
    end: datetime | None = None
    before: int | None = None


def actions(organisation_id: int, wanted: Filter, limit: int = PAGE) -> list[Action]:
    """Actions of one trust, newest first. One query."""
    rows = Action.objects.filter(organisation_id=organisation_id)
    if wanted.subject:
        rows = rows.filter(subject__startswith=wanted.subject)
    if wanted.actor:
        rows = rows.filter(actor=wanted.actor)
    if wanted.verb:
        rows = rows.filter(verb__startswith=wanted.verb)
    if wanted.start:
        rows = rows.filter(at__gte=wanted.start)
    if wanted.end:
        rows = rows.filter(at__lt=wanted.end)
    if wanted.before:
        rows = rows.filter(pk__lt=wanted.before)
    return list(rows.order_by("-id")[:limit])


def head() -> Seal | None:
    """The newest seal: its digest is what to keep outside the database."""
    return Seal.objects.order_by("-id").first()


def failing_places() -> list[CheckpointPlace]:
    """The places of the settings that did not take the last checkpoint. One query."""
    return [row for row in places_told() if row.problem]


def places_told() -> list[CheckpointPlace]:
    """How it stands with each place of the settings that was told once. One query."""
    return list(CheckpointPlace.objects.filter(place__in=settings.AUDIT_PLACES).order_by("place"))


def waits_since() -> dict[str, datetime]:
    """Place of the settings -> when the oldest seal was made that it was not told of. One query a place."""
    told = {row.place: row.seal for row in places_told()}
    found = {}
    for place in settings.AUDIT_PLACES:
        rows = Seal.objects.filter(pk__gt=told.get(place, 0)).order_by("id")
        if (made := rows.values_list("at", flat=True).first()) is not None:
            found[place] = made
    return found


def looks_to_review(organisation_id: int, who: str = "", whom: str = "") -> list[Action]:
    """Looks at identities that nobody has reviewed, the longest waiting first; at most a page. One query.

    who   only those by this actor
    whom  only those at the patient of this incident, or at the record of this key
    """
    return list(_looks(organisation_id, who, whom).filter(review=None).order_by("at", "id")[:PAGE])


def looks_reviewed(organisation_id: int, at: datetime, who: str = "", whom: str = "") -> list[Action]:
    """Those that were reviewed of late, with what was found, newest first. One query."""
    rows = _looks(organisation_id, who, whom).filter(review__at__gt=at - REVIEWED_LATELY)
    return list(rows.select_related("review").order_by("-review__at")[:PAGE])


def _looks(organisation_id: int, who: str, whom: str) -> QuerySet[Action]:
    by = Q(actor=who) if who else Q()
    of = Q(subject__in=[f"incident:{whom}", f"patient:{whom}"]) if whom else Q()
    return Action.objects.filter(by, of, organisation_id=organisation_id, verb__in=LOOKS)


def look(organisation_id: int, key: int) -> Action | None:
    """One look at an identity, with its review if it has one."""
    return _looks(organisation_id, "", "").filter(pk=key).select_related("review").first()


def waiting_looks(organisation_id: int) -> list[tuple[int, datetime]]:
    """Every look that nobody has reviewed, by its id, with its time; the first one first. One query."""
    rows = _looks(organisation_id, "", "").filter(review=None).order_by("at", "id")
    return list(rows.values_list("pk", "at"))
