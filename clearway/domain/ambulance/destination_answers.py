"""What somebody has answered for: which roles a department holds, and when. Each a dated policy.

An answer counts before the columns of the pack's list of departments: those say what was read somewhere, an
answer says who stands for it and when it is asked again. Alternatives are answered for in the same way (see
destinations.directory_of).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from ..shared.region import Policy, Site
from .destinations import Signed, Values, signed_of

ROLE_PREFIX = "site_role_"


class Stands(StrEnum):
    """What was answered."""

    CONFIRMED = "confirmed"
    NOT_SO = "not_so"


@dataclass(frozen=True, slots=True)
class RoleAnswer:
    """One department does or does not hold a role; opens, closes as in Site, both None for at all hours."""

    site: str
    role: str
    stands: Stands
    opens: str | None
    closes: str | None
    signed: Signed


def role_name(site: str, role: str) -> str:
    """The name of the policy that answers for a role of a site."""
    return f"{ROLE_PREFIX}{site}_{role}"


def roles_of(policies: Iterable[Policy]) -> tuple[RoleAnswer, ...]:
    """The answers about roles among policies. Raises ValueError naming the field."""
    return tuple(role_of(policy) for policy in policies if policy.name.startswith(ROLE_PREFIX))


def role_of(policy: Policy) -> RoleAnswer:
    """The answer that a policy holds. Raises ValueError naming the field."""
    values = Values(policy.values)
    answer = RoleAnswer(
        site=values.text("site"),
        role=values.text("role"),
        stands=values.made("stands", Stands),
        opens=values.hour("opens"),
        closes=values.hour("closes"),
        signed=signed_of(policy),
    )
    values.check_no_others()
    if (answer.opens is None) != (answer.closes is None):
        raise ValueError("opens, closes: only one of the two is given")
    if policy.name != role_name(answer.site, answer.role):
        raise ValueError(
            f"site, role: they make {role_name(answer.site, answer.role)!r}, not {policy.name!r}"
        )
    return answer


def answered(sites: Sequence[Site], answers: Iterable[RoleAnswer]) -> tuple[Site, ...]:
    """The sites with the roles that somebody answers for; what nobody answered stays as the pack says."""
    by_site: dict[str, dict[str, Stands]] = {}
    for answer in answers:
        by_site.setdefault(answer.site, {})[answer.role] = answer.stands
    return tuple(_with(site, by_site.get(site.code, {})) for site in sites)


def _with(site: Site, stands: Mapping[str, Stands]) -> Site:
    if not stands:
        return site
    confirmed = tuple(role for role, each in stands.items() if each is Stands.CONFIRMED)
    return replace(
        site,
        roles=(*(role for role in site.roles if role not in stands), *sorted(confirmed)),
        unconfirmed_roles=tuple(role for role in site.unconfirmed_roles if role not in stands),
    )


def hours_of(answers: Iterable[RoleAnswer]) -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """Role -> site -> the hours in which the site holds it, for those that it does not hold at all hours."""
    hours: dict[str, dict[str, tuple[str, str]]] = {}
    for answer in answers:
        if answer.stands is Stands.CONFIRMED and answer.opens is not None and answer.closes is not None:
            hours.setdefault(answer.role, {})[answer.site] = (answer.opens, answer.closes)
    return MappingProxyType(hours)
