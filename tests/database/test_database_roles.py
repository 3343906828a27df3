"""What each kind of process may do in the database, beyond what its code does."""

import re
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.db import connection

from clearway.config import migrate, postgres
from clearway.gateway import retention

pytestmark = pytest.mark.django_db


@pytest.fixture
def granted(db: None) -> None:
    migrate.grant_rights()


def refused(role: str, statement: str) -> bool:
    """Whether the database refuses the statement to the role for want of a right."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}; SAVEPOINT attempt")
        try:
            cursor.execute(statement)
        except Exception as problem:
            cursor.execute("ROLLBACK TO attempt; RESET ROLE")
            return isinstance(problem.__cause__, psycopg.errors.InsufficientPrivilege)
        cursor.execute("ROLLBACK TO attempt; RESET ROLE")
        return False


@pytest.mark.parametrize(
    "table",
    [
        *(
            "core_action",
            "core_seal",
            "core_decision",
            "core_decision_told",
            "core_onwardstep",
            "core_opening",
        ),
        *("ambulance_fact", "ambulance_hospitalfigure", "ambulance_trustlevel"),
        *("ambulance_actioncard", "ambulance_actionanswer", "ambulance_stackreport", "ambulance_delayword"),
        *("ambulance_barrierstep", "ambulance_cover_move", "outpatients_feedmapping"),
    ],
)
def test_the_desks_can_add_to_the_record_but_never_change_it(granted: None, table: str) -> None:
    assert not refused(postgres.WEB, f"SELECT 1 FROM {table} LIMIT 1")
    assert refused(postgres.WEB, f"DELETE FROM {table}")


def test_what_nobody_may_change_is_locked_by_no_action() -> None:
    # PostgreSQL locks a row only for who may update it: the desks would be refused, and tests run as owner.
    revoked = re.findall(r"REVOKE UPDATE, DELETE ON(.*?)FROM", migrate.RIGHTS, re.S)
    tables = {table.strip() for names in revoked for table in names.split(",")}
    tables -= set(re.findall(r"GRANT UPDATE \(.*?\) ON (\w+)", migrate.RIGHTS, re.S))
    of = {model: model._meta.app_config.path for model in apps.get_models()}
    kept = {(of[model], model.__name__) for model in of if model._meta.db_table in tables}
    assert {"Concern", "Decision", "Action"} <= {name for _, name in kept}

    locked = {
        (folder, name)
        for folder in set(of.values())
        for path in Path(folder).rglob("*.py")
        for name in re.findall(r"(\w+)\.objects\s*\.select_for_update", path.read_text())
    }
    assert "Task" in {name for _, name in locked}
    assert locked & kept == set()


def test_ingest_stores_what_arrives_and_sees_no_accounts(granted: None) -> None:
    assert not refused(postgres.INGEST, "SELECT 1 FROM core_source LIMIT 1")
    assert refused(postgres.INGEST, "SELECT 1 FROM core_user LIMIT 1")
    assert refused(postgres.INGEST, "DELETE FROM core_batch")


def test_the_workers_can_add_partitions_but_no_other_table(granted: None) -> None:
    add = "SELECT clearway_add_partition('{}', '{}', '2031-01-01', '2031-02-01')"

    assert not refused(postgres.WEB, add.format("ambulance_fact", "ambulance_fact_203101"))
    assert refused(postgres.WEB, "CREATE TABLE anything (at date)")
    assert refused(postgres.INGEST, add.format("ambulance_fact", "ambulance_fact_203101"))


def test_the_workers_may_let_go_of_every_kind_that_has_a_period(granted: None) -> None:
    for shelf in retention.ALL:
        go = f"DELETE FROM {shelf.table} WHERE false"
        if shelf.remover:
            go = f"SELECT {shelf.remover}(0, '2020-01-01', 1)"
        assert not refused(postgres.WEB, go), shelf.of


@pytest.mark.promise("S7")
def test_the_workers_can_let_old_facts_go_and_nobody_else_can(granted: None) -> None:
    old = "ambulance_fact_202001"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT clearway_add_partition('ambulance_fact', '{old}', '2020-01-01', '2020-02-01')"
        )

    detach = f"SELECT clearway_detach_partition('{old}')"
    forget = "SELECT clearway_forget_facts(1, '2020-02-01', 10)"

    assert not refused(postgres.WEB, detach) and not refused(postgres.WEB, forget)
    assert refused(postgres.INGEST, detach) and refused(postgres.INGEST, forget)
    assert refused(postgres.WEB, f"SET LOCAL clearway.forgetting = 'facts'; DELETE FROM {old}")
    assert refused(postgres.WEB, "SET LOCAL clearway.forgetting = 'facts'; DELETE FROM ambulance_fact")


@pytest.mark.promise("S7")
def test_the_desks_and_workers_read_legal_holds_and_can_neither_place_nor_release_one(granted: None) -> None:
    assert not refused(postgres.WEB, "SELECT 1 FROM core_legalhold LIMIT 1")
    assert refused(postgres.WEB, "UPDATE core_legalhold SET released_at = now()")
    assert refused(postgres.WEB, "DELETE FROM core_legalhold")
    assert refused(postgres.WEB, "INSERT INTO core_legalhold DEFAULT VALUES")
