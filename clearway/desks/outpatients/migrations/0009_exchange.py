"""How senders write is kept version by version."""

from django.db import migrations

from clearway.core.retention.records import kept


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0008_trials")]
    operations = [migrations.RunSQL(kept("outpatients_feedmapping"))]
