"""Reading what command keeps."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import QuerySet

from clearway.core.layout.times import clock
from clearway.core.worklist import queries as worklist
from clearway.core.worklist.models import Task
from clearway.domain.ambulance.command import DAY, Given, Occasion

from ..diverts import queries as diverts
from ..pressure import queries as pressure
from ..pressure.policy import TITLES
from .models import EscalationCall, MajorIncident, MeetingPack, ShiftSheet, Sitrep

LISTED = 60  # reports of a list: ten days of them
SitrepNotThere = Sitrep.DoesNotExist
PackNotThere = MeetingPack.DoesNotExist
CallNotThere = EscalationCall.DoesNotExist
SheetNotThere = ShiftSheet.DoesNotExist
SHEETS = 3 * DAY  # of sheets of late, by which the next one is missed


def sitreps(organisation_id: int) -> QuerySet[Sitrep]:
    """Every report, newest first, without its figures."""
    rows = Sitrep.objects.filter(organisation_id=organisation_id)
    return rows.defer("figures").prefetch_related("addenda").order_by("-number")


def sitrep(organisation_id: int, number: int) -> Sitrep:
    """One report. Raises SitrepNotThere."""
    rows = Sitrep.objects.select_related("organisation").prefetch_related("addenda")
    return rows.get(organisation_id=organisation_id, number=number)


def packs(organisation_id: int) -> QuerySet[MeetingPack]:
    """Every pack, newest first, without its figures."""
    rows = MeetingPack.objects.filter(organisation_id=organisation_id)
    return rows.defer("figures").order_by("-number")


def pack(organisation_id: int, number: int) -> MeetingPack:
    """One pack. Raises PackNotThere."""
    rows = MeetingPack.objects.select_related("organisation")
    return rows.get(organisation_id=organisation_id, number=number)


def newest(organisation_id: int) -> Sitrep | None:
    """The newest report."""
    return sitreps(organisation_id).first()


def occasions(
    organisation_id: int, since: datetime, at: datetime, on: Collection[Occasion]
) -> Mapping[Occasion, str]:
    """What has happened since an instant on which a report is in words. Three queries."""
    found: dict[Occasion, str] = {}
    if Occasion.LEVEL in on:
        for ladder, row in pressure.newest(organisation_id).items():
            if since < row.at <= at:
                found[Occasion.LEVEL] = f"{TITLES[ladder]} {row.level} set at {clock(row.at)}"
    if Occasion.DIVERT in on:
        begun = [each for each in diverts.in_force(organisation_id, at) if each.starts_at > since]
        if begun:
            found[Occasion.DIVERT] = f"Divert of {begun[-1].site} from {clock(begun[-1].starts_at)}"
    if Occasion.MAJOR_INCIDENT in on:
        for incident in methane(organisation_id):
            if since < incident.at <= at and incident.version == 1:
                found[Occasion.MAJOR_INCIDENT] = f"Major incident {incident.state} at {clock(incident.at)}"
    return found


def sheets(organisation_id: int) -> QuerySet[ShiftSheet]:
    """Every sheet of a shift, newest first, with who accepted it and what was said."""
    rows = ShiftSheet.objects.filter(organisation_id=organisation_id).select_related("acceptance")
    return rows.prefetch_related("words").order_by("-number")


def sheet(organisation_id: int, number: int) -> ShiftSheet:
    """One sheet. Raises SheetNotThere."""
    return sheets(organisation_id).select_related("acceptance", "organisation").get(number=number)


def given_of_late(organisation_id: int, at: datetime) -> list[Given]:
    """The sheets of the last days, as the domain judges gaps by them. One query."""
    rows = ShiftSheet.objects.filter(organisation_id=organisation_id, at__gt=at - SHEETS, at__lte=at)
    found = rows.values_list("number", "at", "acceptance__pk", "role")
    return [Given(number, given_at, accepted is not None, role) for number, given_at, accepted, role in found]


def given_by(organisation_id: int, user_id: int | None, role: str) -> ShiftSheet | None:
    """The newest sheet of one person in one role."""
    return sheets(organisation_id).filter(by_user_id=user_id, role=role).first()


def calls(organisation_id: int) -> QuerySet[EscalationCall]:
    """Every escalation call, newest first, with its lines and minutes."""
    rows = EscalationCall.objects.filter(organisation_id=organisation_id).select_related("minutes")
    return rows.prefetch_related("lines").order_by("-number")


def call(organisation_id: int, number: int) -> EscalationCall:
    """One call. Raises CallNotThere."""
    return calls(organisation_id).select_related("minutes", "organisation").get(number=number)


def methane(organisation_id: int) -> list[MajorIncident]:
    """The newest version of every major incident, newest first. One query."""
    rows = MajorIncident.objects.filter(organisation_id=organisation_id)
    return list(rows.order_by("-number", "-version").distinct("number"))


def methane_versions(organisation_id: int, number: int) -> list[MajorIncident]:
    """Every version of one, newest first. One query."""
    rows = MajorIncident.objects.filter(organisation_id=organisation_id, number=number)
    return list(rows.order_by("-version"))


def tasks_of(row: EscalationCall) -> dict[int, Task]:
    """The tasks that the actions of a call became. One query."""
    return worklist.by_keys(row.organisation_id, [line.task for line in row.lines.all() if line.task])
