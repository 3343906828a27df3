"""Every write to the standing queue: what the checks find, who takes it, and why a return is as it is."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.actions import Entry as Row
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.locks import Lock, one_at_a_time
from clearway.core.people.models import User
from clearway.domain.outpatients.validation import CHECKS, RETURN, RETURN_CHECKS, Found, found
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..clocks import returns
from . import checks, queue
from .models import Checked, Finding

RETURNS_EVERY = timedelta(hours=1)
TAKING, EXPLAINING = "Taking it", "Explaining it"
UPDATED = ["severity", "fixer", "since", "words", "explained_at", "explained_by", "explained_words"]


@transaction.atomic
def check(*, organisation_id: int, at: datetime) -> int:
    """Ask every check, and keep what it finds as the queue. Returns how many are found.

    Whoever took a finding keeps it while it is found. The return of the last month is asked once an hour:
    its events may be corrected, and it is long. What is kept is made from the tables, so it is in no audit.
    """
    one_at_a_time(Lock.LIST_CHECKS, organisation_id)
    every = checks.all_found(organisation_id, at)
    kept = Finding.objects.filter(organisation_id=organisation_id)
    words: dict[str, str] = {}
    last, today = queue.checked(organisation_id), local(at).date()
    returns_at = last.returns_at if last else None
    if returns_at is None or abs(at - returns_at) >= RETURNS_EVERY:
        returns_at = at
        rows = returns.doubted(organisation_id, at)
        limits = policy.check_limits(organisation_id, at)
        every += found(RETURN_CHECKS, rows, RETURN, today, limits)
        words = {f"{RETURN}:{row.key}": row.says for row in rows}
    else:
        kept = kept.exclude(subject__startswith=f"{RETURN}:")
    _keep(every, kept, words, organisation_id, at)
    Checked.objects.update_or_create(
        organisation_id=organisation_id, defaults={"at": at, "returns_at": returns_at}
    )
    return len(every)


@transaction.atomic
def ask_returns_again(organisation_id: int) -> None:
    """The next `check` asks the return of the last month too: what it counts has come all at once."""
    one_at_a_time(Lock.LIST_CHECKS, organisation_id)
    Checked.objects.filter(organisation_id=organisation_id).update(returns_at=None)


@transaction.atomic
def recheck(subjects: Collection[str], *, organisation_id: int, at: datetime) -> bool:
    """Ask the checks again of these subjects alone; whether anything is otherwise than it was.

    A page does so with what it shows: what somebody has mended just now is not shown as if it stood.
    """
    asked = [each for each in subjects if not each.startswith(f"{RETURN}:")]
    rows = Finding.objects.filter(organisation_id=organisation_id, subject__in=asked)
    return _keep(checks.found_of(asked, organisation_id, at), rows, {}, organisation_id, at)


def _keep(
    every: Iterable[Found], rows: Any, words: Mapping[str, str], organisation_id: int, at: datetime
) -> bool:
    """Bring these rows in line with what is found now, read by columns: a long list has many."""
    names = ("subject", "code", "pk", "since", "words")
    standing = {(subject, code): kept for subject, code, *kept in rows.values_list(*names)}
    new: list[Finding] = []
    other: dict[int, Found] = {}
    for each in every:
        kept = standing.pop((each.subject, each.code), None)
        if kept is None:
            new.append(_found(each, words, organisation_id, at))
        elif (each.since, words.get(each.subject, kept[2])[:200]) != (kept[1], kept[2]):
            other[kept[0]] = each
    changed = [row for row in rows.filter(pk__in=list(other)) if _follow(row, other[row.pk], words)]
    gone = [pk for pk, *_ in standing.values()]
    # Two who ask at once find the same: the second leaves what the first has written.
    Finding.objects.bulk_create(new, ignore_conflicts=True, batch_size=5000)
    Finding.objects.bulk_update(changed, UPDATED, batch_size=1000)
    Finding.objects.filter(pk__in=gone).delete()
    return bool(new or changed or gone)


def _found(each: Found, words: Mapping[str, str], organisation_id: int, at: datetime) -> Finding:
    check_ = CHECKS[each.code]
    return Finding(
        organisation_id=organisation_id,
        code=each.code,
        subject=each.subject,
        severity=check_.severity.value,
        fixer=check_.fixer.value,
        since=each.since,
        found_at=at,
        words=words.get(each.subject, "")[:200],
    )


def _follow(row: Finding, each: Found, words: Mapping[str, str]) -> bool:
    """Whether the finding is otherwise than it was kept. Other figures are not explained by old words."""
    since = min(each.since, local(row.found_at).date())
    said = words.get(each.subject, row.words)[:200]
    if (since, said) == (row.since, row.words):
        return False
    if said != row.words:
        row.explained_at, row.explained_by, row.explained_words = None, "", ""
    row.since, row.words = since, said
    return True


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of giving findings to somebody. refused  those that somebody else has, with who"""

    done: int
    refused: tuple[tuple[str, str], ...] = ()


@transaction.atomic
def take(
    keys: Collection[int], to: User | None, *, may_lead: bool, organisation_id: int, by: Actor, at: datetime
) -> Taken:
    """Give findings to a person, or put them back with nobody. Raises NotAllowed.

    may_lead  whether who does it may take them from a colleague; else those that a colleague has stay there
    Findings that are mended meanwhile are left out.
    """
    if to is not None and not queue.takers(organisation_id, at).filter(pk=to.pk).exists():
        raise NotAllowed("not theirs", TAKING, f"{to} may not change what is on the lists.")
    rows = list(
        Finding.objects.select_for_update(of=("self",))
        .select_related("owner")
        .filter(organisation_id=organisation_id, pk__in=keys)
        .order_by("pk")
    )
    mine = [row for row in rows if may_lead or row.owner_id in (None, by.user_id)]
    theirs = [row for row in rows if row not in mine]
    for row in mine:
        row.owner, row.taken_at = to, at if to else None
    Finding.objects.bulk_update(mine, ["owner", "taken_at"])
    entries = [
        Row("waiting.take", row.subject, {"check": row.code, "to": to.username if to else None})
        for row in mine
    ]
    audit(entries, organisation_id=organisation_id, by=by, at=at)
    return Taken(len(mine), tuple((row.code, str(row.owner)) for row in theirs))


@transaction.atomic
def explain(key: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Finding:
    """Say why the figures of a return are right although they look wrong. Raises NotAllowed.

    It leaves the queue until its figures are others. Anything else is mended, not explained.
    """
    row = Finding.objects.select_for_update(of=("self",)).get(pk=key, organisation_id=organisation_id)
    if not row.subject.startswith(f"{RETURN}:"):
        raise NotAllowed("found", EXPLAINING, "Mend its cause: the check asks again by itself.")
    if not words.strip():
        raise NotAllowed("not said", EXPLAINING, "Say in a sentence why the figures are right.")
    row.explained_at, row.explained_by = at, by.name[:150]
    row.explained_words = words.strip()[:300]
    row.save(update_fields=["explained_at", "explained_by", "explained_words"])
    detail = {"check": row.code, "words": row.explained_words}
    audit([Row("waiting.explain", row.subject, detail)], organisation_id=organisation_id, by=by, at=at)
    return row
