"""Two people who change one record: the second is told field by field, and nothing is overwritten unseen.

A form carries what it was shown with. What somebody did not touch is not written, so two who change different
fields both have their way; where both changed the same one, the second decides with both values in view.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core import signing

from clearway.domain.shared.errors import NotAllowed

SALT = "clearway.seen"
MEANWHILE = (
    "Somebody else saved this while you had it open. Nothing of yours is saved yet: look at both values, then"
    " save what is right."
)


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two changed. was  when the form was opened; now  saved since; yours  not saved."""

    field: str
    was: Any
    now: Any
    yours: Any


@dataclass
class ChangedMeanwhile(NotAllowed):
    """Somebody else saved other values while the form stood open. Nothing of it was written."""

    clashes: tuple[Clash, ...] = ()


def seal(shown: Mapping[str, Any]) -> str:
    """What a form is shown with, to come back with it."""
    return signing.dumps({name: plain(value) for name, value in shown.items()}, salt=SALT, compress=True)


def unseal(sealed: str, event: str) -> dict[str, Any]:
    """What the form was shown with. Raises NotAllowed for a form that does not say."""
    try:
        return dict(signing.loads(sealed, salt=SALT))
    except signing.BadSignature:
        why = "This form does not say what it was opened with. Open it again, so that nothing is overwritten."
        raise NotAllowed("not known", event, why) from None


def own_changes(values: Mapping[str, Any], seen: Mapping[str, Any], row: Any, event: str) -> dict[str, Any]:
    """The values that somebody changed in their form. Call with the row locked.

    Raises ChangedMeanwhile where another value was saved for one of them since the form was opened.
    """
    mine = {name: value for name, value in values.items() if name in seen and plain(value) != seen[name]}
    clashes = tuple(
        Clash(name, seen[name], plain(getattr(row, name)), plain(value))
        for name, value in mine.items()
        if plain(getattr(row, name)) not in (seen[name], plain(value))
    )
    if clashes:
        raise ChangedMeanwhile("changed meanwhile", event, MEANWHILE, clashes)
    return mine


def plain(value: Any) -> Any:
    """A value as JSON keeps it, so that what came back can be compared."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return json.loads(json.dumps(value)) if value is not None else ""
