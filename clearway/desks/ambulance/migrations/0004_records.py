"""What is written once at the desk, and how it goes when its period is over."""

from django.db import migrations

from clearway.core.retention.records import kept, remover

RECORDS = kept("ambulance_contact")
CONTACTS = remover("desk_contacts", "ambulance_contact", first="t.at", last="t.at")


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0003_letting_go"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(RECORDS, migrations.RunSQL.noop),
        migrations.RunSQL(CONTACTS, migrations.RunSQL.noop),
    ]
