"""A CSV file of bookings, as the columns that the attendance engine judges."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from clearway.domain.outpatients.attendance import Result
from clearway.domain.shared.errors import CannotParse
from clearway.engine.outpatients.attendance import NEVER, Bookings

NEEDED = ("person", "booked_at", "starts_at", "came")
ENDS_AFTER = 6 * 3600  # seconds from the start until what came of it is taken to be known
CAME = {"yes": Result.KEPT, "1": Result.KEPT, "no": Result.MISSED, "0": Result.MISSED, "": Result.OPEN}
GROUP = "group_"


def parse(raw: bytes) -> tuple[Bookings, dict[str, list[str]]]:
    """The bookings, and of each group column the group of each. Raises CannotParse with the line."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise CannotParse(f"byte {problem.start}", "it is not UTF-8.", "Save the file as UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = list(reader.fieldnames or ())
    if missing := [name for name in NEEDED if name not in names]:
        raise CannotParse(
            "line 1", f"column {missing[0]} is missing.", f"Name the columns {', '.join(NEEDED)}."
        )
    rows = [_row(row, f"line {reader.line_num}") for row in reader]
    if not rows:
        raise CannotParse("line 2", "there is no booking.", "Give one booking a line.")
    numbers = {name: _numbered([row[name] for row in rows]) for name in ("person", "service")}
    whole = {
        name: np.array([row[name] for row in rows], np.int64)
        for name in ("booked", "starts", "known", "result", "confirmed", "reminded")
    }
    bookings = Bookings(
        **numbers,
        line=np.full(len(rows), -1, np.int64),
        **whole,
        first=np.array([row["first"] for row in rows], np.bool_),
        remote=np.array([row["remote"] for row in rows], np.bool_),
    )
    groups = {
        name.removeprefix(GROUP): [str(row[name]) for row in rows] for name in names if name.startswith(GROUP)
    }
    return bookings, groups


def _row(row: Mapping[str, str | None], where: str) -> dict[str, object]:
    said = {name: (value or "").strip() for name, value in row.items() if name}
    came = CAME.get(said["came"].casefold())
    if came is None:
        raise CannotParse(where, f"came is {said['came'][:20]!r}.", "Write yes, no, or nothing.")
    booked, starts = (_instant(said[name], name, where) for name in ("booked_at", "starts_at"))
    if starts < booked:
        raise CannotParse(where, "it begins before it was booked.", "Correct booked_at or starts_at.")
    optional = {
        name: _instant(said[f"{name}_at"], f"{name}_at", where) if said.get(f"{name}_at") else NEVER
        for name in ("confirmed", "reminded")
    }
    return {
        "person": said["person"],
        "service": said.get("service", ""),
        "booked": booked,
        "starts": starts,
        "known": NEVER if came is Result.OPEN else starts + ENDS_AFTER,
        "result": came,
        "first": said.get("kind") == "new",
        "remote": said.get("medium") in ("02", "03"),
        **optional,
        **{name: value for name, value in said.items() if name.startswith(GROUP)},
    }


def _instant(text: str, name: str, where: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CannotParse(
            where, f"{name} is {text[:30]!r}.", "Write an ISO instant: 2026-11-20T09:00+00:00."
        ) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _numbered(names: list[object]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.unique(np.array(names, str), return_inverse=True)[1].astype(np.int64)
