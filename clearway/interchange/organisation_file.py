"""Files of the Organisation Data Service (ODS): bytes in; organisations, successions and refused rows out.

Four published forms are read, told apart by what they hold:

- CSV without a heading and with 27 columns, as epraccur.csv of practices, etr.csv of trusts and their like;
- CSV without a heading and with 5 columns, as succ.csv and succarc.csv of who succeeded whom;
- JSON of the Organisation Reference Data interface: {"Organisation": ...}, several as a list or as lines;
- FHIR R4: an Organization, or a Bundle of them. It says nothing of successors.

Sources: the columns as an importer of the NHS names them (nhsconnect/prm-gp-registrations-mi-infra on
GitHub, utils/ods_files.py); those of the succession file as analyses of succarc of 29 May 2015 use them
(original, successor, reason, date, indicator); the JSON as the organisation endpoint of the ORD technical
guidance shows it (digital.nhs.uk), and role RO76 as its search guidance names it. That prescribing setting 4
is a general practice was recalled, not looked up. Telephone numbers and whatever else may name a person is
not read.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from clearway.domain.outpatients.identity import postcode
from clearway.domain.outpatients.practices import Listed, Succession
from clearway.domain.shared.errors import CannotParse

MOST_BYTES = 64 * 1024 * 1024  # the whole of England's practices, open and closed, has 3 MB
MOST_ROWS = 200_000
WIDE, NARROW = 27, 5
CODE = re.compile(r"^[A-Z0-9]{3,12}$")
# Practitioners have codes of G and seven digits (ODS reference data catalogue, general practitioners).
PERSON = re.compile(r"^G[0-9]{7}$")
STATUS: Mapping[str, str] = MappingProxyType(
    {"": "active", "A": "active", "C": "closed", "D": "dormant", "P": "proposed"}
)
PRESCRIBING: Mapping[str, str] = MappingProxyType({"": "", "4": "GP practice"})
ROLES: Mapping[str, str] = MappingProxyType({"RO76": "GP practice", "RO177": "Prescribing cost centre"})
ODS = "https://fhir.nhs.uk/id/ods-organization-code"
MOST_NAME, MOST_ADDRESS = 200, 300
ASK_AGAIN = "Load the file as it was published."


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says. refused: one for each row or resource that is not taken, in its order."""

    form: str
    listed: tuple[Listed, ...]
    successions: tuple[Succession, ...]
    refused: tuple[CannotParse, ...]


class _Wrong(ValueError):
    def __init__(self, field: str, why: str, fix: str) -> None:
        super().__init__(why)
        self.field, self.why, self.fix = field, why, fix


def read(raw: bytes) -> Read:
    """Every row of a file. Raises CannotParse where it cannot be read as a whole."""
    if len(raw) > MOST_BYTES:
        raise CannotParse("the file", "It is larger than 64 MB.", "Split it.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")  # older editions are not UTF-8
    if not text.strip():
        raise CannotParse("the file", "It is empty.", ASK_AGAIN)
    return _json(text) if text.lstrip()[:1] in "{[" else _csv(text)


# CSV


def _csv(text: str) -> Read:
    listed: list[Listed] = []
    successions: list[Succession] = []
    refused: list[CannotParse] = []
    width = 0
    rows = csv.reader(io.StringIO(text))
    try:
        for cells in rows:
            if not any(map(str.strip, cells)):
                continue
            place = f"line {rows.line_num}"
            width = width or len(cells)
            _check_bound(len(listed) + len(successions) + len(refused))
            try:
                if len(cells) != width or width not in (WIDE, NARROW):
                    why = f"It has {len(cells)} columns, and a file of ODS has {WIDE} or {NARROW}."
                    raise _Wrong("", why, f"{ASK_AGAIN} It has no heading.")
                if width == WIDE:
                    listed.append(_wide(cells))
                else:
                    successions.append(_narrow(cells))
            except _Wrong as wrong:
                refused.append(_refusal(place, wrong))
    except csv.Error as problem:
        raise CannotParse(f"line {rows.line_num}", f"It is no CSV: {problem}.", ASK_AGAIN) from None
    if width not in (WIDE, NARROW):
        why = f"Its rows have {width} columns; ODS writes {WIDE} for organisations, {NARROW} for successors."
        raise CannotParse("line 1", why, ASK_AGAIN)
    form = "ODS organisations" if width == WIDE else "ODS successors"
    return Read(form, tuple(listed), tuple(successions), tuple(refused))


def _wide(cells: list[str]) -> Listed:
    cells = [" ".join(cell.split()) for cell in cells]
    if cells[12] not in STATUS:
        raise _Wrong("column 13, status", f"“{cells[12][:5]}” is no status.", "Write A, C, D or P.")
    setting = cells[25]
    return Listed(
        _code(cells[0], "column 1, code"),
        _name(cells[1], "column 2, name"),
        role=PRESCRIBING.get(setting, f"Prescribing setting {setting[:4]}"),
        parent=_code(cells[14], "column 15, parent") if cells[14] else "",
        address=_address(cells[4:9]),
        postcode=_postcode(cells[9]),
        status=STATUS[cells[12]],
        opened_on=_day(cells[10], "column 11, opened"),
        closed_on=_day(cells[11], "column 12, closed"),
    )


