"""A divert: for a time, patients of some groups are taken past one site to others."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DivertKind(StrEnum):
    """What is diverted, and why."""

    CLOSURE = "closure"  # the whole site: fire, power, major incident; ends when somebody ends it
    SERVICE = "service"  # what one failed service serves
    CAPACITY = "capacity"  # adults for majors
    INTERNAL = "internal"  # between two sites of one trust
    BORDER = "border"  # mutual aid across the border of the region
    LOAD_LEVEL = "load_level"  # a share of what would come


class Cover(StrEnum):
    """Whom a divert turns away. Everybody it does not name still goes where they would."""

    EVERYBODY = "everybody"
    ADULT_MAJORS = "adult_majors"
    CHILDREN = "children"
    STROKE = "stroke"
    STEMI = "stemi"
    MAJOR_TRAUMA = "major_trauma"
    MATERNITY = "maternity"


@dataclass(frozen=True, slots=True)
class Divert:
    """One divert that has been agreed, as the engine needs to know it.

    site   ODS code of the site that is passed by; to, codes of those that agreed to receive
    share  of the covered patients, 0 < share <= 1; below 1 only for load levelling
    """

    key: str
    kind: DivertKind
    site: str
    to: tuple[str, ...]
    covers: frozenset[Cover]
    starts_at: datetime
    ends_at: datetime
    share: float = 1.0
