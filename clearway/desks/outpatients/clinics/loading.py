"""Bringing the department of a region pack into the tables: services, people, rooms, equipment, templates."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.organisation.queries import site_by_code
from clearway.domain.outpatients.department import Clinic, Department

from . import actions
from .models import Clinician, Equipment, Room, Service, Template


@transaction.atomic
def load_department(department: Department, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Bring a department to what its pack says. Loading the same pack again changes nothing.

    What the pack no longer names stays. A clinic whose slots or place differ from its newest version becomes
    a new version; sessions keep the one they were made of.
    """
    for service in department.services:
        values = {name: value for name, value in asdict(service).items() if name != "code"}
        Service.objects.update_or_create(
            organisation_id=organisation_id,
            code=service.code,
            defaults={**values, "kind": service.kind.value},
        )
    for clinician in department.clinicians:
        values = {name: value for name, value in asdict(clinician).items() if name != "code"}
        Clinician.objects.update_or_create(
            organisation_id=organisation_id,
            code=clinician.code,
            defaults={**values, "skills": list(clinician.skills)},
        )
    sites = site_by_code(organisation_id)
    for room in department.rooms:
        Room.objects.get_or_create(organisation_id=organisation_id, site=sites[room.site], name=room.name)
    for thing in department.equipment:
        kept_in = Room.objects.get(organisation_id=organisation_id, site=sites[thing.site], name=thing.room)
        Equipment.objects.update_or_create(
            organisation_id=organisation_id, room=kept_in, name=thing.name, defaults={"gives": thing.gives}
        )
    made = _load_clinics(department.clinics, organisation_id, by, at)
    detail = {
        "services": len(department.services),
        "clinicians": len(department.clinicians),
        "rooms": len(department.rooms),
        "equipment": len(department.equipment),
        "new_template_versions": made,
    }
    entry = Entry("clinics.load_department", f"organisation:{organisation_id}", detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)


def _load_clinics(clinics: tuple[Clinic, ...], organisation_id: int, by: Actor, at: datetime) -> int:
    """How many new versions were made; a fixed number of queries."""
    services = {row.code: row for row in Service.objects.filter(organisation_id=organisation_id)}
    clinicians = {row.code: row for row in Clinician.objects.filter(organisation_id=organisation_id)}
    rooms = Room.objects.filter(organisation_id=organisation_id).select_related("site")
    by_place = {(room.site.code, room.name): room for room in rooms}
    things = Equipment.objects.filter(organisation_id=organisation_id).select_related("room__site")
    by_name = {(thing.room.site.code, thing.name): thing for thing in things}
    versions = Template.objects.filter(organisation_id=organisation_id).order_by("version")
    newest = {row.code: row for row in versions}
    fresh = []
    for clinic in clinics:
        row = Template(
            organisation_id=organisation_id,
            code=clinic.code,
            version=1,
            name=clinic.name,
            service=services[clinic.service],
            clinician=clinicians[clinic.clinician],
            room=by_place[clinic.site, clinic.room],
            equipment=by_name[clinic.site, clinic.equipment] if clinic.equipment else None,
            weekday=clinic.weekday,
            every=clinic.every,
            valid_from=clinic.valid_from,
            slots=[dict(slot) for slot in clinic.slots],
            made_at=at,
            made_by=by.name,
        )
        if (old := newest.get(clinic.code)) is not None:
            if _says(old) == _says(row):
                continue
            row.version = old.version + 1
        fresh.append(row)
    Template.objects.bulk_create(fresh)
    return len(fresh)


def _says(row: Template) -> tuple[object, ...]:
    return (
        *(row.name, row.service_id, row.clinician_id, row.room_id, row.equipment_id),
        *(row.weekday, row.every, row.valid_from, row.slots),
    )


def link_by_name(people: Mapping[str, int], *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Link accounts to clinicians of the same name who have none yet; how many were. For demonstrations.

    people  name as it is shown -> id of the account
    """
    rows = Clinician.objects.filter(organisation_id=organisation_id, user__isnull=True, name__in=people)
    keys = list(rows.values_list("pk", "name"))
    for key, name in keys:
        actions.link(key, people[name], organisation_id=organisation_id, by=by, at=at)
    return len(keys)
