"""What somebody says of a case, on the page or over the API: checked, and joined to what the feeds know."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.words import Need
from clearway.domain.shared.geography import Point

from .cases import crew
from .reading import Reading


@dataclass(frozen=True, slots=True)
class WrongField(Exception):
    """One field cannot be used: which, why, and what to do."""

    field: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.field}: {self.why} {self.fix}"


def case_of(reading: Reading, given: Mapping[str, Any]) -> Case:
    """The case that these fields state. Raises WrongField."""
    return stated(_beginning(reading, given), given, reading)


def stated(known: Case, given: Mapping[str, Any], reading: Reading) -> Case:
    """What is known of a case with what somebody says of it. What is not said stays. Raises WrongField."""
    wait = _number(given, "ready_in_minutes", 0, 240)
    age, news2 = _whole(given, "age", 0, 120), _whole(given, "news2", 0, 20)
    changes: dict[str, Any] = {
        "ready_at": reading.situation.at + (wait or 0) * 60,
        "refused": frozenset(_site(reading, "refused", code) for code in _list(given, "refused")),
    }
    if given.get("needs") is not None:
        changes |= {"needs": _needs(given["needs"]), "needs_asked": True}
    for name in ("continuing_care", "booked_at", "standing"):
        if given.get(name) not in (None, ""):
            changes[name] = _site(reading, name, given[name])
    if age is not None:
        changes["age"] = age
    if news2 is not None:
        changes["news2"] = news2
    return replace(known, **changes)


def _beginning(reading: Reading, given: Mapping[str, Any]) -> Case:
    if call_sign := given.get("call_sign"):
        found = crew(reading, str(call_sign))
        if found is None:
            raise WrongField(
                "call_sign", f"{call_sign!r} has no open job.", "Check it, or give latitude and longitude."
            )
        if found.case is None:
            raise WrongField(
                "call_sign", "Nobody knows where its patient is.", "Give latitude and longitude."
            )
        return found.case
    latitude, longitude = _number(given, "latitude", -90, 90), _number(given, "longitude", -180, 180)
    if latitude is None or longitude is None:
        name = "latitude" if latitude is None else "longitude"
        raise WrongField(name, "It is missing.", "Give latitude and longitude, or a call_sign.")
    key = f"{latitude:.5f},{longitude:.5f}"
    place = Point(latitude, longitude)
    return Case(key=key, position=place, ready_at=reading.situation.at, needs_asked=False)


def _needs(words: Any) -> frozenset[Need]:
    if not isinstance(words, list | tuple):
        raise WrongField("needs", f"Expected a list of words, found {words!r}.", 'Write it as ["stroke"].')
    try:
        return frozenset(Need(word) for word in words)
    except ValueError as problem:
        raise WrongField("needs", f"{problem}.".capitalize(), f"Use: {', '.join(Need)}.") from None


def _list(given: Mapping[str, Any], name: str) -> list[str]:
    value = given.get(name) or []
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise WrongField(name, f"Expected a list of codes, found {value!r}.", 'Write it as ["RK950"].')
    return [each for each in value if each]


def _site(reading: Reading, field: str, code: Any) -> str:
    if not isinstance(code, str) or code not in reading.rules.row_of:
        raise WrongField(field, f"{code!r} is no place of this region.", "Use an ODS code of the directory.")
    return code


def _whole(given: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    number = _number(given, name, low, high)
    if number is not None and number != int(number):
        raise WrongField(name, f"Expected a whole number, found {given[name]!r}.", "Leave out the fraction.")
    return None if number is None else int(number)


def _number(given: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not low <= number <= high:
        raise WrongField(
            name, f"Expected a number from {low} to {high}, found {value!r}.", "Correct it, or leave it out."
        )
    return number


def said_of(case: Case) -> dict[str, Any]:
    """What was said of a case, as it is kept: no identity, no place. No list of needs: nobody asked."""
    return {
        "age": case.age,
        "news2": case.news2,
        "needs": sorted(case.needs) if case.needs_asked else None,
        "continuing_care": case.continuing_care,
        "booked_at": case.booked_at,
        "refused": sorted(case.refused),
    }
