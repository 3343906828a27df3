"""Bring a database to the present: roles, migrations, rights. Safe to run again at any time."""

import psycopg
from django.db import connection

from . import postgres
from .database import DATABASE

# What the web role must not do to the append-only tables is refused to it here and by triggers for everyone.
RIGHTS = f"""
GRANT USAGE ON SCHEMA public TO {postgres.WEB}, {postgres.INGEST};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {postgres.WEB};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {postgres.WEB};
REVOKE UPDATE, DELETE ON core_action, core_seal, core_decision, ambulance_fact, ambulance_position
    FROM {postgres.WEB};
GRANT SELECT ON core_source, core_organisation, core_heartbeat, django_migrations TO {postgres.INGEST};
GRANT EXECUTE ON FUNCTION clearway_add_partition, clearway_detach_partition, clearway_drop_detached,
    clearway_forget_facts, clearway_forget_positions TO {postgres.WEB};
GRANT SELECT, INSERT ON core_batch TO {postgres.INGEST};
GRANT USAGE ON SEQUENCE core_batch_id_seq TO {postgres.INGEST};
"""


def prepare_embedded(sockets: str) -> None:
    """Make the roles and the database of the embedded server where they are missing."""
    with psycopg.connect(host=sockets, user=postgres.OWNER, dbname="postgres", autocommit=True) as link:
        for role in (postgres.WEB, postgres.INGEST):
            if not link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                link.execute(f"CREATE ROLE {role} LOGIN")
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            link.execute(f"CREATE DATABASE {DATABASE} OWNER {postgres.OWNER}")


def migrate() -> None:
    """Run the migrations, then grant the roles that exist their rights. Needs Django set up as owner."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    grant_rights()


def grant_rights() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s)", [postgres.WEB, postgres.INGEST]
        )
        if cursor.fetchone()[0] == 2:
            cursor.execute(RIGHTS)
