"""Referrals of a file (CSV): bytes in; for each row its values, or where, why and how to mend it.

The first row names the columns, in the words of `COLUMNS` or of the mapping that is given. Dates are written
2026-11-02 or 02/11/2026. Nothing here knows services, patients or a database.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from clearway.domain.outpatients.identity import booking_reference, nhs_number, postcode
from clearway.domain.shared.errors import CannotParse

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 5000
# Our name of a column -> what systems call it, in small letters.
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "family_name": ("family name", "surname", "last name"),
        "given_names": ("given names", "forename", "forenames", "first name"),
        "born_on": ("birth date", "date of birth", "dob"),
        "nhs_number": ("nhs number", "nhs no", "nhs no."),
        "address": ("address",),
        "postcode": ("postcode", "post code"),
        "phone": ("telephone", "phone"),
        "mobile": ("mobile",),
        "email": ("email",),
        "practice": ("practice", "gp practice", "practice code"),
        "service": ("service", "service code"),
        "received_on": ("received", "date received", "received on"),
        "written_on": ("written", "date of letter", "written on"),
        "source": ("source", "source code"),
        "sender": ("referrer", "referred by"),
        "sender_organisation": ("referrer organisation",),
        "ubrn": ("ubrn", "booking reference"),
        "priority": ("priority", "urgency"),
        "condition": ("condition", "diagnosis"),
        "question": ("clinical question", "question", "reason for referral"),
    }
)
NEEDED = ("family_name", "given_names", "born_on", "service", "received_on")
DATES = ("born_on", "received_on", "written_on")


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """One row of a file. line  in the file, the heading being line 1; empty text where nothing was said."""

    line: int
    values: Mapping[str, str]
    born_on: date
    received_on: date
    written_on: date | None

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def parse(raw: bytes, mapping: Mapping[str, str] | None = None) -> list[ReferralRow | CannotParse]:
    """Every row, read or refused, in the order of the file.

    mapping  heading in the file -> our name of the column, where the file has words of its own
    Raises CannotParse where the file as a whole cannot be read: its letters, its headings, or its size.
    """
    if len(raw) > MOST_BYTES:
        raise CannotParse("the file", "It is larger than 5 MB.", "Split it.")
    try:
        rows = list(csv.reader(io.StringIO(_text(raw), newline=None)))
    except csv.Error as problem:
        why = f"It is not comma separated text: {problem}."
        raise CannotParse("the file", why, "Save it as CSV and try again.") from None
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise CannotParse("line 1", "There are no headings.", "Name the columns in the first line.")
    if len(rows) > MOST_ROWS + 1:
        raise CannotParse("the file", f"It has more than {MOST_ROWS} rows.", "Split it.")
    names = _names(rows[0], mapping or {})
    return [
        _row(line, dict(zip(names, cells, strict=False)), len(cells) - len(names))
        for line, cells in enumerate(rows[1:], start=2)
        if any(cell.strip() for cell in cells)
    ]


def _text(raw: bytes) -> str:
    if b"\x00" in raw:
        raise CannotParse("the file", "It is not text.", "Save it as CSV (comma separated) and try again.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # what spreadsheets on older machines write


def _names(headings: list[str], mapping: Mapping[str, str]) -> list[str]:
    chosen = {" ".join(heading.casefold().split()): name for heading, name in mapping.items()}
    known = {word: name for name, words in COLUMNS.items() for word in (name, *words)}
    names = []
    for heading in headings:
        said = " ".join(heading.casefold().split())
        names.append(chosen.get(said) or known.get(said) or f"not used: {said}")
    if missing := [COLUMNS[name][0] for name in NEEDED if name not in names]:
        why = f"No column is called {', '.join(missing)}."
        raise CannotParse("line 1", why, "Name the columns as the page describes.")
    if twice := sorted({name for name in names if names.count(name) > 1 and name in COLUMNS}):
        raise CannotParse("line 1", f"Two columns are both {twice[0]}.", "Leave one of them out.")
    return names


def _row(line: int, cells: Mapping[str, str], extra: int) -> ReferralRow | CannotParse:
    try:
        if extra > 0:
            why = f"It has {extra} more cells than there are headings."
            raise CannotParse(f"line {line}", why, "Put quotation marks around text with a comma in it.")
        values = {name: cells.get(name, "").strip() for name in COLUMNS}
        for name in NEEDED:
            if not values[name]:
                where = f"line {line}, {COLUMNS[name][0]}"
                raise CannotParse(where, "It is empty.", "Fill it in; without it nothing can be registered.")
        for name, check in (("nhs_number", nhs_number), ("postcode", postcode), ("ubrn", booking_reference)):
            values[name] = _checked(line, name, values[name], check) or ""
        dates = {name: _day(line, name, values[name]) for name in DATES}
        born_on, received_on = dates["born_on"], dates["received_on"]
        assert born_on is not None
        assert received_on is not None
        return ReferralRow(line, MappingProxyType(values), born_on, received_on, dates["written_on"])
    except CannotParse as refusal:
        return refusal


def _checked(line: int, name: str, text: str, check) -> str | None:  # type: ignore[no-untyped-def]
    try:
        return check(text)  # type: ignore[no-any-return]
    except ValueError as problem:
        raise CannotParse(f"line {line}, {COLUMNS[name][0]}", f"{problem}.", "Mend this cell.") from None


def _day(line: int, name: str, text: str) -> date | None:
    if not text:
        return None
    british = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    try:
        if british:
            day, month, year = (int(part) for part in british.groups())
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        where = f"line {line}, {COLUMNS[name][0]}"
        raise CannotParse(where, "There is no such day.", "Write it like 2026-11-02 or 02/11/2026.") from None
