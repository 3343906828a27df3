"""The Jinja2 environment of every page: NHS macros, the parts' own templates, and how times are written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from django.contrib.messages import get_messages
from django.templatetags.static import static
from django.urls import reverse

from ..live.drawn import drawn
from . import context, times

PACKAGE = Path(__file__).resolve().parents[2]
# A part keeps its templates beside its views, in a folder of its own name.
FOLDERS = ("core/*/templates", "desks/*/templates", "desks/*/*/templates", "gateway/templates")


def environment(**options: Any) -> jinja2.Environment:
    """Called by Django with the OPTIONS of the engine.

    Undefined values chain, because the NHS macros read options that were not given. A template that extends
    layout/page.html or layout/board.html needs nothing from its view but what it shows.
    """
    options["loader"] = jinja2.ChoiceLoader(
        [jinja2.FileSystemLoader(_folders()), jinja2.PackageLoader("nhsuk_frontend_jinja")]
    )
    options["undefined"] = jinja2.ChainableUndefined
    made = jinja2.Environment(**options, trim_blocks=True, lstrip_blocks=True)
    made.globals.update(
        static=static,
        drawn=drawn,
        url=url,
        menu=context.menu,
        navigation=context.navigation,
        feeds_of=context.feeds_of,
        tasks_of=context.tasks_of,
        notices_of=context.notices_of,
        beat_of=context.beat_of,
        unknown_before=context.unknown_before,
        places_of=context.places_of,
        theme_of=context.theme_of,
        errors_list=errors_list,
        keep=keep,
        get_messages=get_messages,
    )
    made.filters.update(
        clock=times.clock,
        in_text=times.in_text,
        zone=times.zone,
        day=times.day,
        moment=times.moment,
        duration=times.duration,
        iso=times.iso,
        typed=times.typed,
    )
    return made


def url(name: str, *arguments: Any, **named: Any) -> str:
    """The address of a named view: url("handovers:hospital", code)."""
    return reverse(name, args=arguments or None, kwargs=named or None)


def errors_list(errors: Mapping[str, str]) -> list[dict[str, str]]:
    """Errors by field id, as the NHS error summary lists them: each links to its field."""
    return [{"text": text, "href": f"#{field}"} for field, text in errors.items()]


def keep(request: Any, **changed: str) -> str:
    """The query of this page with some of it changed; an empty value leaves the field out."""
    query = request.GET.copy()
    for name, value in changed.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return str(query.urlencode())


def _folders() -> list[str]:
    return sorted(str(folder) for pattern in FOLDERS for folder in PACKAGE.glob(pattern))
