"""Patients in words: names as the desk writes them, needs and flags with their shapes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.core.layout.times import day
from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.identity import spaced
from clearway.domain.outpatients.words import NhsNumberStatus

from .models import Flag, Need, Patient

SEX = {"1": "Male", "2": "Female", "9": "Not stated"}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Shape and level of each flag; a need is always a square.
SHAPES = {
    Flag.Kind.SAFEGUARDING: ("octagon", "mark-p1"),
    Flag.Kind.SAFE_CONTACT: ("octagon", "mark-p1"),
    Flag.Kind.DEPENDENT: ("triangle", "mark-p2"),
    Flag.Kind.RISK: ("triangle", "mark-p2"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A flag or a need as it is shown everywhere: a shape, a word, and what to do."""

    key: int
    kind: str
    words: str
    shape: str
    css: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One patient in a list."""

    key: int
    name: str
    born: str
    nhs_number: str
    number: str
    address: str
    is_dead: bool


def name(patient: Patient) -> str:
    """ "BROWN, Ada"."""
    return str(patient)


def born(patient: Patient, today: date) -> str:
    """ "1 Mar 1970, 56 years"."""
    years = today.year - patient.born_on.year
    years -= (today.month, today.day) < (patient.born_on.month, patient.born_on.day)
    return f"{patient.born_on:%-d %b %Y}, {years} year{'' if years == 1 else 's'}"


def number(patient: Patient) -> str:
    """The NHS number as it is read out, with what is known of it."""
    if patient.nhs_number is None:
        return "Not known"
    status = NhsNumberStatus(patient.nhs_number_status).meaning
    return f"{spaced(patient.nhs_number)} ({status})"


def rows(patients: Iterable[Patient], today: date) -> list[Row]:
    """In the order given."""
    return [
        Row(
            key=each.pk,
            name=name(each),
            born=born(each, today),
            nhs_number=spaced(each.nhs_number) if each.nhs_number else "Not known",
            number=each.number,
            address=", ".join(part for part in (each.address, each.postcode) if part),
            is_dead=each.died_on is not None,
        )
        for each in patients
    ]


def flags(found: Iterable[Flag]) -> list[Mark]:
    """Flags with their shapes, safeguarding first."""
    marks = [
        Mark(each.pk, each.get_kind_display(), each.words, *SHAPES[Flag.Kind(each.kind)]) for each in found
    ]
    return sorted(marks, key=lambda mark: (mark.css, mark.kind, mark.key))


def needs(found: Iterable[Need]) -> list[Mark]:
    """Needs with when they were last asked about."""
    return [
        Mark(
            each.pk,
            each.get_kind_display(),
            f"{each.detail} (the carer's)" if each.for_carer else each.detail,
            "square",
            "mark-p3",
            f"asked {in_words(each.reviewed_on)}" if each.reviewed_on else "never asked again",
        )
        for each in found
    ]


def preferences(patient: Patient, sites: dict[str, str]) -> str:
    """Where, when and how somebody can come, in a sentence."""
    where = ", ".join(sites.get(code, code) for code in patient.sites) or "any site"
    days = ", ".join(WEEKDAYS[day - 1] for day in patient.days) or "any day"
    notice = (
        "not at short notice" if patient.notice_hours is None else f"at {patient.notice_hours} hours' notice"
    )
    opted = "; no messages from machines" if patient.opted_out else ""
    return f"{where}; {days}; {notice}; by {patient.channel}{opted}"


NAMES = {
    "nhs_number": "NHS number",
    "nhs_number_status": "Trace of the NHS number",
    "born_on": "Birth date",
    "practice": "General practice",
    "phone": "Telephone",
    "may_text": "Agreed to text messages",
    "channel": "Wants to be reached by",
    "notice_hours": "Shortest notice in hours",
    "opted_out": "No messages from machines",
}


def clashes(found: Iterable[Clash]) -> list[tuple[str, str, str]]:
    """Each field that two people changed: its name, what is saved now, what was not saved."""
    return both_in_words(found, NAMES, _said)


def _said(field: str, value: Any) -> str:
    if field == "sex":
        return SEX.get(value, "")
    if field == "nhs_number_status":
        return NhsNumberStatus(value).meaning.capitalize() if value else ""
    if field == "days":
        return ", ".join(WEEKDAYS[int(each) - 1] for each in value) or "Any day"
    if field == "born_on":
        return day(datetime.fromisoformat(value).replace(tzinfo=UTC))
    return "Any" if value == [] else said(value)
