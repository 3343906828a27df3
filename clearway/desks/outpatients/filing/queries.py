"""Reading what came in, what is filed to a patient, and where paper volumes are."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from clearway.core.layout.times import local
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.completeness import working_days_after

from .. import policy
from .models import Document, Filing, Volume, VolumeOut

SHOWN = 200


def unfiled(organisation_id: int) -> list[Document]:
    """What is nobody's yet, the oldest first, without the bytes. One query."""
    return list(_unfiled(organisation_id).defer("body")[:SHOWN])


def document(organisation_id: int, key: int) -> Document:
    """One document with its bytes. Raises Document.DoesNotExist. One query."""
    return Document.objects.get(organisation_id=organisation_id, pk=key)


def filings(row: Document) -> list[Filing]:
    """Everybody to whom a document was filed, newest first. One query."""
    return list(row.filings.select_related("patient", "referral"))


def same(organisation_id: int, digest: str) -> Document | None:
    """The document of these very bytes, where it was taken before. One query."""
    return Document.objects.filter(organisation_id=organisation_id, digest=digest).defer("body").first()


def filed_to(organisation_id: int, patient_id: int) -> list[Filing]:
    """What is filed to a patient now, newest first, without the bytes. One query."""
    rows = Filing.objects.filter(
        document__organisation_id=organisation_id, patient_id=patient_id, taken_back_at__isnull=True
    )
    rows = rows.select_related("document", "referral").defer("document__body")
    return list(rows.order_by("-document__came_on"))


def volume(organisation_id: int, key: int) -> Volume:
    """One volume with every time it was out. Raises Volume.DoesNotExist. Two queries."""
    return _with_times(Volume.objects.filter(organisation_id=organisation_id)).get(pk=key)


def volumes_of(organisation_id: int, patient_id: int) -> list[Volume]:
    """The volumes of a patient, by number. Two queries."""
    return list(_with_times(Volume.objects.filter(organisation_id=organisation_id, patient_id=patient_id)))


def away(organisation_id: int) -> list[Volume]:
    """What is missing, then what is out, the first to be asked for at the top. Two queries."""
    rows = Volume.objects.filter(organisation_id=organisation_id).exclude(where="here")
    found = list(_with_times(rows)[:SHOWN])
    return sorted(found, key=lambda row: (row.where != "missing", _chase(row), row.pk))


def out_now(row: Volume) -> VolumeOut | None:
    """Where it is now. No query, for a volume that was read here."""
    return next((each for each in row.times.all() if each.ended_at is None), None)


def _chase(row: Volume) -> date:
    out = out_now(row)
    return out.chase_on if out else date.min


@dataclass(frozen=True, slots=True)
class Due:
    """What the rules look at. unfiled: documents past their day, since; chase: volumes to be asked for."""

    unfiled: int = 0
    since: date | None = None
    chase: int = 0
    chase_since: date | None = None
    missing: int = 0


def due(organisation_id: int, at: datetime) -> Due:
    """What is to be filed, and what is to be asked for by now. Four queries."""
    today, days = local(at).date(), policy.filing(organisation_id, at).file_days
    old = [
        came
        for came in _unfiled(organisation_id).values_list("came_on", flat=True)
        if working_days_after(came, days, BANK_HOLIDAYS) < today
    ]
    rows = VolumeOut.objects.filter(
        volume__organisation_id=organisation_id, ended_at__isnull=True, chase_on__lte=today
    )
    chase = list(rows.values_list("chase_on", flat=True))
    missing = Volume.objects.filter(organisation_id=organisation_id, where="missing").count()
    return Due(len(old), min(old, default=None), len(chase), min(chase, default=None), missing)


def count_scans(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many documents are nobody's, and how many of them past their day. Three queries."""
    return _unfiled(organisation_id).count(), due(organisation_id, at).unfiled


def count_volumes(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many volumes are out or missing, and how many are to be asked for or looked for. Five queries."""
    found = due(organisation_id, at)
    rows = Volume.objects.filter(organisation_id=organisation_id).exclude(where="here")
    return rows.count(), found.chase + found.missing


def _unfiled(organisation_id: int) -> QuerySet[Document]:
    filed = Filing.objects.filter(document=OuterRef("pk"), taken_back_at__isnull=True)
    rows = Document.objects.filter(organisation_id=organisation_id, put_aside="")
    return rows.filter(~Exists(filed))


def _with_times(rows: QuerySet[Volume]) -> QuerySet[Volume]:
    return rows.select_related("patient").prefetch_related(Prefetch("times", VolumeOut.objects.all()))
