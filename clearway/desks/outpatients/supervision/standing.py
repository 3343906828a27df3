"""What there is to give: things that stand in the lists of the desk, each named without identity."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.urls import reverse

from clearway.core.layout.times import local
from clearway.domain.outpatients.supervision import Kind
from clearway.domain.outpatients.validation import CHECKS

from ..enquiries import queries as enquiries
from ..outcomes import queries as outcomes
from ..referrals import queries as referrals
from ..waiting import checks


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to do. subject: "referral:12"; path: the page on which it is done."""

    subject: str
    name: str
    path: str


def _referrals(organisation_id: int, at: datetime) -> list[Thing]:
    """Referrals from which something is missing."""
    rows = {each.gap.referral_id: each.gap.referral for each in referrals.open_gaps(organisation_id, at)}
    return [
        Thing(f"referral:{key}", f"Referral {row.number}", reverse("op-referrals:referral", args=[key]))
        for key, row in rows.items()
    ]


def _calls(organisation_id: int, at: datetime) -> list[Thing]:
    """Who did not come and was not reached, and calls that are to be answered by the office."""
    missed = [
        Thing(f"miss:{row.pk}", f"Missed {_day(row.opened_at)}", reverse("op-outcomes:miss", args=[row.pk]))
        for row in outcomes.misses(organisation_id)
        if row.contact_id is None
    ]
    waiting = [
        Thing(
            f"enquiry:{row.pk}",
            f"Call of {_day(row.came_at)}",
            reverse("op-enquiries:enquiry", args=[row.pk]),
        )
        for row in enquiries.open_(organisation_id)
        if row.clinician_id is None or row.answered_at is not None
    ]
    return [*missed, *waiting]


def _clinics(organisation_id: int, at: datetime) -> list[Thing]:
    """Clinics with appointments that are over and have no outcome."""
    return [
        Thing(
            f"session:{row.key}",
            f"{row.service}, {row.clinician}, {_day(row.starts_at)}",
            reverse("op-outcomes:sheet", args=[row.key]),
        )
        for row in outcomes.clinics(organisation_id, at)
        if row.over
    ]


def _checks(organisation_id: int, at: datetime) -> list[Thing]:
    """What the checks of the list find, each finding one thing."""
    rows = checks.all_found(organisation_id, at)
    known = checks.named([each.subject for each in rows], organisation_id)
    return [
        Thing(
            f"check:{each.code}:{each.subject}",
            f"{each.code}: {CHECKS[each.code].says}"[:120],
            reverse(address[0], args=[address[1]]),
        )
        for each in rows
        if (named := known.get(each.subject)) and (address := named.address)
    ]


STANDING: Mapping[Kind, Callable[[int, datetime], list[Thing]]] = MappingProxyType(
    {
        Kind.REFERRALS: _referrals,
        Kind.CALLS: _calls,
        Kind.CLINICS: _clinics,
        Kind.CHECKS: _checks,
    }
)


def _day(at: datetime) -> str:
    return f"{local(at):%a %-d %b %Y}"
