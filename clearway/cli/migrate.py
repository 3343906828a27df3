"""Make the database, or bring it to this version: roles, tables, rights. Safe to run at any time.

On the embedded server the roles and the database are made too; on another server they must exist.

Example: clearway migrate --dry-run
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only list the migrations that would run")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli.ground import bring_up_to_date, database_at_hand, load_django

    with database_at_hand():
        load_django("owner")
        from clearway.config import health

        missing = health.missing_migrations()
        if arguments.dry_run:
            print("\n".join(missing) or "The database is up to date.")
            return 0
        bring_up_to_date()
    print(f"The database is up to date; {len(missing)} migrations were run.")
    return 0
