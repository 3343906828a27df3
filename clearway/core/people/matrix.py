"""Who may open what: every address against every role, as security/matrix.csv shows it for review."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from .permissions import Requirement, requirement_of
from .roles import ROLES, Role

ANONYMOUS = "anonymous"
METHODS = ("GET", "POST")
YES, SITE, NO, SIGN_IN = "yes", "own site", "no", "sign in"
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Route:
    """One address. `requirement` is None when its view forgot to say what it needs."""

    address: str
    requirement: Requirement | None


def routes(resolver: URLResolver | None = None, before: str = "/") -> Iterator[Route]:
    """Every address of the desks, in the order of the URL conf."""
    for pattern in (resolver or get_resolver()).url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(address, requirement_of(pattern.callback))
        elif isinstance(pattern, URLResolver):
            yield from routes(pattern, address)


def cell(requirement: Requirement, method: str, role: Role | None) -> str:
    """What this role (None: nobody signed in) gets."""
    permission = requirement.of(method)
    if permission is None:
        return YES
    if role is None:
        return SIGN_IN
    if permission not in role.permissions:
        return NO
    return SITE if role.is_site_limited else YES


def table() -> list[dict[str, Any]]:
    """One row per address and method; a column per role. Addresses without a requirement are left out."""
    return [
        {
            "route": route.address,
            "method": method,
            "permission": route.requirement.of(method) or PUBLIC,
            ANONYMOUS: cell(route.requirement, method, None),
            **{code: cell(route.requirement, method, role) for code, role in ROLES.items()},
        }
        for route in sorted(routes(), key=lambda route: route.address)
        for method in METHODS
        if route.requirement is not None
    ]


def as_csv() -> str:
    """The table as it is kept in security/matrix.csv."""
    rows = table()
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
