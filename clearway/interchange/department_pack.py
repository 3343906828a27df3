"""The part of a region pack that an outpatient desk needs: who holds which clinics where.

    services.csv    what patients are referred to, and how their wait is measured
    clinicians.csv  who sees them, with skills
    rooms.csv       where, by site
    equipment.csv   things that clinics take turns with, by room; may be left out
    templates.toml  patterns of slots, and the clinics made of them

What is wrong is refused as in interchange.region_pack: with file, row, field, why and the fix.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from clearway.domain.outpatients.department import Clinic, Clinician, Department, Equipment, Room, Service
from clearway.domain.outpatients.measurement import ServiceKind
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.region import Desk, Mark, Region, SiteKind

from .pack_files import Record, check_distinct, csv_rows, read_toml

SERVICES, CLINICIANS, ROOMS, TEMPLATES = "services.csv", "clinicians.csv", "rooms.csv", "templates.toml"
SERVICE_COLUMNS = ("code", "name", "kind", "function", "mark", "source")
CLINICIAN_COLUMNS = ("code", "name", "profession", "band", "skills")
ROOM_COLUMNS = ("site", "name")
EQUIPMENT = "equipment.csv"
EQUIPMENT_COLUMNS = ("site", "room", "name", "gives")
CODE = (r"[A-Z][A-Z0-9]{1,11}", "capitals and digits")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_DAYS, LONGEST_SLOT, MOST_SEATS, LONGEST_HOLD = 3650, 480, 40, 90
Slots = tuple[Mapping[str, Any], ...]
Named = TypeVar("Named", Service, Clinician)


def parse(files: Mapping[str, bytes], region: Region) -> Department | None:
    """The department of an outpatient pack; None for a pack without that desk. Raises CannotParse."""
    if Desk.OUTPATIENTS not in region.desks:
        return None
    services = tuple(_service(row) for row in csv_rows(files, SERVICES, SERVICE_COLUMNS))
    clinicians = tuple(_clinician(row) for row in csv_rows(files, CLINICIANS, CLINICIAN_COLUMNS))
    sites = {site.code for site in region.sites_of(SiteKind.OUTPATIENT)}
    rooms = tuple(_room(row, sites) for row in csv_rows(files, ROOMS, ROOM_COLUMNS))
    for name, listed in ((SERVICES, services), (CLINICIANS, clinicians), (ROOMS, rooms)):
        if not listed:
            raise CannotParse(name, "It has no row.", "Add at least one.")
    check_distinct(SERVICES, "code", (each.code for each in services))
    check_distinct(CLINICIANS, "code", (each.code for each in clinicians))
    check_distinct(ROOMS, "name", (f"{each.site} {each.name}" for each in rooms))
    equipment = tuple(_equipment(files, clinicians, rooms))
    clinics = tuple(_clinics(files, services, clinicians, rooms, equipment))
    check_distinct(TEMPLATES, "weekdays", (each.code for each in clinics))
    return Department(services, clinicians, rooms, clinics, equipment)


def _service(row: Record) -> Service:
    row.word("mark", Mark), row.text("source")
    return Service(
        code=row.matching("code", *CODE),
        name=row.text("name"),
        kind=row.word("kind", ServiceKind),
        function=row.matching("function", r"\d{3}", "a treatment function code of three digits"),
    )


def _clinician(row: Record) -> Clinician:
    return Clinician(
        code=row.matching("code", *CODE),
        name=row.text("name"),
        profession=row.text("profession"),
        band=row.optional("band") or "",
        skills=row.words("skills"),
    )


def _room(row: Record, sites: set[str]) -> Room:
    return Room(_one_of(row, "site", sites, "site of outpatient_sites.csv"), row.text("name"))


def _equipment(
    files: Mapping[str, bytes], clinicians: tuple[Clinician, ...], rooms: tuple[Room, ...]
) -> Iterator[Equipment]:
    """What a clinician can do, no equipment gives as well: who asks for it means one of both."""
    if EQUIPMENT not in files:
        return
    skills = {skill for each in clinicians for skill in each.skills}
    rows = list(csv_rows(files, EQUIPMENT, EQUIPMENT_COLUMNS))
    check_distinct(EQUIPMENT, "name", (f"{row.text('site')} {row.text('name')}" for row in rows))
    for row in rows:
        room = _room_of(row, rooms)
        gives = row.optional("gives") or ""
        if gives in skills:
            raise row.refuse("gives", f"{gives!r} is a skill of {CLINICIANS}.", "Use another word.")
        yield Equipment(room.site, room.name, row.text("name"), gives)


def _one_of(row: Record, name: str, known: set[str], what: str) -> str:
    value = row.text(name)
    if value not in known:
        raise row.refuse(name, f"{value!r} is no {what}.", f"Use one of: {', '.join(sorted(known))}.")
    return value


def _clinics(
    files: Mapping[str, bytes],
    services: tuple[Service, ...],
    clinicians: tuple[Clinician, ...],
    rooms: tuple[Room, ...],
    equipment: tuple[Equipment, ...],
) -> Iterator[Clinic]:
    pack = read_toml(files, TEMPLATES)
    valid_from = pack.date("valid_from")
    patterns = {record.text("name"): _pattern(record) for record in pack.records("patterns")}
    by_service = {each.code: each for each in services}
    by_clinician = {each.code: each for each in clinicians}
    for record in pack.records("clinics"):
        service = by_service[_one_of(record, "service", set(by_service), f"code of {SERVICES}")]
        clinician = by_clinician[_one_of(record, "clinician", set(by_clinician), f"code of {CLINICIANS}")]
        room = _room_of(record, rooms)
        yield from _weekly(
            record, service, clinician, room, _taken(record, room, equipment), patterns, valid_from
        )
    pack.check_no_others()


def _weekly(
    record: Record,
    service: Service,
    clinician: Clinician,
    room: Room,
    equipment: str,
    patterns: Mapping[str, Slots],
    valid_from: date,
) -> Iterator[Clinic]:
    """One clinic for each of the record's weekdays and patterns."""
    every = int(record.number("every", 1, 2)) if record.raw("every") is not None else 1
    for weekday in _weekdays(record):
        for name in record.words("patterns"):
            if name not in patterns:
                known = ", ".join(sorted(patterns))
                raise record.refuse("patterns", f"{name!r} is no pattern.", f"Use some of: {known}.")
            start = str(patterns[name][0]["start"])
            yield Clinic(
                code=f"{clinician.code}-{weekday}-{start.replace(':', '')}",
                name=f"{service.name}, {clinician.name}, {WEEKDAYS[weekday - 1]} {start}",
                service=service.code,
                clinician=clinician.code,
                site=room.site,
                room=room.name,
                weekday=weekday,
                every=every,
                valid_from=valid_from,
                slots=patterns[name],
                equipment=equipment,
            )
    record.check_no_others()


