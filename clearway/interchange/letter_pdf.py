"""Letters as PDF: bytes out, values in. The same letter and fonts give the same bytes.

Tagged, so that a screen reader meets headings, paragraphs and lists in their order and passages in their own
language; fonts embedded, so that every printer draws the same. Written here because the libraries at hand
that need nothing of the operating system do not tag (docs/adr/0063). PDF 1.7, ISO 32000-1: section 14.8 for
the tags, 9.7 for the fonts.
"""

import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from fontTools import subset
from fontTools.ttLib import TTFont

from clearway.domain.outpatients.letters import Block

PAGE = (595.28, 841.89)  # A4 in points
MARGIN, TOP, BOTTOM = 62.0, 62.0, 68.0
WINDOW = (62.0, 127.0)  # left and top of the address, in points: in the window of a DL envelope
LARGE = 18.0  # points: from here on nothing on the page is smaller
LEADING = 1.45  # line to line, as a part of the type size
USUAL = (*range(32, 127), 0x2019, 0x2022)  # always embedded, so that most letters share one cut of the font
TAGS = {"heading": "H2", "paragraph": "P", "item": "LI"}


@dataclass(frozen=True, slots=True)
class Fonts:
    """The files of a regular and a bold TrueType font."""

    regular: bytes
    bold: bytes


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


@dataclass(frozen=True, slots=True)
class Written:
    """The bytes of a PDF and how many pages it has."""

    pdf: bytes
    pages: int


class CannotDraw(Exception):
    """The fonts have no sign for some characters; they are the message."""


def write(letters: Sequence[Page], fonts: Fonts) -> Written:
    """One PDF of one letter, or of several one after the other, each beginning on a sheet of its own.

    Raises CannotDraw for characters that the fonts do not have.
    """
    faces = {"regular": _Face(fonts.regular), "bold": _Face(fonts.bold)}
    sheets: list[_Sheet] = []
    for letter in letters:
        if len(letters) > 1 and len(sheets) % 2:
            sheets.append(_Sheet())  # printed on both sides, the next one begins on paper of its own
        sheets += _Layout(letter, faces).sheets()
    title = letters[0].subject if len(letters) == 1 else f"{len(letters)} letters"
    return Written(_Document(sheets, faces, title, letters[0].on).whole(), len(sheets))


