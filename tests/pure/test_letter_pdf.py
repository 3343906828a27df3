"""A letter as PDF: tagged, with its fonts, the same bytes every time, and nothing drawn that a font lacks."""

import re
import zlib
from dataclasses import replace
from datetime import date

import pytest

from clearway.core.layout.fonts import fonts
from clearway.domain.outpatients.letters import Block, blocks
from clearway.interchange.letter_pdf import CannotDraw, Page, write

LETTER = Page(
    subject="Your hand therapy appointment",
    sender=("Test Valley NHS Trust",),
    address=("Ada Łukasiewicz", "1 High Street", "WR5 1DD"),
    reference=("20 November 2026", "Number to give us: C0000012"),
    greeting="Dear Ada Łukasiewicz",
    blocks=(
        *blocks("You have an appointment.\n\n# What to bring\n- this letter\n- your glasses"),
        Block("paragraph", "Jeśli potrzebuje Pani tłumacza, proszę zadzwonić.", "pl"),
    ),
    closing=("Yours sincerely",),
    on=date(2026, 11, 20),
)


def streams(pdf: bytes) -> list[bytes]:
    """Every packed stream of a file, unpacked."""
    found = re.findall(rb"/FlateDecode>>\nstream\n(.*?)\nendstream", pdf, re.DOTALL)
    return [zlib.decompress(each) for each in found]


def said(pdf: bytes) -> str:
    """The words of a file, as a reader gets them by its own tables of characters; one line for each line."""
    maps = [
        {
            int(number, 16): bytes.fromhex(sign).decode("utf-16-be")
            for number, sign in re.findall(r"<(\w{4})> <(\w+)>", each.decode())
        }
        for each in streams(pdf)
        if b"beginbfchar" in each
    ]
    faces = dict(zip(("F1", "F2"), maps, strict=True))
    lines = []
    for each in streams(pdf):
        for face, text in re.findall(rb"/(F\d) \S+ Tf .*? <(\w*)> Tj", each):
            signs = [int(text[place : place + 4], 16) for place in range(0, len(text), 4)]
            lines.append("".join(faces[face.decode()][sign] for sign in signs))
    return "\n".join(lines)


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert write([LETTER], fonts()) == write([LETTER], fonts())
    assert write([LETTER], fonts()).pdf != write([replace(LETTER, greeting="Dear Ada")], fonts()).pdf


def test_the_words_can_be_read_out_searched_and_copied() -> None:
    text = said(write([LETTER], fonts()).pdf)

    for words in ("Dear Ada Łukasiewicz", "Your hand therapy appointment", "your glasses", "tłumacza"):
        assert words in text


def test_headings_lists_and_languages_are_tagged() -> None:
    pdf = write([LETTER], fonts()).pdf

    assert b"/MarkInfo <</Marked true>>" in pdf
    assert b"/Lang (en-GB)" in pdf
    assert len(re.findall(rb"/S /H1 ", pdf)) == 1
    assert len(re.findall(rb"/S /H2 ", pdf)) == 1
    assert len(re.findall(rb"/S /L ", pdf)) == 1
    assert len(re.findall(rb"/S /LI ", pdf)) == 2
    assert b"/S /P /P" in pdf
    assert len(re.findall(rb"/Lang \(pl\)", pdf)) == 1


def test_every_piece_that_is_drawn_has_its_tag() -> None:
    long = replace(LETTER, blocks=blocks("\n\n".join(["We will find another time for you. " * 9] * 14)))
    pdf = write([long], fonts()).pdf
    drawn = sum(each.count(b" BDC") for each in streams(pdf))

    assert drawn == len(re.findall(rb"/Type /MCR", pdf))
    assert all(each.count(b" BDC") + each.count(b" BMC") == each.count(b"EMC") for each in streams(pdf))


def test_large_print_is_larger_and_takes_more_pages() -> None:
    long = replace(LETTER, blocks=blocks("\n\n".join(["We will find another time for you. " * 9] * 9)))
    small, large = write([long], fonts()), write([replace(long, points=18)], fonts())

    assert small.pages < large.pages
    sizes = {float(size) for each in streams(large.pdf) for size in re.findall(rb"/F\d (\S+) Tf", each)}
    assert (
        min(sizes - {11.0}) >= 17
    )  # the sender's lines and the number at the foot of a page are no text to read
    assert 18.0 in sizes


def test_no_line_leaves_the_page() -> None:
    wide = replace(LETTER, blocks=(Block("paragraph", "x" * 400),))
    pdf = write([wide], fonts()).pdf
    places = [
        (float(left), float(height))
        for each in streams(pdf)
        for left, height in re.findall(rb"Tf (\S+) (\S+) Td", each)
    ]

    assert all(30 <= height <= 800 and 60 <= left <= 560 for left, height in places)
    assert "x" * 400 in said(pdf).replace(" \n", "")


def test_a_name_that_the_fonts_cannot_draw_stops_the_letter() -> None:
    with pytest.raises(CannotDraw, match="漢"):
        write([replace(LETTER, greeting="Dear 漢字")], fonts())


def test_letters_of_a_batch_each_begin_on_paper_of_their_own() -> None:
    assert write([LETTER, LETTER, LETTER], fonts()).pages == 5  # printed on both sides, with empty backs


def test_the_places_of_all_objects_are_right() -> None:
    pdf = write([LETTER], fonts()).pdf
    start = int(re.findall(rb"startxref\n(\d+)", pdf)[-1])
    places = [int(each) for each in re.findall(rb"(\d{10}) 00000 n", pdf[start:])]

    assert pdf[start:].startswith(b"xref")
    for number, place in enumerate(places, start=1):
        assert pdf[place:].startswith(f"{number} 0 obj\n".encode())
