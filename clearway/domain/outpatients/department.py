"""An outpatient department as data, from a region pack: services, people, rooms, equipment, clinics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .measurement import ServiceKind


@dataclass(frozen=True, slots=True)
class Service:
    """What patients are referred to. function: treatment function code."""

    code: str
    name: str
    kind: ServiceKind
    function: str


@dataclass(frozen=True, slots=True)
class Clinician:
    code: str
    name: str
    profession: str
    band: str
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a site, by the site's code."""

    site: str
    name: str


@dataclass(frozen=True, slots=True)
class Equipment:
    """A thing that clinics take turns with, kept in a room of a site.

    gives  the word with which a list entry asks for it, "" where none does
    """

    site: str
    room: str
    name: str
    gives: str = ""


@dataclass(frozen=True, slots=True)
class Clinic:
    """One weekly clinic, named by codes of the same pack.

    weekday    ISO, 1 to 7; every  1 each week, 2 every other one
    equipment  what it takes for all of its time, by the name it has at its site; "" for nothing
    slots      as the slots of a template: start, minutes, kind, seats, medium, held, release_days
    """

    code: str
    name: str
    service: str
    clinician: str
    site: str
    room: str
    weekday: int
    every: int
    valid_from: date
    slots: tuple[Mapping[str, Any], ...]
    equipment: str = ""


@dataclass(frozen=True, slots=True)
class Department:
    """Everything an outpatient pack holds beside its region."""

    services: tuple[Service, ...]
    clinicians: tuple[Clinician, ...]
    rooms: tuple[Room, ...]
    clinics: tuple[Clinic, ...]
    equipment: tuple[Equipment, ...] = ()
