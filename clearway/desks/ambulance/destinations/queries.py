"""What is said of destinations, and who answers for it: roles of departments, alternatives, rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from clearway.core.organisation.models import Organisation, PolicyVersion, Site
from clearway.core.organisation.queries import policies_named, policy_value
from clearway.domain.ambulance import destinations as domain
from clearway.domain.ambulance.destination_answers import ROLE_PREFIX, role_name
from clearway.domain.ambulance.destinations import DIRECTORY, KIND_PREFIX, PLACE_PREFIX, RULE_PREFIX
from clearway.domain.shared import region
from clearway.engine.ambulance.advice_barred import ROLES, ROLES_FORBIDDEN, unit_words

BEGINNINGS = (RULE_PREFIX, KIND_PREFIX, DIRECTORY, ROLE_PREFIX, PLACE_PREFIX)
# Roles that a trust is asked about even where no rule or pack names them yet.
ALWAYS_ASKED = ("stroke", "primary_pci", "major_trauma_centre_adult", "trauma_unit", "children", "obstetrics")


class Group(StrEnum):
    """What is answered for, in the order of the page."""

    ROLES = "roles"
    PLACES = "places"
    RULES = "rules"
    KINDS = "kinds"


class Stands(StrEnum):
    """What is said of one thing now."""

    CONFIRMED = "confirmed"
    NOT_SO = "not_so"
    PACK = "pack"  # the region pack says so; nobody here has answered for it
    NOT_CONFIRMED = "not_confirmed"
    NOBODY_SAID = "nobody_said"


# The pack keeps one source for a department, and that is of its place: whose its roles are is not written.
PACK_SAYS: Mapping[Stands, str] = {
    Stands.PACK: "The region pack's list of departments",
    Stands.NOT_CONFIRMED: "The region pack, as in doubt",
    Stands.NOBODY_SAID: "Nobody",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that somebody answers for.

    name     of its policy; place, its code and what, in words
    values   as they stand now, to be confirmed or changed
    version  the newest version of its policy, 0 where nobody has answered yet
    review_on, owner, made_by  of that version; None and "" where there is none
    """

    name: str
    group: Group
    code: str
    place: str
    what: str
    role: str
    stands: Stands
    values: Mapping[str, Any]
    source: str
    mark: str
    version: int = 0
    owner: str = ""
    review_on: date | None = None
    signed_by: str = ""
    signed_on: date | None = None

    @property
    def is_said(self) -> bool:
        """Its hours are: those of a role only once somebody has answered."""
        return self.group is not Group.ROLES or self.version > 0

    def is_overdue(self, today: date) -> bool:
        return self.review_on is not None and self.review_on < today

    def is_to_do(self, today: date) -> bool:
        """Somebody is to answer for it, or to look at it again."""
        return self.is_overdue(today) or self.stands in (Stands.PACK, Stands.NOT_CONFIRMED)


def items(organisation_id: int, on: date) -> list[Item]:
    """Everything that somebody answers for: what is overdue, then what nobody has confirmed. Two queries."""
    versions = {each.name: each for each in policies_named(organisation_id, BEGINNINGS, on)}
    sites = list(Site.objects.filter(organisation_id=organisation_id).select_related("area").order_by("name"))
    found = [*_roles(sites, versions), *_places(sites, versions), *_rules(versions)]
    groups = list(Group)
    return sorted(
        found,
        key=lambda each: (
            groups.index(each.group),
            not each.is_overdue(on),
            not each.is_to_do(on),
            each.review_on or date.max,
            *(each.place, each.what),
        ),
    )


def item(organisation_id: int, name: str, on: date) -> Item | None:
    """One of them, by the name of its policy."""
    return next((each for each in items(organisation_id, on) if each.name == name), None)


def roles_asked(versions: Mapping[str, PolicyVersion], sites: Sequence[Site]) -> list[str]:
    """Every role that a rule asks for, or that the pack or an answer names at some department."""
    asked = {*ALWAYS_ASKED}
    for name, version in versions.items():
        if name.startswith(RULE_PREFIX):
            for field in ("requires", "fallback", "prefers", "forbids"):
                asked.update(version.values.get(field, ()))
        elif name.startswith(ROLE_PREFIX):
            asked.add(version.values["role"])
    for site in sites:
        asked.update((*site.roles, *site.unconfirmed_roles))
    return sorted(asked)


