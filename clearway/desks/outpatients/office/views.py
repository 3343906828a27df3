"""The registers of the office: how much is open in each, and how much of it is late."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.people.permissions import needs
from clearway.core.recurring import queries as recurring

from ..cover import queries as cover
from ..directory import queries as directory
from ..enquiries import queries as enquiries
from ..exchange import queries as exchange
from ..filing import queries as filing
from ..keeping import queries as keeping
from ..loans import queries as loans
from ..records import queries as records
from ..records import rectified
from ..reports import queries as reports
from ..supervision import queries as supervision
from ..upkeep import queries as upkeep

READ = "office.read"

# Name, page, what its page asks for, how much is open and late, and what late means.
REGISTERS = (
    (
        "Calls, messages and complaints",
        "op-enquiries:enquiries",
        READ,
        enquiries.count,
        "past their time",
    ),
    ("Faults of rooms and equipment", "op-upkeep:faults", READ, upkeep.count, "to be asked about again"),
    ("Other systems", "op-exchange:exchange", "feeds.read", exchange.count, "stopped on their way"),
    (
        "Practices and organisations",
        "op-directory:search",
        "patients.read",
        directory.count,
        "codes to be seen to",
    ),
    ("Equipment on loan", "op-loans:loans", READ, loans.count, "past their day"),
    ("Requests for records", "op-records:requests", "records.work", records.count, "past their day"),
    (
        "Requests to correct a record",
        "op-records:rectifications",
        "records.work",
        rectified.count,
        "past their day",
    ),
    ("Legal holds", "op-keeping:holds", "holds.read", keeping.count, "to be reviewed"),
    ("Letters and scans to file", "op-filing:scans", "filing.work", filing.count_scans, "past their day"),
    ("Paper notes out or missing", "op-filing:notes", "filing.work", filing.count_volumes, "to ask for"),
    (
        "Cover of the office",
        "op-cover:cover",
        READ,
        cover.count,
        "days without anybody",
    ),
    ("Work of juniors", "op-supervision:batches", "tasks.work", supervision.count, "past their day"),
    ("Recurring duties", "recurring:register", READ, recurring.count, "past their day"),
    ("Reports", "op-reports:register", "reports.read", reports.count, "late or not read"),
)


@needs("office.read")
def office(request: Any) -> HttpResponse:
    """Every register with its numbers. One query for each."""
    rows = [
        (label, view, asks, *count(request.organisation.pk, request.at), late)
        for label, view, asks, count, late in REGISTERS
    ]
    return render(request, "office/office.html", {"rows": rows})