def _narrow(cells: list[str]) -> Succession:
    old = _code(cells[0].strip(), "column 1, code")
    new = _code(cells[1].strip(), "column 2, successor")
    on = _day(cells[3].strip(), "column 4, effective date")
    if on is None:
        raise _Wrong("column 4, effective date", "It is empty.", "Write the day like 20240401.")
    return _succession(old, new, on, cells[2].strip()[:10], "column 2, successor")


def _succession(old: str, new: str, on: date, reason: str, field: str) -> Succession:
    if old == new:
        raise _Wrong(
            field, f"{old} would succeed itself.", "Name another organisation, or leave the row out."
        )
    return Succession(old, new, on, reason)


# JSON


def _json(text: str) -> Read:
    listed: dict[str, Listed] = {}
    successions: dict[tuple[str, str], Succession] = {}
    refused: list[CannotParse] = []
    is_fhir = False
    for number, said in enumerate(_resources(text), start=1):
        _check_bound(number)
        try:
            if isinstance(said, dict) and said.get("resourceType") == "Organization":
                is_fhir = True
                row = _fhir(said)
                after: list[Succession] = []
            elif isinstance(said, dict) and isinstance(said.get("Organisation"), dict):
                row, after = _ord(said["Organisation"])
            else:
                raise _Wrong("", "It is no organisation.", "Give what ODS answers for an organisation.")
            listed[row.code] = row
            successions |= {(each.old, each.new): each for each in after}
        except _Wrong as wrong:
            refused.append(_refusal(f"organisation {number}", wrong))
        except (AttributeError, TypeError, KeyError):
            wrong_shape = _Wrong("", "It does not have the shape of an organisation.", ASK_AGAIN)
            refused.append(_refusal(f"organisation {number}", wrong_shape))
    form = "FHIR organisations" if is_fhir else "ODS reference data"
    return Read(form, tuple(listed.values()), tuple(successions.values()), tuple(refused))


def _resources(text: str) -> Iterator[Any]:
    """The organisations of a file: one, a list, a Bundle, or one on each line. Raises CannotParse."""
    try:
        said = json.loads(text)
    except RecursionError:
        raise CannotParse("the file", "It is nested too deeply.", ASK_AGAIN) from None
    except ValueError as problem:
        yield from _lines(text, problem)
        return
    if isinstance(said, dict) and said.get("resourceType") == "Bundle":
        entries = said.get("entry", [])
        yield from (
            each.get("resource") if isinstance(each, dict) else None for each in _list(entries, "entry")
        )
    elif isinstance(said, list):
        yield from said
    else:
        yield said


def _lines(text: str, problem: ValueError) -> Iterator[Any]:
    # Not by splitlines: a name may hold other signs that it takes for the end of a line.
    lines = [line for line in text.split("\n") if line.strip()]
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            where = f"line {number}" if number > 1 else "the file"
            raise CannotParse(where, f"It is not readable as JSON: {problem}.", ASK_AGAIN) from None


def _list(said: Any, where: str) -> list[Any]:
    if not isinstance(said, list):
        raise CannotParse(where, "It is no list.", ASK_AGAIN)
    return said


def _ord(said: Mapping[str, Any]) -> tuple[Listed, list[Succession]]:
    code = _code(said["OrgId"]["extension"], "OrgId.extension")
    place = said.get("GeoLoc", {}).get("Location", {})
    opened_on, closed_on = _span(said.get("Date"))
    roles = _several(said.get("Roles", {}).get("Role"))
    row = Listed(
        code,
        _name(said.get("Name", ""), "Name"),
        role=_role(roles),
        parent=_parent(said),
        address=_address(place.get(name, "") for name in ("AddrLn1", "AddrLn2", "AddrLn3", "Town", "County")),
        postcode=_postcode(place.get("PostCode", "")),
        status="active" if said.get("Status") == "Active" else "closed",
        opened_on=opened_on,
        closed_on=closed_on,
    )
    return row, list(_successions(code, said))


def _successions(code: str, said: Mapping[str, Any]) -> Iterator[Succession]:
    for each in _several(said.get("Succs", {}).get("Succ")):
        other = _code(each["Target"]["OrgId"]["extension"], "Succs.Succ.Target")
        on = _span(each.get("Date"))[0]
        if on is None:
            raise _Wrong("Succs.Succ.Date", "It says no day.", ASK_AGAIN)
        old, new = (code, other) if each.get("Type") == "Successor" else (other, code)
        yield _succession(old, new, on, "", "Succs.Succ.Target")


