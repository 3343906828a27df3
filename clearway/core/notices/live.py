"""Notices for the screens that follow them."""

from datetime import datetime

from django.template.loader import render_to_string

from ..live.fragments import Fragment
from . import queries


def strip(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The whole strip: few lines, and one goes with time alone."""
    html = render_to_string("notices/strip.html", {"notices": queries.shown(organisation_id, at)})
    return [Fragment("notices", "strip", html)]
