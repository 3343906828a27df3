"""Calls, radio messages and conversations: with whom, by what, and reason and result in two letters."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class With(StrEnum):
    """With whom somebody spoke."""

    CREW = "crew"
    HOSPITAL = "hospital"
    HALO = "halo"
    MANAGER = "manager"
    OTHER = "other"


class Means(StrEnum):
    """By what."""

    RADIO = "radio"
    TELEPHONE = "telephone"
    IN_PERSON = "in_person"
    MESSAGE = "message"


def usual(kind: With) -> Means:
    """What is taken where nobody says otherwise: crews have a radio."""
    return Means.RADIO if kind is With.CREW else Means.TELEPHONE


@dataclass(frozen=True, slots=True)
class Choice:
    """One reason or result. `key` is the letter that stands for it."""

    code: str
    key: str
    says: str


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    """The reasons and results that a trust counts by, each with a letter of its own."""

    reasons: tuple[Choice, ...] = ()
    results: tuple[Choice, ...] = ()

    def __post_init__(self) -> None:
        for of, choices in (("reasons", self.reasons), ("results", self.results)):
            keys = [each.key for each in choices]
            if len(set(keys)) < len(keys) or any(len(key) != 1 or not key.islower() for key in keys):
                raise ValueError(f"Each of the {of} of contacts needs a small letter of its own; got {keys}")

    def says(self, code: str) -> str:
        """A reason or result in words; the code itself for one that the policy no longer has."""
        return next((each.says for each in (*self.reasons, *self.results) if each.code == code), code)


def keyed(typed: str, policy: ContactPolicy) -> tuple[str, str]:
    """Codes of the reason and the result that two letters stand for. Raises ValueError with a sentence."""
    letters = "".join(typed.casefold().split())
    if len(letters) != 2:
        raise ValueError("Type two letters: one of the reason, one of the result")
    found = []
    for letter, of, choices in zip(
        letters, ("reason", "result"), (policy.reasons, policy.results), strict=True
    ):
        code = next((each.code for each in choices if each.key == letter), None)
        if code is None:
            known = ", ".join(f"{each.key} {each.says.lower()}" for each in choices)
            raise ValueError(f"“{letter}” is no {of}: {known}")
        found.append(code)
    return found[0], found[1]


@dataclass(frozen=True, slots=True)
class Partner:
    """With whom: call sign, code of the site or of the role where it is known, and the name."""

    kind: With
    key: str
    name: str


def partner(
    typed: str, call_signs: Collection[str], hospitals: Mapping[str, str], roles: Mapping[str, str]
) -> Partner:
    """Whom a typed name means: a crew, a hospital or its HALO, a role; else another service, as it is typed.

    hospitals, roles  code -> name
    """
    name = " ".join(typed.split())
    low = name.casefold()
    for sign in call_signs:
        if sign.casefold() == low:
            return Partner(With.CREW, sign, sign)
    for code, hospital in hospitals.items():
        if hospital.casefold() == low:
            return Partner(With.HOSPITAL, code, hospital)
        if low == f"halo {hospital}".casefold():
            return Partner(With.HALO, code, f"HALO {hospital}")
    for code, role in roles.items():
        if role.casefold() == low:
            return Partner(With.MANAGER, code, role)
    return Partner(With.OTHER, "", name)
