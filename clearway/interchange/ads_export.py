"""Incidents, responses and patient contacts in the shape of the Ambulance Data Set: values in, files out.

The data set has a header, a call, a response for each resource, and a patient contact (NHS England, ADS FHIR
Bundle implementation guide, design overview). Items of the call bear the names and numbers of that guide's
data mapping, as far as it could be read. Those of responses and contacts were not to be found: their columns
have names of our own and say so. This is no submission: the data set is sent as FHIR.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from .sheets import inert

GUIDE = "NHS England, ADS FHIR Bundle implementation guide, data mapping"
OURS = "Clearway's own name: the item of the published set was not to be found"
BAND = 5  # years of an age band
OLDEST = 90  # from here on one band: so few are older that an age could name somebody
CALL, RESPONSE, CONTACT = "call", "response", "patient_contact"
FORMATS = ("csv", "json")


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    item       its name in the data set, or our own; source: who defines it
    why_empty  why none is held
    """

    item: str
    definition: str
    source: str = OURS
    why_empty: str = ""


def _item(item: str, definition: str, why_empty: str = "") -> Field:
    return Field(item, definition, GUIDE, why_empty)


NOT_KEPT = "Clearway does not keep it: no feed says it."
TABLES: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        CALL: (
            _item("ADS0 Submitting Organisation Code", "ODS code of who submits: the trust that exports"),
            _item(
                "ADS1 Provider Organisation Code", "ODS code of the ambulance service: the trust that exports"
            ),
            _item("ADS2A Call Date", "local day on which the incident began: clock start, category or call"),
            _item("ADS2B Call Origin", "999, or the agency that passed the call on", NOT_KEPT),
            _item("ADS3 Call Identifier", "the incident; a pseudonym unless asked for"),
            _item("ADS4 Stop Codes", "why a call was closed without anybody at the scene", NOT_KEPT),
            _item(
                "ADS8 AQI Incident Flag", "whether the incident counts for the quality indicators", NOT_KEPT
            ),
            _item("ADS10 Time Call Connected", "when the call was connected to the control room"),
            _item("ADS20 Reporting Response Category", "category, as the control room last set it"),
            _item("ADS21 Time Dispatch Code Established", "when the category was set"),
            _item("ADS33 Treatment Type", "how the patient was treated in the end", NOT_KEPT),
            Field("Time Call Answered", "when the call was answered"),
            Field("Time Clock Started", "when the response clock started"),
            Field("Time First Response At Scene", "when the first resource was at the scene"),
            Field("Time Incident Closed", "when the control room closed it"),
        ),
        RESPONSE: (
            Field("Call Identifier", "the incident, as in the table of calls"),
            Field("Response Identifier", "one sending of one resource; a pseudonym unless asked for"),
            Field("Call Sign", "the resource; a pseudonym unless asked for"),
            Field("Resource Kind", "kind of resource, a word of docs/glossary.md"),
            Field("State", "how the sending stands, a word of docs/glossary.md"),
            Field("Time Allocated", "status allocated"),
            Field("Time Mobile", "status mobile"),
            Field("Time At Scene", "status at scene"),
            Field("Time At Patient", "status at patient"),
            Field("Time Left Scene", "status left scene"),
            Field("Time At Hospital", "status at hospital"),
            Field("Time Of Handover", "status handover"),
            Field("Time Clear", "status clear"),
            Field("Conveyed", "yes where it left the scene for, or came to, a hospital; else no"),
            Field("Destination Site Code", "ODS code of the hospital; empty where it is not known"),
            Field("Handover Seconds", "from arrival to handover; empty where one is unknown"),
            Field("Crew Skill Level", "highest skill of the crew", why_empty=NOT_KEPT),
        ),
        CONTACT: (
            Field("Call Identifier", "the incident, as in the table of calls"),
            Field("Age", f"years; bands of {BAND}, and {OLDEST}+, unless asked for"),
            Field("Sex", "as the control room says"),
            Field("NHS Number", "of the patient", why_empty="Never exported: an export names nobody."),
            Field("Ethnic Category", "of the patient", why_empty=NOT_KEPT),
            Field("Chief Complaint", "SNOMED CT code", why_empty=NOT_KEPT),
        ),
    }
)


def instant(at: datetime | str | None) -> str:
    """An instant in UTC to the second; "" for none."""
    if not at:
        return ""
    found = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def band(age: int | None) -> str:
    """ "80-84", "90+": the band of an age."""
    if age is None:
        return ""
    first = age - age % BAND
    return f"{first}-{first + BAND - 1}" if age < OLDEST else f"{OLDEST}+"


def pseudonyms(key: bytes) -> Callable[[str], str]:
    """A name that tells nothing, the same for the same thing under one key of 32 bytes."""

    def named(said: str) -> str:
        return hashlib.blake2b(said.encode(), key=key, digest_size=12).hexdigest()

    return named


class _Hashed:
    """A file that is written once, with the digest and number of what went into it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.rows = file, hashlib.sha256(), -1

    def line(self, raw: bytes) -> None:
        self.file.write(raw)
        self.digest.update(raw)
        self.rows += 1


def write(path: Path, table: str, rows: Iterable[Sequence[str]], form: str) -> dict[str, Any]:
    """Write one table, a row at a time, and what the manifest says of it.

    form  csv, or json for one object a line
    """
    items = [field.item for field in TABLES[table]]
    with path.open("xb") as file:
        out = _Hashed(file)
        out.line(_csv(items) if form == "csv" else b"")
        for row in rows:
            out.line(_csv(row) if form == "csv" else _json(items, row))
    fields = [asdict(field) for field in TABLES[table]]
    return {"file": path.name, "rows": out.rows, "sha256": out.digest.hexdigest(), "fields": fields}


def _csv(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([inert(cell) for cell in cells])
    return out.getvalue().encode()


def _json(items: Sequence[str], row: Sequence[str]) -> bytes:
    return json.dumps(dict(zip(items, row, strict=True)), ensure_ascii=False).encode() + b"\n"


def read(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table that was written, by item."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file) if path.suffix == ".csv" else map(json.loads, file)


ABOUT = """\
`clearway ads export --from DAY --to DAY --out FOLDER` writes three tables and `manifest.json`, which holds
the period, the instant of the export, whether pseudonyms were used, each source with its state (fresh, late,
stale, lost) and when it was last heard, and for each table its rows, its SHA-256 and these definitions. It
is not the submission itself, which is FHIR. Times are UTC to the second. A column that is always empty says
why."""


def reference_page() -> str:
    """What docs/reference says of the export."""
    parts = [
        "# Export in the shape of the Ambulance Data Set",
        "Generated from the code by `clearway reference write`; edit the code, not this page.",
        ABOUT,
    ]
    for table, fields in TABLES.items():
        lines = [
            f"## `{table}`",
            "",
            "| Column | What it holds | Defined by | Empty because |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {each.item} | {each.definition} | {each.source} | {each.why_empty} |" for each in fields
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