def _span(dates: Any) -> tuple[date | None, date | None]:
    """First and last day: legal ones where they are said, else operational ones."""
    kinds = {str(each.get("Type")): each for each in _several(dates)}
    said = kinds.get("Legal") or kinds.get("Operational") or {}
    return _day(said.get("Start", ""), "Date.Start"), _day(said.get("End", ""), "Date.End")


def _role(roles: list[Any]) -> str:
    codes = [str(each.get("id", "")) for each in roles]
    return next((ROLES[code] for code in ("RO76", "RO177") if code in codes), ", ".join(codes)[:60])


def _parent(said: Mapping[str, Any]) -> str:
    """Who commissions it (RE4), while the relationship is active."""
    for each in _several(said.get("Rels", {}).get("Rel")):
        if each.get("id") == "RE4" and each.get("Status") == "Active":
            return _code(each["Target"]["OrgId"]["extension"], "Rels.Rel.Target")
    return ""


def _fhir(said: Mapping[str, Any]) -> Listed:
    codes = [
        each.get("value", "")
        for each in said.get("identifier", ())
        if str(each.get("system", "")).casefold() == ODS
    ]
    code = _code(codes[0] if codes else said.get("id", ""), "identifier")
    place: Mapping[str, Any] = next(iter(_several(said.get("address"))), {})
    lines = [*place.get("line", ()), place.get("city", ""), place.get("district", "")]
    opened_on, closed_on = _periods(said)
    return Listed(
        code,
        _name(said.get("name", ""), "name"),
        role=_fhir_role(said),
        parent=_fhir_parent(said),
        address=_address(lines),
        postcode=_postcode(place.get("postalCode", "")),
        status="closed" if said.get("active") is False else "active",
        opened_on=opened_on,
        closed_on=closed_on,
    )


def _periods(said: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """The legal period of the organisation's own extension, else the operational one."""
    kinds: dict[str, Mapping[str, Any]] = {}
    for each in said.get("extension", ()):
        if str(each.get("url", "")).endswith("Extension-England-TypedPeriod"):
            parts = {part.get("url"): part for part in each.get("extension", ())}
            kind = parts.get("dateType", {}).get("valueCoding", {}).get("code", "")
            kinds[str(kind)] = parts.get("period", {}).get("valuePeriod", {})
    said = kinds.get("Legal") or kinds.get("Operational") or {}
    return _day(said.get("start", ""), "extension period.start"), _day(said.get("end", ""), "period.end")


def _fhir_role(said: Mapping[str, Any]) -> str:
    found = [each for kind in said.get("type", ()) for each in kind.get("coding", ())]
    for each in said.get("extension", ()):
        if str(each.get("url", "")).endswith("Extension-England-OrganisationRole"):
            for part in each.get("extension", ()):
                concept = part.get("valueCodeableConcept", {}) if part.get("url") == "roleCode" else {}
                found += concept.get("coding", ())
    codes = [{"id": str(each.get("code", ""))} for each in found]
    return _role(codes)


def _fhir_parent(said: Mapping[str, Any]) -> str:
    parent = said.get("partOf", {}).get("identifier", {}).get("value", "")
    return _code(parent, "partOf") if parent else ""


# Values


def _several(said: Any) -> list[Any]:
    if said is None:
        return []
    return list(said) if isinstance(said, list) else [said]


def _code(said: Any, field: str) -> str:
    code = str(said).strip().upper()
    if PERSON.match(code):
        raise _Wrong(field, "It is the code of a practitioner.", "People are not kept: leave the row out.")
    if not CODE.match(code):
        raise _Wrong(field, "It is no code of an organisation.", "Write its ODS code, like M81001.")
    return code


def _name(said: Any, field: str) -> str:
    name = " ".join(str(said).split())
    if not name or len(name) > MOST_NAME:
        raise _Wrong(field, f"It has {len(name)} characters.", f"Write 1 to {MOST_NAME}.")
    return name


def _address(lines: Iterable[Any]) -> str:
    kept = dict.fromkeys(" ".join(str(line or "").split()).strip(",") for line in lines)
    return ", ".join(line for line in kept if line)[:MOST_ADDRESS]


def _postcode(said: Any) -> str:
    """As ODS has it; one outside of the usual pattern stays as it is written."""
    try:
        return postcode(str(said or ""))
    except ValueError:
        return " ".join(str(said).upper().split())[:8]


def _day(said: Any, field: str) -> date | None:
    text = str(said or "").strip()
    if not text:
        return None
    for form in ("%Y%m%d", "%Y-%m-%d"):
        try:
            return datetime.strptime(text[:10], form).date()  # noqa: DTZ007 a civil date
        except ValueError:
            continue
    raise _Wrong(field, f"“{text[:12]}” is no day.", "Write it like 20240401.")


def _check_bound(count: int) -> None:
    if count >= MOST_ROWS:
        raise CannotParse("the file", f"It has more than {MOST_ROWS:,} rows.", "Split it.")


def _refusal(place: str, wrong: _Wrong) -> CannotParse:
    return CannotParse(f"{place}, {wrong.field}" if wrong.field else place, wrong.why, wrong.fix)
