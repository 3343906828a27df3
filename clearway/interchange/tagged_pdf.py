"""Tagged PDF: what letters and reports are drawn on. The same drawing and fonts give the same bytes.

Tagged, so that a screen reader meets headings, paragraphs, lists and tables in their order and passages in
their own language; fonts embedded, so that every printer draws the same. Written here because the libraries
at hand that need nothing of the operating system do not tag (docs/adr/0063). PDF 1.7, ISO 32000-1: section
14.8 for the tags, 9.7 for the fonts.
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

PAGE = (595.28, 841.89)  # A4 in points
USUAL = (*range(32, 127), 0x2019, 0x2022)  # always embedded, so that most files share one cut of the font
CELLS = {"column": "TH", "row": "TH", "TD": "TD"}  # tag of a piece -> tag of a cell
SCOPES = {"column": "Column", "row": "Row"}


@dataclass(frozen=True, slots=True)
class Fonts:
    """The files of a regular and a bold TrueType font."""

    regular: bytes
    bold: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """The bytes of a PDF and how many pages it has."""

    pdf: bytes
    pages: int


class CannotDraw(Exception):
    """The fonts have no sign for some characters; they are the message."""


class Face:
    """A font: how wide its signs are, and which of them a document uses."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.widths, self.signs, self.measures = _measures(data)
        self.used: dict[int, str] = {}

    def width(self, text: str, points: float) -> float:
        return sum(self.widths[self.sign(each)] for each in text) * points / 1000

    def encode(self, text: str) -> str:
        """The text as glyph numbers in hexadecimal."""
        numbers = []
        for each in text:
            number = self.sign(each)
            self.used[number] = each
            numbers.append(f"{number:04X}")
        return "".join(numbers)

    def missing(self, text: str) -> set[str]:
        return {each for each in text if ord(each) not in self.signs}

    def broken(self, text: str, size: float, width: float) -> Iterator[str]:
        """The text in lines of at most this width."""
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and self.width(longer, size) > width:
                yield line
                line = word
            else:
                line = longer
            while self.width(line, size) > width:  # one word that no line can hold
                cut = next(
                    n for n in range(len(line), 0, -1) if self.width(line[:n], size) <= width or n == 1
                )
                yield line[:cut]
                line = line[cut:]
        if line:
            yield line

    def sign(self, character: str) -> int:
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
class Sheet:
    """One page: its drawing, and the tagged pieces on it in the order in which they are read.

    pieces  number of the piece, tag, language or, of a figure, the words for who cannot see it
    rows    number of a piece that is a cell -> numbers of its table and row
    """

    size: tuple[float, float] = PAGE
    drawing: list[str] = field(default_factory=list)
    pieces: list[tuple[int, str, str]] = field(default_factory=list)
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)


class Document:
    """The objects of the file."""

    def __init__(self, sheets: list[Sheet], faces: Mapping[str, Face], title: str, on: date) -> None:
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

    def _page(self, sheet: Sheet, place: int, pages: int, resources: str) -> int:
        content = self._stream("\n".join(sheet.drawing).encode(), "")
        return self._add(
            f"<</Type /Page /Parent {pages} 0 R /MediaBox [0 0 {sheet.size[0]:g} {sheet.size[1]:g}] "
            f"/Contents {content} 0 R /Resources <</Font <<{resources}>>>> /StructParents {place} /Tabs /S>>"
        )

    def _structure(self, tree: int, pages: list[int]) -> None:
        """The tree of tags: pieces in the order they are read, items gathered into lists."""
        document = self._reserve()
        owners: list[list[int]] = [[] for _ in pages]
        children: list[int] = []
        items: list[int] = []
        whole: tuple[int, int] | None = None  # number of the open list
        tables: dict[int, dict[int, list[int]]] = {}
        places = {piece: row for sheet in self.sheets for piece, row in sheet.rows.items()}
        for piece, parts in self._pieces():
            tag, language = parts[0][2], parts[0][3]
            if tag in CELLS:
                table, row = places[piece]
                if table not in tables:
                    tables[table] = {}
                    children.append(-table)  # its number is not known yet
                cell = self._element(self._reserve(), 0, tag, parts, "", pages, owners)
                tables[table].setdefault(row, []).append(cell)
                continue
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
        made = {table: self._table(document, rows) for table, rows in tables.items()}
        children = [made[-key] if key < 0 else key for key in children]
        self._put(document, f"<</Type /StructElem /S /Document /P {tree} 0 R /K [{_refs(children)}]>>")
        numbers = " ".join(f"{place} [{_refs(keys)}]" for place, keys in enumerate(owners))
        parents = self._add(f"<</Nums [{numbers}]>>")
        self._put(
            tree,
            f"<</Type /StructTreeRoot /K [{document} 0 R] /ParentTree {parents} 0 R "
            f"/ParentTreeNextKey {len(pages)}>>",
        )

    def _table(self, parent: int, rows: Mapping[int, Sequence[int]]) -> int:
        """A table of the cells that were made, which learn here whose they are."""
        key = self._reserve()
        kept = []
        for cells in rows.values():
            row = self._reserve()
            for cell in cells:
                self._put(cell, self.objects[cell - 1].replace(b"/P 0 0 R", f"/P {row} 0 R".encode()))
            self._put(row, f"<</Type /StructElem /S /TR /P {key} 0 R /K [{_refs(cells)}]>>")
            kept.append(row)
        self._put(key, f"<</Type /StructElem /S /Table /P {parent} 0 R /K [{_refs(kept)}]>>")
        return key

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
        more = f" /Lang ({language})" if language else ""
        if tag == "Figure":
            more = f" /Alt {_text(language)}"
        elif tag in SCOPES:
            more = f" /A <</O /Table /Scope /{SCOPES[tag]}>>"
        self._put(key, f"<</Type /StructElem /S /{CELLS.get(tag, tag)} /P {parent} 0 R{more} /K [{kids}]>>")
        return key

    def _pieces(self) -> Iterator[tuple[int, list[tuple[int, int, str, str]]]]:
        """Each piece and its parts: sheet, number on it, tag, language. A piece may run over a page's end."""
        open_: list[tuple[int, int, str, str]] = []
        last = -1
        for place, sheet in enumerate(self.sheets):
            for number, (piece, tag, language) in enumerate(sheet.pieces):
                if open_ and piece != last:
                    yield last, open_
                    open_ = []
                open_.append((place, number, tag, language))
                last = piece
        if open_:
            yield last, open_

    def _font(self, face: Face, letter: str) -> int:
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
