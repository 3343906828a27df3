"""Reports as tagged PDF: a table, and charts with theirs beside them. The same figures, the same bytes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from clearway.domain.shared.figures import Chart, Figures

from .tagged_pdf import PAGE, CannotDraw, Document, Face, Fonts, Sheet, Written

SIZE = (PAGE[1], PAGE[0])  # A4, the long side across
MARGIN, TOP, BOTTOM = 45.0, 45.0, 45.0
TEXT, SMALL, LEADING, PAD = 11.0, 9.5, 1.3, 4.0
WIDE, APART = 430.0, 24.0  # of a chart; between it and its table
HEADED = 75.0  # what a heading needs below it, to stand on a page
INK = "0.13 0.17 0.2"
COLOURS = {  # as on the page: Making Data Count's blue and orange, dark enough for print
    "common": "0.3 0.38 0.45",
    "improvement": "0 0.37 0.72",
    "concern": "0.66 0.26 0",
    "neutral": "0.44 0.24 0.59",
}
RULES = {"mean": ("1", ""), "limit": ("1", "[5 3] 0 d"), "target": ("1.5", "[1 4] 0 d"), "grid": ("0.3", "")}
KEY = (
    "Full line: mean. Dashed: limits. Dotted: target. H and L: a special cause that is higher or lower; "
    "a tilde: usual variation. A triangle points its way; blue is an improvement, orange a concern."
)


@dataclass(frozen=True, slots=True)
class Report:
    """One report. about: lines of whose it is, of when, and for whom; figures: one part after another."""

    title: str
    about: tuple[str, ...]
    figures: tuple[Figures, ...]
    on: date


def write(report: Report, fonts: Fonts) -> Written:
    """The report as one PDF. Raises CannotDraw for characters that the fonts do not have."""
    faces = {"regular": Face(fonts.regular), "bold": Face(fonts.bold)}
    layout = _Layout(faces)
    layout.check(report)
    layout.draw(report)
    return Written(Document(layout.made, faces, report.title, report.on).whole(), len(layout.made))


class _Layout:
    """Puts one report onto pages."""

    def __init__(self, faces: Mapping[str, Face]) -> None:
        self.faces = faces
        self.made: list[Sheet] = []
        self.y = 0.0
        self.piece, self.tables = -1, 0

    def check(self, report: Report) -> None:
        missing: set[str] = set()
        for text in _texts(report):
            missing |= self.faces["regular"].missing(text) | self.faces["bold"].missing(text)
        if missing:
            raise CannotDraw("".join(sorted(missing)))

    def draw(self, report: Report) -> None:
        self._turn()
        self._paragraph("H1", report.title, 18.0, bold=True)
        for line in report.about:
            self._paragraph("P", line, TEXT, after=0.0)
        self.y -= 6
        for figures in report.figures:
            self._part(figures)

    def _part(self, figures: Figures) -> None:
        if figures.title:
            if self.y < BOTTOM + HEADED:
                self._turn()
            self._paragraph("H2", figures.title, 14.0, bold=True)
        if figures.sentence:
            self._paragraph("P", figures.sentence, TEXT, bold=True)
        if figures.rows or not figures.title:
            self._table(figures.columns, figures.rows, figures.numbers, MARGIN, SIZE[0] - 2 * MARGIN)
        for chart in figures.charts:
            self._turn()
            self._chart(chart)

    def _chart(self, chart: Chart) -> None:
        self._paragraph("H2", chart.title, 14.0, bold=True)
        self._paragraph("P", chart.says, TEXT)
        top = self.y
        scale = WIDE / chart.width
        self._figure(chart, top, scale)
        self.y = top - chart.height * scale - 4
        self._paragraph("P", KEY, SMALL, width=WIDE)
        self.y = top
        left = MARGIN + WIDE + APART
        numbers = frozenset({1, 2})
        self._table(chart.columns, chart.rows, numbers, left, SIZE[0] - MARGIN - left)

    def _figure(self, chart: Chart, top: float, scale: float) -> None:
        self._open("Figure", chart.says)
        draw = self.made[-1].drawing

        def at(x: float, y: float) -> str:
            return f"{MARGIN + x * scale:.2f} {top - y * scale:.2f}"

        for x1, x2, y, kind, label in chart.rules:
            width, dashes = RULES[kind]
            colour = "0.8 0.83 0.85" if kind == "grid" else INK
            draw.append(f"q {colour} RG {width} w {dashes} {at(x1, y)} m {at(x2, y)} l S Q")
            if label:
                x = MARGIN + x1 * scale - 4 - self.faces["regular"].width(label, 7.5)
                self._text(label, 7.5, x, top - y * scale - 2.5)
        if chart.dots:
            (x, y, *_), *others = chart.dots
            path = " ".join(f"{at(x, y)} l" for x, y, *_ in others)
            draw.append(f"q {COLOURS['common']} RG 1 w {at(x, y)} m {path} S Q")
        for x, y, kind, shape in chart.dots:
            draw.append(_dot(MARGIN + x * scale, top - y * scale, COLOURS[kind], shape))
        for x, label in chart.labels:
            middle = self.faces["regular"].width(label, 7.5) / 2
            self._text(label, 7.5, MARGIN + x * scale - middle, top - (chart.height - 8) * scale)
        draw.append("EMC")

    def _table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        numbers: frozenset[int],
        left: float,
        width: float,
    ) -> None:
        self.tables += 1
        widths = self._widths([columns, *rows], width)
        self._row(0, columns, widths, numbers, left, is_head=True)
        for place, row in enumerate(rows, start=1):
            if self.y - self._height(row, widths) < BOTTOM:
                self._turn()
                self._artifact_head(columns, widths, numbers, left)
            self._row(place, row, widths, numbers, left)
        self.y -= 8

    def _row(
        self,
        place: int,
        cells: Sequence[str],
        widths: Sequence[float],
        numbers: frozenset[int],
        left: float,
        *,
        is_head: bool = False,
    ) -> None:
        height = self._height(cells, widths, bold=is_head)
        if self.y - height < BOTTOM:
            self._turn()
        for column, text in enumerate(cells):
            tag = "column" if is_head else "row" if column == 0 else "TD"
            self._open(tag, "", (self.tables, place))
            self._cell(text, left + sum(widths[:column]), widths[column], column in numbers, bold=is_head)
            self.made[-1].drawing.append("EMC")
        self._under(height, left, sum(widths), heavy=is_head)

    def _artifact_head(
        self, columns: Sequence[str], widths: Sequence[float], numbers: frozenset[int], left: float
    ) -> None:
        """The headings once more at the head of a page, for who sees it alone."""
        self.made[-1].drawing.append("/Artifact BMC")
        for column, text in enumerate(columns):
            self._cell(text, left + sum(widths[:column]), widths[column], column in numbers, bold=True)
        self.made[-1].drawing.append("EMC")
        self._under(self._height(columns, widths, bold=True), left, sum(widths), heavy=True)

    def _under(self, height: float, left: float, width: float, *, heavy: bool) -> None:
        self.y -= height
        path = f"{left:.2f} {self.y:.2f} m {left + width:.2f} {self.y:.2f} l"
        line = f"q {INK} RG {1.0 if heavy else 0.3} w {path} S Q"
        self.made[-1].drawing += ["/Artifact BMC", line, "EMC"]

    def _cell(self, text: str, left: float, width: float, is_number: bool, *, bold: bool) -> None:
        face = self.faces["bold" if bold else "regular"]
        lines = list(face.broken(text, SMALL, width - 2 * PAD))
        for number, line in enumerate(lines):
            x = left + PAD
            if is_number:
                x = left + width - PAD - face.width(line, SMALL)
            more = " " if number + 1 < len(lines) else ""
            self._text(line + more, SMALL, x, self.y - 2 - SMALL - number * SMALL * LEADING, bold=bold)

    def _height(self, cells: Sequence[str], widths: Sequence[float], *, bold: bool = False) -> float:
        face = self.faces["bold" if bold else "regular"]
        counts = [
            len(list(face.broken(text, SMALL, width - 2 * PAD)))
            for text, width in zip(cells, widths, strict=True)
        ]
        return max(1, *counts) * SMALL * LEADING + 3

    def _widths(self, rows: Sequence[Sequence[str]], whole: float) -> list[float]:
        """As wide as the widest cell; where that is too much, the widest columns give way first."""
        face = self.faces["bold"]
        columns = list(zip(*rows, strict=True))
        wanted = [max(face.width(cell, SMALL) for cell in each) + 2 * PAD + 1 for each in columns]
        limit = max(wanted)
        while sum(min(each, limit) for each in wanted) > whole and limit > 30:
            limit -= 2
        found = [min(each, limit) for each in wanted]
        spare = max(0.0, whole - sum(found)) / len(found)
        return [each + spare for each in found]

    def _paragraph(
        self,
        tag: str,
        text: str,
        size: float,
        *,
        bold: bool = False,
        after: float = 6.0,
        width: float = SIZE[0] - 2 * MARGIN,
    ) -> None:
        face = self.faces["bold" if bold else "regular"]
        self._open(tag, "")
        lines = list(face.broken(text, size, width))
        for place, line in enumerate(lines):
            self.y -= size * LEADING
            more = " " if place + 1 < len(lines) else ""
            self._text(line + more, size, MARGIN, self.y, bold=bold)
        self.made[-1].drawing.append("EMC")
        self.y -= after

    def _text(self, text: str, size: float, x: float, y: float, *, bold: bool = False) -> None:
        name, face = ("F2", self.faces["bold"]) if bold else ("F1", self.faces["regular"])
        self.made[-1].drawing.append(f"BT /{name} {size:g} Tf {x:.2f} {y:.2f} Td <{face.encode(text)}> Tj ET")

    def _open(self, tag: str, words: str, cell: tuple[int, int] | None = None) -> None:
        sheet = self.made[-1]
        self.piece += 1
        name = {"column": "TH", "row": "TH"}.get(tag, tag)
        sheet.drawing.append(f"/{name} <</MCID {len(sheet.pieces)}>> BDC")
        sheet.pieces.append((self.piece, tag, words))
        if cell is not None:
            sheet.rows[self.piece] = cell

    def _turn(self) -> None:
        self.made.append(Sheet(SIZE))
        self.made[-1].drawing.append("/Artifact BMC")
        self._text(f"Page {len(self.made)}", SMALL, MARGIN, BOTTOM - 22)
        self.made[-1].drawing.append("EMC")
        self.y = SIZE[1] - TOP


def _dot(x: float, y: float, colour: str, shape: str) -> str:
    if shape == "round":
        return f"q {colour} rg {x - 2:.2f} {y - 2:.2f} 4 4 re f Q"
    way = 1 if shape == "up" else -1
    tip, foot = f"{x:.2f} {y + 4.5 * way:.2f}", f"{y - 3 * way:.2f}"
    return f"q {colour} rg {tip} m {x + 4.5:.2f} {foot} l {x - 4.5:.2f} {foot} l f Q"


def _texts(report: Report) -> Iterator[str]:
    yield from (report.title, *report.about, KEY)
    for figures in report.figures:
        yield from (figures.title, figures.sentence, *figures.columns)
        for row in figures.rows:
            yield from row
        for chart in figures.charts:
            yield from (chart.title, chart.says, *chart.columns, *(label for _, label in chart.labels))
            yield from (label for *_, label in chart.rules)
            for row in chart.rows:
                yield from row
