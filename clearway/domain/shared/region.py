"""A region as data: its trust, areas, sites, stations, sources and policies, read from a region pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class SiteKind(StrEnum):
    """What a site is for: where a crew takes a patient or starts from, or where clinics are held."""

    EMERGENCY_DEPARTMENT = "emergency_department"
    MINOR_UNIT = "minor_unit"
    STATION = "station"
    OUTPATIENT = "outpatient"


class Desk(StrEnum):
    """The desks that an organisation can have."""

    AMBULANCE = "ambulance"
    OUTPATIENTS = "outpatients"


class Mark(StrEnum):
    """How far a figure in a pack can be trusted."""

    VERIFIED = "verified"
    DERIVED = "derived"
    RECALLED = "recalled"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Area:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Site:
    """One place. `code` is its ODS code; `former_codes` are codes of merged predecessors.

    roles    clinical roles of an emergency department, e.g. ("major_trauma_centre_adult", "stroke")
    unconfirmed_roles  roles that nobody answers for yet: shown as such, never used to send a patient
    opens, closes  civil times "08:00"; both None means always open; closing before opening spans midnight
    hours_mark     how far the hours can be trusted, which may be less than the rest of the row
    border   belongs to a neighbouring service, shown apart
    """

    code: str
    key: str
    name: str
    town: str
    kind: SiteKind
    latitude: float
    longitude: float
    area: str | None
    mark: Mark
    source: str
    roles: tuple[str, ...] = ()
    former_codes: tuple[str, ...] = ()
    opens: str | None = None
    closes: str | None = None
    border: bool = False
    unconfirmed_roles: tuple[str, ...] = ()
    hours_mark: Mark = Mark.ASSUMED


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of a trust: a named, dated, owned table of values. Edits make new versions."""

    name: str
    valid_from: date
    source: str
    owner: str
    review_on: date
    mark: Mark
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A source that may send messages to the region.

    expected_interval_seconds  how often it is heard from when all is well
    knows                      what it can know at all, e.g. {"destination", "handover"}
    """

    name: str
    kind: str
    expected_interval_seconds: int
    knows: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Region:
    """Everything that makes Clearway this region's Clearway. Nothing of it stands in code.

    desks  those the organisation has: the duties of others pass it by
    """

    slug: str
    organisation_code: str
    organisation_name: str
    timezone: str
    areas: tuple[Area, ...]
    sites: tuple[Site, ...]
    policies: tuple[Policy, ...]
    sources: tuple[FeedSource, ...]
    simulation: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    desks: tuple[Desk, ...] = (Desk.AMBULANCE,)

    def sites_of(self, kind: SiteKind) -> tuple[Site, ...]:
        """The sites of one kind, in the order of the pack."""
        return tuple(site for site in self.sites if site.kind is kind)

    @property
    def policy_values(self) -> dict[str, Mapping[str, Any]]:
        """The values of the newest version of every policy, by name."""
        return {policy.name: policy.values for policy in reversed(self.policies)}

    def policy(self, name: str) -> Policy:
        """The newest version of the policy of this name. Raises KeyError naming those there are."""
        for policy in self.policies:
            if policy.name == name:
                return policy
        raise KeyError(f"No policy {name!r}; the pack has {sorted(policy.name for policy in self.policies)}")
