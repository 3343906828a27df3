"""Headers that every answer carries, whichever view made it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

A_YEAR = 365 * 86_400  # seconds
# Under these addresses patients are named: no browser keeps such a page, not even for its way back.
OF_PATIENTS = ("/outpatients/", "/incidents/", "/a/")

View = Callable[[HttpRequest], HttpResponse]


def hardened(get_response: View) -> View:
    """Middleware: https alone where people come by https, and nothing kept of pages that name patients."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if settings.SESSION_COOKIE_SECURE:
            response["Strict-Transport-Security"] = f"max-age={A_YEAR}"
        if request.path.startswith(OF_PATIENTS):
            response["Cache-Control"] = "no-store"
        return response

    return middleware
