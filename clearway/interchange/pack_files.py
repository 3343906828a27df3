"""Reading the files of a region pack: TOML tables and CSV rows that know where they stand.

Whatever is wrong is refused with its place in the pack, why, and the fix.
"""

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from clearway.domain.shared.errors import CannotParse

W = TypeVar("W", bound=StrEnum)


@dataclass(slots=True)
class Record:
    """One row or table, with its place in the pack; remembers what was asked to find what was not."""

    where: str
    values: Mapping[str, Any]
    asked: set[str] = field(default_factory=set)

    def raw(self, name: str) -> Any:
        self.asked.add(name)
        return self.values.get(name)

    def refuse(self, name: str, why: str, fix: str) -> CannotParse:
        return CannotParse(f"{self.where}, field {name}", why, fix)

    def optional(self, name: str) -> str | None:
        value = self.raw(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self.refuse(name, f"Expected text, found {type(value).__name__}.", "Put it in quotes.")
        return value.strip()

    def text(self, name: str) -> str:
        value = self.optional(name)
        if value is None:
            raise self.refuse(name, "It is missing or empty.", "Fill it in.")
        return value

    def matching(self, name: str, pattern: str, meaning: str) -> str:
        value = self.text(name)
        if not re.fullmatch(pattern, value):
            raise self.refuse(name, f"Expected {meaning}, found {value!r}.", "Correct it.")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        value = self.raw(name)
        try:
            number = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            raise self.refuse(name, f"Expected a number, found {value!r}.", "Correct it.") from None
        if not low <= number <= high:
            raise self.refuse(name, f"Expected {low:g} to {high:g}, found {value!r}.", "Correct it.")
        return number

    def word(self, name: str, words: type[W]) -> W:
        value = self.text(name)
        try:
            return words(value)
        except ValueError:
            known = ", ".join(word.value for word in words)
            raise self.refuse(name, f"{value!r} is no such word.", f"Use one of: {known}.") from None

    def date(self, name: str) -> date:
        value = self.raw(name)
        if type(value) is not date:
            raise self.refuse(
                name, f"Expected a date, found {value!r}.", "Write it as 2026-04-01, no quotes."
            )
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """The words of a cell, or the strings of a list."""
        value = self.raw(name)
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return tuple(value)
        if value is None or isinstance(value, str):
            return tuple((value or "").split())
        raise self.refuse(name, f"Expected a list of texts, found {value!r}.", 'Write it as ["a", "b"].')

    def table(self, name: str) -> Mapping[str, Any]:
        value = self.raw(name)
        if not isinstance(value, dict):
            raise self.refuse(name, f"Expected a table, found {value!r}.", f"Add a [{name}] table.")
        return frozen(value)

    def records(self, name: str) -> Iterator["Record"]:
        value = self.raw(name)
        if not isinstance(value, list) or not value or not all(isinstance(row, dict) for row in value):
            raise self.refuse(name, "There is none.", f"Add at least one [[{name}]] table.")
        for place, row in enumerate(value, start=1):
            label = row.get("name") or row.get("code")
            yield Record(
                f"{self.where}, {name} {place}" + (f" ({label})" if isinstance(label, str) else ""), row
            )

    def check_no_others(self) -> None:
        for name in self.values:
            if name not in self.asked:
                known = ", ".join(sorted(self.asked))
                raise self.refuse(name, "The pack knows no such field.", f"Remove it; known are: {known}.")


def content(files: Mapping[str, bytes], name: str) -> str:
    if name not in files:
        raise CannotParse(name, "The file is missing.", "Add it to the pack.")
    try:
        return files[name].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CannotParse(f"{name}, byte {error.start}", "It is not UTF-8.", "Save it as UTF-8.") from None


def read_toml(files: Mapping[str, bytes], name: str) -> Record:
    try:
        return Record(name, tomllib.loads(content(files, name)))
    except tomllib.TOMLDecodeError as error:
        raise CannotParse(name, f"It is not TOML: {error}.", "Correct that line.") from None


def csv_rows(files: Mapping[str, bytes], name: str, columns: tuple[str, ...]) -> Iterator[Record]:
    header: list[str] | None = None
    for number, line in enumerate(content(files, name).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = next(csv.reader([line]))
        if header is None:
            header = _header(f"{name}, row {number}", cells, columns)
        elif len(cells) != len(header):
            raise CannotParse(
                f"{name}, row {number}",
                f"Expected {len(header)} cells, found {len(cells)}.",
                "Put texts with commas in quotes, and a comma for every empty cell.",
            )
        else:
            yield Record(f"{name}, row {number}", dict(zip(header, cells, strict=True)))


def _header(where: str, cells: list[str], columns: tuple[str, ...]) -> list[str]:
    wrong = sorted(set(cells) ^ set(columns))
    if wrong or len(cells) != len(columns):
        problem = wrong[0] if wrong else "twice the same"
        raise CannotParse(
            f"{where}, field {problem}",
            "The columns are not those of the pack.",
            f"Use: {','.join(columns)}.",
        )
    return cells


def frozen(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table with lists as tuples and every table in it read-only."""
    return MappingProxyType({name: _frozen_value(value) for name, value in table.items()})


def _frozen_value(value: Any) -> Any:
    if isinstance(value, dict):
        return frozen(value)
    return tuple(_frozen_value(each) for each in value) if isinstance(value, list) else value


def check_distinct(where: str, name: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise CannotParse(f"{where}, field {name}", f"{value!r} stands there twice.", "Remove one.")
        seen.add(value)
