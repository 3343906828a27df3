"""Figures as files that leave a page: a tagged PDF, and answers that a browser keeps as files."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.http import HttpResponse

from clearway.domain.shared.figures import Figures
from clearway.interchange import report_pdf
from clearway.interchange.tagged_pdf import CannotDraw

from .fonts import fonts
from .times import local

PDF, TEXT = "application/pdf", "text/plain; charset=utf-8"


def as_pdf(title: str, about: tuple[str, ...], found: Iterable[Figures], at: datetime) -> bytes:
    """Figures for print, tagged as letters are; the same figures, the same bytes.

    Signs that the fonts do not have are printed as question marks: nobody goes without the paper for them.
    """
    paper = report_pdf.Report(title, about, tuple(found), local(at).date())
    try:
        return report_pdf.write(paper, fonts()).pdf
    except CannotDraw as problem:
        return report_pdf.write(_without(paper, str(problem)), fonts()).pdf


def _without(paper: report_pdf.Report, signs: str) -> report_pdf.Report:
    there = str.maketrans(dict.fromkeys(signs, "?"))

    def drawn(each: Figures) -> Figures:
        rows = tuple(tuple(cell.translate(there) for cell in row) for row in each.rows)
        return replace(
            each, title=each.title.translate(there), sentence=each.sentence.translate(there), rows=rows
        )

    about = tuple(line.translate(there) for line in paper.about)
    figures = tuple(map(drawn, paper.figures))
    return replace(paper, title=paper.title.translate(there), about=about, figures=figures)


def as_file(made: bytes, name: str, media: str) -> HttpResponse:
    """An answer that is kept as a file of this name, and by nobody on the way."""
    answer = HttpResponse(made, content_type=media)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer
