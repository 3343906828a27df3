"""Letters as tagged PDF: bytes out, values in. The same letter and fonts give the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from clearway.domain.outpatients.letters import Block

from .tagged_pdf import PAGE, CannotDraw, Document, Face, Fonts, Sheet, Written

__all__ = ["CannotDraw", "Fonts", "Page", "Written", "write"]
MARGIN, TOP, BOTTOM = 62.0, 62.0, 68.0
WINDOW = (62.0, 127.0)  # left and top of the address, in points: in the window of a DL envelope
LARGE = 18.0  # points: from here on nothing on the page is smaller
LEADING = 1.45  # line to line, as a part of the type size
TAGS = {"heading": "H2", "paragraph": "P", "item": "LI"}


@dataclass(frozen=True, slots=True)
class Page:
    """What stands around the text of one letter.

    points    size of the type
    sender    lines of who writes, at the head
    address   lines for the envelope's window
    reference what to give when ringing, and the date, one line each
    """

    subject: str
    sender: tuple[str, ...]
    address: tuple[str, ...]
    reference: tuple[str, ...]
    greeting: str
    blocks: tuple[Block, ...]
    closing: tuple[str, ...]
    on: date
    points: int = 12


def write(letters: Sequence[Page], fonts: Fonts) -> Written:
    """One PDF of one letter, or of several one after the other, each beginning on a sheet of its own.

    Raises CannotDraw for characters that the fonts do not have.
    """
    faces = {"regular": Face(fonts.regular), "bold": Face(fonts.bold)}
    sheets: list[Sheet] = []
    for letter in letters:
        if len(letters) > 1 and len(sheets) % 2:
            sheets.append(Sheet())  # printed on both sides, the next one begins on paper of its own
        sheets += _Layout(letter, faces).sheets()
    title = letters[0].subject if len(letters) == 1 else f"{len(letters)} letters"
    return Written(Document(sheets, faces, title, letters[0].on).whole(), len(sheets))


class _Layout:
    """Breaks one letter into lines and pages."""

    def __init__(self, letter: Page, faces: Mapping[str, Face]) -> None:
        self.letter, self.faces = letter, faces
        self.made: list[Sheet] = []
        self.y = 0.0
        self.piece = -1
        self._check()

    def _check(self) -> None:
        letter = self.letter
        around = (letter.subject, letter.greeting, *letter.sender, *letter.address, *letter.reference)
        texts = [*around, *letter.closing, *(each.text for each in letter.blocks), "•"]
        missing: set[str] = set()
        for text in texts:
            missing |= self.faces["regular"].missing(text) | self.faces["bold"].missing(text)
        if missing:
            raise CannotDraw("".join(sorted(missing)))

    def sheets(self) -> list[Sheet]:
        letter, size = self.letter, float(self.letter.points)
        small = size if size >= LARGE else max(11.0, size - 1)
        self._turn()
        self._lines(letter.sender, small, right=True)
        self.y = PAGE[1] - WINDOW[1]
        self._lines(letter.address, small)
        self.y = min(self.y, PAGE[1] - WINDOW[1] - 96) - small
        self._lines(letter.reference, small)
        self.y -= size * 0.5
        self._paragraph("P", letter.greeting, size)
        self._paragraph("H1", letter.subject, size * 1.25, bold=True)
        for place, block in enumerate(letter.blocks):
            self._block(block, letter.blocks[place + 1 : place + 2], size)
        self._lines(letter.closing, size)
        return self.made

    def _block(self, block: Block, following: Sequence[Block], size: float) -> None:
        if block.kind == "heading":
            self._room(size * LEADING * 3)  # never alone at the foot of a page
            self.y -= size * 0.4
        indent = size * 1.1 if block.kind == "item" else 0.0
        bold = block.kind == "heading"
        is_last = block.kind != "item" or not (following and following[0].kind == "item")
        after = size * 0.7 if is_last else size * 0.2
        if block.kind == "heading":
            after = size * 0.25
        self._paragraph(TAGS[block.kind], block.text, size, block.language, indent, bold, after)

    def _lines(self, lines: Iterable[str], size: float, *, right: bool = False) -> None:
        for line in lines:
            self._paragraph("P", line, size, right=right, after=0.0)
        self.y -= size * 0.5

    def _paragraph(
        self,
        tag: str,
        text: str,
        size: float,
        language: str = "",
        indent: float = 0.0,
        bold: bool = False,
        after: float | None = None,
        right: bool = False,
    ) -> None:
        face = self.faces["bold" if bold else "regular"]
        self.piece += 1
        self._room(size * LEADING)
        self._open(tag, language)
        lines = list(face.broken(text, size, PAGE[0] - 2 * MARGIN - indent))
        for place, line in enumerate(lines):
            if self.y - size * LEADING < BOTTOM:
                self.made[-1].drawing.append("EMC")
                self._turn()
                self._open(tag, language)
            self.y -= size * LEADING
            left = MARGIN + indent
            if right:
                left = PAGE[0] - MARGIN - face.width(line, size)
            if indent and place == 0:
                self._draw(face, bold, size, left - indent, "• ")
            more = " " if place + 1 < len(lines) else ""  # for who listens: words of two lines are two words
            self._draw(face, bold, size, left, line + more)
        self.made[-1].drawing.append("EMC")
        self.y -= size * 0.7 if after is None else after

    def _draw(self, face: Face, bold: bool, size: float, left: float, text: str) -> None:
        name = "F2" if bold else "F1"
        self.made[-1].drawing.append(
            f"BT /{name} {size:g} Tf {left:.2f} {self.y:.2f} Td <{face.encode(text)}> Tj ET"
        )

    def _open(self, tag: str, language: str) -> None:
        sheet = self.made[-1]
        sheet.drawing.append(f"/{tag} <</MCID {len(sheet.pieces)}>> BDC")
        sheet.pieces.append((self.piece, tag, language))

    def _room(self, needed: float) -> None:
        if self.y - needed < BOTTOM:
            self._turn()

    def _turn(self) -> None:
        self.made.append(Sheet())
        self.y = PAGE[1] - TOP
        if len(self.made) > 1:
            self._number()

    def _number(self) -> None:
        """The number of the page, at its foot; no part of the text."""
        face, y = self.faces["regular"], self.y
        self.y = BOTTOM - 30
        self.made[-1].drawing.append("/Artifact BMC")
        size = max(11.0, float(self.letter.points) - 1 if self.letter.points < LARGE else LARGE)
        self._draw(face, False, size, MARGIN, f"Page {len(self.made)}")
        self.made[-1].drawing.append("EMC")
        self.y = y
