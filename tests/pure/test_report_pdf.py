"""A report as PDF: its tables are tables, each chart says what it shows, and nothing falls off a page."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from clearway.core.layout.fonts import fonts
from clearway.domain.shared.figures import Chart, Figures
from clearway.interchange.report_pdf import Report, write
from clearway.interchange.tagged_pdf import CannotDraw

from .test_letter_pdf import said, streams

WEEKS = [date(2026, 5, 18) + timedelta(weeks=nth) for nth in range(26)]
CHART = Chart(
    title="Did not attend",
    says="26 points, the last 12.0%. Mean 9.1%, limits 4.0% to 14.2%. Usual variation.",
    width=760,
    height=260,
    rules=((56, 732, 40, "grid", "14.0%"), (56, 732, 130, "mean", ""), (56, 732, 60, "limit", "")),
    dots=tuple((56 + nth * 27.0, 130.0 - nth % 5, "concern", "up") for nth in range(26)),
    labels=((56, "18 May"), (272, "13 Jul")),
    columns=("Period", "Value", "Counted", "Shows"),
    rows=tuple((f"{each:%-d %b %Y}", "9.1%", "91 of 1,000", "~") for each in WEEKS),
)
ROWS = tuple(
    (f"Indicator {nth}, with a long name that needs room", "9.1%", "91 of 1,000") for nth in range(60)
)
REPORT = Report(
    "Performance by its indicators",
    ("Test Valley NHS Trust", "Sent to Lena Leader"),
    (
        Figures(
            *("60 indicators: 3 of concern.", ("Indicator", "Last", "Counted"), ROWS, frozenset({1, 2})),
            charts=(CHART,),
        ),
    ),
    date(2026, 11, 23),
)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert write(REPORT, fonts()) == write(REPORT, fonts())


def test_tables_are_tagged_as_tables_with_headings_and_a_chart_with_its_words() -> None:
    pdf = write(REPORT, fonts()).pdf

    assert len(re.findall(rb"/S /Table ", pdf)) == 2
    assert len(re.findall(rb"/S /TR ", pdf)) == 61 + 27
    assert len(re.findall(rb"/Scope /Column", pdf)) == 3 + 4
    assert len(re.findall(rb"/Scope /Row", pdf)) == 60 + 26
    assert len(re.findall(rb"/S /TD ", pdf)) == 60 * 2 + 26 * 3
    (alt,) = re.findall(rb"/S /Figure .*?/Alt <FEFF(\w+)>", pdf)
    assert bytes.fromhex(alt.decode()).decode("utf-16-be") == CHART.says
    assert b"/P 0 0 R" not in pdf  # every cell knows its row


def test_every_cell_is_printed_and_stands_on_the_paper() -> None:
    written = write(REPORT, fonts())
    text = said(written.pdf)

    assert all(row[0] in text.replace(" \n", " ") for row in (*ROWS, *CHART.rows))
    assert written.pages == 4  # the table over three, and the chart with its own beside it
    for drawing in streams(written.pdf):
        for x, y in re.findall(rb"Tf ([\d.-]+) ([\d.-]+) Td", drawing):
            assert 40 < float(x) < 800 and 20 < float(y) < 560


def test_what_the_fonts_cannot_draw_is_named() -> None:
    with pytest.raises(CannotDraw, match="歯"):
        write(replace(REPORT, title="歯"), fonts())
