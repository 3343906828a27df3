"""Where letters to whoever referred go, as the directory and what people said stand on a day."""

from collections.abc import Collection
from datetime import date
from itertools import chain
from typing import Any

from clearway.core.outbox.actions import Held
from clearway.domain.outpatients.practices import Standing

from ..directory import queries as directory
from ..directory.queries import Resolved
from .models import Correspondent

HOLDS = ("practice", "referrer")  # why a letter to a referrer is held
AFTER_CLOSING = "{} closed"  # key of what is said of a closed practice: where it was does not count
CHOOSE = "Choose its successor in the directory; the letter goes on then."
ENTER = "Enter the address once: every letter to them follows."
To = tuple[str, str]


def lines(address: str) -> list[str]:
    """The lines of an address as it is kept."""
    return [part.strip() for part in address.replace("\n", ",").split(",")]


def recipients(organisation_id: int, referrals: Collection[Any], on: date) -> dict[Any, To | Held]:
    """Referral -> name, and address by lines, of whoever referred; or what is in the way.

    One query, and those of directory.resolve.
    """
    ways = directory.resolve(organisation_id, {_code(each) for each in referrals}, on)
    keys = {each.pk: _keys(each, ways.get(_code(each))) for each in referrals}
    rows = Correspondent.objects.filter(organisation_id=organisation_id, key__in={*chain(*keys.values())})
    known, found = {row.key: row for row in rows}, {}
    for each in referrals:
        said = next((known[key] for key in keys[each.pk] if key in known), None)
        found[each.pk] = _recipient(each, ways.get(_code(each)), said)
    return found


def key_of(organisation_id: int, referral: Any, on: date) -> str | None:
    """Under what the address of whoever referred is kept; None where a successor is to be chosen first."""
    found = directory.resolved(organisation_id, _code(referral), on)
    return next(iter(_keys(referral, found)), None)


def _code(referral: Any) -> str:
    return str(referral.sender_organisation).strip()


def _keys(referral: Any, found: Resolved | None) -> list[str]:
    """Where an address may have been kept. A person's name counts only where no practice is listed: another
    doctor may bear it."""
    if found is not None and found.current is not None:
        return [found.current.code]
    if found is not None and found.told is not None:
        is_over = found.found.standing is Standing.CLOSED
        return [AFTER_CLOSING.format(found.found.current)] if is_over else []
    return [key for key in (_code(referral), referral.sender.strip()) if key]


def _recipient(referral: Any, found: Resolved | None, said: Correspondent | None) -> To | Held:
    """A practice that closed by its successor, under the name that counts now."""
    listed = found.current if found is not None else None
    if said is not None:
        is_other = listed is not None and listed.code != _code(referral).upper()
        return listed.name if is_other and listed else said.name or referral.sender.strip(), said.address
    if listed is not None and listed.address:
        return listed.name, "\n".join((*lines(listed.address), listed.postcode)).strip()
    if found is None or found.told is None or listed is not None:
        return Held("referrer", "Nobody has said where letters to this referrer go.", ENTER)
    if found.found.standing is Standing.SEVERAL:
        return Held("practice", f"{found.told.name} has closed, and several took its place.", CHOOSE)
    why = f"{found.told.name} has closed, and no successor is known."
    return Held("referrer", why, f"Ask who has its patients now. {ENTER}")
