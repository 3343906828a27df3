"""Second factors in words and pictures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import segno

from .models import Factor


@dataclass(frozen=True, slots=True)
class Row:
    """One factor as its owner sees it."""

    key: int
    kind: str
    name: str
    added_at: datetime
    used_at: datetime | None


def rows(factors: Iterable[Factor]) -> list[Row]:
    return [Row(each.pk, each.get_kind_display(), each.name, each.added_at, each.used_at) for each in factors]


def code_of(address: str) -> str:
    """An address as a QR code in inline SVG, drawn here: black on white, with the margin cameras need."""
    code = segno.make(address, error="m", micro=False)
    drawn: str = code.svg_inline(border=4, dark="#000", light="#fff", svgclass="qr", omitsize=True)
    return drawn


def spoken(secret: str) -> str:
    """A secret to be typed by hand, in fours."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
