"""The colour tokens against the WCAG 2.2 contrast formula, light and dark."""

import re
from pathlib import Path

import pytest

import clearway

TOKENS = (Path(clearway.__file__).parent / "static/css/tokens.css").read_text()
TEXT, GRAPHIC = 4.5, 3.0  # WCAG 1.4.3 and 1.4.11

PAIRS = [
    ("text", "page", TEXT),
    ("text", "panel", TEXT),
    ("text", "row-hover", TEXT),
    ("secondary", "page", TEXT),
    ("secondary", "panel", TEXT),
    ("secondary", "row-hover", TEXT),
    ("link", "page", TEXT),
    ("link", "panel", TEXT),
    ("link", "row-hover", TEXT),
    ("on-bar", "bar", TEXT),
    ("on-p1", "p1", TEXT),
    ("p1", "panel", GRAPHIC),
    ("p1-text", "page", TEXT),
    ("p1-text", "panel", TEXT),
    ("on-p2", "p2", TEXT),
    ("p2-edge", "panel", GRAPHIC),
    ("on-p3", "p3", TEXT),
    ("stale", "page", TEXT),
    ("stale", "panel", TEXT),
    ("stale", "stale-hatch", TEXT),
    ("control", "page", GRAPHIC),
    ("control", "panel", GRAPHIC),
    ("focus-edge", "focus", GRAPHIC),
]


def tokens(theme: str) -> dict[str, str]:
    light, dark = TOKENS.split('[data-theme="dark"]')
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return named if theme == "light" else named | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "paper", "least"), PAIRS)
@pytest.mark.promise("A1")
def test_every_pair_of_tokens_can_be_read(theme: str, ink: str, paper: str, least: float) -> None:
    named = tokens(theme)

    assert contrast(named[ink], named[paper]) >= least


def test_the_formula_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert round(contrast("#ffffff", "#d5281b"), 1) == 5.1  # as the house's table of tokens gives it


def test_the_dark_screen_never_uses_pure_white_on_pure_black() -> None:
    dark = tokens("dark")

    assert "#000000" not in dark.values()
    assert dark["text"] != "#ffffff"
