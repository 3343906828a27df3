"""Who is in which arm of a trial is never changed."""

from django.db import migrations

GUARD = """
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION clearway_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0007_corrections"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(GUARD.format(table=table), migrations.RunSQL.noop)
        for table in ("outpatients_trial_place", "outpatients_trial_arm")
    ]
