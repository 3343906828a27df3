"""Where the database is, and how each kind of process uses it.

`DATABASE_URL` names a PostgreSQL that somebody else runs; without it Clearway runs its own under
`CLEARWAY_HOME` (see postgres.py). `CLEARWAY_PROCESS` says what kind of process this is, which decides the
role, the pool and the time limits. A process with no kind (migrations, reports, tests) works as the owner,
without a pool. On an outside server each role may have an address of its own, such as
`CLEARWAY_INGEST_DATABASE_URL`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from clearway.config import postgres

DATABASE = "clearway"
REPOSITORY = Path(__file__).resolve().parents[2]
RECONNECT_SECONDS = 5  # then a pool starts anew when asked; its waits between tries would grow to minutes
POOL_TIMEOUT = 5  # seconds; the driver's own 30 s would hide a dead server behind a waiting page


@dataclass(frozen=True)
class Use:
    """How one kind of process uses the database.

    role              the database role it works as on the embedded server
    connections       fewest and most in its pool; None for no pool
    statement_limit   seconds that one statement may run; 0 for no limit
    every_trust       whether it acts for every trust: policies for rows show it all (docs/adr/0109)
    """

    role: str
    connections: tuple[int, int] | None
    statement_limit: int
    every_trust: bool = False


USES = {
    "web": Use(postgres.WEB, (2, 16), 15),
    "ingest": Use(postgres.INGEST, (1, 8), 30),
    "worker": Use(postgres.WEB, None, 60, every_trust=True),  # each duty keeps a connection of its own
    "owner": Use(postgres.OWNER, None, 0),
}
LOCK_LIMIT, IDLE_LIMIT = 3, 30  # seconds, for every process with a statement limit


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of all that Clearway keeps: CLEARWAY_HOME, else var/ beside the code, else ~/.clearway."""
    if named := environment.get("CLEARWAY_HOME"):
        return Path(named).expanduser().absolute()
    if (REPOSITORY / "pyproject.toml").is_file():
        return REPOSITORY / "var"
    return Path("~/.clearway").expanduser()


def is_embedded(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether Clearway runs PostgreSQL itself."""
    return not _url(environment)


def _url(environment: Mapping[str, str]) -> str | None:
    named = f"{use(environment).role.upper()}_DATABASE_URL"
    return environment.get(named) or environment.get("DATABASE_URL")


def use(environment: Mapping[str, str] = os.environ) -> Use:
    """How this process uses the database. Raises ValueError naming the kinds that there are."""
    kind = environment.get("CLEARWAY_PROCESS") or "owner"
    if kind not in USES:
        raise ValueError(f"CLEARWAY_PROCESS is {kind!r}; it can be {', '.join(USES)}, or left out.")
    return USES[kind]


def address(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The words of a connection, as psycopg.connect takes them: host, dbname, user and so on."""
    if url := _url(environment):
        return dict(conninfo_to_dict(url))
    place = postgres.place(home(environment) / "postgres")
    return {"host": str(postgres.socket_folder(place)), "dbname": DATABASE, "user": use(environment).role}


def databases(environment: Mapping[str, str] = os.environ) -> dict[str, dict[str, Any]]:
    """Django's DATABASES for this process."""
    words = address(environment)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    django = {name: str(words.pop(word, "")) for name, word in names.items()}
    options = {**words, **_settings(use(environment)), **_pool(use(environment))}
    engine = "django.db.backends.postgresql"
    return {"default": {"ENGINE": engine, **django, "OPTIONS": options, "CONN_MAX_AGE": 0}}


def _settings(use: Use) -> dict[str, str]:
    settings = {"timezone": "UTC"}
    if use.statement_limit:
        settings |= {
            "statement_timeout": f"{use.statement_limit}s",
            "lock_timeout": f"{LOCK_LIMIT}s",
            "idle_in_transaction_session_timeout": f"{IDLE_LIMIT}s",
        }
    if use.every_trust:
        settings["clearway.organisation"] = "all"
    return {"options": " ".join(f"-c {name}={value}" for name, value in settings.items())}


def _pool(use: Use) -> dict[str, Any]:
    if not use.connections:
        return {}
    fewest, most = use.connections
    times = {"timeout": POOL_TIMEOUT, "reconnect_timeout": RECONNECT_SECONDS}
    return {"pool": {"min_size": fewest, "max_size": most, **times}}