class _Face:
    """A font: how wide its signs are, and which of them a document uses."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.widths, self.signs, self.measures = _measures(data)
        self.used: dict[int, str] = {}

    def width(self, text: str, points: float) -> float:
        return sum(self.widths[self._sign(each)] for each in text) * points / 1000

    def encode(self, text: str) -> str:
        """The text as glyph numbers in hexadecimal."""
        numbers = []
        for each in text:
            number = self._sign(each)
            self.used[number] = each
            numbers.append(f"{number:04X}")
        return "".join(numbers)

    def missing(self, text: str) -> set[str]:
        return {each for each in text if ord(each) not in self.signs}

    def _sign(self, character: str) -> int:
        return self.signs[ord(character)]


Measures = tuple[tuple[int, ...], Mapping[int, int], tuple[int, ...]]


@lru_cache(maxsize=8)
def _measures(data: bytes) -> Measures:
    """Width of each glyph in thousandths; glyph by character; box, ascent, descent, height of capitals."""
    font = TTFont(io.BytesIO(data), lazy=True)
    unit = 1000 / font["head"].unitsPerEm
    order = font.getGlyphOrder()
    widths = tuple(round(font["hmtx"][name][0] * unit) for name in order)
    number = {name: place for place, name in enumerate(order)}
    signs = {code: number[name] for code, name in font.getBestCmap().items()}
    head, metrics = font["head"], font["OS/2"]
    box = (head.xMin, head.yMin, head.xMax, head.yMax)
    heights = (metrics.sTypoAscender, metrics.sTypoDescender, metrics.sCapHeight)
    return widths, signs, tuple(round(each * unit) for each in (*box, *heights))


@dataclass
class _Sheet:
    """One page: its drawing, and the tagged pieces on it in the order in which they are read."""

    drawing: list[str] = field(default_factory=list)
    pieces: list[tuple[int, str, str]] = field(default_factory=list)  # number of the piece, tag, language


class _Layout:
    """Breaks one letter into lines and pages."""

    def __init__(self, letter: Page, faces: Mapping[str, _Face]) -> None:
        self.letter, self.faces = letter, faces
        self.made: list[_Sheet] = []
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

    def sheets(self) -> list[_Sheet]:
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
        lines = list(self._broken(text, face, size, PAGE[0] - 2 * MARGIN - indent))
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

    def _draw(self, face: _Face, bold: bool, size: float, left: float, text: str) -> None:
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
        self.made.append(_Sheet())
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

    def _broken(self, text: str, face: _Face, size: float, width: float) -> Iterator[str]:
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and face.width(longer, size) > width:
                yield line
                line = word
            else:
                line = longer
            while face.width(line, size) > width:  # one word that no line can hold
                cut = next(
                    n for n in range(len(line), 0, -1) if face.width(line[:n], size) <= width or n == 1
                )
                yield line[:cut]
                line = line[cut:]
        if line:
            yield line


class _Document:
    """The objects of the file."""

    def __init__(self, sheets: list[_Sheet], faces: Mapping[str, _Face], title: str, on: date) -> None:
        self.sheets, self.faces, self.title, self.on = sheets, faces, title, on
        self.objects: list[bytes] = []

    def whole(self) -> bytes:
        catalog, pages, tree = self._reserve(), self._reserve(), self._reserve()
        fonts = {"F1": self._font(self.faces["regular"], "A"), "F2": self._font(self.faces["bold"], "B")}
        resources = " ".join(f"/{name} {key} 0 R" for name, key in fonts.items())
        keys = [self._page(sheet, place, pages, resources) for place, sheet in enumerate(self.sheets)]
        self._put(pages, f"<</Type /Pages /Count {len(keys)} /Kids [{_refs(keys)}]>>")
        self._structure(tree, keys)
        metadata = self._stream(self._metadata(), "/Type /Metadata /Subtype /XML", packed=False)
        self._put(
            catalog,
            f"<</Type /Catalog /Pages {pages} 0 R /StructTreeRoot {tree} 0 R /MarkInfo <</Marked true>> "
            f"/Lang (en-GB) /ViewerPreferences <</DisplayDocTitle true>> /Metadata {metadata} 0 R>>",
        )
        made = f"D:{self.on:%Y%m%d}000000Z"
        info = self._add(f"<</Title {_text(self.title)} /Producer (Clearway) /CreationDate ({made})>>")
        return self._file(catalog, info)

    def _page(self, sheet: _Sheet, place: int, pages: int, resources: str) -> int:
        content = self._stream("\n".join(sheet.drawing).encode(), "")
        return self._add(
            f"<</Type /Page /Parent {pages} 0 R /MediaBox [0 0 {PAGE[0]:g} {PAGE[1]:g}] "
            f"/Contents {content} 0 R /Resources <</Font <<{resources}>>>> /StructParents {place} /Tabs /S>>"
        )

    def _structure(self, tree: int, pages: list[int]) -> None:
        """The tree of tags: pieces in the order they are read, items gathered into lists."""
        document = self._reserve()
        owners: list[list[int]] = [[] for _ in pages]
        children: list[int] = []
        items: list[int] = []
        whole: tuple[int, int] | None = None  # number of the open list
        for parts in self._pieces():
            tag, language = parts[0][2], parts[0][3]
            if tag == "LI":
                whole = whole or (self._reserve(), 0)
                items.append(self._item(whole[0], parts, language, pages, owners))
                continue
            if whole:
                self._close(whole[0], document, items, children)
                whole = None
            children.append(self._element(self._reserve(), document, tag, parts, language, pages, owners))
        if whole:
            self._close(whole[0], document, items, children)
        self._put(document, f"<</Type /StructElem /S /Document /P {tree} 0 R /K [{_refs(children)}]>>")
        numbers = " ".join(f"{place} [{_refs(keys)}]" for place, keys in enumerate(owners))
        parents = self._add(f"<</Nums [{numbers}]>>")
        self._put(
            tree,
            f"<</Type /StructTreeRoot /K [{document} 0 R] /ParentTree {parents} 0 R "
            f"/ParentTreeNextKey {len(pages)}>>",
        )

    def _close(self, key: int, document: int, items: list[int], children: list[int]) -> None:
        self._put(key, f"<</Type /StructElem /S /L /P {document} 0 R /K [{_refs(items)}]>>")
        children.append(key)
        items.clear()

    def _item(
        self,
        parent: int,
        parts: Sequence[tuple[int, int, str, str]],
        language: str,
        pages: list[int],
        owners: list[list[int]],
    ) -> int:
        item, body = self._reserve(), self._reserve()
        self._element(body, item, "LBody", parts, language, pages, owners)
        self._put(item, f"<</Type /StructElem /S /LI /P {parent} 0 R /K [{body} 0 R]>>")
        return item

    def _element(
        self,
        key: int,
        parent: int,
        tag: str,
        parts: Sequence[tuple[int, int, str, str]],
        language: str,
        pages: list[int],
        owners: list[list[int]],
    ) -> int:
        for sheet, _, _, _ in parts:
            owners[sheet].append(key)
        kids = " ".join(
            f"<</Type /MCR /Pg {pages[sheet]} 0 R /MCID {number}>>" for sheet, number, _, _ in parts
        )
        lang = f" /Lang ({language})" if language else ""
        self._put(key, f"<</Type /StructElem /S /{tag} /P {parent} 0 R{lang} /K [{kids}]>>")
        return key

    def _pieces(self) -> Iterator[list[tuple[int, int, str, str]]]:
        """The parts of each piece: sheet, number on it, tag, language. A piece may run over a page's end."""
        open_: list[tuple[int, int, str, str]] = []
        last = -1
        for place, sheet in enumerate(self.sheets):
            for number, (piece, tag, language) in enumerate(sheet.pieces):
                if open_ and piece != last:
                    yield open_
                    open_ = []
                open_.append((place, number, tag, language))
                last = piece
        if open_:
            yield open_

    def _font(self, face: _Face, letter: str) -> int:
        used = sorted({0, *face.used, *(face.signs[code] for code in USUAL if code in face.signs)})
        data, name = _subset(face.data, tuple(used))
        name = f"{letter * 6}+{name}"
        file = self._stream(data, f"/Length1 {len(data)}")
        x0, y0, x1, y1, ascent, descent, capitals = face.measures
        descriptor = self._add(
            f"<</Type /FontDescriptor /FontName /{name} /Flags 32 /FontBBox [{x0} {y0} {x1} {y1}] "
            f"/ItalicAngle 0 /Ascent {ascent} /Descent {descent} /CapHeight {capitals} /StemV 80 "
            f"/FontFile2 {file} 0 R>>"
        )
        widths = " ".join(f"{number} [{face.widths[number]}]" for number in used)
        descendant = self._add(
            f"<</Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo "
            f"<</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /FontDescriptor {descriptor} 0 R "
            f"/W [{widths}] /CIDToGIDMap /Identity>>"
        )
        characters = self._stream(_characters(face.used), "")
        return self._add(
            f"<</Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
            f"/DescendantFonts [{descendant} 0 R] /ToUnicode {characters} 0 R>>"
        )

    def _metadata(self) -> bytes:
        title = self.title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>'
            "<dc:language><rdf:Bag><rdf:li>en-GB</rdf:li></rdf:Bag></dc:language>"
            '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
        ).encode()

    def _reserve(self) -> int:
        self.objects.append(b"")
        return len(self.objects)

    def _put(self, key: int, content: str | bytes) -> None:
        self.objects[key - 1] = content if isinstance(content, bytes) else content.encode("latin-1")

    def _add(self, content: str | bytes) -> int:
        key = self._reserve()
        self._put(key, content)
        return key

    def _stream(self, data: bytes, more: str, *, packed: bool = True) -> int:
        body = zlib.compress(data, 9) if packed else data
        packing = " /Filter /FlateDecode" if packed else ""
        head = f"<<{more} /Length {len(body)}{packing}>>\nstream\n".encode()
        return self._add(head + body + b"\nendstream")

    def _file(self, catalog: int, info: int) -> bytes:
        made = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for key, content in enumerate(self.objects, start=1):
            places.append(len(made))
            made += f"{key} 0 obj\n".encode() + content + b"\nendobj\n"
        name = hashlib.sha256(made).hexdigest()[:32]
        start = len(made)
        made += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode()
        made += "".join(f"{place:010} 00000 n \n" for place in places).encode()
        made += (
            f"trailer\n<</Size {len(places) + 1} /Root {catalog} 0 R /Info {info} 0 R "
            f"/ID [<{name}> <{name}>]>>\nstartxref\n{start}\n%%EOF\n"
        ).encode()
        return bytes(made)


