"""Appointments of another system as a CSV file, for reconciling; `COLUMNS` is what it has."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from clearway.domain.outpatients.reconciling import STANDS, Theirs
from clearway.domain.shared.errors import CannotParse

from .hl7.mapping import SenderMapping
from .hl7.reading import stamp

COLUMNS = ("filler", "placer", "patient", "clinic", "start", "status")
MOST = 200_000  # rows


@dataclass(frozen=True, slots=True)
class Extract:
    """What a file has. aside: rows of clinics that the mapping does not know, which are none of ours"""

    rows: tuple[Theirs, ...]
    aside: int


def read(raw: bytes, mapping: SenderMapping) -> Extract:
    """Read a file by a sender's mapping. Raises CannotParse with line and column; then nothing is read."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotParse("file", "It is not UTF-8.", "Save it as CSV in UTF-8.") from None
    lines = csv.DictReader(io.StringIO(text))
    with _as_csv():
        names = [name.strip().casefold() for name in lines.fieldnames or ()]
    if missing := [name for name in COLUMNS if name not in names]:
        fix = f"Give it a first line with: {', '.join(COLUMNS)}."
        raise CannotParse("line 1", f"It has no column {missing[0]}.", fix)
    lines.fieldnames = names
    rows: list[Theirs] = []
    seen: set[str] = set()
    aside = 0
    for number, line in enumerate(_lines(lines), 2):
        if number > MOST:
            raise CannotParse("file", f"It has more than {MOST:,} rows.", "Give it day by day.")
        said = {name: (line.get(name) or "").strip() for name in COLUMNS}
        clinic = mapping.codes.get("clinic", {}).get(said["clinic"])
        if clinic is None:
            aside += 1
            continue
        rows.append(_row(number, said, clinic, mapping))
        if rows[-1].filler in seen and rows[-1].filler:
            raise CannotParse(
                f"line {number}, filler", "This id was there before.", "Give each appointment once."
            )
        seen.add(rows[-1].filler)
    return Extract(tuple(rows), aside)


def _lines(lines: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    with _as_csv():
        yield from lines


@contextmanager
def _as_csv() -> Iterator[None]:
    try:
        yield
    except csv.Error as problem:
        raise CannotParse("file", f"It is no CSV: {problem}.", "Save it as CSV in UTF-8.") from None


def _row(number: int, said: Mapping[str, str], clinic: str, mapping: SenderMapping) -> Theirs:
    if not said["filler"] and not said["placer"]:
        raise CannotParse(f"line {number}, filler", "It has no id.", "Give their id, or ours as placer.")
    codes = mapping.codes.get("status", {})
    state = codes.get(said["status"]) or (said["status"] if said["status"] in STANDS else None)
    if state is None:
        fix = "Add it to [codes.status] of the mapping, or write one of: " + ", ".join(STANDS) + "."
        raise CannotParse(f"line {number}, status", "This status is not known.", fix)
    start = _start(said["start"], f"line {number}, start", mapping)
    return Theirs(said["filler"], said["placer"], said["patient"], clinic, start, state)


def _start(said: str, where: str, mapping: SenderMapping) -> datetime:
    """As HL7 writes it, or ISO 8601; local where it names no offset."""
    try:
        made = datetime.fromisoformat(said) if "-" in said[:8] else None
    except ValueError:
        made = None
    if made is None:
        return stamp(said, where, mapping.zone)
    return (made if made.tzinfo else made.replace(tzinfo=mapping.zone)).astimezone(UTC)
