"""What the page of a refused form shows of it."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

from ..people import kept

LONGEST = 2_000  # characters of one field


def typed(fields: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The fields that a person can read, each with its name in words; what is sealed is left out."""
    said = ((name, "\n".join(values)) for name, values in fields.items() if name not in kept.SECRET)
    return [
        (name.replace("_", " ").replace("-", " ").capitalize(), value)
        for name, value in said
        if value and not _is_sealed(value)
    ]


def _is_sealed(value: str) -> bool:
    return len(value) > LONGEST or (":" in value and len(max(value.split(), key=len)) > 80)


def back(request: Any) -> str:
    """The page that the form was on, as the browser says; else the first page."""
    came = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came, {request.get_host()}):
        return "/"
    there = urlsplit(came)
    return f"{there.path}?{there.query}" if there.query else there.path
