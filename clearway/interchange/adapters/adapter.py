"""What every feed adapter shares: files into rows, rows into native events, and refusals that name the place.

An adapter is a module with a name, what its feed can know, the feed's time zone, the columns it leaves out
(with the reason) and one function, `parse_row`. All else is here. How to write one:
docs/how-to/write-a-feed-adapter.md.

One row of a file becomes one raw message: the header line, a line break, and the row as it came. Such a
message is itself a file of the feed, so it can be parsed again, long after the file has gone, with nothing
but the adapter's name.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, Event, HospitalEvent, JobEvent
from clearway.domain.ambulance.quality_said import REPEATED_HOUR
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.native import check_years, explained

MAX_ROW_BYTES = 16_384
MOST_DIGITS = 9
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NOTHING = ("", "NULL", "null")


class Line(NamedTuple):
    """One row of a file, as it came. `number` is the line of the file on which it begins, from 1."""

    number: int
    header: bytes
    raw: bytes

    @property
    def message(self) -> bytes:
        """The raw message to store: a file of this one row."""
        return self.header + b"\n" + self.raw


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one row by their column."""

    fields: Mapping[str, str]

    def text(self, column: str) -> str | None:
        """The trimmed text of a column, or None where the feed says nothing."""
        if column not in self.fields:
            raise CannotParse(
                f"header, column {column}",
                "The file has no such column.",
                "Export it with the columns of the feed, or name the new one in the adapter.",
            )
        text = self.fields[column].strip()
        return None if text in _NOTHING else text

    def needed(self, column: str) -> str:
        """The text of a column that must not be empty."""
        text = self.text(column)
        if text is None:
            raise self.cannot(column, "It is empty, and nothing can be placed without it.", "Ask the sender.")
        return text

    def count(self, column: str) -> int | None:
        """The whole number of a column, also written as "514.0"; None where the feed says nothing."""
        text = self.text(column)
        if text is None:
            return None
        whole = text.removesuffix(".0")
        if not (whole.isascii() and whole.isdigit() and len(whole) <= MOST_DIGITS):
            raise self.cannot(column, "Expected a whole number, 0 or more.", "Mend it at the source.")
        return int(whole)

    def cannot(self, column: str, why: str, fix: str) -> CannotParse:
        """The refusal of this row, to be raised. Neither text may hold what the sender wrote."""
        return CannotParse(f"field {column}", why, fix)


class Adapter(Protocol):
    """A module that reads one kind of file.

    NAME      how configuration and the stored messages name it
    KNOWS     what the feed can know at all: statuses, a hospital's figures, category, destination, kind,
              place; what is not in it is shown as unknown, never as late
    TIMEZONE  of clock times sent without offset
    LEFT_OUT  the columns that are not carried into events, by the reason
    """

    NAME: str
    KNOWS: frozenset[str]
    TIMEZONE: ZoneInfo
    LEFT_OUT: Mapping[str, tuple[str, ...]]

    def parse_row(self, row: Row) -> list[Event]:
        """The events of one row. Raises CannotParse; a row of which nothing can be told is refused too."""
        ...


def split(body: bytes, header: bytes = b"") -> Iterator[Line]:
    """The rows of a file: plain or gzip, any line ends, line breaks inside quotes. Raises CannotParse.

    header  the file's header, where `body` is a part of the file without it; else the first line is taken
    """
    lines = _plain(body).removeprefix(_BYTE_ORDER_MARK).split(b"\n")
    place = 0
    while place < len(lines):
        length = _lines_of_record(lines, place, header)
        raw = b"\n".join(lines[place : place + length]).removesuffix(b"\r")
        if not header:
            header = raw
        elif raw.strip():
            yield Line(place + 1, header, raw)
        place += length


def parse(adapter: Adapter, message: bytes) -> list[Event]:
    """The events of one raw message. Raises CannotParse with the field, the reason and the fix."""
    rows = list(split(message))
    if len(rows) != 1:
        raise CannotParse(
            "message", f"It should hold a header and one row, and holds {len(rows)} rows.", "Split the file."
        )
    try:
        return adapter.parse_row(_row(rows[0]))
    except OverflowError:
        raise CannotParse("row", "A time lies beyond the calendar.", "Mend it at the source.") from None


def read(adapter: Adapter, body: bytes) -> Iterator[tuple[Line, list[Event] | CannotParse]]:
    """Every row of a file with its events, or with the line, field and reason why there are none."""
    for line in split(body):
        try:
            yield line, parse(adapter, line.message)
        except CannotParse as refusal:
            yield line, replace(refusal, where=f"line {line.number}, {refusal.where}")


E = TypeVar("E", CallEvent, JobEvent, AvailabilityEvent, HospitalEvent)


def event(kind: type[E], /, **said: Any) -> E:
    """A native event whose message id is a digest of all that it says.

    The same statement, read again or from another row, is the same message; a changed one is a new fact
    beside the old. Arguments are the event's fields. Raises CannotParse naming the field that does not fit.
    """
    said = {name: value for name, value in said.items() if value is not None}
    content = msgspec.json.encode([kind.__name__, said], order="deterministic")
    said["message_id"] = hashlib.blake2b(content, digest_size=12).hexdigest()
    try:
        value = msgspec.convert(said, kind)
        check_years(value)
        return value
    except msgspec.ValidationError as error:
        refusal = explained(str(error))
    except CannotParse as refused:
        refusal = refused
    raise replace(refusal, fix="Mend it at the source, or in the adapter.")


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a clock time without offset. In the hour that autumn repeats, the first of the two."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def doubt(local: datetime, zone: ZoneInfo) -> str | None:
    """A note for an event whose clock time the change of the clocks makes uncertain, else None."""
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return None if first == second else REPEATED_HOUR


def _plain(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise CannotParse(
            "file", "The gzip file is cut short or damaged.", "Fetch or send it again."
        ) from None


def _lines_of_record(lines: list[bytes], place: int, header: bytes) -> int:
    """How many lines the record at `place` takes: more than one while a quote stands open.

    A quote that is never closed takes its own line only, so that it cannot swallow the rows after it.
    """
    quotes = size = 0
    for end in range(place, len(lines)):
        quotes += lines[end].count(b'"')
        size += len(lines[end])
        if quotes % 2 == 0:
            return end - place + 1 if end == place or _fits(lines[place : end + 1], header) else 1
        if size > MAX_ROW_BYTES:
            break
    return 1


def _fits(lines: list[bytes], header: bytes) -> bool:
    try:
        return not header or len(_cells(b"\n".join(lines))) == len(_cells(header))
    except CannotParse:
        return False


def _row(line: Line) -> Row:
    if len(line.raw) > MAX_ROW_BYTES:
        raise CannotParse(
            "row",
            f"It has {len(line.raw)} bytes; at most {MAX_ROW_BYTES} are read.",
            "Look for a quote that is never closed.",
        )
    columns, values = _cells(line.header), _cells(line.raw)
    if len(columns) != len(values):
        raise CannotParse(
            "row",
            f"It has {len(values)} fields; the header names {len(columns)}.",
            "Export it again; a comma or quote inside a field must be quoted.",
        )
    return Row(dict(zip(columns, values, strict=True)))


def _cells(raw: bytes) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(raw.decode("utf-8"), newline=""), strict=True))
    except UnicodeDecodeError:
        raise CannotParse("row", "It is not UTF-8.", "Export the file as UTF-8.") from None
    except (csv.Error, StopIteration):
        raise CannotParse(
            "row", "Its quotes do not pair up.", "Export it again with quotes doubled."
        ) from None
