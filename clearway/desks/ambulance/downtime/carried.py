"""What a pack carries beside its boards: tables to open in a spreadsheet, cards for the wall, other lists."""

import base64
import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Row = Sequence[str]
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would work these out


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the pack. name  of its file; title  over it; otherwise  said where it has no row."""

    name: str
    title: str
    headings: Row
    rows: Sequence[Row]
    otherwise: str = ""

    @property
    def file(self) -> str:
        """The table as CSV in a data address, so that it is saved from a page without a server."""
        return "data:text/csv;charset=utf-8;base64," + base64.b64encode(as_csv(self).encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class ClinicList:
    """The list of one clinic on one day, without names."""

    title: str
    where: str
    headings: Row
    rows: Sequence[Row]


Lists = Callable[[], Sequence[ClinicList]]


@dataclass(frozen=True, slots=True)
class Card:
    """The T-card of one crew: what stands on it, by its label, in the order in which it is read."""

    call_sign: str
    kind: str
    state: str
    lines: tuple[tuple[str, str], ...]


def as_csv(table: Table) -> str:
    """The rows of a table with a byte order mark, as spreadsheets in an office take them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.headings)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return "\ufeff" + out.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def cards(crews: Iterable[Row], breaks: Iterable[Row]) -> list[Card]:
    """One card for each crew, from its rows on the boards.

    crews   call sign, kind, state, since, where, end of the shift, what limits it
    breaks  call sign, end of the shift, words, to begin by, planned
    """
    of: Mapping[str, Row] = {row[0]: row for row in breaks}
    found = []
    for call_sign, kind, state, since, where, ends, limits in crews:
        about = of.get(call_sign, ("", "", "", "", ""))
        taken = ", ".join(filter(None, (about[2], about[3] and f"to begin by {about[3]}")))
        lines = (
            ("Since", since),
            ("Where", where),
            ("Shift ends", ends),
            ("Break", taken),
            ("Limits", limits),
        )
        found.append(Card(call_sign, kind, state, lines))
    return found


def as_table(lists: Iterable[ClinicList]) -> Table:
    """All clinic lists as one table, each row with its clinic."""
    listed = list(lists)
    headings = ("Clinic", "Where", *(listed[0].headings if listed else ()))
    rows = [(each.title, each.where, *row) for each in listed for row in each.rows]
    return Table("clinics.csv", "Clinic lists", headings, rows)
