"""Files of clock events, one event a row, as CSV or Parquet; a row that is wrong is kept aside.

A row that cannot be read is never guessed at. It is refused with its field, the reason and what would mend
it, and its pathway says how many of its rows were refused, because its clock may be wrong without them.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

from clearway.domain.outpatients.clock_events import DERIVED, ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.words import MeasurementType
from clearway.domain.shared.errors import CannotParse

LONGEST = 64  # characters of a pathway or an event id
MOST_SEQUENCE = 2**31


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file."""

    name: str
    needed: bool
    holds: str
    example: str


COLUMNS: tuple[Column, ...] = (
    Column(
        "pathway",
        True,
        f"the pathway's own key, to {LONGEST} characters; never a name",
        "X0900000000000012345",
    ),
    Column("event", True, "what happened, one of the words below", "referral_received"),
    Column(
        "date",
        True,
        "civil date on which it happened; for decisions, when the patient was told",
        "2025-01-06",
    ),
    Column("sequence", False, "whole number, place among events of one day; default: order of the rows", "1"),
    Column("event_id", False, "names the event within its pathway; default: the number of the row", "e17"),
    Column("start_date", False, "clock start that a transfer_received or start_found states", "2024-11-28"),
    Column("until", False, "last day of an unavailable", "2025-07-21"),
    Column("evidence", False, "what can be shown, words below with spaces between", "notice"),
    Column("function", False, "treatment function code, three digits", "650"),
    Column("outside_contact", False, "yes or no: a stop without seeing or speaking to the patient", "no"),
    Column("replaces", False, "event_id of the event that this row corrects; withdrawn takes it away", "e12"),
    Column(
        "recorded_on",
        False,
        "date on which it was written down; decides between two corrections",
        "2025-01-08",
    ),
    Column(
        "measurement",
        False,
        "01 consultant-led (default), 02 allied health, 09 other; one for a pathway",
        "01",
    ),
)
_NAMES = tuple(column.name for column in COLUMNS)
_YES_NO: Mapping[str, bool] = MappingProxyType(
    {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}
)
_KINDS: Mapping[str, EventKind] = MappingProxyType({kind.value: kind for kind in EventKind})
_EVIDENCE: Mapping[str, Evidence] = MappingProxyType(
    {proof.value: proof for proof in Evidence if proof not in DERIVED}
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not read. row  its number in the file, the header being row 1; cells  as they stood"""

    row: int
    field: str
    why: str
    fix: str
    cells: tuple[str, ...]


@dataclass(slots=True)
class ClockFile:
    """What a file holds. Pathways are numbered in the order in which they first come, refused rows too.

    events       of each pathway, as they came; keys are event_id or "row N"
    measurement  of each pathway
    refused_of   rows refused of each pathway, where there are any
    rows         rows read, without the header: those in `events` and those in `refused`
    """

    header: tuple[str, ...]
    pathways: list[str] = field(default_factory=list)
    events: list[list[ClockEvent]] = field(default_factory=list)
    measurement: list[MeasurementType] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    refused_of: dict[int, int] = field(default_factory=dict)
    rows: int = 0


class _Wrong(Exception):
    """A cell that cannot be read."""

    def __init__(self, column: str, why: str, fix: str) -> None:
        self.column, self.why, self.fix = column, why, fix


def read(path: Path) -> ClockFile:
    """All of a file. Raises CannotParse where it is no such file at all; wrong rows are in `refused`."""
    if path.suffix.lower() == ".parquet":
        return collect(*_parquet(path), name=path.name)
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.reader(lines, strict=True)
            header = next(rows, None)
            if header is None:
                raise CannotParse(f"{path.name}, row 1", "The file is empty.", _HEADER_FIX)
            return collect(tuple(header), _counted(rows, path.name), name=path.name)
    except UnicodeDecodeError as problem:
        where = f"{path.name}, byte {problem.start}"
        raise CannotParse(where, "This is not UTF-8 text.", "Save the file as CSV in UTF-8.") from None
    except OSError as problem:
        raise CannotParse(
            path.name, f"It cannot be read: {problem.strerror}.", "Name a file that can."
        ) from None


_HEADER_FIX = f"Begin with a row of column names; needed are {', '.join(_NAMES[:3])}."


def _counted(rows: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    number = 1
    try:
        for row in rows:
            number += 1
            yield row
    except csv.Error as problem:
        raise CannotParse(
            f"{name}, after row {number}", f"This is not CSV: {problem}.", "Close every quotation mark."
        ) from None


def _parquet(path: Path) -> tuple[tuple[str, ...], Iterable[list[str]]]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError:
        raise CannotParse(
            path.name,
            "Parquet needs a package that is not installed.",
            "Run: pip install 'clearway[parquet]'",
        ) from None
    try:
        table = parquet.read_table(path)
    except (OSError, ArrowInvalid):
        raise CannotParse(path.name, "It cannot be read as Parquet.", "Name a Parquet file.") from None
    columns = [
        ["" if cell is None else str(cell) for cell in table[name].to_pylist()] for name in table.column_names
    ]
    return tuple(table.column_names), [list(row) for row in zip(*columns, strict=True)]


def collect(header: tuple[str, ...], rows: Iterable[list[str]], name: str) -> ClockFile:
    """Read rows of cells under a header. Raises CannotParse for a header that will not do."""
    place = _places(header, name)
    found = ClockFile(header)
    numbers: dict[str, int] = {}
    for number, cells in enumerate(rows, start=2):
        if not any(cells):
            continue
        found.rows += 1
        _take(found, numbers, place, number, cells)
    return found


def _places(header: tuple[str, ...], name: str) -> dict[str, int]:
    """Where each column stands."""
    names = [word.strip().lower() for word in header]
    unknown = [word for word in names if word not in _NAMES]
    missing = [column.name for column in COLUMNS if column.needed and column.name not in names]
    if missing or unknown or len(set(names)) < len(names):
        why = (
            f"Columns are missing: {', '.join(missing)}."
            if missing
            else f"Columns are not known: {', '.join(unknown)}."
            if unknown
            else "A column comes twice."
        )
        raise CannotParse(f"{name}, row 1", why, f"Columns are: {', '.join(_NAMES)}.")
    return {word: index for index, word in enumerate(names)}


def _take(
    found: ClockFile, numbers: dict[str, int], place: dict[str, int], row: int, cells: list[str]
) -> None:
    """One row, into its pathway or aside."""
    try:
        if len(cells) != len(place):
            raise _Wrong(
                "the whole row",
                f"It has {len(cells)} cells, the header has {len(place)}.",
                "Put text with commas into quotation marks.",
            )
        said = {name: cells[index].strip() for name, index in place.items()}
        event, measurement = _event(said, row)
        known = numbers.get(said["pathway"])
        if known is not None and found.events[known] and found.measurement[known] is not measurement:
            raise _Wrong(
                "measurement",
                f"An earlier row of this pathway has {found.measurement[known]}, this one {measurement}.",
                "Give every row of a pathway the same measurement.",
            )
    except _Wrong as wrong:
        found.refused.append(Refused(row, wrong.column, wrong.why, wrong.fix, tuple(cells)))
        index = place["pathway"]
        if index < len(cells) and 0 < len(cells[index].strip()) <= LONGEST:
            number = _number(found, numbers, cells[index].strip())
            found.refused_of[number] = found.refused_of.get(number, 0) + 1
        return
    number = _number(found, numbers, said["pathway"])
    found.measurement[number] = measurement
    found.events[number].append(event)


def _number(found: ClockFile, numbers: dict[str, int], pathway: str) -> int:
    if pathway not in numbers:
        numbers[pathway] = len(numbers)
        found.pathways.append(pathway)
        found.events.append([])
        found.measurement.append(MeasurementType.CONSULTANT_LED)
    return numbers[pathway]


def _event(said: dict[str, str], row: int) -> tuple[ClockEvent, MeasurementType]:
    _check_keys(said)
    get = said.get
    try:
        event = ClockEvent(
            key=get("event_id") or f"row {row}",
            kind=_kind(said["event"]),
            on=_day("date", said["date"]),
            sequence=_sequence(get("sequence", ""), row),
            start_on=_maybe_day("start_date", get("start_date", "")),
            until=_maybe_day("until", get("until", "")),
            evidence=_proofs(get("evidence", "")),
            function=_function(get("function", "")),
            outside_contact=_yes_no(get("outside_contact", "")),
            replaces=get("replaces") or None,
            recorded_on=_maybe_day("recorded_on", get("recorded_on", "")),
        )
    except ValueError as problem:
        raise _Wrong(_blamed(said), str(problem), "Correct this field or the event.") from None
    return event, _measurement(get("measurement", ""))


def _blamed(said: dict[str, str]) -> str:
    """The field that an event's own refusal speaks of."""
    return next((name for name in ("start_date", "until") if said.get(name)), "replaces")


def _check_keys(said: dict[str, str]) -> None:
    if not said["pathway"]:
        raise _Wrong("pathway", "It is empty.", "Give the pathway's key.")
    for name in ("pathway", "event_id", "replaces"):
        if len(said.get(name, "")) > LONGEST:
            raise _Wrong(name, f"It is longer than {LONGEST} characters.", "Give a key, not a text.")


def _kind(word: str) -> EventKind:
    kind = _KINDS.get(word)
    if kind is None:
        near = _near(word, _KINDS)
        raise _Wrong(
            "event", f"{_shown(word)} is not an event.", near or "See docs/reference/clock-events.md."
        )
    return kind


def _near(word: str, known: Iterable[str]) -> str:
    import difflib

    found = difflib.get_close_matches(word.lower().replace(" ", "_"), list(known), n=1)
    return f"Did you mean {found[0]}?" if found else ""


def _shown(word: str) -> str:
    """A wrong cell as it may be repeated: cut, so that no text of a patient is carried about."""
    return f'"{word[:20]}…"' if len(word) > 20 else f'"{word}"'


_known_days: dict[str, date] = {}


def _day(name: str, text: str) -> date:
    day = _known_days.get(text)
    if day is None:
        day = _read_day(name, text)
        if len(_known_days) < 100_000:
            _known_days[text] = day
    return day


def _read_day(name: str, text: str) -> date:
    fix = "Write dates as 2025-01-06: year, month, day."
    if not text:
        raise _Wrong(name, "It is empty.", fix)
    try:
        # Only the one form: fromisoformat alone would take 20250106 and 2025-W02-1 as well.
        day = date.fromisoformat(text) if len(text) == 10 and text[4] == text[7] == "-" else None
    except ValueError:
        raise _Wrong(name, f"{_shown(text)} is no day of the calendar.", fix) from None
    if day is None:
        raise _Wrong(name, f"{_shown(text)} is not a date of that form.", fix)
    if not 1948 <= day.year <= 2199:
        raise _Wrong(name, f"The year of {_shown(text)} cannot be right.", fix)
    return day


def _maybe_day(name: str, text: str) -> date | None:
    return _day(name, text) if text else None


def _sequence(text: str, row: int) -> int:
    if not text:
        return row
    if not text.isascii() or not text.isdigit() or int(text) >= MOST_SEQUENCE:
        raise _Wrong("sequence", f"{_shown(text)} is not a whole number.", "Leave it empty or count from 0.")
    return int(text)


def _proofs(text: str) -> frozenset[Evidence]:
    if not text:
        return frozenset()
    words = text.replace(";", " ").replace(",", " ").split()
    for word in words:
        if word not in _EVIDENCE:
            fix = _near(word, _EVIDENCE) or f"Words are: {', '.join(_EVIDENCE)}."
            raise _Wrong("evidence", f"{_shown(word)} is not known as evidence.", fix)
    return frozenset(_EVIDENCE[word] for word in words)


def _function(text: str) -> str | None:
    if not text:
        return None
    if len(text) != 3 or not text.isascii() or not text.isdigit() or text == "000":
        raise _Wrong(
            "function", f"{_shown(text)} is not three digits.", "Give the national code, such as 650."
        )
    return text


def _yes_no(text: str) -> bool:
    answer = _YES_NO.get(text.lower())
    if answer is None:
        raise _Wrong("outside_contact", f"{_shown(text)} is neither.", "Write yes or no.")
    return answer


def _measurement(text: str) -> MeasurementType:
    try:
        return MeasurementType(text) if text else MeasurementType.CONSULTANT_LED
    except ValueError:
        raise _Wrong("measurement", f"{_shown(text)} is not a type.", "Write 01, 02 or 09.") from None


@dataclass(frozen=True, slots=True)
class Kept:
    """One event of one pathway that is to be written. measurement  its code"""

    pathway: str
    measurement: str
    event: ClockEvent


def columns_of(rows: Iterable[Kept]) -> dict[str, list[object]]:
    """The columns of a file of these events; read again, it gives the same events."""
    columns: dict[str, list[object]] = {name: [] for name in _NAMES}
    for row in rows:
        for name, cell in _cells(row).items():
            columns[name].append(cell)
    return columns


def _cells(row: Kept) -> dict[str, str]:
    event = row.event
    return {
        "pathway": row.pathway,
        "event": event.kind.value,
        "date": event.on.isoformat(),
        "sequence": str(event.sequence),
        "event_id": event.key,
        "start_date": event.start_on.isoformat() if event.start_on else "",
        "until": event.until.isoformat() if event.until else "",
        "evidence": " ".join(sorted(event.evidence - DERIVED)),
        "function": event.function or "",
        "outside_contact": "yes" if event.outside_contact else "",
        "replaces": event.replaces or "",
        "recorded_on": event.recorded_on.isoformat() if event.recorded_on else "",
        "measurement": row.measurement,
    }


def write(path: Path, columns: Mapping[str, list[object]]) -> None:
    """Columns of equal length as CSV, or as Parquet where the name ends so. None is an empty cell."""
    if path.suffix.lower() == ".parquet":
        from pyarrow import parquet, table

        parquet.write_table(table(dict(columns)), path)
        return
    with path.open("w", newline="", encoding="utf-8") as lines:
        rows = csv.writer(lines, lineterminator="\n")
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
