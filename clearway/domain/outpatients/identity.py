"""Who a patient is: numbers with their check digits, pathway identifiers, and records that look alike."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from clearway.domain.shared.identity import is_nhs_number

from .words import NhsNumberStatus

PPID_LENGTH = 20
UBRN_LENGTH = 12
NATIONAL_ISSUER = "X09"  # of pathway identifiers that are made from a booking reference
ALIKE = 0.75  # share of letters that two family names have in common, in order, to look alike
_POSTCODE = re.compile(r"^[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}$")


def nhs_number(typed: str) -> str | None:
    """The ten digits of an NHS number as it is typed, with spaces or hyphens; None for nothing typed.

    Raises ValueError, in words for the person who typed it, when it cannot be one.
    """
    digits = re.sub(r"[\s-]", "", typed)
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) == 10):
        raise ValueError("An NHS number has ten digits, for example 999 123 4567. Check it with the letter")
    if not is_nhs_number(digits):
        raise ValueError("The last digit of this NHS number does not fit. Check it with the letter")
    return digits


def spaced(digits: str) -> str:
    """The way an NHS number is read out: 999 123 4567."""
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def is_traced(status: str) -> bool:
    """The number was verified with the national record."""
    return status == NhsNumberStatus.VERIFIED


def postcode(typed: str) -> str:
    """A postcode in capitals with its space; "" for nothing typed. Raises ValueError for anything else."""
    letters = re.sub(r"\s", "", typed).upper()
    if not letters:
        return ""
    written = f"{letters[:-3]} {letters[-3:]}"
    if not _POSTCODE.match(written):
        raise ValueError("Write the postcode in full, for example WR5 1DD")
    return written


@dataclass(frozen=True, slots=True)
class PathwayIdentifier:
    """A patient pathway identifier and the organisation that gave it."""

    ppid: str
    issuer: str

    def __post_init__(self) -> None:
        if not re.match(r"^[A-Z0-9]{20}$", self.ppid):
            raise ValueError("A pathway identifier has 20 letters and digits, all capitals")
        if not self.issuer:
            raise ValueError("A pathway identifier comes with the code of the organisation that gave it")


def identifier_of(ubrn: str) -> PathwayIdentifier:
    """The identifier of a pathway that began with a booking reference. Raises ValueError.

    Source: NHS England, Recording and reporting referral to treatment waiting times, version 5.0, annex C.
    """
    return PathwayIdentifier(booking_reference(ubrn).rjust(PPID_LENGTH, "0"), NATIONAL_ISSUER)


def pathway_identifier(trust: str, number: int) -> PathwayIdentifier:
    """The identifier of a pathway that began here: the trust's code and a number of its own."""
    issuer = re.sub(r"[^A-Z0-9]", "", trust.upper())[:5]
    return PathwayIdentifier(issuer + str(number).rjust(PPID_LENGTH - len(issuer), "0"), trust)


def booking_reference(typed: str) -> str:
    """The twelve digits of a booking reference (UBRN); "" for nothing typed. Raises ValueError."""
    digits = re.sub(r"[\s-]", "", typed)
    if digits and not (digits.isascii() and digits.isdigit() and len(digits) == UBRN_LENGTH):
        raise ValueError("A booking reference (UBRN) has twelve digits, for example 0001 2345 6789")
    return digits


@dataclass(frozen=True, slots=True)
class Person:
    """What records are compared by."""

    family_name: str
    given_names: str
    born_on: date
    nhs_number: str | None = None


def looks_alike(one: Person, other: Person) -> bool:
    """Whether two records may be the same person: one NHS number, or one birth date and similar names."""
    if one.nhs_number and one.nhs_number == other.nhs_number:
        return True
    if one.born_on != other.born_on:
        return False
    if one.nhs_number and other.nhs_number and _letters(one.given_names) != _letters(other.given_names):
        return False  # two people with numbers of their own, as twins are
    return _similar(_names(one), _names(other)) or _names(one) == _names(other)[::-1]


def _names(person: Person) -> tuple[str, str]:
    first = _letters(person.given_names.split(" ")[0] if person.given_names else "")
    return _letters(person.family_name), first


def _similar(one: tuple[str, str], other: tuple[str, str]) -> bool:
    families = _close(one[0], other[0]) or _holds(one[0], other[0])
    return families and (_close(one[1], other[1]) or _begins(one[1], other[1]))


def _close(one: str, other: str) -> bool:
    # The matcher's answer can depend on which comes first, and a record must look like its twin both ways.
    first, second = sorted((one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= ALIKE


def _holds(one: str, other: str) -> bool:
    """One part of a double-barrelled name."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= 3 and shorter in longer


def _begins(one: str, other: str) -> bool:
    """An initial, or a short form that begins alike: Chris for Christopher."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter)


def _letters(name: str) -> str:
    """Letters only, without accents or case."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(each for each in plain if each.isalpha())
