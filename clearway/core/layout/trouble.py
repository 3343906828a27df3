"""What a person reads when an address leads nowhere, a request makes no sense, or we have failed."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def not_found(request: Any, exception: Exception | None = None) -> HttpResponse:
    """The 404 page. What exists but is out of reach is not told apart from what does not exist."""
    sentences = (
        "The address may be mistyped, or what it named has gone.",
        "Something of another hospital or trust is not shown either.",
    )
    return _page(request, "There is no such page", sentences, 404)


def not_understood(request: Any, exception: Exception | None = None) -> HttpResponse:
    """The 400 page."""
    sentences = ("What was sent cannot be read, so nothing was changed.",)
    return _page(request, "This request cannot be understood", sentences, 400)


def failed(request: Any) -> HttpResponse:
    """The 500 page, which needs neither the database nor the session: either may be what failed."""
    again = request.path if request.method == "GET" else "/"
    context = {"again": again, "reference": getattr(request, "id", "")}
    return HttpResponse(render_to_string("layout/broken.html", context), status=500)


def _page(request: Any, heading: str, sentences: tuple[str, ...], status: int) -> HttpResponse:
    # A host that is refused is refused before anybody is recognised: there is no frame to show it in.
    if not hasattr(request, "reach"):
        return HttpResponse(f"{heading}. {' '.join(sentences)}", status=status, content_type="text/plain")
    return render(request, "layout/trouble.html", {"heading": heading, "sentences": sentences}, status=status)
