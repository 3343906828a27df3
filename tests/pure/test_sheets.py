"""Spreadsheets of others: read as a person sees them, or refused; nothing in them is worked out."""

import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.shared.errors import CannotParse
from clearway.interchange import sheets


def workbook(*rows: list[Any], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for place, form in (formats or {}).items():
        book.active[place].number_format = form
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def test_the_cells_of_a_workbook_become_what_a_person_would_have_typed() -> None:
    raw = workbook(
        ["Name", "Born", "NHS", "Seen", "Note"],
        [
            "Brown",
            date(1970, 3, 1),
            9990548609.0,
            datetime(2026, 11, 2, 9, 30, tzinfo=UTC).replace(tzinfo=None),
            "=1+1",
        ],
        [None, None, None, None, None],
        ["Green", 25628, "0012345678", None, True],
    )

    found = sheets.read(raw)

    assert found.heading == ("Name", "Born", "NHS", "Seen", "Note")
    assert found.rows == (
        (2, ("Brown", "1970-03-01", "9990548609", "2026-11-02 09:30", sheets.FORMULA)),
        (4, ("Green", "25628", "0012345678", "", "True")),
    )


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_pasted_and_exported_rows_are_read_whatever_parts_their_cells(mark: str) -> None:
    found = sheets.read(f"Name{mark}Born\nBrown{mark}1970-03-01\n".encode())

    assert found.rows == ((2, ("Brown", "1970-03-01")),)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (zipped({f"xl/{n}.xml": b"<a/>" for n in range(sheets.MOST_PARTS + 1)}), "larger than 50 MB"),
        (zipped({"xl/sheet.xml": b"0" * (sheets.MOST_UNPACKED + 1)}), "larger than 50 MB"),
        (zipped({"xl/w.xml": b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'}), "declarations"),
        (zipped({"xl/w.xml": '<?xml version="1.0"?><a/>'.encode("utf-16")}), "as spreadsheets write"),
        (zipped({"nothing.txt": b"here"}), "damaged"),
        (workbook(["a"])[:-40], "damaged"),
        (workbook(["a"], *[[n] for n in range(sheets.MOST_ROWS + 1)]), "more than 1000 rows"),
        (b"a\n" + b"1\n" * (sheets.MOST_ROWS + 1), "more than 1000 rows"),
        (workbook([]), "no headings"),
        (b"\n\na,b\n", "no headings"),
    ],
    ids=range(10),
)
def test_what_is_no_honest_spreadsheet_is_refused_whole(raw: bytes, why: str) -> None:
    with pytest.raises(CannotParse, match=why) as refused:
        sheets.read(raw)

    assert refused.value.fix


def test_nothing_that_is_written_is_worked_out_by_a_spreadsheet_and_it_is_read_back_as_it_was() -> None:
    rows = [["=HYPERLINK(1)", "+44"], ["-1", "@x"], ["'tis", "a,b"]]

    raw = sheets.write(["One", "Two"], rows)

    assert b",=" not in raw and b"\n=" not in raw
    assert [list(cells) for _, cells in sheets.read(raw).rows] == rows


@given(st.binary(max_size=400))
def test_whatever_bytes_come_they_are_read_or_refused(rest: bytes) -> None:
    for raw in (rest, sheets.MAGIC + rest):
        try:
            found = sheets.read(raw)
        except CannotParse:
            continue
        assert all(len(cells) >= len(found.heading) for _, cells in found.rows)
