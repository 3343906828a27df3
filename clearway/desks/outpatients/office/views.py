"""The registers of the office: how much is open in each, and how much of it is late."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.people.permissions import needs

from ..cover import queries as cover
from ..enquiries import queries as enquiries
from ..loans import queries as loans
from ..records import queries as records
from ..recurring import queries as recurring
from ..upkeep import queries as upkeep

REGISTERS = (
    ("Calls, messages and complaints", "op-enquiries:enquiries", enquiries.count, "past the promised time"),
    ("Faults of rooms and equipment", "op-upkeep:faults", upkeep.count, "to be asked about again"),
    ("Equipment on loan", "op-loans:loans", loans.count, "past their day"),
    ("Requests for records", "op-records:requests", records.count, "past their day"),
    ("Cover of the office", "op-cover:cover", cover.count, "days without anybody in the next two weeks"),
    ("Recurring duties", "op-recurring:register", recurring.count, "past their day"),
)


@needs("office.read")
def office(request: Any) -> HttpResponse:
    """Every register with its numbers. One query for each."""
    rows = [
        (label, view, *count(request.organisation.pk, request.at), late)
        for label, view, count, late in REGISTERS
    ]
    return render(request, "office/office.html", {"rows": rows})
