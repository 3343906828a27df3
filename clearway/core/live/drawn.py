"""Rows in HTML, drawn once for all who look: the same values give the same piece of a page."""

from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from markupsafe import Markup


# Rows are values without ticking text: most are as they were when a page or a push comes to them again.
# A row weighs half a kilobyte, a hospital with its vehicles five.
@lru_cache(maxsize=8_000)
def drawn(template: str, **values: Any) -> Markup:
    """A template with these values, which must be hashable and all that it shows: nothing of the viewer."""
    return Markup(render_to_string(template, values))
