"""What a person may do now and where: the sum of the grants that run at this instant."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from ..audit.actions import Actor
from ..organisation.models import Organisation
from .models import RoleGrant, User
from .roles import ROLES

# What is read of a grant at every request: its site is wide, and two of its columns are looked at.
READ = (
    *("role", "starts_at", "user_id", "strength", "site__code", "site__former_codes"),
    *(f"organisation__{each.name}" for each in Organisation._meta.concrete_fields),
)
Sites = frozenset[str] | None  # ODS codes; None is every site of the organisation


@dataclass(frozen=True, slots=True)
class Reach:
    """What is allowed, and at which sites.

    scopes  permission -> (sites, code of the leading role that gives it)
    sites   where the permission of the page being served holds: None for everywhere, else ODS codes.
            Empty until a page has named its permission, so that a forgotten check shows nothing.
    withheld  what the roles allow and this session does not, until the person has proved more
    """

    scopes: Mapping[str, tuple[Sites, str]] = field(default_factory=lambda: MappingProxyType({}))
    sites: Sites = frozenset()
    withheld: frozenset[str] = frozenset()

    @property
    def permissions(self) -> frozenset[str]:
        return frozenset(self.scopes)

    def allows(self, permission: str) -> bool:
        """May do this at all (perhaps at some sites only)."""
        return permission in self.scopes

    def allows_site(self, code: str | None, permission: str | None = None) -> bool:
        """May do it at this site. `permission` defaults to that of the page being served.

        A site that nobody knows (None) is for those who see the whole region only.
        """
        sites = self.sites if permission is None else self.sites_for(permission)
        return sites is None or code in sites

    def sites_for(self, permission: str) -> Sites:
        """Where this may be done; nowhere (an empty set) when it may not be done at all."""
        return self.scopes[permission][0] if permission in self.scopes else frozenset()

    def within(self, permission: str) -> "Reach":
        """The same, with `sites` set to where this permission holds."""
        return replace(self, sites=self.sites_for(permission))


NOTHING = Reach()


@dataclass(frozen=True, slots=True)
class Standing:
    """Who a signed-in person is now: at which organisation, acting as whom, with what reach.

    roles  codes of the roles held now, in order of lead
    """

    organisation: Organisation | None
    roles: tuple[str, ...]
    reach: Reach


def standing(user: User, at: datetime, proved: Collection[str] | None = None) -> Standing:
    """Evaluate the person's grants at this instant: one query. Acting up ends here, by itself.

    proved  ways of signing in, as the provider calls them, that the session reaches: a grant that asks for
            another does not count in it. None for the account itself, whatever session it is in.
    """
    grants = list(
        RoleGrant.objects.running_at(at)
        .filter(user=user, role__in=ROLES)
        .select_related("organisation", "site")
        .only(*READ)
        .order_by("starts_at", "id")
    )
    if proved is not None:
        grants = [grant for grant in grants if not grant.strength or grant.strength in proved]
    if not grants:
        return Standing(None, (), NOTHING)
    # A person belongs to one trust; should grants of two ever meet, the older one counts and nothing mixes.
    home = grants[0].organisation
    grants = [grant for grant in grants if grant.organisation_id == home.pk]
    held = {grant.role for grant in grants}
    return Standing(home, tuple(code for code in ROLES if code in held), _sum(grants))


def actor(user: User, role: str, request_id: str = "") -> Actor:
    """The name under which this person's actions are recorded."""
    return Actor(name=user.username, user_id=user.pk, role=role, request_id=request_id)


def _sum(grants: Iterable[RoleGrant]) -> Reach:
    order = {code: place for place, code in enumerate(ROLES)}
    scopes: dict[str, tuple[Sites, str]] = {}
    for grant in sorted(grants, key=lambda grant: order[grant.role]):
        for permission in ROLES[grant.role].permissions:
            sites, role = scopes.get(permission, (frozenset(), grant.role))
            scopes[permission] = (_wider(sites, _sites(grant)), role)
    return Reach(MappingProxyType(scopes))


def _sites(grant: RoleGrant) -> Sites:
    if grant.site is not None:
        return frozenset({grant.site.code, *grant.site.former_codes})
    # A site-bound role without a site reaches nowhere: a mistake must not open the region.
    return frozenset() if ROLES[grant.role].is_site_limited else None


def _wider(one: Sites, other: Sites) -> Sites:
    return None if one is None or other is None else one | other
