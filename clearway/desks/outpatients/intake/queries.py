"""Reading files of referrals, their layouts and what was taken."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from clearway.domain.shared.errors import CannotParse
from clearway.interchange import ers_worklist, referral_file, sheets
from clearway.interchange.referral_file import ReferralRow
from clearway.interchange.sheets import Sheet

from ..clinics.queries import midnight
from .models import AskedWorklist, GivenFile, Layout, TakenReferral

MOST = 20  # files shown on the first page


def one(organisation_id: int, file_id: int) -> GivenFile:
    """One file with its layout. Raises GivenFile.DoesNotExist. One query."""
    rows = GivenFile.objects.select_related("layout", "service")
    return rows.get(organisation_id=organisation_id, pk=file_id)


def newest(organisation_id: int) -> list[GivenFile]:
    """The files given lately, without their bytes, newest first. One query."""
    rows = GivenFile.objects.filter(organisation_id=organisation_id).defer("body")
    return list(rows.order_by("-given_at", "-id")[:MOST])


def senders(organisation_id: int) -> list[str]:
    """Everybody whose layout is known, by name. One query."""
    rows = Layout.objects.filter(organisation_id=organisation_id)
    return list(rows.order_by("sender").values_list("sender", flat=True).distinct())


def layout(organisation_id: int, digest: str, sender: str) -> Layout | None:
    """The newest version of a sender's layout with these headings. One query."""
    rows = Layout.objects.filter(organisation_id=organisation_id, digest=digest, sender=sender)
    return rows.order_by("-version").first()


def taken_before(row: GivenFile) -> GivenFile | None:
    """An earlier file with the very same bytes that was registered. One query."""
    same = GivenFile.objects.filter(
        organisation_id=row.organisation_id, digest=row.digest, state=GivenFile.State.TAKEN
    )
    return same.exclude(pk=row.pk).defer("body").order_by("-closed_at").first()


def unread(row: GivenFile) -> GivenFile | None:
    """The very same bytes from the same sender, where they wait already to be read again. One query."""
    return GivenFile.objects.filter(
        organisation_id=row.organisation_id,
        sender=row.sender,
        digest=row.digest,
        state=GivenFile.State.UNREAD,
    ).first()


@dataclass(frozen=True, slots=True)
class Known:
    """What a reference became: the referral's id and number, and the digest of what was said."""

    referral_id: int
    number: str
    digest: str
    batch: int | None


def taken(organisation_id: int, sender: str, reference: str) -> Known | None:
    """What this sender's reference became before. One query."""
    rows: Any = TakenReferral.objects.filter(
        organisation_id=organisation_id, sender=sender, reference=reference
    )
    found = rows.values_list("referral_id", "referral__number", "digest", "batch").first()
    return Known(*found) if found else None


def sheet(raw: bytes) -> Sheet:
    """The rows of a file, which is a spreadsheet or an answer of e-RS. Raises CannotParse."""
    return ers_worklist.sheet(raw) if ers_worklist.is_one(raw) else sheets.read(raw)


def rows(row: GivenFile) -> list[ReferralRow | CannotParse]:
    """Every row of a file with a layout, read or refused. Raises CannotParse where its columns do not fit.

    Where the file is of one service, each row is: e-RS has numbers of its own for services.
    """
    read = sheet(bytes(row.body))
    mapping: dict[str, str] = dict(row.layout.mapping) if row.layout else {}
    if row.service is not None:
        heading = mapping.setdefault("service", "service")
        if heading not in read.heading:
            cells = tuple((line, (*each, "")) for line, each in read.rows)
            read = Sheet((*read.heading, heading), cells)
        place, code = read.heading.index(heading), row.service.code
        filled = tuple((line, (*each[:place], code, *each[place + 1 :])) for line, each in read.rows)
        read = Sheet(read.heading, filled)
    return referral_file.rows(read, mapping)


def asked(service_id: int, on: date) -> QuerySet[AskedWorklist]:
    """The turns of a service at e-RS that were used up by asking on a day."""
    return AskedWorklist.objects.filter(service_id=service_id, on=on, nth__isnull=False)


def turns_taken(organisation_id: int, service_id: int, on: date, digest: str = "") -> int:
    """How many turns of a service at e-RS are used up on a day: questions, and answers given by hand. Two
    queries.

    digest  of an answer that is given again: it counts as none
    """
    turns = asked(service_id, on)
    same = GivenFile.objects.filter(service_id=service_id, digest=digest).values("pk")
    ours = turns.filter(file__isnull=False).values("file")
    by_hand = other_answers(organisation_id, service_id, on, digest, but=ours)
    return turns.exclude(file__in=same).count() + by_hand


def other_answers(
    organisation_id: int, service_id: int, on: date, digest: str, but: Any = frozenset()
) -> int:
    """How many other answers of e-RS were given for a service on a day and not put aside. One query.

    but  ids of files that do not count
    """
    given = GivenFile.objects.filter(
        organisation_id=organisation_id,
        service_id=service_id,
        is_answer=True,
        given_at__gte=midnight(on),
    ).exclude(state=GivenFile.State.DROPPED)
    return given.exclude(pk__in=but).exclude(digest=digest).values("digest").distinct().count()
