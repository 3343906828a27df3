"""The core as a Django app."""

from datetime import UTC, datetime

import psycopg
from django.apps import AppConfig
from django.db.backends.postgresql.psycopg_any import get_adapters_template
from psycopg.abc import Buffer
from psycopg.adapt import Loader


class CoreConfig(AppConfig):
    name = "clearway.core"
    label = "core"

    def ready(self) -> None:
        get_adapters_template(True, UTC).register_loader("timestamptz", InstantLoader)


class InstantLoader(Loader):
    """Makes instants of what the server says; our sessions all speak UTC and ISO.

    Instants are most of what a board reads. Django's loader, which can do any zone and style, took longer
    over them than all the rest together.
    """

    timezone = UTC  # Django asks a loader for its zone

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            # The first centuries, and infinity: neither is an instant of ours.
            raise psycopg.DataError(f"not an instant: {str(data, 'ascii')}") from None
