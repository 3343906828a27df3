"""Files of referrals in words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clearway.core.clashes import Clash, both_in_words
from clearway.domain.outpatients.completeness import BY_NAME
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import sheets
from clearway.interchange.referral_file import ADDED, FIELDS, ReferralRow, Sample, sample
from clearway.interchange.sheets import FORMULA, Sheet

from .actions import REFUSED, REGISTERED, REPEAT

SAMPLES = 3
VERDICTS = {REGISTERED: "Registered", REPEAT: "Here already", REFUSED: "Refused"}
LABELS = {"nhs number": "NHS number", "ubrn": "UBRN"}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field on the page that maps columns. column  the heading chosen, "" for none."""

    name: str
    label: str
    holds: str
    needed: bool
    column: str
    samples: tuple[Sample, ...]


def field_rows(sheet: Sheet, mapping: Mapping[str, str], services: Collection[str]) -> list[FieldRow]:
    """Every field with the column that holds it and how its first values would be read."""
    return [
        FieldRow(
            name,
            _label(field.label),
            field.holds,
            field.needed,
            mapping.get(name, ""),
            tuple(_sample(name, text, services) for text in _values(sheet, mapping.get(name, ""))),
        )
        for name, field in FIELDS.items()
    ]


def clashes(found: Iterable[Clash]) -> list[tuple[str, str, str]]:
    """The columns that two people chose otherwise for one field."""
    return both_in_words(found, {name: _label(each.label) for name, each in FIELDS.items()})


def _label(label: str) -> str:
    return LABELS.get(label, label.capitalize())


def _sample(name: str, text: str, services: Collection[str]) -> Sample:
    found = sample(name, text)
    if name == "service" and text.casefold() not in services:
        return Sample(found.said, "", "No service here is called so.")
    return found


def _values(sheet: Sheet, heading: str) -> list[str]:
    """The first different values of a column that hold something."""
    if heading not in sheet.heading:
        return []
    place = sheet.heading.index(heading)
    said = (cells[place] for _, cells in sheet.rows if cells[place].strip())
    return list(dict.fromkeys(said))[:SAMPLES]


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of a file and what becomes of it."""

    line: int
    who: str
    verdict: str
    says: str
    number: str
    referral_id: int | None
    explains: str
    fix: str


def result_rows(
    results: Sequence[Mapping[str, Any]], rows: Sequence[ReferralRow | CannotParse], *, done: bool
) -> list[ResultRow]:
    """In the order of the file. done  it has been registered; else a preview, whose numbers mean nothing."""
    named = {row.line: row for row in rows if isinstance(row, ReferralRow)}
    return [_result(each, named.get(each["line"]), done) for each in results]


def _result(result: Mapping[str, Any], row: ReferralRow | None, done: bool) -> ResultRow:
    verdict = result["verdict"]
    is_known = verdict == REPEAT and result["of_line"] is None
    return ResultRow(
        line=result["line"],
        who=f"{row['family_name'].upper()}, {row['given_names']}" if row else "",
        verdict=verdict,
        says=VERDICTS[verdict],
        number=result["number"] if done or is_known else "",
        referral_id=result["referral_id"] if done or is_known else None,
        explains=_explains(result),
        fix=result["fix"],
    )


def _explains(result: Mapping[str, Any]) -> str:
    if result["verdict"] == REGISTERED:
        missing = [BY_NAME[what].says for what in result["gaps"]]
        return f"Missing, to be asked for: {'; '.join(missing)}" if missing else "Nothing is missing"
    if result["verdict"] == REPEAT and result["of_line"] is not None:
        return f"The same as line {result['of_line']}. {result['why']}"
    place = result["where"]
    return f"{place.capitalize()}: {result['why']}" if place else result["why"]


def refused_file(sheet: Sheet, results: Sequence[Mapping[str, Any]]) -> bytes:
    """The refused rows as they came, with why and what mends each in two more columns, as CSV."""
    refused = {each["line"]: each for each in results if each["verdict"] == REFUSED}
    theirs = [place for place, heading in enumerate(sheet.heading) if heading not in ADDED]
    rows = [
        [*(_plain(cells[place]) for place in theirs), _explains(refused[line]), refused[line]["fix"]]
        for line, cells in sheet.rows
        if line in refused
    ]
    return sheets.write([*(sheet.heading[place] for place in theirs), *ADDED], rows)


def _plain(cell: str) -> str:
    return "" if cell == FORMULA else cell
