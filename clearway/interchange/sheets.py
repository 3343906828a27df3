"""Rows of a spreadsheet: CSV, pasted cells or an XLSX workbook in; text cells out.

A workbook is a zip of XML, so it is measured before anything of it is opened. Its numbers and dates become
the text that a person would have typed; a formula is never worked out and never trusted.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from clearway.domain.shared.errors import CannotParse

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 1000
MOST_COLUMNS = 200
MOST_UNPACKED = 50 * 1024 * 1024  # a sheet of MOST_ROWS takes far less; more is a trap
MOST_PARTS = 500
FORMULA = "\x01formula"  # no cell can hold it: control characters are refused
DELIMITERS = "\t;,|"
MAGIC = b"PK\x03\x04"
SAVE_AGAIN = "Save it as CSV or XLSX and try again."


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first sheet of a file.

    heading  of the columns, as written, outer space removed
    rows     (line, cells): as many cells as there are headings, or more where a row is too long
    """

    heading: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(raw: bytes, most_rows: int = MOST_ROWS) -> Sheet:
    """The rows of a file or of what was pasted. Raises CannotParse where it cannot be read as a whole."""
    if len(raw) > MOST_BYTES:
        raise CannotParse("the file", "It is larger than 5 MB.", "Split it.")
    rows = _workbook(raw, most_rows) if raw.startswith(MAGIC) else _text_rows(raw)
    filled = [(line, cells) for line, cells in enumerate(rows, start=1) if any(map(str.strip, cells))]
    if not filled or filled[0][0] != 1:
        raise CannotParse("line 1", "There are no headings.", "Name the columns in the first line.")
    if len(filled) > most_rows + 1:
        raise CannotParse("the file", f"It has more than {most_rows} rows.", "Split it.")
    heading = tuple(" ".join(cell.split()) for cell in _without_tail(filled[0][1]))
    if len(heading) > MOST_COLUMNS:
        raise CannotParse(
            "line 1", f"It has more than {MOST_COLUMNS} columns.", "Leave out what is not used."
        )
    return Sheet(heading, tuple((line, _as_wide(cells, len(heading))) for line, cells in filled[1:]))


def _without_tail(cells: Sequence[str]) -> Sequence[str]:
    end = max(place for place, cell in enumerate(cells, start=1) if cell.strip())
    return cells[:end]


def _as_wide(cells: Sequence[str], width: int) -> tuple[str, ...]:
    kept = _without_tail(cells)
    return (*kept, *[""] * (width - len(kept)))


def write(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as CSV for a spreadsheet: UTF-8 with its mark, and nothing in it that would be worked out."""
    out = io.StringIO()
    csv.writer(out).writerows([[inert(cell) for cell in row] for row in (heading, *rows)])
    return out.getvalue().encode("utf-8-sig")


def workbook(title: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The same rows as an XLSX workbook of one sheet, each cell as text."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in (heading, *rows):
        sheet.append([inert(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def inert(cell: str) -> str:
    """A cell that no spreadsheet works out: what looks like a formula is marked as text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell


def _text_rows(raw: bytes) -> list[list[str]]:
    text = _text(raw)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=lambda each: (first.count(each), each == ","))
    # Strict, because an open quotation mark would otherwise swallow every row after it without a word.
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True)
    try:
        rows = list(reader)
    except csv.Error as problem:
        why = f"It is not separated text: {problem}."
        fix = "Close every quotation mark, and write one inside text twice."
        raise CannotParse(f"line {reader.line_num}", why, fix) from None
    return [[_typed(cell) for cell in row] for row in rows]


def _text(raw: bytes) -> str:
    if b"\x00" in raw:
        raise CannotParse("the file", "It is neither text nor a workbook.", SAVE_AGAIN)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # what spreadsheets on older machines write


def _typed(cell: str) -> str:
    """The cell, without the apostrophe that `write` and spreadsheets put before what would be worked out."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _workbook(raw: bytes, most_rows: int) -> list[list[str]]:
    _measure(raw)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its own size may be wrong
        return list(_cells(sheet, most_rows))
    except CannotParse:
        raise
    except Exception as problem:  # damaged in any of a hundred ways, each with an error of its own
        why = f"The workbook is damaged ({type(problem).__name__})."
        raise CannotParse("the file", why, "Open it, save it again as XLSX or CSV, and try again.") from None


def _measure(raw: bytes) -> None:
    """Refuse what is too large once unpacked, locked, or holds declarations that no spreadsheet writes."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = packed.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise CannotParse("the file", "It is locked with a password.", "Save it without one.")
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise CannotParse("the file", "Unpacked it is larger than 50 MB.", "Save its rows as CSV.")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    _check_part(packed, part)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        raise CannotParse("the file", "It is a damaged workbook.", SAVE_AGAIN) from None


def _check_part(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with packed.open(part) as opened:
        content = opened.read(part.file_size + 1)
    if len(content) > part.file_size:
        raise CannotParse("the file", "It says less of its size than it holds.", SAVE_AGAIN)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:4]:
        raise CannotParse("the file", "It is not written as spreadsheets write it.", SAVE_AGAIN)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise CannotParse("the file", "It holds declarations that no spreadsheet writes.", SAVE_AGAIN)


def _cells(sheet: Any, most_rows: int) -> Iterator[list[str]]:
    for count, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1)):
        if count > 20 * most_rows:
            raise CannotParse("the file", f"It has more than {most_rows} rows.", "Split it.")
        yield [_cell(cell) for cell in row]


def _cell(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return FORMULA
    if isinstance(value, datetime):
        day = value.date().isoformat()
        return day if value.time() == time(0) else f"{day} {value:%H:%M}"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _typed(str(value))
