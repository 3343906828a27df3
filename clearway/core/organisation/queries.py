"""Reading organisations, sites and policies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.db.models import Min, Q, QuerySet

from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import Desk, Mark, Policy, SiteKind

from .models import Area, Organisation, PolicyVersion, Site


def site_by_code(organisation_id: int) -> dict[str, Site]:
    """Every site by its code and by the codes of its merged predecessors."""
    sites = Site.objects.filter(organisation_id=organisation_id).only(
        *("id", "code", "key", "name", "kind", "border", "former_codes", "latitude", "longitude"),
        *("opens", "closes"),
    )
    return {code: site for site in sites for code in (site.code, *site.former_codes)}


@dataclass(frozen=True, slots=True)
class ReceivingSite:
    """A hospital with an emergency department; former_codes are those of its merged predecessors."""

    code: str
    name: str
    point: Point
    former_codes: tuple[str, ...]


def receiving_sites(organisation_id: int) -> list[ReceivingSite]:
    """Every hospital with an emergency department, in the order of the boards; one query."""
    columns = ("border", "name", "code", "latitude", "longitude", "former_codes")
    rows = receiving_rows(organisation_id).values_list(*columns)
    return [
        ReceivingSite(code, name, Point(latitude, longitude), tuple(former_codes))
        for _, name, code, latitude, longitude, former_codes in sorted(rows)
    ]


def receiving_rows(organisation_id: int) -> QuerySet[Site]:
    """The rows behind receiving_sites."""
    return Site.objects.filter(organisation_id=organisation_id, kind=SiteKind.EMERGENCY_DEPARTMENT)


def stations(organisation_id: int) -> list[Site]:
    """Every ambulance station; one query."""
    return list(Site.objects.filter(organisation_id=organisation_id, kind=SiteKind.STATION, border=False))


def site_codes(organisation_id: int, code: str) -> tuple[str, ...]:
    """The code of a site and those of its merged predecessors."""
    former = Site.objects.filter(organisation_id=organisation_id, code=code).values_list(
        "former_codes", flat=True
    )
    return (code, *(each for codes in former for each in codes))


def policy(organisation_id: int, name: str, on: date) -> dict[str, Any]:
    """The values of the newest version of a policy that is valid on a day.

    Raises PolicyVersion.DoesNotExist.
    """
    values: dict[str, Any] = (
        PolicyVersion.objects.filter(organisation_id=organisation_id, name=name, valid_from__lte=on)
        .latest("valid_from", "version")
        .values
    )
    return values


def policies(organisation_id: int, names: Iterable[str], on: date) -> dict[str, dict[str, Any]]:
    """The values of several policies valid on a day, by name; one query. One there is not is left out."""
    versions = policy_rows(organisation_id, names, on).order_by("valid_from", "version")
    return {version.name: version.values for version in versions}


def policy_rows(organisation_id: int, names: Iterable[str], on: date) -> QuerySet[PolicyVersion]:
    """The versions behind policies, the older ones too."""
    return PolicyVersion.objects.filter(
        organisation_id=organisation_id, name__in=list(names), valid_from__lte=on
    )


# Policies that have a page of their own, by the beginnings of their names.
SHOWN_APART = (
    *("destination_rule_", "alternative_kind_", "alternatives_directory"),
    *("site_role_", "alternative_place_"),
)


def policies_in_force(organisation_id: int, on: date) -> list[PolicyVersion]:
    """The version of every policy that is valid on a day and has no page of its own, by name; one query."""
    versions = PolicyVersion.objects.filter(organisation_id=organisation_id, valid_from__lte=on)
    for beginning in SHOWN_APART:
        versions = versions.exclude(name__startswith=beginning)
    return list(versions.order_by("name", "-valid_from", "-version").distinct("name"))


def policies_named(organisation_id: int, beginnings: Iterable[str], on: date) -> list[PolicyVersion]:
    """The versions valid on a day of the policies whose names begin so, by name; one query."""
    begins = Q()
    for beginning in beginnings:
        begins |= Q(name__startswith=beginning)
    versions = PolicyVersion.objects.filter(begins, organisation_id=organisation_id, valid_from__lte=on)
    return list(versions.order_by("name", "-valid_from", "-version").distinct("name"))


def in_force(organisation_id: int, on: date) -> list[Policy]:
    """Every policy as it is valid on a day, as a pack has it; one query."""
    versions = PolicyVersion.objects.filter(organisation_id=organisation_id, valid_from__lte=on)
    rows = versions.order_by("name", "-valid_from", "-version").distinct("name")
    return [policy_value(row) for row in rows]


def policy_value(row: PolicyVersion) -> Policy:
    """A version as the value that the domain reads."""
    return Policy(
        name=row.name,
        valid_from=row.valid_from,
        source=row.source,
        owner=row.owner,
        review_on=row.review_on,
        mark=Mark(row.mark),
        values=row.values,
    )


def versions_of(organisation_id: int, name: str) -> list[PolicyVersion]:
    """Every version of one policy, newest first; one query."""
    return list(PolicyVersion.objects.filter(organisation_id=organisation_id, name=name).order_by("-version"))


def area_names(organisation_id: int) -> dict[str, str]:
    """Site code -> name of its area, for the sites that have one."""
    sites = Site.objects.filter(organisation_id=organisation_id, area__isnull=False)
    return dict(sites.values_list("code", "area__name"))


def site_rows(organisation_id: int) -> QuerySet[Site]:
    """Every site; with area_rows what is behind area_names."""
    return Site.objects.filter(organisation_id=organisation_id)


def area_rows(organisation_id: int) -> QuerySet[Area]:
    """Every area."""
    return Area.objects.filter(organisation_id=organisation_id)


def departments(organisation_id: int) -> list[tuple[str, str]]:
    """Code and name of every hospital with an emergency department, by name; one query."""
    sites = Site.objects.filter(organisation_id=organisation_id, kind="emergency_department")
    return list(sites.order_by("name").values_list("code", "name"))


def first_loaded(organisation_id: int) -> datetime | None:
    """When the trust was set up: its first policy was made. One query."""
    made = PolicyVersion.objects.filter(organisation_id=organisation_id).aggregate(Min("made_at"))
    return cast("datetime | None", made["made_at__min"])


def with_desk(desk: Desk) -> list[int]:
    """The organisations that have a desk; one query."""
    keys = Organisation.objects.filter(desks__contains=[desk.value]).order_by("pk")
    return list(keys.values_list("pk", flat=True))


def areas(organisation_id: int) -> dict[str, str]:
    """Area code -> name."""
    return dict(Area.objects.filter(organisation_id=organisation_id).values_list("code", "name"))
