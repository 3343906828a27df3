"""No page without a permission: every address of the desks names one or says that it is public."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from clearway.core.people.permissions import requirement_of


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield address, pattern.callback
        else:
            yield from _patterns(pattern, address)


def test_every_view_names_a_permission_or_is_public() -> None:
    unguarded = [address for address, view in _patterns(get_resolver()) if requirement_of(view) is None]

    assert unguarded == [], "decorate these views with @needs(...) or @public"
