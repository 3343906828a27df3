"""Two people who change one record: the second is told field by field, and nothing is overwritten unseen.

A form carries what it was shown with, sealed, or the version it follows where every version is kept. What
somebody did not touch is not written, so two who change different fields both have their way; where both
changed the same one, or one thing that is written as a whole, the second decides with both values in view
(layout/clashes.html).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar

from django.core import signing

from clearway.domain.shared.errors import NotAllowed

Row = TypeVar("Row")
Says = Callable[[str, Any], str]
SALT = "clearway.seen"
MEANWHILE = (
    "Somebody else saved this while you had it open. Nothing of yours is saved yet: look at both values, then"
    " save what is right."
)
UNSAID = "This form does not say what it was opened with. Open it again, so that nothing is overwritten."


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two changed. was  when the form was opened; now  saved since; yours  not saved."""

    field: str
    was: Any
    now: Any
    yours: Any


@dataclass
class ChangedMeanwhile(NotAllowed):
    """Somebody else saved other values while the form stood open. Nothing of it was written.

    newest  key of what stands in the place of a record that was superseded; None where it is changed in place
    now     what was compared with, read with the record locked: the form that is shown again follows this and
            no later one, which nobody has seen. Values, or the number of the newest version
    """

    clashes: tuple[Clash, ...] = ()
    newest: int | None = None
    now: Mapping[str, Any] | int | None = None


def seal(shown: Mapping[str, Any], form: str) -> str:
    """What a form is shown with, to come back with it and with no other form.

    form  which form of which record it is, such as "patient 12"
    """
    return signing.dumps(
        {name: plain(value) for name, value in shown.items()}, salt=f"{SALT} {form}", compress=True
    )


def unseal(sealed: str, event: str, form: str) -> dict[str, Any]:
    """What the form was shown with. Raises NotAllowed where it does not say, or says it of another."""
    try:
        return dict(signing.loads(sealed, salt=f"{SALT} {form}"))
    except signing.BadSignature:
        raise NotAllowed("not known", event, UNSAID) from None


def own_changes(
    values: Mapping[str, Any], seen: Mapping[str, Any], now: Mapping[str, Any], event: str
) -> dict[str, Any]:
    """The values that somebody changed in their form, field by field. Call with the row locked.

    Raises ChangedMeanwhile where another value was saved for one of them since the form was opened, and
    NotAllowed where the form does not say what it was opened with.
    """
    _check_said(values, seen, event)
    mine = {name: value for name, value in values.items() if plain(value) != seen[name]}
    check_fields(mine, seen, now, event)
    return mine


def check_fields(
    values: Mapping[str, Any], seen: Mapping[str, Any], now: Mapping[str, Any], event: str
) -> None:
    """Each of these fields stands as it was when the form was opened, or as it is to become.

    Raises ChangedMeanwhile, with each that does not, and NotAllowed where the form does not say of one.
    """
    _check_said(values, seen, event)
    _refuse([each for each in between(now, values, seen) if each.now != each.was], now, event)


def check_whole(
    values: Mapping[str, Any], seen: Mapping[str, Any], now: Mapping[str, Any], event: str
) -> None:
    """Of what is one thing, as a text is, what two people wrote is not put together. Call with it locked.

    Raises ChangedMeanwhile, with all that differs, where anything was saved since the form was opened.
    """
    if {name: plain(value) for name, value in now.items()} != seen:
        _refuse(between(now, values, seen), now, event)


def newest_of(row: Row) -> Row:
    """What stands in the place of a record now: its last correction, or itself."""
    while hasattr(row, "superseded_by"):
        row = row.superseded_by
    return row


def check_newest(
    row: Row, says: Callable[[Row], Mapping[str, Any]], values: Mapping[str, Any], event: str
) -> None:
    """A record that is never changed is corrected once; who corrects it again corrects the correction.

    says  what a record says, by the names of `values`. Raises ChangedMeanwhile where it was superseded.
    """
    newest: Any = newest_of(row)
    if newest is not row:
        found = between(says(newest), values)
        raise ChangedMeanwhile("superseded", event, MEANWHILE, found, newest.pk)


def between(
    now: Mapping[str, Any], yours: Mapping[str, Any], was: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Clash, ...]:
    """Every field of `yours` that stands otherwise now."""
    return tuple(
        Clash(name, plain(was.get(name)), plain(now.get(name)), plain(value))
        for name, value in yours.items()
        if plain(value) != plain(now.get(name))
    )


def _check_said(values: Mapping[str, Any], seen: Mapping[str, Any], event: str) -> None:
    if not values.keys() <= seen.keys():
        raise NotAllowed("not known", event, UNSAID)


def _refuse(clashes: Sequence[Clash], now: Mapping[str, Any], event: str) -> None:
    if clashes:
        raise ChangedMeanwhile("changed meanwhile", event, MEANWHILE, tuple(clashes), now=now)


def both_in_words(
    found: Iterable[Clash], names: Mapping[str, str] = MappingProxyType({}), says: Says | None = None
) -> list[tuple[str, str, str]]:
    """Each field that two people changed: its name, what is saved now, what was not saved.

    names  of fields that are called otherwise on the page. says  a value of a field in words
    """
    say = says or (lambda field, value: said(value))
    return [
        (
            names.get(each.field, each.field.replace("_", " ").capitalize()),
            say(each.field, each.now),
            say(each.field, each.yours),
        )
        for each in found
    ]


def said(value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "Nothing"
    return "Nothing" if value in ("", None) else str(value)


def opened(
    sent: Mapping[str, Any],
    now: Mapping[str, Any] | int | None,
    form: str = "",
    refusal: ChangedMeanwhile | None = None,
) -> str:
    """What a form has to bring back: what it was opened with; once refused, what it was compared with.

    now   the values that stand, or the number of the newest version where every version is kept
    form  as `seal` takes it, where it is values
    """
    if refusal and refusal.now is not None:
        now = refusal.now
    elif sent and not refusal:
        return str(sent.get("seen", ""))
    return seal(now, form) if isinstance(now, Mapping) else "" if now is None else str(now)


def plain(value: Any) -> Any:
    """A value as JSON keeps it, so that what came back can be compared: one moment, one text in any zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return json.loads(json.dumps(value)) if value is not None else ""
