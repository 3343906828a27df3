"""Policies as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .models import PolicyVersion


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy in force.

    values  each value's name with its lines of text
    """

    name: str
    version: int
    valid_from: str
    review_on: str
    is_overdue: bool
    owner: str
    source: str
    mark: str
    values: tuple[tuple[str, tuple[str, ...]], ...]


def policy_row(version: PolicyVersion, today: date) -> PolicyRow:
    """A policy as it stands on a day; it is overdue from the day after its review."""
    return PolicyRow(
        name=_words(version.name),
        version=version.version,
        valid_from=_day(version.valid_from),
        review_on=_day(version.review_on),
        is_overdue=version.review_on < today,
        owner=version.owner,
        source=version.source,
        mark=version.mark,
        values=tuple((_words(name), tuple(_lines(value))) for name, value in version.values.items()),
    )


def _lines(value: Any) -> list[str]:
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        return [_text(each) for each in value]
    return [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(name)} {_text(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value) or "none"
    return str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"
