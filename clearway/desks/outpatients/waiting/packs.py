"""Reading what goes to the team leader as a pack: a month's long waits, a week's missing outcomes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from clearway.core.layout.times import local
from clearway.domain.outpatients.counting import BandLabels, band_of
from clearway.domain.outpatients.validation import CHECKS, Severity

from .. import policy
from ..outcomes import queries as outcomes
from . import checks, queries
from .models import Entry, ValidationPack

Kind = ValidationPack.Kind
BANDS = BandLabels()
WEEK = timedelta(days=7)
KEPT = ("pk", "service__name", "kind", "priority", "waits_from", "treat_by", "validated_on")
Figures = dict[str, Any]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a pack keeps. over  days, of a monthly pack."""

    figures: Figures
    rows: Rows
    over: int | None = None


@dataclass(frozen=True, slots=True)
class Unseen:
    """The oldest pack of a kind that nobody has signed. count  of what there is to look through."""

    kind: str
    key: int
    begins_on: date
    count: int


def begins_on(kind: str, at: datetime) -> date:
    """The first day of the period whose pack is due at an instant: this month, or the week that has ended."""
    today = local(at).date()
    return today.replace(day=1) if kind == Kind.MONTHLY else today - timedelta(days=today.weekday()) - WEEK


def contents(kind: str, organisation_id: int, at: datetime) -> Contents | None:
    """What the pack of a kind would keep now; None where there is nothing of which to make one."""
    if kind == Kind.WEEKLY:
        return _week(organisation_id, begins_on(kind, at), at)
    over = policy.check_limits(organisation_id, at).long_wait
    figures, rows = long_waits(organisation_id, at, over)
    return Contents(figures, rows, over) if figures["waiting"] else None


def long_waits(organisation_id: int, at: datetime, over: int) -> tuple[Figures, Rows]:
    """Figures and rows of a month: exactly whom the list shows with `over` at this instant. Fixed queries."""
    asked = queries.Filters(over=over)
    rows = queries.chosen(asked, organisation_id, at).order_by("waits_from", "id")
    today = local(at).date()
    known = [_long_wait(row, today) for row in rows.values(*KEPT)]
    figures = {
        "waiting": queries.chosen(queries.Filters(), organisation_id, at).count(),
        "long": len(known),
        "breached": sum(each["is_breached"] for each in known),
        "never_asked": sum(each["asked_on"] is None for each in known),
        "by_service": _counted(each["service"] for each in known),
        "by_band": _counted(each["band"] for each in known),
    }
    return figures, known


def _long_wait(row: Mapping[str, Any], today: date) -> dict[str, Any]:
    days, treat_by, asked_on = (today - row["waits_from"]).days, row["treat_by"], row["validated_on"]
    return {
        "entry": row["pk"],
        "service": row["service__name"],
        "kind": row["kind"],
        "priority": row["priority"],
        "since": row["waits_from"].isoformat(),
        "days": days,
        "band": BANDS.of(band_of(days)),
        "treat_by": treat_by and treat_by.isoformat(),
        "is_breached": treat_by is not None and treat_by < today,
        "asked_on": asked_on and asked_on.isoformat(),
    }


def _week(organisation_id: int, monday: date, at: datetime) -> Contents | None:
    """Every appointment that ended before the week did and has no outcome now, and what clocks are wrong.

    None where no appointment has ended. Fixed queries.
    """
    start, end = queries.midnight(monday), queries.midnight(monday + WEEK)
    today = local(at).date()
    rows = [_without_outcome(row, today) for row in outcomes.without_outcome(organisation_id, end)]
    held = outcomes.held_between(organisation_id, start, end)
    if not rows and not held:
        return None
    of_week = sum(each["on"] >= monday.isoformat() for each in rows)
    found = checks.all_found(organisation_id, at)
    wrong = [CHECKS[each.code] for each in found]
    errors = _counted(check.says for check in wrong if check.severity is Severity.ERROR)
    return Contents(
        {
            "held": held,
            "without": len(rows),
            "of_week": of_week,
            "before": len(rows) - of_week,
            "oldest": min((each["on"] for each in rows), default=None),
            "by_clinician": _counted(each["clinician"] for each in rows),
            "errors": errors,
            "breached": queries.chosen(queries.Filters(breached=True), organisation_id, at).count(),
        },
        rows,
    )


def _without_outcome(row: Any, today: date) -> dict[str, Any]:
    session, starts_at = row.slot.session, local(row.starts_at)
    return {
        "appointment": row.pk,
        "session": session.pk,
        "on": starts_at.date().isoformat(),
        "at": f"{starts_at:%H:%M}",
        "service": session.service.name,
        "clinician": session.clinician.name,
        "site": session.room.site.name,
        "had_arrived": row.state == "arrived",
        "days": (today - starts_at.date()).days,
    }


def _counted(words: Iterable[str]) -> list[list[Any]]:
    """[word, how many], most first."""
    return [
        [word, count] for word, count in sorted(Counter(words).items(), key=lambda each: (-each[1], each[0]))
    ]


def every(organisation_id: int, kind: str) -> list[ValidationPack]:
    """Every pack of a kind without its rows, newest first. One query."""
    packs = ValidationPack.objects.filter(organisation_id=organisation_id, kind=kind)
    return list(packs.defer("rows").order_by("-begins_on"))


def one(organisation_id: int, key: int) -> ValidationPack:
    """One pack. Raises ValidationPack.DoesNotExist. One query."""
    return ValidationPack.objects.get(organisation_id=organisation_id, pk=key)


def unseen(organisation_id: int) -> tuple[Unseen, ...]:
    """The oldest unsigned pack of each kind; a week that left nothing asks for no signature. One query."""
    packs = ValidationPack.objects.filter(organisation_id=organisation_id, seen_at__isnull=True)
    oldest: dict[str, Unseen] = {}
    for made in packs.defer("rows").order_by("begins_on"):
        count = to_look_at(made.kind, made.figures)
        if count or made.kind == Kind.MONTHLY:
            oldest.setdefault(made.kind, Unseen(made.kind, made.pk, made.begins_on, count))
    return tuple(oldest.values())


def to_look_at(kind: str, figures: Mapping[str, Any]) -> int:
    """How much a pack lays before the leader."""
    if kind == Kind.MONTHLY:
        return int(figures["long"])
    return int(figures["without"]) + sum(int(count) for _, count in figures["errors"])


def names(rows: Sequence[Mapping[str, Any]], organisation_id: int) -> dict[int, Entry]:
    """Entry id -> the entry with its patient, for the rows of a month. One query."""
    keys = [row["entry"] for row in rows]
    found = Entry.objects.filter(organisation_id=organisation_id, pk__in=keys).select_related("patient")
    return {row.pk: row for row in found}


def appointments(rows: Sequence[Mapping[str, Any]], organisation_id: int) -> dict[int, Any]:
    """Appointment id -> the appointment as it stands now, with its patient, of a week. One query."""
    return outcomes.with_patients([row["appointment"] for row in rows], organisation_id)
