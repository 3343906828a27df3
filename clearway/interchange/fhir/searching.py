"""What a search asks for: its parameters read by the table of what is served, and nothing else taken."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from . import parts
from .outcome import Refused, refused
from .served import CONTROLS, DATE, MOST, MOST_ASKED, REFERENCE, USUAL, Param, Served

LONDON = ZoneInfo("Europe/London")
PREFIXES = ("eq", "ge", "le", "gt", "lt")
LONGEST = 200  # characters of one value
MOST_VALUES = 20  # of one parameter
_FORMATS = ("json", "application/json", "application/fhir+json", "application/fhir json")


@dataclass(frozen=True, slots=True)
class Token:
    """One value of a token: "" for a system that is not said."""

    system: str
    code: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that a value falls into, from `since` to before `until`; None for no bound."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A search that is understood.

    values  parameter -> tokens, spans, texts or numbers; of spans all hold, of the others one
    after   the key after which the page begins
    used    what the link to this page repeats
    """

    values: Mapping[str, Sequence[object]]
    count: int
    after: str
    includes: frozenset[str]
    used: tuple[tuple[str, str], ...]


def read(served: Served, pairs: Iterable[tuple[str, str]], *, strict: bool = True) -> Query:
    """A search of this type. Raises Refused (400) for what is not understood.

    strict  an unknown parameter is refused; else it is left out, and the link to the page shows that
    """
    values: dict[str, list[object]] = {}
    used: list[tuple[str, str]] = []
    count, after, includes = USUAL, "", set[str]()
    for name, value in pairs:
        param = served.param(name)
        if param is None and name not in CONTROLS:
            if strict:
                raise _unknown(served, name)
            continue
        used.append((name, value))
        if len(value) > LONGEST or not value.strip():
            raise _wrong(name, "It is empty or too long.", "Send a value.")
        if param is not None:
            _add(values, param, value)
        elif name == "_count":
            count = _count(value)
        elif name == "_after":
            after = _after(value)
        elif name == "_include":
            includes.add(_include(served, value))
        elif value.casefold() not in _FORMATS:
            raise refused(406, "not-supported", "_format", "It is not spoken here.", "Ask for json.")
    _check_needed(served, values)
    return Query(values, count, after, frozenset(includes), tuple(used))


def _add(values: dict[str, list[object]], param: Param, value: str) -> None:
    there = values.setdefault(param.name, [])
    if there and param.kind != DATE:
        raise _wrong(param.name, "It stands there twice.", "Give several values with commas between them.")
    several = [each for each in value.split(",") if each] if param.kind != DATE else [value]
    if not several or len(several) > MOST_VALUES or len(there) >= 2:
        raise _wrong(param.name, "It has no value, or too many.", "Send fewer.")
    there += [_value(param, each) for each in several]


def _value(param: Param, text: str) -> object:
    if param.kind == DATE:
        return _span(param.name, text)
    if param.kind == REFERENCE:
        key = parts.key(text.rpartition("/")[2])
        if key is None:
            raise _wrong(param.name, "It is no reference to a resource here.", f"Send {param.example}.")
        return key
    if param.kind == "token":
        system, bar, code = text.rpartition("|")
        if not code:
            raise _wrong(param.name, "It says no code.", f"Send {param.example}.")
        return Token(system if bar else "", code)
    return text


def _span(name: str, text: str) -> Span:
    """The stretch of time that a prefix and a value mean. A day is one of London."""
    prefix, said = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
    if prefix not in PREFIXES:
        raise _wrong(name, "This prefix is not understood.", f"Use one of {', '.join(PREFIXES)}.")
    begins, ends = _bounds(name, re.sub(r" (?=\d\d:\d\d$)", "+", said))
    return {
        "eq": Span(begins, ends),
        "ge": Span(since=begins),
        "gt": Span(since=ends),
        "lt": Span(until=begins),
        "le": Span(until=ends),
    }[prefix]


def _bounds(name: str, said: str) -> tuple[datetime, datetime]:
    if "T" in said:
        at = parts.time_of(said, name)
        assert at is not None
        return at, at + (timedelta(seconds=1) if at.microsecond == 0 else timedelta(microseconds=1))
    on = parts.day_of(said, name) if len(said) == 10 else None
    if on is None:
        raise _wrong(name, "It is no day and no time.", "Send 2026-11-02, or a time with its offset.")
    return _midnight(on), _midnight(on + timedelta(days=1))


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), LONDON).astimezone(UTC)


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 9 and 0 < int(value) <= MOST_ASKED):
        raise _wrong("_count", "It is no number of resources.", f"Send 1 to {MOST}.")
    return min(int(value), MOST)


def _after(value: str) -> str:
    if not re.fullmatch(r"(-?\d{1,16}_)?\d{1,15}", value, re.ASCII):
        raise _wrong("_after", "It is no place in the list.", "Follow the link of the page before.")
    return value


def _include(served: Served, value: str) -> str:
    if value not in served.includes:
        known = ", ".join(served.includes) or "none with this type"
        raise _wrong("_include", "This does not come with it.", f"What comes: {known}.")
    return value


def _check_needed(served: Served, values: Mapping[str, object]) -> None:
    if served.needed and not any(all(name in values for name in group) for group in served.needed):
        ways = "; or ".join(" and ".join(group) for group in served.needed)
        raise refused(
            400, "required", f"{served.kind} search", "It does not say of whom or when.", f"Give {ways}."
        )


def _unknown(served: Served, name: str) -> Refused:
    known = ", ".join(each.name for each in served.params)
    fix = f"Known are: _id, {known}, {', '.join(CONTROLS)}."
    return _wrong("parameter", f"{served.kind} is not searched by one of these.", fix)


def _wrong(name: str, why: str, fix: str) -> Refused:
    return refused(400, "invalid", f"parameter {name}", why, fix)
