"""What destinations can do, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.core.organisation.models import PolicyVersion

from .forms import WEEK
from .queries import Group, Item, Stands

GROUPS: Mapping[Group, str] = {
    Group.ROLES: "Roles of departments",
    Group.PLACES: "Alternatives to an emergency department",
    Group.RULES: "Destination rules",
    Group.KINDS: "Kinds of alternatives",
}
STANDS: Mapping[Stands, str] = {
    Stands.CONFIRMED: "Confirmed",
    Stands.NOT_SO: "Not so",
    Stands.PACK: "From the region pack, nobody here has signed it",
    Stands.NOT_CONFIRMED: "Not confirmed: named, never used",
    Stands.NOBODY_SAID: "Nobody has said",
}


def clashes(found: Iterable[Clash]) -> list[tuple[str, str, str]]:
    """What two people answered otherwise for one thing."""
    names = {"source": "Who says so", "owner": "Who answers for it", "review_on": "Ask again by"}
    return both_in_words(found, names, _said)


def _said(field: str, value: Any) -> str:
    if field == "stands" and value:
        return STANDS[Stands(value)]
    if field == "days" and value:
        return ", ".join(name for name, open_ in zip(WEEK, value, strict=True) if open_ == "1")
    if field == "review_on" and value:
        return day(date.fromisoformat(value))
    return f"{value * 100:g} percent" if field == "accepts_share" and value else said(value)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the page."""

    name: str
    place: str
    what: str
    stands: str
    is_confirmed: bool
    detail: str
    source: str
    signed: str
    review: str
    is_overdue: bool
    is_to_do: bool


def row(item: Item, today: date) -> Row:
    signed = f"{item.owner}; {item.signed_by}, {day(item.signed_on)}" if item.signed_on else "Nobody"
    return Row(
        name=item.name,
        place=item.place,
        what=item.what,
        stands=STANDS[item.stands],
        is_confirmed=item.stands is Stands.CONFIRMED,
        detail=detail(item.group, item.values) if item.is_said else "Not said",
        source=f"{item.source} ({item.mark})",
        signed=signed,
        review=day(item.review_on),
        is_overdue=item.is_overdue(today),
        is_to_do=item.is_to_do(today),
    )


def detail(group: Group, values: Mapping[str, Any]) -> str:
    """The values that may be changed here, in a line."""
    if group in (Group.ROLES, Group.PLACES):
        parts = [f"{values['opens']} to {values['closes']}" if values.get("opens") else "At all hours"]
        days = str(values.get("days", "1111111"))
        if "0" in days:
            parts.append(" ".join(name for name, open_ in zip(WEEK, days, strict=True) if open_ == "1"))
        if values.get("capacity_per_hour") is not None:
            parts.append(f"{values['capacity_per_hour']:g} patients an hour")
        if values.get("contact"):
            parts.append(str(values["contact"]))
        return ", ".join(parts)
    if group is Group.RULES:
        limit = values.get("limit_minutes")
        within = f"Within {limit:g} min. " if limit else ""
        asks = _roles(values)
        if values.get("nearest_always"):
            asks = (
                f"The nearest that is {asks}, always"
                if values.get("requires")
                else "Nearest appropriate always"
            )
        if values.get("nearest_of_role"):
            asks += ", the nearest whatever waits there"
        return f"{asks}. {within}{values.get('say', '')}".strip()
    return (
        f"{values['criteria']} NEWS2 up to {values['news2_most']:g}, answers in"
        f" {values['answer_minutes']:g} min, accepts {values['accepts_share'] * 100:.0f}%."
    )


def _roles(values: Mapping[str, Any]) -> str:
    return " or ".join(role.replace("_", " ") for role in values.get("requires", ())) or "Any department"


def history(group: Group, versions: Iterable[PolicyVersion]) -> list[tuple[int, str, str, str, str, str]]:
    """Every version: number, from when, what, source, who, review."""
    return [
        (
            each.version,
            day(each.valid_from),
            ("Not so. " if each.values.get("stands") == "not_so" else "") + detail(group, each.values),
            each.source,
            f"{each.owner}; {each.made_by}",
            day(each.review_on),
        )
        for each in versions
    ]


def day(on: date | None) -> str:
    return f"{on.day} {on:%b %Y}" if on else ""
