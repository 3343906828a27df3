"""Make or update the database: roles, tables, rights. Safe to run at any time.

On the embedded server the roles and the database are made too; on another server they must exist.
"""

import argparse

from clearway.config import database, postgres


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments; DATABASE_URL or CLEARWAY_HOME say where the database is."""


def run(arguments: argparse.Namespace) -> int:
    from clearway.config.migrate import migrate, prepare_embedded

    if database.is_embedded():
        prepare_embedded(str(postgres.socket_folder(postgres.place(database.home() / "postgres"))))
    import django

    django.setup()
    migrate()
    print("The database is up to date.")
    return 0