def _refs(keys: Iterable[int]) -> str:
    return " ".join(f"{key} 0 R" for key in keys)


def _text(text: str) -> str:
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"


def _characters(used: Mapping[int, str]) -> bytes:
    """Which character each glyph stands for, so that text can be read out, searched and copied."""
    pairs = [f"<{number:04X}> <{used[number].encode('utf-16-be').hex().upper()}>" for number in sorted(used)]
    chunks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    body = "\n".join(f"{len(each)} beginbfchar\n" + "\n".join(each) + "\nendbfchar" for each in chunks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{body}\nendcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode()


@lru_cache(maxsize=64)
def _subset(data: bytes, glyphs: tuple[int, ...]) -> tuple[bytes, str]:
    """The font with these glyphs alone, their numbers kept, and its name."""
    options = subset.Options()
    options.retain_gids = True
    options.hinting = False
    options.layout_features = []
    options.name_IDs = []
    options.notdef_outline = True
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "BASE", "DSIG"]
    font = TTFont(io.BytesIO(data), recalcTimestamp=False)
    name = font["name"].getDebugName(6) or "Letter"
    cutter = subset.Subsetter(options)
    cutter.populate(gids=list(glyphs))
    cutter.subset(font)
    made = io.BytesIO()
    font.save(made)
    return made.getvalue(), name
