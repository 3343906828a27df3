"""Which PostgreSQL, as which role.

`DATABASE_URL` names an external server. Without it the embedded one is used, through the socket folder of
CLEARWAY_HOME. Each kind of process signs in as its own role; what a role may not do, the database refuses.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from . import postgres

DATABASE = "clearway"
ROLE_OF_PROCESS = {"web": postgres.WEB, "worker": postgres.WEB, "ingest": postgres.INGEST}
WEB_LIMITS = (
    "-c statement_timeout=15s -c lock_timeout=3s -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
)


def home(environment: Mapping[str, str]) -> Path:
    """Where the embedded server and everything else that is kept lives."""
    repository = Path(__file__).resolve().parents[2]
    return Path(environment.get("CLEARWAY_HOME") or repository / "var")


def databases(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Django's DATABASES for this process."""
    process = environment.get("CLEARWAY_PROCESS", "owner")
    options: dict[str, Any] = {"options": WEB_LIMITS if process in ("web", "ingest") else "-c timezone=UTC"}
    if process in ROLE_OF_PROCESS:
        options["pool"] = {"min_size": 1, "max_size": 16, "timeout": 5}
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "CONN_MAX_AGE": 0,
            "OPTIONS": options,
            **_server(environment, ROLE_OF_PROCESS.get(process, postgres.OWNER)),
        }
    }


def _server(environment: Mapping[str, str], role: str) -> dict[str, Any]:
    url = environment.get(f"{role.upper()}_DATABASE_URL") or environment.get("DATABASE_URL")
    if not url:
        sockets = home(environment) / "postgres" / "run"
        return {"NAME": DATABASE, "USER": role, "HOST": str(sockets)}
    given = conninfo_to_dict(url)
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {names[key]: value for key, value in given.items() if key in names}
