"""Keeping who is unavailable, and recording what was asked, answered and decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import clock
from clearway.core.live.actions import announce
from clearway.domain.ambulance.unavailability import Episode
from clearway.domain.shared.errors import NotAllowed

from .. import situation as situations
from . import queries
from .models import SignedLimit, Unavailability, UnavailabilityWord
from .policy import unavailability

Kind = UnavailabilityWord.Kind
LONGEST = timedelta(hours=12)  # that an extension or a signed limit may last


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody records: of an extension `until`, of a correction `code`, of an escalation `to`."""

    kind: UnavailabilityWord.Kind
    answer: str
    until: datetime | None = None
    code: str = ""
    to: str = ""


@transaction.atomic
def say(key: int, word: Word, *, organisation_id: int, by: Actor, at: datetime) -> UnavailabilityWord:
    """Record a challenge and its answer, an extension, another reason, an escalation, or support offered.

    Raises NotAllowed: over, past, longer than may be, a reason nobody knows, or a challenge of welfare.
    """
    row = Unavailability.objects.select_for_update().filter(organisation_id=organisation_id, pk=key).first()
    if row is None:
        raise NotAllowed("gone", "Recording this", "There is no such unavailability. Open the list again.")
    _check(row, word, at)
    said = UnavailabilityWord.objects.create(
        of=row,
        kind=word.kind,
        at=at,
        by=by.name,
        answer=word.answer,
        until=word.until,
        code=word.code,
        to=word.to,
    )
    if word.kind == Kind.EXTENDED:
        row.extended = word.until
    if word.kind == Kind.CORRECTED:
        row.corrected = word.code
    row.save(update_fields=["extended", "corrected"])
    detail = {"answer": word.answer, "until": word.until and word.until.isoformat(), "code": word.code}
    entry = Entry(f"unavailability.{word.kind}", f"resource:{row.call_sign}", {**detail, "to": word.to})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    announce("unavailability", [str(row.pk)], organisation_id=organisation_id, at=at)
    return said


def _check(row: Unavailability, word: Word, at: datetime) -> None:
    what = f"Recording this of {row.call_sign}"
    policy = unavailability(row.organisation_id, at)
    if row.ended_at is not None:
        raise NotAllowed("over", what, f"It has been available since {clock(row.ended_at)}.")
    if word.kind == Kind.CHALLENGED and not policy.reason(row.said, row.corrected).pressed:
        raise NotAllowed("welfare", what, "Nobody is challenged for welfare. Offer support instead.")
    if word.kind == Kind.CORRECTED and word.code not in policy.reasons:
        raise NotAllowed("unknown", what, "Choose a reason of the policy.")
    if word.until is not None and not at < word.until <= at + LONGEST:
        raise NotAllowed("outside", what, "An extension ends within the next twelve hours.")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit to be signed, from now until `ends`."""

    codes: Sequence[str]
    minutes: float
    level: str
    why: str
    ends: datetime


@transaction.atomic
def sign(limit: Limit, *, organisation_id: int, by: Actor, at: datetime) -> SignedLimit:
    """Sign other limits for a time, at an escalation level. Only people sign. Raises NotAllowed."""
    what = "Signing limits"
    policy = unavailability(organisation_id, at)
    if by.user_id is None:
        raise NotAllowed("nobody", what, "Only a person signs a limit.")
    if not limit.codes or any(code not in policy.reasons for code in limit.codes):
        raise NotAllowed("unknown", what, "Choose reasons of the policy.")
    if welfare := [policy.reasons[code].says for code in limit.codes if not policy.reasons[code].pressed]:
        raise NotAllowed("welfare", what, f"{welfare[0]} is never pressed; leave it out.")
    if not at < limit.ends <= at + LONGEST:
        raise NotAllowed("outside", what, "It ends within the next twelve hours.")
    row = SignedLimit.objects.create(
        organisation_id=organisation_id,
        codes=list(limit.codes),
        minutes=limit.minutes,
        level=limit.level,
        why=limit.why,
        signed_by=by.name,
        begins=at,
        ends=limit.ends,
    )
    detail = {"codes": row.codes, "minutes": row.minutes, "level": row.level, "why": row.why}
    entry = Entry("unavailability.sign", f"limit:{row.pk}", {**detail, "ends": row.ends.isoformat()})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


@transaction.atomic
def follow(organisation_id: int, *, at: datetime) -> None:
    """Bring what is kept to what the facts of the last day say. Called every half minute.

    A fixed number of queries. A time that later facts deny ends where it began, so that what was said of it
    stays.
    """
    reading = situations.reading(organisation_id, at)
    area, since = reading.home_areas(), at - queries.LOOK_BACK
    kept = {(row.call_sign, row.since): row for row in queries.of_late(organisation_id, since)}
    call_signs = {*reading.seen, *(row.call_sign for row in kept.values() if row.ended_at is None)}
    # One that has lasted for days ends too: its beginning is read again.
    since = min([since, *(row.since for row in kept.values() if row.ended_at is None)])
    told = queries.told(organisation_id, call_signs, since, at)
    changed = list(_changed(organisation_id, kept, told, area, since))
    Unavailability.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["organisation", "call_sign", "since"],
        update_fields=["ended_at", "said"],
    )
    keys = Unavailability.objects.filter(
        organisation_id=organisation_id, call_sign__in=[row.call_sign for row in changed], since__gte=since
    ).values_list("pk", flat=True)
    announce("unavailability", map(str, keys), organisation_id=organisation_id, at=at)


def _changed(
    organisation_id: int,
    kept: Mapping[tuple[str, datetime], Unavailability],
    told: Mapping[str, Sequence[Episode]],
    area: Mapping[str, str],
    since: datetime,
) -> Iterable[Unavailability]:
    """The rows that the facts make another, and those that they deny."""
    for call_sign, times in told.items():
        for each in times:
            row = kept.get((call_sign, each.since))
            said = (each.said or "")[:200]
            if row is None or (row.ended_at, row.said) != (each.ended, said):
                yield Unavailability(
                    organisation_id=organisation_id,
                    call_sign=call_sign,
                    area=area.get(call_sign, row.area if row else ""),
                    since=each.since,
                    ended_at=each.ended,
                    said=said,
                )
    for (call_sign, began), row in kept.items():
        denied = (
            call_sign in told and began >= since and began not in {each.since for each in told[call_sign]}
        )
        if denied and row.ended_at != began:
            row.ended_at = began
            yield row
