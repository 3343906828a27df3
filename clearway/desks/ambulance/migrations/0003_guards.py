"""Tables of the ambulance desk that are only ever added to."""

from django.db import migrations

INSERT_ONLY = ("ambulance_divert_step",)


def guard(table: str) -> str:
    return f"""
    CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION clearway_refuse_change();
    CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();
    """


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0002_facts"), ("core", "0003_guards")]

    operations = [migrations.RunSQL(guard(table), migrations.RunSQL.noop) for table in INSERT_ONLY]
