"""Incidents and what was sent to them as rows of an export, a few at a time. No identity is read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields import DateTimeField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.ambulance.words import JobStatus
from clearway.interchange.ads_export import CALL, CONTACT, RESPONSE, band, instant

from .models import Assignment, Incident

AT_ONCE = 1000  # rows that are in memory
NEXT = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL"
BEGAN = Coalesce("clock_start_at", "category_set_at", "call_connect_at")
STAMPS = ("allocated", "mobile", "at_scene", "at_patient", "left_scene", "at_hospital", "handover", "clear")
Row = tuple[str, ...]


def tables(
    organisation_id: int,
    code: str,
    begin: datetime,
    end: datetime,
    named: Callable[[str], str],
    age: Callable[[int | None], str] = band,
) -> dict[str, Iterator[Row]]:
    """Each table of interchange.ads_export -> its rows.

    code   of the trust
    named  the name of an incident, a sending or a resource in the export
    Calls are those that began from `begin` until before `end`; responses are theirs, and those that came to a
    hospital in that time, so that a day's handovers are whole. One query for each, read as it is written.
    """
    return {
        CALL: _calls(organisation_id, code, begin, end, named),
        RESPONSE: _responses(organisation_id, begin, end, named),
        CONTACT: _contacts(organisation_id, begin, end, named, age),
    }


@contextmanager
def one_picture() -> Iterator[None]:
    """All that is read inside is of one instant, whatever is written meanwhile; nothing can be written."""
    with connection.cursor() as cursor:
        cursor.execute(f"{NEXT} REPEATABLE READ, READ ONLY")
        try:
            with transaction.atomic():
                yield
        finally:
            cursor.execute(f"{NEXT} READ COMMITTED, READ WRITE")


def _incidents(organisation_id: int, begin: datetime, end: datetime) -> QuerySet[Incident]:
    rows = Incident.objects.filter(organisation_id=organisation_id).alias(began=BEGAN)
    return rows.filter(began__gte=begin, began__lt=end).order_by("pk")


def _calls(
    organisation_id: int, code: str, begin: datetime, end: datetime, named: Callable[[str], str]
) -> Iterator[Row]:
    there = Cast(KeyTextTransform(JobStatus.AT_SCENE, "stamps"), DateTimeField())
    sent = Assignment.objects.filter(organisation_id=organisation_id, incident=OuterRef("key"))
    first = sent.order_by().values("incident").annotate(first=Min(there)).values("first")
    rows = _incidents(organisation_id, begin, end).annotate(began=BEGAN, at_scene=Subquery(first))
    for each in rows.iterator(chunk_size=AT_ONCE):
        yield (
            *(code, code, local(each.began).date().isoformat(), "", named(each.key), "", ""),
            instant(each.call_connect_at),
            each.category or "",
            instant(each.category_set_at),
            "",
            instant(each.call_answer_at),
            instant(each.clock_start_at),
            instant(each.at_scene),
            instant(each.closed_at),
        )


def _responses(
    organisation_id: int, begin: datetime, end: datetime, named: Callable[[str], str]
) -> Iterator[Row]:
    began = _incidents(organisation_id, begin, end).order_by().values("key")
    in_time = Q(incident__in=began) | Q(at_hospital_at__gte=begin, at_hospital_at__lt=end)
    rows = Assignment.objects.filter(in_time, organisation_id=organisation_id).select_related("destination")
    for each in rows.order_by("pk").iterator(chunk_size=AT_ONCE):
        stamps = {name: each.stamps.get(name) for name in STAMPS}
        yield (
            *(named(each.incident), named(each.key), named(each.call_sign)),
            *(each.kind or "", each.state),
            *(instant(at) for at in stamps.values()),
            "yes" if stamps["left_scene"] or stamps["at_hospital"] else "no",
            each.destination.code if each.destination else "",
            _took(stamps["at_hospital"], stamps["handover"]),
            "",
        )


def _took(arrived: str | None, over: str | None) -> str:
    if not arrived or not over:
        return ""
    return str(int((datetime.fromisoformat(over) - datetime.fromisoformat(arrived)).total_seconds()))


def _contacts(
    organisation_id: int,
    begin: datetime,
    end: datetime,
    named: Callable[[str], str],
    age: Callable[[int | None], str],
) -> Iterator[Row]:
    rows = _incidents(organisation_id, begin, end)
    known = rows.filter(Q(patient_age__isnull=False) | Q(patient_sex__isnull=False))
    for each in known.iterator(chunk_size=AT_ONCE):
        yield named(each.key), age(each.patient_age), each.patient_sex or "", "", "", ""


@transaction.atomic
def begun(manifest: dict[str, Any], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that an export begins, before any of it is written: none can leave without a trace."""
    detail = {name: manifest[name] for name in ("from", "to", "pseudonymised")}
    audit([Entry("incidents.export_begun", "ads", detail)], organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def exported(manifest: dict[str, Any], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that an export was written: its period, its digests, and whether it names incidents."""
    detail = {
        "from": manifest["from"],
        "to": manifest["to"],
        "pseudonymised": manifest["pseudonymised"],
        "tables": {
            name: {"rows": each["rows"], "sha256": each["sha256"]}
            for name, each in manifest["tables"].items()
        },
    }
    audit([Entry("incidents.export", "ads", detail)], organisation_id=organisation_id, by=by, at=at)