def _roles(sites: Sequence[Site], versions: Mapping[str, PolicyVersion]) -> Iterator[Item]:
    asked = roles_asked(versions, sites)
    for site in sites:
        if site.kind != region.SiteKind.EMERGENCY_DEPARTMENT:
            continue
        for role in asked:
            name = role_name(site.code, role)
            said = {"site": site.code, "role": role, "stands": "confirmed"}
            stands = (
                Stands.PACK
                if role in site.roles
                else Stands.NOT_CONFIRMED
                if role in site.unconfirmed_roles
                else Stands.NOBODY_SAID
            )
            plain = Item(
                *(name, Group.ROLES, site.code, site.name, words(role), role, stands, said),
                *(PACK_SAYS[stands], region.Mark.ASSUMED),
            )
            yield _signed(plain, versions.get(name))


def _places(sites: Sequence[Site], versions: Mapping[str, PolicyVersion]) -> Iterator[Item]:
    policies = [policy_value(each) for each in versions.values()]
    kinds = domain.kinds_of(policies)
    names = {kind.kind: kind.name for kind in kinds}
    base = [each for each in policies if not each.name.startswith(PLACE_PREFIX)]
    for place in domain.directory_of(base, [site_value(site) for site in sites], kinds):
        values = {
            "code": place.code,
            "name": place.name,
            "kind": place.kind,
            **({"area": place.area} if place.area else {}),
            **(
                {"latitude": place.position.latitude, "longitude": place.position.longitude}
                if place.position
                else {}
            ),
            **({"opens": place.opens, "closes": place.closes} if place.opens else {}),
            "days": place.days,
            **({} if place.capacity_per_hour is None else {"capacity_per_hour": place.capacity_per_hour}),
            "contact": place.contact,
            "stands": "confirmed",
        }
        name = f"{PLACE_PREFIX}{place.code}"
        stands = Stands.PACK if place.confirmed else Stands.NOT_CONFIRMED
        plain = Item(
            *(name, Group.PLACES, place.code, place.name, names[place.kind], "", stands, values),
            *(place.source, place.mark),
        )
        yield _signed(plain, versions.get(name))


def _rules(versions: Mapping[str, PolicyVersion]) -> Iterator[Item]:
    for prefix, group, what in (
        (RULE_PREFIX, Group.RULES, "Destination rule"),
        (KIND_PREFIX, Group.KINDS, "Kind of alternative"),
    ):
        for name, version in versions.items():
            if name.startswith(prefix):
                code = name.removeprefix(prefix)
                title = str(version.values["name"])
                plain = Item(
                    *(name, group, code, title, what, "", Stands.PACK, version.values),
                    *(version.source, version.mark),
                )
                yield _signed(plain, version)


def _signed(plain: Item, version: PolicyVersion | None) -> Item:
    if version is None:
        return plain
    stands = Stands.CONFIRMED if version.by_person or "stands" in version.values else plain.stands
    return Item(
        *(plain.name, plain.group, plain.code, plain.place, plain.what, plain.role),
        Stands.NOT_SO if version.values.get("stands") == "not_so" else stands,
        version.values,
        version.source,
        version.mark,
        version.version,
        version.owner,
        version.review_on,
        version.made_by,
        version.valid_from,
    )


def words(role: str) -> str:
    """A role as people read it: what a department then is."""
    return unit_words(role, {**ROLES, **ROLES_FORBIDDEN})


def places_of(organisation_id: int, on: date) -> tuple[list[region.Site], list[region.Policy], str]:
    """The sites, the policies about destinations valid on a day, and the time zone. Three queries."""
    versions = policies_named(organisation_id, BEGINNINGS, on)
    sites = Site.objects.filter(organisation_id=organisation_id).select_related("area").order_by("id")
    timezone = Organisation.objects.values_list("timezone", flat=True).get(pk=organisation_id)
    return [site_value(row) for row in sites], [policy_value(row) for row in versions], timezone


def site_value(row: Site) -> region.Site:
    return region.Site(
        code=row.code,
        key=row.key,
        name=row.name,
        town=row.town,
        kind=region.SiteKind(row.kind),
        latitude=row.latitude,
        longitude=row.longitude,
        area=row.area.code if row.area else None,
        mark=region.Mark(row.mark),
        source=row.source,
        roles=tuple(row.roles),
        former_codes=tuple(row.former_codes),
        opens=row.opens,
        closes=row.closes,
        border=row.border,
        unconfirmed_roles=tuple(row.unconfirmed_roles),
    )
