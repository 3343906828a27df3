"""The least that Django does for a booking, for bench/booking.py: no sign-in, no rules, no audit.

POST /bare/   inserts one row that a unique constraint guards
POST /none/   asks whether the slot is free, then inserts, with no constraint: what many systems do
Serve with: BENCH_SOCKETS=... uvicorn bench.bare_booking:application
"""

import os

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLES = """
CREATE TABLE IF NOT EXISTS bench_bare (id bigserial PRIMARY KEY, slot bigint UNIQUE, entry bigint);
CREATE TABLE IF NOT EXISTS bench_none (id bigserial PRIMARY KEY, slot bigint, entry bigint);
"""

if not settings.configured:
    settings.configure(
        SECRET_KEY="only for the bench",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "clearway",
                "HOST": os.environ.get("BENCH_SOCKETS", ""),
                "USER": os.environ.get("BENCH_USER", ""),
                "OPTIONS": {"pool": {"min_size": 2, "max_size": 16}},
            }
        },
    )


def bare(request: HttpRequest) -> HttpResponse:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_bare (slot, entry) VALUES (%s, %s)", _asked(request))
    except IntegrityError:
        return HttpResponse(status=409)
    return HttpResponse(status=201)


def none(request: HttpRequest) -> HttpResponse:
    slot, entry = _asked(request)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench_none WHERE slot = %s", [slot])
        if cursor.fetchone()[0]:
            return HttpResponse(status=409)
        cursor.execute("INSERT INTO bench_none (slot, entry) VALUES (%s, %s)", [slot, entry])
    return HttpResponse(status=201)


def _asked(request: HttpRequest) -> list[int]:
    return [int(request.POST["slot"]), int(request.POST["entry"])]


urlpatterns = [path("bare/", bare), path("none/", none)]
application = WSGIMiddleware(get_wsgi_application(), workers=8)  # type: ignore[arg-type]
