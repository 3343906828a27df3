"""Figures as pages, papers and files print them: a sentence, a table of words, charts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart to be drawn, with the table that stands beside it. Places count from the left and from the top.

    says    what it shows, for whoever cannot see it
    rules   horizontal lines: from, to, height, kind (mean, limit, target or grid), label or ""
    dots    of the line, in order: across, down, kind (common, improvement, concern or neutral) and shape
            (round, up or down)
    labels  below: where, and what
    """

    title: str
    says: str
    width: int
    height: int
    rules: tuple[tuple[float, float, float, str, str], ...]
    dots: tuple[tuple[float, float, str, str], ...]
    labels: tuple[tuple[float, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a page says in numbers: a sentence, one table of words, charts. The page and the report print it.

    columns  headings; rows  as many cells each
    numbers  places of the columns that hold numbers, from 0
    title    of one among several; "" for one that stands alone
    """

    sentence: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    charts: tuple[Chart, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"Each row has {len(self.columns)} cells.")


def kept(found: Iterable[Figures]) -> list[dict[str, Any]]:
    """The figures as JSON keeps them."""
    return [{**asdict(each), "numbers": sorted(each.numbers)} for each in found]


def again(rows: Iterable[Mapping[str, Any]]) -> tuple[Figures, ...]:
    """Figures as they were kept, where lists stand for tuples."""
    return tuple(_again(row) for row in rows)


def _again(row: Mapping[str, Any]) -> Figures:
    return Figures(
        sentence=row["sentence"],
        columns=tuple(row["columns"]),
        rows=_rows(row["rows"]),
        numbers=frozenset(row["numbers"]),
        charts=tuple(_chart(each) for each in row.get("charts", ())),
        title=row.get("title", ""),
    )


def _chart(row: Mapping[str, Any]) -> Chart:
    tables = {name: _rows(row[name]) for name in ("rules", "dots", "labels", "rows")}
    return Chart(**{**row, **tables, "columns": tuple(row["columns"])})


def _rows(found: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(tuple(row) for row in found)


def as_text(title: str, about: Sequence[str], found: Iterable[Figures]) -> str:
    """Figures as plain text, to be pasted anywhere: one line for each row."""
    lines = [title, *about]
    for each in found:
        lines += ["", each.title.upper()] if each.title else [""]
        lines += [each.sentence] if each.sentence else []
        lines += [_line(each.columns, row) for row in each.rows]
    return "\n".join(lines) + "\n"


def _line(columns: Sequence[str], row: Sequence[str]) -> str:
    """ "Derriford: 4 waiting; as of 14:02": the first cell names what the others are about."""
    first, *rest = row
    told = [f"{name.lower()} {cell}" for name, cell in zip(columns[1:], rest, strict=True) if cell]
    if len(columns) == 3 and rest[0]:  # name, value, as of: the value needs no name
        told = [rest[0], *([f"as of {rest[1]}"] if rest[1] else [])]
    return f"{first}: {'; '.join(told)}" if told else first
