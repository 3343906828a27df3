"""With whom one may speak, and whom the page that one comes from is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from clearway.core.organisation.queries import departments
from clearway.core.people.roles import ROLES
from clearway.core.worklist.models import Task
from clearway.core.worklist.queries import task

from ..incidents import queries as incidents
from ..resources import queries as resources
from ..unavailability import queries as unavailability

MANAGERS = (
    *("service_delivery_officer", "trust_incident_manager", "local_commander", "operations_support"),
    *("clinical_lead", "community_response_coordinator", "dispatcher"),
)
MOST_TYPED = 2**63


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the desk knows by name: call signs; hospitals and roles, code -> name."""

    call_signs: tuple[str, ...]
    hospitals: Mapping[str, str]
    roles: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """Everybody, as one may type them."""
        halos = [f"HALO {name}" for name in self.hospitals.values()]
        return [*self.call_signs, *self.hospitals.values(), *halos, *self.roles.values()]


@dataclass(frozen=True, slots=True)
class InHand:
    """What a page is about: with whom one speaks there, of which incident or task."""

    whom: str = ""
    incident: str = ""
    task: int | None = None


def known(organisation_id: int, at: datetime) -> Known:
    """Whom the desk knows: of the crews those on shift, seen of late, or on a job. Four queries."""
    on_jobs = (each.call_sign for each in incidents.open_or_at_hospital_of_late(organisation_id, at))
    return Known(
        tuple(sorted({*resources.seen_of_late(organisation_id, at), *on_jobs})),
        dict(departments(organisation_id)),
        {code: ROLES[code].name for code in MANAGERS},
    )


def back_of(request: Any) -> str:
    """The page of ours that somebody comes from; "" where there is none."""
    came_from = request.POST.get("back") or request.GET.get("from") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return ""
    parts = urlsplit(came_from)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path[:300] if path.startswith("/") and not path.startswith("/contacts/new/") else ""


def in_hand(organisation_id: int, back: str, row: str, who: Known) -> InHand:
    """What is in hand: the row that had the focus (`resources-A12`), else what the page is about."""
    kind, _, key = row.partition("-")
    if kind in ("resources", "breaks", "vehicle") and key:
        return InHand(key if key in who.call_signs else "")
    if kind == "handovers" and key in who.hospitals:
        return InHand(who.hospitals[key])
    if kind == "unavailable":
        return _unavailable(organisation_id, _number(key))
    if kind == "tasks":
        return _task(organisation_id, _number(key), who)
    return _of_page(organisation_id, back, who)


def _of_page(organisation_id: int, back: str, who: Known) -> InHand:
    try:
        found = resolve(urlsplit(back).path)
    except Resolver404:
        return InHand()
    given: Mapping[str, Any] = found.kwargs
    hand = InHand()
    match found.view_name:
        case "advice:crew":
            hand = InHand(given["call_sign"])
        case "handovers:hospital" | "liaison:say":
            hand = InHand(who.hospitals.get(given["code"], ""))
        case "incidents:incident":
            hand = _incident(organisation_id, given["key"])
        case "unavailability:one":
            hand = _unavailable(organisation_id, given["key"])
        case "tasks:task":
            hand = _task(organisation_id, given["key"], who)
    return hand


def _incident(organisation_id: int, key: str) -> InHand:
    crews = incidents.crews_of(organisation_id, key)
    return InHand(crews[0] if crews else "", incident=key[:80])


def _unavailable(organisation_id: int, key: int) -> InHand:
    return InHand(unavailability.call_sign_of(organisation_id, key) if 0 < key < MOST_TYPED else "")


def _task(organisation_id: int, key: int, who: Known) -> InHand:
    if not 0 < key < MOST_TYPED:
        return InHand()
    try:
        found = task(organisation_id, key)
    except Task.DoesNotExist:
        return InHand()
    kind, _, about = found.subject.partition(":")
    if found.site is not None and found.site.code in who.hospitals:
        return InHand(who.hospitals[found.site.code], task=key)
    return InHand(about if kind in ("resource", "crew") else "", task=key)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
