"""Reading the directory: what a code stands for, a search, one organisation's history, what to check."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from clearway.core.layout.times import local
from clearway.domain.outpatients.identity import postcode
from clearway.domain.outpatients.practices import (
    MOST_STEPS,
    SETTLED,
    Found,
    Listed,
    Succession,
    follow,
)

from ..patients import queries as patients
from .models import DirectoryLoad, ListedOrganisation, ListedSuccession, SuccessorChoice

MOST = 50  # organisations shown for one search
FIELDS = ("name", "role", "parent", "address", "postcode", "status", "opened_on", "closed_on")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A code that somebody gave, and what it stands for. told, current: None where the directory has none."""

    code: str
    found: Found
    told: Listed | None
    current: Listed | None

    @property
    def is_settled(self) -> bool:
        """It stands for one open organisation."""
        return self.found.standing in SETTLED


def is_loaded(organisation_id: int) -> bool:
    """Whether there is a directory here; without one nothing is said of any code. One query."""
    return ListedOrganisation.objects.filter(organisation_id=organisation_id).exists()


def resolve(organisation_id: int, codes: Iterable[str], on: date) -> dict[str, Resolved]:
    """What each code stands for on a day. No directory, no answers.

    Two queries for each step that the longest way takes, three to know that there is a directory.
    """
    asked = {code: code.strip().upper() for code in codes if code.strip()}
    if not asked or not is_loaded(organisation_id):
        return {}
    listed, after, chosen = _ways(organisation_id, set(asked.values()))
    found = {code: follow(upper, listed, after, chosen, on) for code, upper in asked.items()}
    return {
        code: Resolved(
            code,
            each,
            listed.get(each.told),
            listed.get(each.current) if each.standing in SETTLED else None,
        )
        for code, each in found.items()
    }


def resolved(organisation_id: int, code: str, on: date) -> Resolved | None:
    """One code, as `resolve`."""
    return resolve(organisation_id, [code], on).get(code)


def _ways(
    organisation_id: int, codes: set[str]
) -> tuple[dict[str, Listed], dict[str, list[Succession]], dict[str, str]]:
    listed: dict[str, Listed] = {}
    after: dict[str, list[Succession]] = {}
    fresh = set(codes)
    for _ in range(MOST_STEPS + 1):
        if not fresh:
            break
        listed |= {row.code: value(row) for row in newest(organisation_id).filter(code__in=fresh)}
        rows = list(ListedSuccession.objects.filter(organisation_id=organisation_id, old__in=fresh))
        for row in rows:
            after.setdefault(row.old, []).append(Succession(row.old, row.new, row.on, row.reason))
        fresh = {row.new for row in rows} - listed.keys()
    several = [old for old, rows_ in after.items() if len(rows_) > 1]
    return listed, after, _chosen(organisation_id, several)


def _chosen(organisation_id: int, codes: Collection[str]) -> dict[str, str]:
    if not codes:
        return {}
    rows = SuccessorChoice.objects.filter(organisation_id=organisation_id, old__in=codes)
    return dict(rows.order_by("id").values_list("old", "new"))


def newest(organisation_id: int) -> QuerySet[ListedOrganisation]:
    """The version of each organisation that counts."""
    return ListedOrganisation.objects.filter(organisation_id=organisation_id, is_newest=True)


def value(row: ListedOrganisation) -> Listed:
    return Listed(row.code, **{name: getattr(row, name) for name in FIELDS})


def search(organisation_id: int, text: str) -> list[ListedOrganisation]:
    """Organisations by code, part of the name, or postcode, open ones first; at most `MOST`. One query."""
    text = " ".join(text.split())
    if len(text) < 2:
        return []
    try:
        written = postcode(text)
    except ValueError:
        written = text.upper()
    named = Q()
    for part in text.split():
        named &= Q(name__icontains=part)
    rows = newest(organisation_id).filter(
        Q(code=text.upper()) | Q(postcode=written) | Q(postcode__startswith=f"{text.upper()} ") | named
    )
    return list(rows.order_by("status", "name", "code")[:MOST])


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of a code. versions: the newest first; before, after: successions to and from it."""

    code: str
    versions: list[ListedOrganisation]
    before: list[ListedSuccession]
    after: list[ListedSuccession]
    choices: list[SuccessorChoice]


def history(organisation_id: int, code: str) -> History | None:
    """One organisation with versions and successions; None where nothing is known of it. Four queries."""
    mine = {"organisation_id": organisation_id}
    versions = ListedOrganisation.objects.filter(code=code, **mine).select_related("load")
    successions = ListedSuccession.objects.filter(**mine)
    found = History(
        code,
        list(versions.order_by("-version")),
        list(successions.filter(new=code).order_by("-on", "old")[:MOST]),
        list(successions.filter(old=code).order_by("on", "new")[:MOST]),
        list(SuccessorChoice.objects.filter(old=code, **mine).order_by("-id")),
    )
    return found if found.versions or found.before or found.after else None


def names(organisation_id: int, codes: Collection[str]) -> dict[str, str]:
    """Code -> name as it is listed now. One query."""
    return dict(newest(organisation_id).filter(code__in=codes).values_list("code", "name"))


def loads(organisation_id: int) -> list[DirectoryLoad]:
    """What was loaded, newest first. One query."""
    return list(DirectoryLoad.objects.filter(organisation_id=organisation_id).order_by("-id")[:10])


@dataclass(frozen=True, slots=True)
class Check:
    """A code of our patients' records that stands for no open practice. patients: how many carry it."""

    code: str
    patients: int
    resolved: Resolved


def checks(organisation_id: int, at: datetime) -> list[Check]:
    """The codes that somebody has to see to, those of most patients first.

    Living patients whose record stands. As `resolve`, and one query more.
    """
    counts = patients.practices(organisation_id)
    ways = resolve(organisation_id, counts, local(at).date())
    wrong = [Check(code, counts[code], each) for code, each in ways.items() if not each.is_settled]
    return sorted(wrong, key=lambda each: (-each.patients, each.code))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many organisations are listed, and how many codes are to be seen to, for the office's register."""
    listed = newest(organisation_id).aggregate(listed=Count("pk"))["listed"]
    return listed, len(checks(organisation_id, at))


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What the worklist says of the check list."""

    codes: int = 0
    patients: int = 0


def unsettled(organisation_id: int, at: datetime) -> Unsettled:
    """How many codes and patients stand on the check list."""
    rows = checks(organisation_id, at)
    return Unsettled(len(rows), sum(each.patients for each in rows))


def as_text(row: Any) -> dict[str, str]:
    """The columns of a version as text, for comparing and showing."""
    return {name: str(getattr(row, name) or "") for name in FIELDS}
