"""Reading requests to correct a record, and who was given the value that was wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import BooleanField, Count, Q, QuerySet
from django.db.models.expressions import RawSQL

from clearway.core.layout.times import local
from clearway.domain.outpatients.rectification import Asker, Given, Stands, Value

from .. import models as tables
from .. import policy
from ..patients import queries as patients
from .models import Recipient, RecordsRequest, Rectification


def one(organisation_id: int, key: int) -> Rectification:
    """One request with its patient. Raises Rectification.DoesNotExist. One query."""
    rows = Rectification.objects.select_related("patient")
    return rows.get(organisation_id=organisation_id, pk=key)


def open_(organisation_id: int) -> list[Rectification]:
    """What is to be decided, or told to others, the first due first. One query."""
    rows = _standing(organisation_id).filter(Q(decided_at__isnull=True) | Q(untold__gt=0))
    return list(rows.select_related("patient"))


def closed(organisation_id: int, most: int = 100) -> list[Rectification]:
    """What was decided and told to everybody, newest first. One query."""
    rows = _standing(organisation_id).filter(decided_at__isnull=False, untold=0)
    return list(rows.select_related("patient").order_by("-decided_at")[:most])


def _standing(organisation_id: int) -> QuerySet[Any]:
    """Requests with how many are to be told of each, as `untold`."""
    untold = Count("recipients", filter=Q(recipients__told_at__isnull=True))
    return Rectification.objects.filter(organisation_id=organisation_id).annotate(untold=untold)


def of_patient(patient_ids: list[int]) -> list[Rectification]:
    """What stands beside a record: corrections asked for, and refusals with the person's own words."""
    beside = Q(decided_at__isnull=True) | Q(decision="refused")
    return list(Rectification.objects.filter(beside, patient_id__in=patient_ids).order_by("-id"))


def recipients(row: Rectification) -> list[Recipient]:
    """Who is to be told, those first who have the old value as it stood. One query."""
    return list(row.recipients.all())


def stands(row: Rectification) -> Stands:
    """Where it stands, as far as rules look at it."""
    return Stands(
        asker=Asker(row.asker),
        is_identified=row.identified_at is not None,
        is_decided=row.decided_at is not None,
        is_extended=row.extended_at is not None,
        due_on=row.due_on,
    )


def given_to(row: Rectification) -> list[Recipient]:
    """Everybody who was given what is held of this patient, unsaved: who may have the wrong value.

    Letters to others, and to an address or name that was wrong; packs that were sent; reports that name the
    patient. Of people merged into this record too. Four queries.
    """
    keys = [row.patient_id, *(each.pk for each in patients.merged_into(row.patient_id))]
    return [*_letters(row, keys), *_packs(row, keys), *_reports(row)]


def _letters(row: Rectification, keys: list[int]) -> Iterator[Recipient]:
    said = _as_it_stands(row)
    left = tables.Letter.objects.filter(patient_id__in=keys, sealed_at__isnull=False).defer("pdf")
    for letter in left:
        address = f"{letter.to_name}\n{letter.to_address}"
        text = "\n".join(_texts(letter.content)) + f"\n{address}"
        is_misled = any(each in address for each in said)
        assert letter.sealed_at is not None
        if letter.audience != "patient" or is_misled:
            has_value = any(each in text for each in said)
            yield _recipient(row, Given.LETTER, letter.pk, letter.to_name, letter.sealed_at, has_value)


def _packs(row: Rectification, keys: list[int]) -> Iterator[Recipient]:
    for sent in RecordsRequest.objects.filter(patient_id__in=keys, closed_as="sent"):
        assert sent.closed_at is not None
        yield _recipient(row, Given.PACK, sent.pk, sent.sent_to, sent.closed_at, True)


def _reports(row: Rectification) -> Iterator[Recipient]:
    names = RawSQL(
        "position(convert_to(%s, 'UTF8') IN csv) > 0", [row.patient.number], output_field=BooleanField()
    )
    rows = tables.SentReport.objects.filter(
        report__organisation_id=row.organisation_id, sealed_at__isnull=False
    )
    named = rows.annotate(names=names).filter(names=True).defer("csv", "figures")
    for sent in named.select_related("recipient"):
        assert sent.sealed_at is not None
        to = sent.recipient.display_name or sent.recipient.username
        yield _recipient(row, Given.REPORT, sent.pk, to, sent.sealed_at, False)


def _recipient(
    row: Rectification, given: Given, key: int, to: str, left_at: datetime, has_value: bool
) -> Recipient:
    return Recipient(
        rectification=row, given=given.value, key=key, to=to, left_at=left_at, has_value=has_value
    )


def _as_it_stands(row: Rectification) -> list[str]:
    """How letters would write the old value; nothing where there was none."""
    if not row.was:
        return []
    if row.value == Value.BORN_ON:
        day = date.fromisoformat(row.was)
        return [f"{day.day} {day:%B %Y}", row.was]
    if row.value == Value.NHS_NUMBER:
        return [row.was, f"{row.was[:3]} {row.was[3:6]} {row.was[6:]}"]
    return [row.was]


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for each in content.values():
            yield from _texts(each)
    elif isinstance(content, list):
        for each in content:
            yield from _texts(each)


@dataclass(frozen=True, slots=True)
class Correction:
    """A request that is due soon or was (`untold` 0), or one that was granted and is to be told on."""

    key: int
    due_on: date
    untold: int


def due(organisation_id: int, at: datetime) -> tuple[Correction, ...]:
    """What is to be decided within the days of warning, and what is to be told to others. Two queries."""
    last = local(at).date() + timedelta(days=policy.records(organisation_id, at).warn_days)
    rows = _standing(organisation_id).filter(
        Q(decided_at__isnull=True, due_on__lte=last) | Q(decided_at__isnull=False, untold__gt=0)
    )
    return tuple(Correction(*row) for row in rows.values_list("pk", "due_on", "untold"))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many are open, and how many of them past their day. One query."""
    rows = Rectification.objects.filter(organisation_id=organisation_id, decided_at__isnull=True)
    found = rows.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_on__lt=local(at).date())))
    return found["open"], found["late"]
