"""Making a report: the figures of its page at the instant at which the worker of the outbox makes it.

Reports come to their recipients in Clearway itself, so the carrier has nobody to call: that it is in the
recipient's reports is written with the same row. What it checks is that they may still open it.
"""

import csv
import hashlib
import io
from datetime import datetime
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.layout import papers
from clearway.core.layout.context import rests_on
from clearway.core.layout.times import clock, local
from clearway.core.outbox.actions import Held
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import Made, Parcel, Ready, Withdrawn
from clearway.domain.outpatients.reports import What
from clearway.domain.shared import figures as shared
from clearway.domain.shared.figures import Figures
from clearway.interchange import sheets

from . import figures, queries
from .models import SentReport

OUTBOX, TRAY = "report", "tray"  # the kind of these messages in the outbox, and their carrier


class ReportMaker:
    """What the outbox asks of reports (core.outbox.sending.Maker)."""

    def make(self, row: Outgoing, *, by: Actor, at: datetime) -> Made:
        """The figures as the page shows them now, kept with the report."""
        report = SentReport.objects.select_related("report", "recipient").get(outgoing_id=row.pk)
        if (between := _between(report, at)) is not None:
            return between
        found = figures.read(What(report.report.what), row.organisation_id, at)
        report.sources = rests_on(row.organisation_id, at)
        (report.figures,) = shared.kept([found])
        report.csv, report.as_of = as_csv(found, report.sources, at), at
        report.save(update_fields=["csv", "figures", "as_of", "sources"])
        return Ready(hashlib.sha256(report.csv).hexdigest())

    def look_again(self, row: Outgoing, at: datetime) -> Held | Withdrawn | None:
        """Whether its recipient may still open it."""
        return _between(SentReport.objects.select_related("report", "recipient").get(outgoing_id=row.pk), at)

    def body(self, row: Outgoing) -> bytes:
        """The copy that was kept."""
        return bytes(SentReport.objects.values_list("csv", flat=True).get(outgoing_id=row.pk) or b"")

    def left(self, row: Outgoing, *, by: Actor, at: datetime) -> None:
        """Seal the copy."""
        SentReport.objects.filter(outgoing_id=row.pk).update(sealed_at=at)


class Tray:
    """The recipient's reports in Clearway: whatever is sent is there."""

    takes_key = True

    def carry(self, parcel: Parcel) -> str:
        """Its key is its place."""
        return parcel.key


def _between(report: SentReport, at: datetime) -> Held | Withdrawn | None:
    if report.report.ended_at is not None:
        return Withdrawn("The report was ended since.")
    if not queries.role_of(report.recipient_id, report.report.organisation_id, at):
        why = f"{report.recipient} may read no reports here any more."
        return Held("recipient", why, "Name another recipient: it goes on by itself.")
    return None


def as_csv(found: Figures, rests: str, at: datetime) -> bytes:
    """The table for a spreadsheet, each row with the instant of its figures and what they rest on."""
    stamp = f"{local(at):%Y-%m-%d} {clock(at)}"
    return sheets.write([*found.columns, "as of", "sources"], [[*row, stamp, rests] for row in found.rows])


def again(row: dict[str, Any]) -> Figures:
    """Figures as they were kept."""
    (found,) = shared.again([row])
    return found


def as_workbook(made: bytes, title: str) -> bytes:
    """The table that was sent, as a workbook."""
    heading, *rows = csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""))
    return sheets.workbook(title[:31], heading, rows)


def as_pdf(found: Figures, title: str, about: tuple[str, ...], at: datetime) -> bytes:
    """The figures for print: the table, and each chart with its own beside it; tagged as letters are."""
    return papers.as_pdf(title, about, [found], at)