def _room_of(record: Record, rooms: tuple[Room, ...]) -> Room:
    site, name = record.text("site"), record.text("room")
    for room in rooms:
        if (room.site, room.name) == (site, name):
            return room
    known = ", ".join(room.name for room in rooms if room.site == site) or "none; correct the site"
    raise record.refuse("room", f"{site} has no room {name!r} in {ROOMS}.", f"Its rooms are: {known}.")


def _taken(record: Record, room: Room, equipment: tuple[Equipment, ...]) -> str:
    """The name of what a clinic takes, which is kept at its site; "" for nothing."""
    name = record.optional("equipment") or ""
    known = [each.name for each in equipment if each.site == room.site]
    if name and name not in known:
        there = ", ".join(known) or "nothing"
        raise record.refuse("equipment", f"{room.site} has no {name!r} in {EQUIPMENT}.", f"It has: {there}.")
    return name


def _weekdays(record: Record) -> list[int]:
    value = record.raw("weekdays")
    if not isinstance(value, list) or not value or not all(day in range(1, 8) for day in value):
        raise record.refuse("weekdays", f"Expected some of 1 to 7, found {value!r}.", "1 is Monday: [1, 2].")
    return value


def _pattern(record: Record) -> Slots:
    slots = tuple(_slot(each) for each in record.records("slots"))
    ends = 0
    for slot in slots:
        hours, minutes = str(slot["start"]).split(":")
        begins = int(hours) * 60 + int(minutes)
        if begins < ends:
            raise record.refuse("slots", f"The slot at {slot['start']} overlaps the one before.", "Move it.")
        ends = begins + slot["minutes"]
    record.check_no_others()
    return slots


def _slot(record: Record) -> Mapping[str, Any]:
    given = {
        "start": record.matching("start", r"([01]\d|2[0-3]):[0-5]\d", "a time as 08:30"),
        "minutes": int(record.number("minutes", 5, LONGEST_SLOT)),
        "kind": record.matching("kind", "new|follow_up|group", "new, follow_up or group"),
        "seats": _whole(record, "seats", 1, 1, MOST_SEATS),
        "medium": record.optional("medium") or "01",
        "held": record.optional("held") or "",
        "release_days": _whole(record, "release_days", 0, 0, LONGEST_HOLD),
    }
    record.check_no_others()
    return given


def _whole(record: Record, name: str, usual: int, low: int, high: int) -> int:
    return usual if record.raw(name) is None else int(record.number(name, low, high))
