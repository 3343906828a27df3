from pathlib import Path
from typing import Any

import pytest

from clearway.config import database, postgres


def settings(**environment: str) -> dict[str, Any]:
    return database.databases(environment)["default"]


def test_without_a_url_each_process_works_as_its_own_role_on_the_embedded_server(tmp_path: Path) -> None:
    roles = {
        kind: settings(CLEARWAY_HOME=str(tmp_path), CLEARWAY_PROCESS=kind)["USER"] for kind in database.USES
    }

    assert roles == {
        "web": "clearway_web",
        "ingest": "clearway_ingest",
        "worker": "clearway_web",
        "owner": "clearway",
    }


def test_the_web_process_gives_up_slow_statements_locks_and_forgotten_transactions(tmp_path: Path) -> None:
    options = settings(CLEARWAY_HOME=str(tmp_path), CLEARWAY_PROCESS="web")["OPTIONS"]

    assert options["options"] == (
        "-c timezone=UTC -c statement_timeout=15s -c lock_timeout=3s"
        " -c idle_in_transaction_session_timeout=30s"
    )
    assert options["pool"] == {"min_size": 2, "max_size": 16, "timeout": 5, "reconnect_timeout": 5}


def test_migrations_and_reports_have_no_pool_and_no_time_limit(tmp_path: Path) -> None:
    assert settings(CLEARWAY_HOME=str(tmp_path))["OPTIONS"] == {"options": "-c timezone=UTC"}


def test_a_url_names_an_outside_server_and_keeps_its_further_words() -> None:
    found = settings(DATABASE_URL="postgresql://ann:p%40ss@db.example:6432/region?sslmode=verify-full")

    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "6432", "region")
    assert (found["USER"], found["PASSWORD"]) == ("ann", "p@ss")
    assert found["OPTIONS"] == {"sslmode": "verify-full", "options": "-c timezone=UTC"}


def test_an_unknown_kind_of_process_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(ValueError, match="it can be web, ingest, worker"):
        settings(CLEARWAY_PROCESS="wbe")


def test_a_long_home_moves_the_socket_where_its_path_fits(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)

    sockets = postgres.socket_folder(home)

    assert len(str(sockets / ".s.PGSQL.5432")) <= postgres.SOCKET_PATH_LIMIT
    assert sockets == postgres.socket_folder(home)


def test_a_role_can_have_an_address_of_its_own() -> None:
    environment = {
        "DATABASE_URL": "postgresql://web@db.example/region",
        "CLEARWAY_INGEST_DATABASE_URL": "postgresql://feeds@db.example/region",
    }

    assert settings(**environment, CLEARWAY_PROCESS="web")["USER"] == "web"
    assert settings(**environment, CLEARWAY_PROCESS="ingest")["USER"] == "feeds"
